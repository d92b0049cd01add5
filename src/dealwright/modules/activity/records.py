"""The feed, rules, preferences and notifications in the database, and their wire objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.ledger.tables import events
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.activity import rules
from dealwright.modules.activity.tables import notification_preferences, notification_rules, notifications

feed: Final = List(
    events,
    {
        "event_type": lambda: events.c.event == given("event_type"),
        "actor_type": lambda: events.c.actor_type == given("actor_type"),
        "entity_type": lambda: events.c.entity_type == given("entity_type"),
        "seen": lambda: events.c.event == func.any(given("seen")),
        "not_about": lambda: events.c.entity_type != func.all(given("not_about")),
    },
)
inbox: Final = List(notifications, {"unread": lambda: notifications.c.read_at.is_(None)})

_position: Final = Statement(select(events.c.position).where(in_scope(events), events.c.id == given("key")))
_unread: Final = Statement(
    select(func.count()).select_from(notifications).where(in_scope(notifications), notifications.c.read_at.is_(None))
)
_rules: Final = Statement(
    select(notification_rules).where(in_scope(notification_rules)).order_by(notification_rules.c.id.desc())
)
_preferences: Final = Statement(
    select(notification_preferences)
    .where(in_scope(notification_preferences))
    .order_by(notification_preferences.c.event_type)
)
_one_at_a_time: Final = RawStatement(
    "SELECT pg_advisory_xact_lock(hashtextextended('notification_preferences:' || $1::uuid || $2::boolean, 0))",
    ("tenant", "mode"),
)
_set: Final = RawStatement(
    """
    INSERT INTO notification_preferences AS p (tenant_id, livemode, event_type, email, in_app, webhook, updated_at)
    SELECT $1::uuid, $2::boolean, n.event_type, coalesce(n.email, false), coalesce(n.in_app, false),
           coalesce(n.webhook, false), $7::timestamptz
    FROM (SELECT * FROM unnest($3::text[], $4::boolean[], $5::boolean[], $6::boolean[])
          AS n(event_type, email, in_app, webhook) ORDER BY event_type) AS n
    ON CONFLICT (tenant_id, livemode, event_type) DO UPDATE
    SET email = coalesce(($4::boolean[])[array_position($3::text[], p.event_type)], p.email),
        in_app = coalesce(($5::boolean[])[array_position($3::text[], p.event_type)], p.in_app),
        webhook = coalesce(($6::boolean[])[array_position($3::text[], p.event_type)], p.webhook),
        updated_at = $7::timestamptz
    """,
    ("tenant", "mode", "names", "email", "in_app", "webhook", "at"),
)
_mark: Final = RawStatement(
    """
    WITH mine AS (
        SELECT id FROM notifications
        WHERE tenant_id = $1 AND livemode = $2 AND read_at IS NULL AND ($3::uuid[] IS NULL OR id = ANY($3))
        ORDER BY id FOR NO KEY UPDATE
    ), marked AS (
        UPDATE notifications SET read_at = $4 FROM mine
        WHERE notifications.tenant_id = $1 AND notifications.livemode = $2 AND notifications.id = mine.id
        RETURNING 1
    )
    SELECT count(*) FROM marked
    """,
    ("tenant", "mode", "keys", "at"),
)


def _bound_to(rule: UUID) -> bytes:
    return b"notification_rules:" + rule.bytes


def seal_recipient(cipher: TenantCipher, rule: UUID, recipient: str | None) -> bytes | None:
    return cipher.seal(recipient.encode(), _bound_to(rule)) if recipient is not None else None


def open_recipient(cipher: TenantCipher, row: Row) -> str | None:
    """The address that an e-mail rule has of its own."""
    sealed = row["recipient"]
    return cipher.open(sealed, _bound_to(row["id"])).decode() if sealed is not None else None


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire_rule(ctx, row) for row in rows]


def _wire_rule(ctx: Context, row: Row) -> dict[str, Any]:
    wire_id = ids.encode(rules.PREFIXES["rule"], row["id"])
    return {
        "id": wire_id,
        "rule_id": wire_id,
        "event_type": row["event_type"],
        "channel": row["channel"],
        "name": row["name"],
        "is_active": row["is_active"],
        "recipient": open_recipient(ctx.cipher, row),
        "created_at": clock.iso(row["created_at"]),
    }


rule: Final = Resource("notification_rule", rules.PREFIXES["rule"], notification_rules, render, private=("recipient",))


def entry(row: Row) -> dict[str, Any]:
    """One entry of the feed."""
    return {
        "id": ids.encode(rules.PREFIXES["entry"], row["id"]),
        "event_type": row["event"],
        "actor_type": row["actor_type"],
        "actor_id": row["actor_id"],
        "entity_type": row["entity_type"],
        "entity_id": row["entity_id"],
        "summary": rules.summary(row["event"]),
        "data": row["data"],
        "created_at": clock.iso(row["created_at"]),
    }


def notification(row: Row) -> dict[str, Any]:
    """One notification of the inbox."""
    wire_id = ids.encode(rules.PREFIXES["notification"], row["id"])
    return {
        "id": wire_id,
        "notification_id": wire_id,
        "event_type": row["event_type"],
        "entity_type": row["entity_type"],
        "entity_id": row["entity_id"],
        "title": rules.title(row["event_type"]),
        "message": rules.message(row["event_type"], row["entity_type"], row["entity_id"]),
        "channel": row["channel"],
        "read": row["read_at"] is not None,
        "read_at": clock.iso_or_none(row["read_at"]),
        "created_at": clock.iso(row["created_at"]),
    }


async def position_of(tx: Transaction, entry_id: str) -> int | None:
    """Where an entry of the feed stands; None for an unknown one, or one that is still waiting for its place."""
    key = ids.decode(rules.PREFIXES["entry"], entry_id)
    return await tx.value(_position, key=key) if key is not None else None


async def unread(tx: Transaction) -> int:
    number: int = await tx.value(_unread)
    return number


async def all_rules(tx: Transaction) -> list[Record]:
    return await tx.rows(_rules)


async def preferences(tx: Transaction) -> dict[str, dict[str, bool]]:
    """The switches of every kind of event that has some."""
    return {
        row["event_type"]: {channel: row[channel] for channel in ("email", "in_app", "webhook")}
        for row in await tx.rows(_preferences)
    }


async def set_preferences(tx: Transaction, wanted: Mapping[str, Mapping[str, bool]], now: datetime) -> None:
    """Set the given switches; a kind of event that had none gets the others off. One caller of a workspace at a time,
    as all of them continue one chain of the audit trail.
    """
    await tx.run(_one_at_a_time)
    names = list(wanted)
    columns = {channel: [wanted[name].get(channel) for name in names] for channel in rules.CHANNELS}
    await tx.run(_set, names=names, at=now, **columns)


async def mark_read(tx: Transaction, keys: Sequence[UUID] | None, now: datetime) -> int:
    """Mark these notifications, or all, as read; answers how many were not before."""
    marked: int = await tx.value(_mark, keys=list(keys) if keys is not None else None, at=now)
    return marked
