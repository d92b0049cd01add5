"""Deal notifications and contact preferences in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import RateLimited
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.messages import queue
from dealwright.modules.messages.rules import LIMIT_PER_HOUR, Channel, Content
from dealwright.modules.messages.tables import PREFIX, contact_preferences, messages

RECENT: Final = 20

_recent: Final = Statement(
    select(messages)
    .where(in_scope(messages), messages.c.customer_id == given("customer"))
    .order_by(messages.c.id.desc())
    .limit(RECENT)
)
_latest: Final = Statement(
    select(messages).where(in_scope(messages)).order_by(messages.c.id.desc()).limit(given("most"))
)
_preference: Final = Statement(
    select(contact_preferences).where(in_scope(contact_preferences), contact_preferences.c.id == given("customer"))
)
_set_preference: Final = RawStatement(
    """
    INSERT INTO contact_preferences (tenant_id, livemode, id, preferred_channel, marketing_consent, updated_at)
    VALUES ($1, $2, $3, $4, coalesce($6::boolean, false), $7)
    ON CONFLICT (tenant_id, livemode, id) DO UPDATE
    SET preferred_channel = CASE WHEN $5::boolean THEN $4 ELSE contact_preferences.preferred_channel END,
        marketing_consent = coalesce($6::boolean, contact_preferences.marketing_consent), updated_at = $7
    """,
    ("tenant", "mode", "customer", "channel", "with_channel", "consent", "at"),
)
_one_at_a_time: Final = RawStatement("SELECT pg_advisory_xact_lock(hashtextextended('messages:' || $1, 0))", ("key",))
_sent_with: Final = Statement(
    select(func.count(), func.min(messages.c.created_at)).where(
        in_scope(messages), messages.c.key_id == given("key"), messages.c.created_at > given("since")
    )
)


async def render(_ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row) for row in rows]


def _wire(row: Row) -> dict[str, Any]:
    wire_id = ids.encode(PREFIX, row["id"])
    return {
        "id": wire_id,
        "notification_id": wire_id,
        "deal_id": ids.encode("deal", row["deal_id"]),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "type": row["kind"],
        "channel": row["channel"],
        "status": row["status"],
        "sent_at": clock.iso_or_none(row["sent_at"]),
        "created_at": clock.iso(row["created_at"]),
    }


resource: Final = Resource(
    "deal_notification",
    PREFIX,
    messages,
    render,
    private=("content",),
    hidden=("notification_id", "rule_id", "attempts", "claims", "next_attempt_at", "error"),
)


async def queue_email(tx: Transaction, cipher: TenantCipher, kind: str, content: Content, now: datetime) -> None:
    """Record an e-mail in the transaction's workspace and mode; it leaves after the commit."""
    key = ids.uuid7()
    row = {
        "id": key,
        "kind": kind,
        "channel": "email",
        "status": "queued",
        "content": queue.seal(cipher, key, content),
        "attempts": 0,
        "claims": 0,
        "created_at": now,
    }
    await resource.insert(tx, row)
    tx.signal(queue.MESSAGES_DUE)


async def recent(tx: Transaction, customer: UUID) -> list[Record]:
    """The newest messages to a customer."""
    return await tx.rows(_recent, customer=customer)


async def latest(tx: Transaction, most: int) -> list[Record]:
    """The newest messages of the workspace."""
    return await tx.rows(_latest, most=most)


async def preference(tx: Transaction, customer: UUID) -> tuple[Channel | None, bool]:
    """The channel that a customer prefers, if they said so, and whether they agreed to marketing."""
    row = await tx.row(_preference, customer=customer)
    return (None, False) if row is None else (row["preferred_channel"], row["marketing_consent"])


async def set_preference(tx: Transaction, customer: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """Change what is given."""
    await tx.run(
        _set_preference,
        customer=customer,
        channel=changes.get("preferred_channel"),
        with_channel="preferred_channel" in changes,
        consent=changes.get("marketing_consent"),
        at=now,
    )


async def count_against(tx: Transaction, key_id: str, now: datetime) -> None:
    """Raises RateLimited when a key has sent its share of this hour; callers with one key come here one by one."""
    await tx.run(_one_at_a_time, key=key_id)
    row = await tx.row(_sent_with, key=key_id, since=now - timedelta(hours=1))
    assert row is not None
    number, oldest = row
    if number >= LIMIT_PER_HOUR:
        left = oldest + timedelta(hours=1) - now
        raise RateLimited(
            f"A key sends {LIMIT_PER_HOUR} notifications an hour", retry_after=max(1, round(left.total_seconds()))
        )
