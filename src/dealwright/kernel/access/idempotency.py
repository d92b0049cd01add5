"""Idempotent writes: the contract is docs/idempotency.md, each of its cases has a test.

The row of a key is inserted in the transaction of the work, so the database decides between concurrent twins: the
second waits for the first's commit and then reads its answer. A business error undoes the work to a savepoint and is
kept as the answer; an internal or transient error keeps nothing. Answers hold personal data, so they are sealed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dealwright.kernel.access.tables import idempotent_answers
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import InvalidRequest, StillRunning
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

if TYPE_CHECKING:
    from dealwright.kernel.pipeline import Pipeline

LIFETIME: Final = timedelta(hours=24)
LONGEST_KEY: Final = 64
ABANDONED_AFTER: Final = timedelta(minutes=2)
"""A claim without an answer this old belongs to a process that died; the next request may take it."""

_t = idempotent_answers
_here = in_scope(_t) & (_t.c.operation == given("of_operation")) & (_t.c.key == given("of_key"))
_claim_insert = upsert(_t)
_claim: Final = Statement(
    _claim_insert.on_conflict_do_update(
        index_elements=["tenant_id", "livemode", "operation", "key"],
        set_={
            "request_hash": _claim_insert.excluded.request_hash,
            "answer": None,
            "created_at": _claim_insert.excluded.created_at,
            "expires_at": _claim_insert.excluded.expires_at,
        },
        where=(_t.c.expires_at <= _claim_insert.excluded.created_at)
        | (_t.c.answer.is_(None) & (_t.c.created_at <= _claim_insert.excluded.created_at - ABANDONED_AFTER)),
    ).returning(_t.c.key)
)
_read: Final = Statement(select(_t.c.request_hash, _t.c.answer).where(_here))
_keep: Final = Statement(update(_t).where(_here).values(answer=given("sealed")))
_release: Final = Statement(delete(_t).where(_here))
_expire: Final = Statement(delete(_t).where(_t.c.expires_at <= given("at")))


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored answer, and whether the repeated request differs from the first one."""

    answer: dict[str, Any] | None
    """None while the first request is still running (only for operations that run their own transactions)."""
    mismatch: bool


def check_key(key: str) -> str:
    """Raises InvalidRequest unless the key has 1 to 64 printable characters."""
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise InvalidRequest(
            "Idempotency-Key must be 1 to 64 printable characters",
            code="validation_error.invalid_idempotency_key",
            hint="Use a UUID or your own order number.",
        )
    return key


def request_hash(arguments: Mapping[str, Any]) -> bytes:
    """What tells one request from another under the same key: its canonical arguments."""
    return hashlib.sha256(orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS, default=str)).digest()


class Slot:
    """One key of one operation in one tenant and mode."""

    __slots__ = ("_cipher", "_hash", "_key", "_operation")

    def __init__(self, operation: str, key: str, arguments: Mapping[str, Any], cipher: TenantCipher) -> None:
        self._operation = operation
        self._key = key
        self._hash = request_hash(arguments)
        self._cipher = cipher

    @property
    def _name(self) -> dict[str, str]:
        return {"of_operation": self._operation, "of_key": self._key}

    @property
    def _bound_to(self) -> bytes:
        return f"idempotent:{self._operation}:{self._key}".encode()

    async def claim(self, tx: Transaction, now: datetime) -> Kept | None:
        """Take the key, waiting for a concurrent twin; None when it is ours, else what is already there.

        Raises StillRunning when the twin's transaction outlasts the lock timeout.
        """
        try:
            taken = await tx.value(
                _claim,
                tenant_id=tx.tenant_id,
                livemode=tx.livemode,
                operation=self._operation,
                key=self._key,
                request_hash=self._hash,
                answer=None,
                created_at=now,
                expires_at=now + LIFETIME,
            )
        except asyncpg.LockNotAvailableError:
            raise StillRunning(retry_after=1) from None
        if taken is not None:
            return None
        row = await tx.row(_read, **self._name)
        if row is None:
            return await self.claim(tx, now)
        sealed = row["answer"]
        answer = orjson.loads(self._cipher.open(sealed, self._bound_to)) if sealed is not None else None
        return Kept(answer, mismatch=not hmac.compare_digest(row["request_hash"], self._hash))

    async def keep(self, tx: Transaction, answer: Mapping[str, Any]) -> None:
        """Store the answer for the next 24 hours."""
        sealed = self._cipher.seal(orjson.dumps(answer, default=str), self._bound_to)
        await tx.run(_keep, sealed=sealed, **self._name)

    async def release(self, tx: Transaction) -> None:
        """Give the key back after a failure that must not be remembered."""
        await tx.run(_release, **self._name)


async def remove_expired(tx: Transaction, now: datetime) -> None:
    """Drop answers past their 24 hours; runs in a system transaction."""
    await tx.run(_expire, at=now)


@schedule("idempotency.clean", every=timedelta(minutes=10), real_time=True)
async def clean(pipeline: Pipeline) -> None:
    """Drop answers past their 24 hours, of all workspaces."""
    async with pipeline.database.system() as tx:
        await remove_expired(tx, pipeline.clock())
