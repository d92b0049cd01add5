"""Inputs and results of the deal notifications (Salesbooth API, Deal Notifications)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from dealwright.kernel.fields import Identifier, Input, Integer, Patch, Wire
from dealwright.modules.messages.rules import Channel, Kind, Status


class ContactQuery(Input):
    customer_id: Annotated[Identifier, Field(description="customer to check")]


class ContactPatch(Patch):
    customer_id: Identifier
    preferred_channel: Channel | None = None
    marketing_consent: StrictBool = False


class NewNotification(Input):
    deal_id: Annotated[Identifier, Field(description="its customer gets the message")]
    type: Kind
    message: Annotated[
        str | None, StringConstraints(min_length=1, max_length=2000), Field(description="replaces the default text")
    ] = None


class DealNotificationView(Wire):
    id: str
    notification_id: str
    deal_id: str
    customer_id: str
    type: Kind
    channel: Channel
    status: Annotated[Status, Field(description="queued until the worker has handed it over")]
    sent_at: str | None
    created_at: str


class ContactView(Wire):
    customer_id: str
    preferred_channel: Annotated[Channel, Field(description="what a message would use")]
    has_email: bool
    has_phone: bool
    marketing_consent: bool
    recent_notifications: list[DealNotificationView]


class OutboxQuery(Input):
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50


class OutboxMessage(Wire):
    id: Annotated[str, Field(description="also the name of the file")]
    kind: str
    channel: Channel
    status: Status
    to: str | None
    subject: str | None
    text: Annotated[str | None, Field(description="null where it holds a link that only its reader may have")]
    error: str | None
    created_at: str
    sent_at: str | None


class OutboxView(Wire):
    in_folder: Annotated[bool, Field(description="false: this server really sends, and keeps nothing to look at")]
    messages: list[OutboxMessage]
