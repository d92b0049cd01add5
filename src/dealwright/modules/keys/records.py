"""API keys in the database, as their workspace sees them: secret Salesbooth keys that were not revoked.

Publishable keys belong to their widgets, keys of the SalesThumb API to the command line.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import func, select, update

from dealwright.kernel import clock, ids
from dealwright.kernel.access.keys import KEY_PREFIX
from dealwright.kernel.access.tables import api_keys
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import ByShape, Statement, given

_ours: Final = (
    (api_keys.c.tenant_id == given("tenant"))
    & (api_keys.c.kind == "secret_key")
    & func.starts_with(api_keys.c.prefix, "sb_")
    & api_keys.c.revoked_at.is_(None)
)
_one: Final = _ours & (api_keys.c.id == given("key"))

_all: Final = Statement(select(api_keys).where(_ours).order_by(api_keys.c.id.desc()))
_get: Final = Statement(select(api_keys).where(_one))
_lock: Final = Statement(select(api_keys).where(_one).with_for_update(key_share=True))
_change: Final = ByShape(
    lambda columns: (
        update(api_keys).where(_one).values({column: given(f"new_{column}") for column in columns}).returning(api_keys)
    )
)


async def of_workspace(tx: Transaction) -> list[Record]:
    """Newest first."""
    return await tx.rows(_all)


async def get(tx: Transaction, key_id: str) -> Record:
    """Raises NotFound, also for a revoked key."""
    return await _one_by_id(tx, _get, key_id)


async def lock(tx: Transaction, key_id: str) -> Record:
    """The key's row, held for a change. Raises NotFound, also for a revoked key."""
    return await _one_by_id(tx, _lock, key_id)


async def _one_by_id(tx: Transaction, statement: Statement, key_id: str) -> Record:
    key = ids.decode(KEY_PREFIX, key_id)
    row = await tx.row(statement, key=key) if key is not None else None
    if row is None:
        raise NotFound
    return row


async def change(tx: Transaction, row: Row, changes: dict[str, Any]) -> Record:
    """Write over a locked key; every process forgets what it knew of it."""
    values = {f"new_{name}": value for name, value in changes.items()}
    written = await tx.row(_change[tuple(sorted(changes))], key=row["id"], **values)
    if written is None:
        raise NotFound
    return written


def wire_id(row: Row) -> str:
    return ids.encode(KEY_PREFIX, row["id"])


def environment(row: Row) -> str:
    return "live" if row["livemode"] else "test"


def wire(ctx: Context, row: Row) -> dict[str, Any]:
    """A key as people see it, without what could be used to call with."""
    return {
        "id": wire_id(row),
        "key_id": wire_id(row),
        "name": row["name"],
        "prefix": row["prefix"],
        "scopes": list(row["scopes"]),
        "environment": environment(row),
        "expires_at": clock.iso_or_none(row["expires_at"]),
        "allowed_origins": list(row["allowed_origins"]),
        "agent_key": row["is_agent"],
        "rate_limit_per_minute": row["rate_limit"] or ctx.principal.rate_limit,
        "created_at": clock.iso(row["created_at"]),
        "last_used_at": clock.iso_or_none(row["last_used_at"]),
    }


_TRACED: Final = ("name", "scopes", "allowed_origins", "rate_limit")


def traced(row: Row) -> dict[str, Any]:
    """What the audit trail holds of a key: all that decides what it may do."""
    return {
        **{name: row[name] for name in _TRACED},
        "environment": environment(row),
        "agent_key": row["is_agent"],
        "expires_at": clock.iso_or_none(row["expires_at"]),
    }
