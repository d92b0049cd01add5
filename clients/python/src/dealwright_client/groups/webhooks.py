"""Webhooks: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.groups.shared_types import Pagination
from dealwright_client.values import UNSET, Instant, Unset


class CleanupResult(TypedDict):
    cutoff_date: str
    retention_days: int
    events_deleted: int
    deliveries_deleted: int


class Cursor(TypedDict):
    last_sequence: int
    has_more: bool


class DeadLetterPage(TypedDict):
    dead_letters: list[WebhooksDeadLetter]
    pagination: Pagination


class Delivery(TypedDict):
    id: str
    delivery_id: str
    webhook_id: str
    event_id: str
    event_type: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    response_code: int | None
    error_message: str | None
    replayed: bool
    next_attempt_at: str | None
    delivered_at: str | None
    created_at: str


class DeliveryPage(TypedDict):
    deliveries: list[Delivery]
    pagination: Pagination


class Event(TypedDict):
    id: str
    event_id: str
    sequence: int
    event_type: str
    status: Literal["pending", "delivered", "partially_delivered", "failed"]
    created_at: str


class EventDetail(TypedDict):
    id: str
    event_id: str
    sequence: int | None
    """null for the moment before the event has its number"""
    event_type: str
    status: Literal["pending", "delivered", "partially_delivered", "failed"]
    created_at: str
    entity_type: str
    entity_id: str
    data: dict[str, Any]
    """the payload, as every delivery carries it"""


class EventPage(TypedDict):
    events: list[Event]
    cursor: Cursor


class NewWebhook(TypedDict):
    id: str
    webhook_id: str
    url: str
    events: list[str]
    description: str | None
    status: Literal["active", "paused"]
    created_at: str
    updated_at: str
    secret: str
    """signs every delivery; shown this once"""


class ReplayResult(TypedDict):
    replayed: int
    webhook_id: str
    has_more: bool
    events: list[ReplayedEvent]


class ReplayedEvent(TypedDict):
    event_id: str
    event_sequence: int
    event_type: str
    delivery_id: str


class RetriedDelivery(TypedDict):
    id: str
    delivery_id: str
    status: Literal["pending", "success", "failed"]
    attempts: int
    response_code: int | None
    error_message: str | None
    retried_at: str


class RetryResult(TypedDict):
    delivery: RetriedDelivery


class TestResult(TypedDict):
    success: bool
    response_code: int | None
    response_body: str | None
    latency_ms: int
    error_message: str | None
    event_type: str


class Webhook(TypedDict):
    id: str
    webhook_id: str
    url: str
    events: list[str]
    description: str | None
    status: Literal["active", "paused"]
    created_at: str
    updated_at: str


class WebhookDeleted(TypedDict):
    deleted: bool
    id: str
    webhook_id: str


class WebhookPage(TypedDict):
    webhooks: list[Webhook]
    pagination: Pagination


class WebhooksDeadLetter(TypedDict):
    delivery_id: str
    webhook_id: str
    event_id: str
    event_type: str
    attempts: int
    last_error: str | None
    last_attempted_at: str | None
    created_at: str


_CLEANUP: Final[Endpoint[CleanupResult]] = Endpoint("POST", "/webhooks/cleanup", idempotent=True)
_CREATE: Final[Endpoint[NewWebhook]] = Endpoint("POST", "/webhooks", idempotent=True)
_DEAD_LETTER: Final[Endpoint[DeadLetterPage]] = Endpoint(
    "GET", "/webhooks/dead_letter", query=frozenset({"event_type", "limit", "offset", "webhook_id"})
)
_DELETE: Final[Endpoint[WebhookDeleted]] = Endpoint("DELETE", "/webhooks/{id}")
_DELIVERIES: Final[Endpoint[DeliveryPage]] = Endpoint(
    "GET", "/webhooks/deliveries", query=frozenset({"event_type", "id", "limit", "offset", "status"})
)
_EVENT: Final[Endpoint[EventDetail]] = Endpoint("GET", "/webhooks/event", query=frozenset({"id"}))
_EVENTS: Final[Endpoint[EventPage]] = Endpoint(
    "GET",
    "/webhooks/events",
    query=frozenset({"before_sequence", "event_type", "limit", "order", "since_sequence", "since_timestamp", "status"}),
)
_GET: Final[Endpoint[Webhook]] = Endpoint("GET", "/webhooks/{id}")
_LIST: Final[Endpoint[WebhookPage]] = Endpoint(
    "GET", "/webhooks", query=frozenset({"after", "before", "limit", "offset", "sort", "status"})
)
_REPLAY: Final[Endpoint[ReplayResult]] = Endpoint("POST", "/webhooks/replay", idempotent=True)
_RETRY: Final[Endpoint[RetryResult]] = Endpoint("POST", "/webhooks/retry", idempotent=True)
_TEST: Final[Endpoint[TestResult]] = Endpoint("POST", "/webhooks/{id}/test", idempotent=True)
_UPDATE: Final[Endpoint[Webhook]] = Endpoint("PATCH", "/webhooks/{id}", nulls=True)


class WebhooksGroup(Group):
    """``client.webhooks``."""

    def cleanup(
        self,
        *,
        retention_days: int | None = None,
        batch_size: int | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> CleanupResult:
        """Delete events older than ``retention_days`` (counted from midnight UTC) with their deliveries, oldest
        first.

        One call deletes at most ``batch_size`` deliveries and as many events; call again while it reaches that
        number.

        ``retention_days``: days of events to keep
        ``batch_size``: most records of each kind to delete

        Scope: ``webhooks:write``.
        """
        return self._client._run(
            _CLEANUP,
            {"retention_days": retention_days, "batch_size": batch_size},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create(
        self,
        *,
        url: str,
        events: Sequence[str],
        description: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> NewWebhook:
        """Subscribe an endpoint to events, by name, by family (``deal.*``) or to all (``*``).

        The answer holds the signing secret, which is shown this once. Live keys need an https address; private
        addresses are refused unless the operator of the server allows them.

        ``url``: https address
        ``events``: event names; also family.* and *

        Scope: ``webhooks:write``.
        """
        return self._client._run(
            _CREATE,
            {"url": url, "events": events, "description": description},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def dead_letter(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        event_type: str | None = None,
        webhook_id: str | None = None,
        timeout: float | None = None,
    ) -> DeadLetterPage:
        """Deliveries that used up their attempts, newest first, until they are retried, replayed or cleaned up.

        Scope: ``webhooks:read``. Errors: ``not_found``.
        """
        return self._client._run(
            _DEAD_LETTER,
            {"limit": limit, "offset": offset, "event_type": event_type, "webhook_id": webhook_id},
            timeout=timeout,
        )

    def iterate_dead_letter(
        self,
        *,
        limit: int | None = None,
        event_type: str | None = None,
        webhook_id: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[WebhooksDeadLetter]:
        """Every record of :meth:`dead_letter`, page after page."""
        return self._client._pages(
            _DEAD_LETTER,
            "dead_letters",
            {"limit": limit, "event_type": event_type, "webhook_id": webhook_id},
            timeout=timeout,
        )

    def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> WebhookDeleted:
        """Remove an endpoint with everything that is still to be delivered to it, its dead letters included.

        Scope: ``webhooks:write``. Errors: ``not_found``.
        """
        return self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    def deliveries(
        self,
        *,
        id: str,
        limit: int | None = None,
        offset: int | None = None,
        status: Literal["pending", "success", "failed"] | None = None,
        event_type: str | None = None,
        timeout: float | None = None,
    ) -> DeliveryPage:
        """The delivery log of one webhook, newest first.

        ``id``: the webhook

        Scope: ``webhooks:read``. Errors: ``not_found``.
        """
        return self._client._run(
            _DELIVERIES,
            {"id": id, "limit": limit, "offset": offset, "status": status, "event_type": event_type},
            timeout=timeout,
        )

    def iterate_deliveries(
        self,
        *,
        id: str,
        limit: int | None = None,
        status: Literal["pending", "success", "failed"] | None = None,
        event_type: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[Delivery]:
        """Every record of :meth:`deliveries`, page after page."""
        return self._client._pages(
            _DELIVERIES,
            "deliveries",
            {"id": id, "limit": limit, "status": status, "event_type": event_type},
            timeout=timeout,
        )

    def event(
        self,
        *,
        id: str,
        timeout: float | None = None,
    ) -> EventDetail:
        """One event of the log with its payload (ours).

        ``id``: the event

        Scope: ``webhooks:read``. Errors: ``not_found``.
        """
        return self._client._run(_EVENT, {"id": id}, timeout=timeout)

    def events(
        self,
        *,
        since_sequence: int | None = None,
        since_timestamp: Instant | None = None,
        event_type: str | None = None,
        status: Literal["pending", "delivered", "partially_delivered", "failed"] | None = None,
        limit: int | None = None,
        before_sequence: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        timeout: float | None = None,
    ) -> EventPage:
        """The event log in the order of its sequence, also of events that no webhook subscribed to.

        Give ``cursor.last_sequence`` back as ``since_sequence`` to go on; no event is ever inserted before it.

        ``since_timestamp``: exclusive
        ``before_sequence``: exclusive: what comes before this number (ours)
        ``order``: desc: newest first (ours)

        Scope: ``webhooks:read``.
        """
        return self._client._run(
            _EVENTS,
            {
                "since_sequence": since_sequence,
                "since_timestamp": since_timestamp,
                "event_type": event_type,
                "status": status,
                "limit": limit,
                "before_sequence": before_sequence,
                "order": order,
            },
            timeout=timeout,
        )

    def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Webhook:
        """Fetch one webhook endpoint; never its secret.

        Scope: ``webhooks:read``. Errors: ``not_found``.
        """
        return self._client._run(_GET, {"id": id}, timeout=timeout)

    def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "paused"] | None = None,
        timeout: float | None = None,
    ) -> WebhookPage:
        """List the webhook endpoints, newest first; never their secrets.

        ``limit``: records per page
        ``offset``: ignored when a cursor is given
        ``after``: next_cursor of an earlier answer
        ``before``: prev_cursor of an earlier answer
        ``sort``: newest first by this instant

        Scope: ``webhooks:read``.
        """
        return self._client._run(
            _LIST,
            {"limit": limit, "offset": offset, "after": after, "before": before, "sort": sort, "status": status},
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "paused"] | None = None,
        timeout: float | None = None,
    ) -> Iterator[Webhook]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(_LIST, "webhooks", {"limit": limit, "sort": sort, "status": status}, timeout=timeout)

    def replay(
        self,
        *,
        webhook_id: str,
        since_sequence: int | None = None,
        since_timestamp: Instant | None = None,
        event_type: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ReplayResult:
        """Deliver past events to a webhook again, oldest first, a hundred at a time.

        Each gets a new delivery id and the header X-Salesbooth-Replayed; event id, sequence and content stay the
        same. While ``has_more`` is true, go on with the last ``event_sequence``. A replayed dead letter leaves the
        queue.

        ``since_timestamp``: exclusive
        ``event_type``: only this one, subscribed or not; else what the webhook subscribed to

        Scope: ``webhooks:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(
            _REPLAY,
            {
                "webhook_id": webhook_id,
                "since_sequence": since_sequence,
                "since_timestamp": since_timestamp,
                "event_type": event_type,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def retry(
        self,
        *,
        delivery_id: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> RetryResult:
        """Attempt one failed delivery again, now, and tell what came of it.

        It keeps its id and counts on. When it fails once more it is a dead letter again.

        Scope: ``webhooks:write``. Errors: ``conflict.invalid_state``, ``not_found``.
        """
        return self._client._run(_RETRY, {"delivery_id": delivery_id}, idempotency_key=idempotency_key, timeout=timeout)

    def test(
        self,
        id: str,
        *,
        event_type: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> TestResult:
        """Send one invented event to an endpoint now and tell what it answered.

        Signed like a real delivery, tried once, kept in no log. An endpoint that fails is not an error of this
        call: ``success`` is then false.

        Scope: ``webhooks:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _TEST, {"id": id, "event_type": event_type}, idempotency_key=idempotency_key, timeout=timeout
        )

    def update(
        self,
        id: str,
        *,
        url: str | Unset = UNSET,
        events: Sequence[str] | Unset = UNSET,
        status: Literal["active", "paused"] | Unset = UNSET,
        description: str | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Webhook:
        """Change address, events or description of an endpoint, pause or resume it.

        ``events`` replaces the whole list. A paused endpoint receives nothing, and nothing is kept for it: what
        happens meanwhile stays in the event log and can be replayed. Deliveries that were already queued wait until
        it is resumed.

        ``url``: https address
        ``events``: event names; also family.* and *

        Scope: ``webhooks:write``. Errors: ``not_found``.
        """
        return self._client._run(
            _UPDATE,
            {"id": id, "url": url, "events": events, "status": status, "description": description},
            if_match=if_match,
            timeout=timeout,
        )


class AsyncWebhooksGroup(AsyncGroup):
    """``client.webhooks``, asynchronously."""

    async def cleanup(
        self,
        *,
        retention_days: int | None = None,
        batch_size: int | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> CleanupResult:
        """Delete events older than ``retention_days`` (counted from midnight UTC) with their deliveries, oldest
        first."""
        return await self._client._run(
            _CLEANUP,
            {"retention_days": retention_days, "batch_size": batch_size},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create(
        self,
        *,
        url: str,
        events: Sequence[str],
        description: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> NewWebhook:
        """Subscribe an endpoint to events, by name, by family (``deal.*``) or to all (``*``)."""
        return await self._client._run(
            _CREATE,
            {"url": url, "events": events, "description": description},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def dead_letter(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        event_type: str | None = None,
        webhook_id: str | None = None,
        timeout: float | None = None,
    ) -> DeadLetterPage:
        """Deliveries that used up their attempts, newest first, until they are retried, replayed or cleaned up."""
        return await self._client._run(
            _DEAD_LETTER,
            {"limit": limit, "offset": offset, "event_type": event_type, "webhook_id": webhook_id},
            timeout=timeout,
        )

    def iterate_dead_letter(
        self,
        *,
        limit: int | None = None,
        event_type: str | None = None,
        webhook_id: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[WebhooksDeadLetter]:
        """Every record of :meth:`dead_letter`, page after page."""
        return self._client._pages(
            _DEAD_LETTER,
            "dead_letters",
            {"limit": limit, "event_type": event_type, "webhook_id": webhook_id},
            timeout=timeout,
        )

    async def delete(
        self,
        id: str,
        *,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> WebhookDeleted:
        """Remove an endpoint with everything that is still to be delivered to it, its dead letters included."""
        return await self._client._run(_DELETE, {"id": id}, if_match=if_match, timeout=timeout)

    async def deliveries(
        self,
        *,
        id: str,
        limit: int | None = None,
        offset: int | None = None,
        status: Literal["pending", "success", "failed"] | None = None,
        event_type: str | None = None,
        timeout: float | None = None,
    ) -> DeliveryPage:
        """The delivery log of one webhook, newest first."""
        return await self._client._run(
            _DELIVERIES,
            {"id": id, "limit": limit, "offset": offset, "status": status, "event_type": event_type},
            timeout=timeout,
        )

    def iterate_deliveries(
        self,
        *,
        id: str,
        limit: int | None = None,
        status: Literal["pending", "success", "failed"] | None = None,
        event_type: str | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Delivery]:
        """Every record of :meth:`deliveries`, page after page."""
        return self._client._pages(
            _DELIVERIES,
            "deliveries",
            {"id": id, "limit": limit, "status": status, "event_type": event_type},
            timeout=timeout,
        )

    async def event(
        self,
        *,
        id: str,
        timeout: float | None = None,
    ) -> EventDetail:
        """One event of the log with its payload (ours)."""
        return await self._client._run(_EVENT, {"id": id}, timeout=timeout)

    async def events(
        self,
        *,
        since_sequence: int | None = None,
        since_timestamp: Instant | None = None,
        event_type: str | None = None,
        status: Literal["pending", "delivered", "partially_delivered", "failed"] | None = None,
        limit: int | None = None,
        before_sequence: int | None = None,
        order: Literal["asc", "desc"] | None = None,
        timeout: float | None = None,
    ) -> EventPage:
        """The event log in the order of its sequence, also of events that no webhook subscribed to."""
        return await self._client._run(
            _EVENTS,
            {
                "since_sequence": since_sequence,
                "since_timestamp": since_timestamp,
                "event_type": event_type,
                "status": status,
                "limit": limit,
                "before_sequence": before_sequence,
                "order": order,
            },
            timeout=timeout,
        )

    async def get(
        self,
        id: str,
        *,
        timeout: float | None = None,
    ) -> Webhook:
        """Fetch one webhook endpoint; never its secret."""
        return await self._client._run(_GET, {"id": id}, timeout=timeout)

    async def list(
        self,
        *,
        limit: int | None = None,
        offset: int | None = None,
        after: str | None = None,
        before: str | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "paused"] | None = None,
        timeout: float | None = None,
    ) -> WebhookPage:
        """List the webhook endpoints, newest first; never their secrets."""
        return await self._client._run(
            _LIST,
            {"limit": limit, "offset": offset, "after": after, "before": before, "sort": sort, "status": status},
            timeout=timeout,
        )

    def iterate(
        self,
        *,
        limit: int | None = None,
        sort: Literal["created_at", "updated_at"] | None = None,
        status: Literal["active", "paused"] | None = None,
        timeout: float | None = None,
    ) -> AsyncIterator[Webhook]:
        """Every record of :meth:`list`, page after page."""
        return self._client._pages(_LIST, "webhooks", {"limit": limit, "sort": sort, "status": status}, timeout=timeout)

    async def replay(
        self,
        *,
        webhook_id: str,
        since_sequence: int | None = None,
        since_timestamp: Instant | None = None,
        event_type: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> ReplayResult:
        """Deliver past events to a webhook again, oldest first, a hundred at a time."""
        return await self._client._run(
            _REPLAY,
            {
                "webhook_id": webhook_id,
                "since_sequence": since_sequence,
                "since_timestamp": since_timestamp,
                "event_type": event_type,
            },
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def retry(
        self,
        *,
        delivery_id: str,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> RetryResult:
        """Attempt one failed delivery again, now, and tell what came of it."""
        return await self._client._run(
            _RETRY, {"delivery_id": delivery_id}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def test(
        self,
        id: str,
        *,
        event_type: str | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> TestResult:
        """Send one invented event to an endpoint now and tell what it answered."""
        return await self._client._run(
            _TEST, {"id": id, "event_type": event_type}, idempotency_key=idempotency_key, timeout=timeout
        )

    async def update(
        self,
        id: str,
        *,
        url: str | Unset = UNSET,
        events: Sequence[str] | Unset = UNSET,
        status: Literal["active", "paused"] | Unset = UNSET,
        description: str | Unset | None = UNSET,
        if_match: int | str | None = None,
        timeout: float | None = None,
    ) -> Webhook:
        """Change address, events or description of an endpoint, pause or resume it."""
        return await self._client._run(
            _UPDATE,
            {"id": id, "url": url, "events": events, "status": status, "description": description},
            if_match=if_match,
            timeout=timeout,
        )
