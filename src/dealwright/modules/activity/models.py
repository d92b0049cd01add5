"""Inputs and results of the activity operations (Salesbooth API, Activity Feed)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictBool, StringConstraints, model_validator

from dealwright.kernel.fields import Flag, Identifier, InHeader, Input, InQuery, Integer, Patch, ShortText, Wire
from dealwright.kernel.paging import PaginationView, Paging
from dealwright.modules.activity import rules
from dealwright.modules.activity.rules import Channel
from dealwright.modules.customers.models import Email

ActorType = Literal["user", "agent", "system"]
Pattern = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(rules.event_pattern),
    Field(description="an event, or a pattern with a trailing star", examples=["deal.signature_added"]),
]
Recipient = Annotated[
    Email, Field(description="where an e-mail rule sends to; else to the workspace's notification_email")
]
MOST_MARKED = 500
MOST_PREFERENCES = 300


class _Offsets(Input):
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    offset: Annotated[Integer, Field(ge=0, le=1_000_000)] = 0

    def paging(self) -> Paging:
        return Paging(limit=self.limit, offset=self.offset)


class ActivityList(_Offsets):
    event_type: Annotated[str | None, StringConstraints(max_length=100), Field(examples=["deal.created"])] = None
    actor_type: ActorType | None = None
    entity_type: Literal["deal", "contract", "customer"] | None = None


class ActivityEntry(Wire):
    id: str
    event_type: str
    actor_type: ActorType
    actor_id: str | None
    entity_type: str
    entity_id: str
    summary: str
    data: dict[str, Any]
    created_at: str


class ActivityPage(Wire):
    activities: list[ActivityEntry]
    pagination: PaginationView


class ActivityStream(Input):
    last_event_id: Annotated[
        Identifier | None,
        InHeader("Last-Event-ID"),
        Field(description="go on after this id, that of a frame or of an entry of the feed"),
    ] = None


class NotificationList(_Offsets):
    unread: Annotated[Flag | None, Field(description="only those that were not read yet")] = None


class NotificationView(Wire):
    id: str
    notification_id: str
    event_type: str
    entity_type: str
    entity_id: str
    title: str
    message: str
    channel: Channel
    read: bool
    read_at: str | None
    created_at: str


class NotificationPage(Wire):
    notifications: list[NotificationView]
    unread_count: int
    pagination: PaginationView


class NewRule(Input):
    event_type: Pattern
    channel: Channel
    name: ShortText | None = None
    recipient: Recipient | None = None

    @model_validator(mode="after")
    def _recipient_of_an_email(self) -> NewRule:
        if self.recipient is not None and self.channel != "email":
            raise ValueError("recipient goes with the channel email")
        return self


class RuleId(Input):
    rule_id: Identifier


class RulePatch(Patch):
    rule_id: Annotated[Identifier, InQuery()]
    event_type: Pattern = ""
    channel: Channel = "in_app"
    name: ShortText | None = None
    is_active: StrictBool = True
    recipient: Recipient | None = None


class RuleView(Wire):
    id: str
    rule_id: str
    event_type: str
    channel: Channel
    name: str | None
    is_active: bool
    recipient: str | None
    created_at: str


class RuleList(Wire):
    rules: list[RuleView]


class MarkRead(Input):
    notification_ids: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_MARKED)]


class Marked(Wire):
    marked: int


class Switches(Wire):
    """The channels of one kind of event."""

    email: StrictBool
    in_app: StrictBool
    webhook: StrictBool


class SwitchPatch(Patch):
    """Switches to change; those left out stay."""

    model_config = ConfigDict(extra="forbid")

    email: StrictBool = False
    in_app: StrictBool = False
    webhook: StrictBool = False


def _selector_aside(sent: Any) -> Any:
    return {name: value for name, value in sent.items() if name != "action"} if isinstance(sent, dict) else sent


class Preferences(Input):
    """One member for each kind of event."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[
        Annotated[str, AfterValidator(rules.event_name)], Annotated[SwitchPatch, BeforeValidator(lambda value: value)]
    ]

    @model_validator(mode="before")
    @classmethod
    def _events_only(cls, sent: Any) -> Any:
        sent = _selector_aside(sent)
        if isinstance(sent, dict):
            if len(sent) > MOST_PREFERENCES:
                raise ValueError(f"must not hold more than {MOST_PREFERENCES} kinds of events")
            for name in sent:
                rules.event_name(str(name))
        return sent

    def switches(self) -> dict[str, SwitchPatch]:
        return dict(self.__pydantic_extra__ or {})


class PreferencesView(Wire):
    """One member for each kind of event that has switches."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Switches]
