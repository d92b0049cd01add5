"""Messages in the database: recorded with their cause, claimed by workers, finished with an outcome.

All times of the queue are the database's, as the clocks of several workers differ.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Record

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.statements import RawStatement
from dealwright.modules.messages.rules import Content

MESSAGES_DUE: Final = "messages_due"
"""Signal: there are messages to send."""
LEASE_SECONDS: Final = 120
"""A worker that took a message and says nothing for this long is taken for dead."""

Composer = Callable[[Context, Row], Awaitable[Content | None]]
"""Content for a message at the moment of sending; None when there is nobody to send it to any more."""

_composers: dict[str, Composer] = {}

_queue: Final = RawStatement(
    """
    INSERT INTO messages (tenant_id, livemode, id, kind, channel, status, notification_id, rule_id, attempts, claims,
                          next_attempt_at, created_at)
    SELECT tenant_id, livemode, id, $6, 'email', 'queued', notification_id, rule_id, 0, 0, NULL, now()
    FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::uuid[], $5::uuid[])
         AS wanted(tenant_id, livemode, id, notification_id, rule_id)
    """,
    ("tenants", "modes", "ids", "notifications", "rules", "kind"),
)
_claim: Final = RawStatement(
    f"""
    WITH due AS (
        SELECT tenant_id, livemode, id FROM messages
        WHERE status = 'queued' AND (next_attempt_at IS NULL OR next_attempt_at <= now())
        ORDER BY next_attempt_at NULLS FIRST LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE messages m SET next_attempt_at = now() + interval '{LEASE_SECONDS} seconds', claims = m.claims + 1
    FROM due WHERE m.tenant_id = due.tenant_id AND m.livemode = due.livemode AND m.id = due.id
    RETURNING m.*
    """,
    ("most",),
)
_finish: Final = RawStatement(
    """
    UPDATE messages
    SET status = $5, attempts = attempts + 1, error = $6, sent_at = CASE WHEN $5 = 'sent' THEN now() END,
        next_attempt_at = CASE WHEN $5 = 'queued' THEN now() + $7::double precision * interval '1 second' END
    WHERE tenant_id = $1 AND livemode = $2 AND id = $3 AND claims = $4 AND status = 'queued'
    """,
    ("of_tenant", "of_mode", "key", "claims", "status", "error", "wait"),
)


def composes(kind: str) -> Callable[[Composer], Composer]:
    """Register who composes messages of a kind that are recorded without content."""

    def register(composer: Composer) -> Composer:
        _composers[kind] = composer
        return composer

    return register


def _bound_to(message: UUID) -> bytes:
    return b"messages:" + message.bytes


def seal(cipher: TenantCipher, message: UUID, content: Content) -> bytes:
    plain = {"to": content.to, "subject": content.subject, "text": content.text}
    return cipher.seal(orjson.dumps(plain), _bound_to(message))


async def content_of(ctx: Context, row: Row) -> Content | None:
    """What a message says and to whom; None when there is nobody to send it to any more."""
    if row["content"] is not None:
        return Content(**orjson.loads(ctx.cipher.open(row["content"], _bound_to(row["id"]))))
    return await _composers[row["kind"]](ctx, row)


async def queue_composed(tx: Transaction, kind: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Record e-mails (tenant_id, livemode, notification_id, rule_id) whose content is composed when they are sent."""
    if not wanted:
        return
    await tx.run(
        _queue,
        tenants=[each["tenant_id"] for each in wanted],
        modes=[each["livemode"] for each in wanted],
        ids=[ids.uuid7() for _ in wanted],
        notifications=[each["notification_id"] for each in wanted],
        rules=[each["rule_id"] for each in wanted],
        kind=kind,
    )
    tx.signal(MESSAGES_DUE)


async def claim(tx: Transaction, most: int) -> list[Record]:
    """Take up to so many due messages, in a system transaction."""
    return await tx.rows(_claim, most=most)


async def finish(
    tx: Transaction, row: Row, status: str, *, error: str | None = None, wait: float | None = None
) -> None:
    """Write what came of an attempt, unless another worker took the message meanwhile."""
    await tx.run(
        _finish,
        of_tenant=row["tenant_id"],
        of_mode=row["livemode"],
        key=row["id"],
        claims=row["claims"],
        status=status,
        error=error,
        wait=wait,
    )
