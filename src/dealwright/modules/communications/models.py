"""Inputs and results of the communication operations (Salesbooth API, Internal Endpoints)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from dealwright.kernel.fields import CalledUrl, Identifier, InHeader, Input, InQuery, RawBody, Wire
from dealwright.kernel.paging import Offsets, PaginationView
from dealwright.modules.communications.rules import Channel, Direction
from dealwright.modules.customers.rules import normal_email, normal_phone

PhoneNumber = Annotated[
    str,
    StringConstraints(pattern=r"^\+", max_length=30),
    AfterValidator(normal_phone),
    Field(description="in E.164", examples=["+61412345678"]),
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1600)]


class SettingsQuery(Input):
    action: Literal["settings"] = "settings"


class HistoryQuery(Offsets):
    pass


class SaveSettings(Input):
    account_sid: Annotated[
        str, StringConstraints(pattern=r"^AC[A-Za-z0-9]{1,62}$"), Field(examples=["AC00000000000000000000000000000000"])
    ]
    auth_token: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$"), Field(examples=["a" * 32])]
    phone_number: Annotated[
        PhoneNumber | None, Field(description="where SMS and calls come from; unset: the channels' number")
    ] = None


class NewSms(Input):
    to: PhoneNumber
    message: Text


class NewCall(Input):
    to: PhoneNumber
    message: Annotated[Text | None, Field(description="what is read to who answers")] = None


class NewEmail(Input):
    to: Annotated[str, StringConstraints(max_length=254), AfterValidator(normal_email), Field(examples=["a@b.example"])]
    message: Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
    subject: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None


class SettingsView(Wire):
    configured: bool
    account_sid: Annotated[str | None, Field(description="masked")]
    phone_number: str | None


class Configured(Wire):
    configured: bool


class SentView(Wire):
    sid: str
    status: str


class EmailView(Wire):
    status: str


class CommunicationView(Wire):
    id: str
    channel: Channel
    direction: Direction
    to: str
    sender: Annotated[str | None, Field(alias="from")]
    subject: str | None
    text: str | None
    status: str
    sid: str | None
    customer_id: str | None
    created_at: str


class HistoryView(Wire):
    history: list[CommunicationView]
    pagination: PaginationView


class TwilioCallback(Input):
    """One webhook request of Twilio's."""

    model_config = ConfigDict(str_strip_whitespace=False)

    type: Annotated[
        Literal["sms", "voice", "status"],
        InQuery(),
        Field(description="sms: a message came in; voice: a call changed; status: a message changed"),
    ]
    communication: Annotated[
        Identifier | None, InQuery(), Field(description="what the callback is about (comm_…), as we named it")
    ] = None
    body: Annotated[bytes, RawBody()]
    url: Annotated[str, CalledUrl()]
    signature: Annotated[str, InHeader("X-Twilio-Signature"), Field(description="over address and fields")] = ""


class EmailCallback(Input):
    """One webhook request of SendGrid's or Mailgun's."""

    model_config = ConfigDict(str_strip_whitespace=False)

    secret: Annotated[str | None, InQuery(), Field(description="for SendGrid, which signs nothing")] = None
    body: Annotated[bytes, RawBody()]
    content_type: Annotated[str, InHeader("Content-Type")] = ""
