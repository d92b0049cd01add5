"""Endpoints, deliveries and the event log in the database: sealed secrets, lists, wire objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, delete, exists, func, literal_column, select, update
from sqlalchemy.sql.elements import ColumnElement

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import NotFound
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.kernel.ledger.tables import events
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import ByShape, RawStatement, Statement, given
from dealwright.modules.webhooks import rules
from dealwright.modules.webhooks.rules import EventStatus
from dealwright.modules.webhooks.tables import (
    DELIVERY_PREFIX,
    ENDPOINT,
    ENDPOINT_PREFIX,
    SALESBOOTH,
    webhook_deliveries,
    webhook_endpoints,
)

_deliveries = webhook_deliveries
_endpoints = webhook_endpoints
_DEAD: Final[ColumnElement[bool]] = literal_column("status = 'failed' AND NOT superseded")
_OURS: Final = _endpoints.c.dialect == literal_column(f"'{SALESBOOTH}'")
"""The endpoints of the API that these operations belong to."""
_OURS_ALONE: Final = _deliveries.c.webhook_id.in_(select(_endpoints.c.id).where(in_scope(_endpoints), _OURS))


def _bound_to(webhook: UUID) -> bytes:
    return b"webhook_endpoints:" + webhook.bytes


def seal_secret(cipher: TenantCipher, webhook: UUID, secret: str) -> bytes:
    """A signing secret as it is stored."""
    return cipher.seal(secret.encode(), _bound_to(webhook))


def open_secret(cipher: TenantCipher, webhook: UUID, sealed: bytes) -> str:
    """Raises Tampered."""
    return cipher.open(sealed, _bound_to(webhook)).decode()


async def render(_ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row) for row in rows]


def _wire(row: Row) -> dict[str, Any]:
    wire_id = ids.encode(ENDPOINT_PREFIX, row["id"])
    return {
        "id": wire_id,
        "webhook_id": wire_id,
        "url": row["url"],
        "events": list(row["events"]),
        "description": row["description"],
        "status": row["status"],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


def wire_delivery(row: Row) -> dict[str, Any]:
    """One entry of the delivery log."""
    wire_id = ids.encode(DELIVERY_PREFIX, row["id"])
    return {
        "id": wire_id,
        "delivery_id": wire_id,
        "webhook_id": ids.encode(ENDPOINT_PREFIX, row["webhook_id"]),
        "event_id": ids.encode(EVENT_PREFIX, row["event_id"]),
        "event_type": row["event_type"],
        "status": row["status"],
        "attempts": row["attempts"],
        "response_code": row["response_code"],
        "error_message": row["error_message"],
        "replayed": row["replayed"],
        "next_attempt_at": clock.iso_or_none(row["next_attempt_at"]),
        "delivered_at": clock.iso_or_none(row["delivered_at"]),
        "created_at": clock.iso(row["created_at"]),
    }


def wire_dead_letter(row: Row) -> dict[str, Any]:
    """One delivery that used up its attempts."""
    return {
        "delivery_id": ids.encode(DELIVERY_PREFIX, row["id"]),
        "webhook_id": ids.encode(ENDPOINT_PREFIX, row["webhook_id"]),
        "event_id": ids.encode(EVENT_PREFIX, row["event_id"]),
        "event_type": row["event_type"],
        "attempts": row["attempts"],
        "last_error": row["error_message"],
        "last_attempted_at": clock.iso_or_none(row["last_attempted_at"]),
        "created_at": clock.iso(row["created_at"]),
    }


PRIVATE: Final = ("secret", "previous_secret")
HIDDEN: Final = ("circuit_opened_at", "circuit_until", "circuit_backoff")

resource: Final = Resource(
    ENDPOINT,
    ENDPOINT_PREFIX,
    webhook_endpoints,
    render,
    private=PRIVATE,
    hidden=HIDDEN,
    only=_OURS,
)
listing: Final = List(_endpoints, {"status": lambda: _endpoints.c.status == given("status"), "ours": lambda: _OURS})
deliveries: Final = List(
    _deliveries,
    {
        "webhook": lambda: _deliveries.c.webhook_id == given("webhook"),
        "status": lambda: _deliveries.c.status == given("status"),
        "event_type": lambda: _deliveries.c.event_type == given("event_type"),
        "dead": lambda: _DEAD & _OURS_ALONE,
    },
)

_here = in_scope(_deliveries)
_find_delivery: Final = Statement(
    select(_deliveries).where(_here, _deliveries.c.id == given("key")).with_for_update(key_share=True)
)
_subscribed: Final = RawStatement(
    f"""
    SELECT id FROM webhook_endpoints
    WHERE tenant_id = $1 AND livemode = $2 AND dialect = '{SALESBOOTH}' AND status = 'active' AND events && $3::text[]
    ORDER BY id
    """,
    ("tenant", "mode", "patterns"),
)
_take_failed: Final = RawStatement(
    """
    UPDATE webhook_deliveries
    SET status = 'pending', superseded = false, claims = claims + 1,
        next_attempt_at = now() + $4 * interval '1 second'
    WHERE tenant_id = $1 AND livemode = $2 AND id = $3
    RETURNING *
    """,
    ("tenant", "mode", "key", "lease"),
)
_drop_unsent: Final = Statement(
    delete(_deliveries).where(
        _here, _deliveries.c.webhook_id == given("webhook"), literal_column("status IN ('pending', 'failed')")
    )
)
_supersede: Final = Statement(
    update(_deliveries)
    .where(
        _here,
        _deliveries.c.webhook_id == given("webhook"),
        _deliveries.c.event_id == func.any(given("event_ids")),
        _DEAD,
    )
    .values(superseded=True)
)
_event: Final = Statement(select(events).where(in_scope(events), events.c.id == given("key")))
_newest: Final = Statement(select(func.coalesce(func.max(events.c.position), 0)).where(in_scope(events)))
_remove_old: Final = RawStatement(
    "SELECT events_removed, deliveries_removed FROM remove_old_events($1, $2)", ("before", "at_most")
)


async def lock_delivery(tx: Transaction, delivery_id: str) -> Record:
    """A delivery, held for a change; raises NotFound."""
    key = ids.decode(DELIVERY_PREFIX, delivery_id)
    row = await tx.row(_find_delivery, key=key) if key is not None else None
    if row is None:
        raise NotFound("There is no such delivery")
    return row


async def take_failed(tx: Transaction, key: UUID, lease: float) -> Record:
    """A locked failed delivery as a pending one that nobody else attempts until the lease, in seconds, is over."""
    row = await tx.row(_take_failed, key=key, lease=lease)
    assert row is not None
    return row


async def drop_unsent(tx: Transaction, webhook: UUID) -> None:
    """Remove what an endpoint has not received and will not receive."""
    await tx.run(_drop_unsent, webhook=webhook)


async def supersede(tx: Transaction, webhook: UUID, event_ids: Sequence[UUID]) -> None:
    """Take dead letters out of the queue whose events are sent to the same endpoint anew."""
    await tx.run(_supersede, webhook=webhook, event_ids=list(event_ids))


async def subscribed(tx: Transaction, event_name: str) -> list[str]:
    """Wire ids of the active Salesbooth endpoints of the workspace that an event of this name goes to."""
    rows = await tx.rows(_subscribed, patterns=rules.patterns_of(event_name))
    return [ids.encode(ENDPOINT_PREFIX, row["id"]) for row in rows]


async def event(tx: Transaction, key: UUID) -> Record:
    """Raises NotFound for an event that is no longer kept."""
    row = await tx.row(_event, key=key)
    if row is None:
        raise NotFound("The event of this delivery is no longer kept")
    return row


async def newest_position(tx: Transaction) -> int:
    position: int = await tx.value(_newest)
    return position


async def remove_old(tx: Transaction, before: datetime, at_most: int) -> Record:
    """Delete old events and their deliveries, at most so many of each kind."""
    row = await tx.row(_remove_old, before=before, at_most=at_most)
    assert row is not None
    return row


def _delivered(status: str) -> ColumnElement[bool]:
    """Whether the event has a delivery in this state."""
    found = (
        exists()
        .where(_deliveries.c.tenant_id == events.c.tenant_id, _deliveries.c.livemode == events.c.livemode)
        .where(_deliveries.c.event_id == events.c.id)
    )
    if status == "failed":
        return found.where(literal_column("webhook_deliveries.status = 'failed' AND NOT webhook_deliveries.superseded"))
    return found.where(literal_column(f"webhook_deliveries.status = '{status}'"))


_STATES: Final[Mapping[EventStatus, ColumnElement[bool]]] = {
    "pending": _delivered("pending"),
    "delivered": ~_delivered("pending") & ~_delivered("failed"),
    "partially_delivered": ~_delivered("pending") & _delivered("failed") & _delivered("success"),
    "failed": ~_delivered("pending") & _delivered("failed") & ~_delivered("success"),
}
_CONDITIONS: Final[Mapping[str, Callable[[], ColumnElement[bool]]]] = {
    "after": lambda: events.c.position > given("after"),
    "before": lambda: events.c.position < given("before"),
    "since": lambda: events.c.created_at > given("since"),
    "event_type": lambda: events.c.event == given("event_type"),
    "names": lambda: events.c.event == func.any(given("names")),
    "not_about": lambda: events.c.entity_type != func.all(given("not_about")),
}
_statuses = (
    select(func.array_agg(_deliveries.c.status))
    .where(
        _deliveries.c.tenant_id == events.c.tenant_id,
        _deliveries.c.livemode == events.c.livemode,
        _deliveries.c.event_id == events.c.id,
        ~_deliveries.c.superseded,
    )
    .scalar_subquery()
)

_with_statuses: Final = Statement(
    select(events, _statuses.label("statuses")).where(in_scope(events), events.c.id == given("key"))
)


async def event_of(tx: Transaction, event_id: str) -> Record:
    """An event with the states of its deliveries; ``position`` is None in the moment before it has a number."""
    key = ids.decode(EVENT_PREFIX, event_id)
    row = await tx.row(_with_statuses, key=key) if key is not None else None
    if row is None:
        raise NotFound
    return row


def _log(shape: tuple[tuple[str, ...], EventStatus | None, bool]) -> Select[Any]:
    filters, status, newest_first = shape
    statement = select(events, _statuses.label("statuses")).where(
        in_scope(events), events.c.position.is_not(None), *(_CONDITIONS[name]() for name in filters)
    )
    if status is not None:
        statement = statement.where(_STATES[status])
    order = events.c.position.desc() if newest_first else events.c.position
    return statement.order_by(order).limit(given("page_limit"))


_logs: Final = ByShape(_log)


async def event_log(
    tx: Transaction,
    filters: Mapping[str, Any],
    limit: int,
    status: EventStatus | None = None,
    *,
    newest_first: bool = False,
) -> tuple[list[Record], bool]:
    """Events in the order of their positions with the states of their deliveries, and whether there are more.

    ``filters``: after and before (positions), since (instant), event_type, names (several types), not_about
    (kinds of records); None: not given.
    """
    values = {name: value for name, value in filters.items() if value is not None}
    rows = await tx.rows(_logs[tuple(sorted(values)), status, newest_first], page_limit=limit + 1, **values)
    return rows[:limit], len(rows) > limit
