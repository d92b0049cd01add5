"""Inputs and results of the webhook operations (Salesbooth API, Webhooks)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from dealwright.kernel.event_types import event_types
from dealwright.kernel.fields import Identifier, Input, InQuery, Instant, Integer, Patch, Wire
from dealwright.kernel.paging import Offsets, PaginationView, Paging
from dealwright.modules.webhooks import rules
from dealwright.modules.webhooks.rules import DeliveryStatus, EventStatus, Status


def _known(name: str) -> str:
    if name not in event_types:
        raise ValueError(f"{name} is not the name of an event")
    return name


def _subscription(text: str) -> str:
    if text not in event_types and not rules.meant([text], (kind.name for kind in event_types)):
        raise ValueError(f"{text} is neither the name of an event nor a pattern (deal.*, *) that means any")
    return text


def _each_once(names: list[str]) -> list[str]:
    return list(dict.fromkeys(names))


Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
EventName = Annotated[Name, AfterValidator(_known), Field(examples=["deal.created"])]
Subscriptions = Annotated[
    list[Annotated[Name, AfterValidator(_subscription)]],
    AfterValidator(_each_once),
    Field(min_length=1, max_length=rules.MOST_EVENTS, description="event names; also family.* and *"),
]
Url = Annotated[str, StringConstraints(min_length=1, max_length=rules.LONGEST_URL), Field(description="https address")]
Description = Annotated[str, StringConstraints(max_length=255)]
Position = Annotated[int, Field(ge=0, lt=2**63, description="exclusive: what comes after this number")]


class NewWebhook(Input):
    url: Url
    events: Subscriptions
    description: Description | None = None


class WebhookPatch(Patch):
    id: Annotated[Identifier, InQuery()]
    url: Url = ""
    events: Subscriptions = Field(default_factory=list)
    status: Status = "active"
    description: Description | None = None


class WebhookList(Paging):
    status: Status | None = None


class WebhookId(Input):
    id: Identifier


class RotateSecret(Input):
    id: Annotated[Identifier, InQuery()]
    overlap_seconds: Annotated[
        Integer,
        Field(ge=0, le=rules.LONGEST_OVERLAP, description="how long a receiver may go on with the old secret"),
    ] = 0


class DeliveryList(Offsets):
    id: Annotated[Identifier, Field(description="the webhook")]
    status: DeliveryStatus | None = None
    event_type: EventName | None = None


class DeadLetterList(Offsets):
    event_type: EventName | None = None
    webhook_id: Identifier | None = None


class EventLog(Input):
    since_sequence: Position | None = None
    since_timestamp: Annotated[Instant | None, Field(description="exclusive")] = None
    event_type: EventName | None = None
    status: EventStatus | None = None
    limit: Annotated[Integer, Field(ge=1, le=100)] = 50
    before_sequence: Annotated[
        int | None, Field(ge=0, lt=2**63, description="exclusive: what comes before this number (ours)")
    ] = None
    order: Annotated[Literal["asc", "desc"], Field(description="desc: newest first (ours)")] = "asc"


class EventId(Input):
    id: Annotated[Identifier, Field(description="the event")]


class SendTest(Input):
    id: Annotated[Identifier, InQuery()]
    event_type: EventName = "deal.created"


class Replay(Input):
    webhook_id: Identifier
    since_sequence: Position | None = None
    since_timestamp: Annotated[Instant | None, Field(description="exclusive")] = None
    event_type: Annotated[
        EventName | None, Field(description="only this one, subscribed or not; else what the webhook subscribed to")
    ] = None


class RetryDelivery(Input):
    delivery_id: Identifier


class Cleanup(Input):
    retention_days: Annotated[Integer, Field(ge=1, le=36_500, description="days of events to keep")] = 30
    batch_size: Annotated[Integer, Field(ge=1, le=100_000, description="most records of each kind to delete")] = 10_000


class WebhookView(Wire):
    id: str
    webhook_id: str
    url: str
    events: list[str]
    description: str | None
    status: Status
    created_at: str
    updated_at: str


class NewWebhookView(WebhookView):
    secret: Annotated[str, Field(description="signs every delivery; shown this once")]


class WebhookPage(Wire):
    webhooks: list[WebhookView]
    pagination: PaginationView


class WebhookDeleted(Wire):
    deleted: bool
    id: str
    webhook_id: str


class RotatedView(Wire):
    id: str
    webhook_id: str
    secret: str
    rotated_at: str
    previous_secret_until: str | None


class DeliveryView(Wire):
    id: str
    delivery_id: str
    webhook_id: str
    event_id: str
    event_type: str
    status: DeliveryStatus
    attempts: int
    response_code: int | None
    error_message: str | None
    replayed: bool
    next_attempt_at: str | None
    delivered_at: str | None
    created_at: str


class DeliveryPage(Wire):
    deliveries: list[DeliveryView]
    pagination: PaginationView


class EventView(Wire):
    id: str
    event_id: str
    sequence: int
    event_type: str
    status: EventStatus
    created_at: str


class EventDetail(Wire):
    id: str
    event_id: str
    sequence: Annotated[int | None, Field(description="null for the moment before the event has its number")]
    event_type: str
    status: EventStatus
    created_at: str
    entity_type: str
    entity_id: str
    data: Annotated[dict[str, Any], Field(description="the payload, as every delivery carries it")]


class Cursor(Wire):
    last_sequence: int
    has_more: bool


class EventPage(Wire):
    events: list[EventView]
    cursor: Cursor


class DeadLetterView(Wire):
    delivery_id: str
    webhook_id: str
    event_id: str
    event_type: str
    attempts: int
    last_error: str | None
    last_attempted_at: str | None
    created_at: str


class DeadLetterPage(Wire):
    dead_letters: list[DeadLetterView]
    pagination: PaginationView


class TestResult(Wire):
    __test__ = False

    success: bool
    response_code: int | None
    response_body: str | None
    latency_ms: int
    error_message: str | None
    event_type: str


class ReplayedEvent(Wire):
    event_id: str
    event_sequence: int
    event_type: str
    delivery_id: str


class ReplayResult(Wire):
    replayed: int
    webhook_id: str
    has_more: bool
    events: list[ReplayedEvent]


class RetriedDelivery(Wire):
    id: str
    delivery_id: str
    status: DeliveryStatus
    attempts: int
    response_code: int | None
    error_message: str | None
    retried_at: str


class RetryResult(Wire):
    delivery: RetriedDelivery


class CleanupResult(Wire):
    cutoff_date: str
    retention_days: int
    events_deleted: int
    deliveries_deleted: int
