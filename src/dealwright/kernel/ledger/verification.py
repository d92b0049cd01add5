"""Checking a chain: every hash recomputed from what is stored, every link compared with the entry before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.ledger.ledger import entry_hash
from dealwright.kernel.ledger.tables import audit_log
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

AUDIT_PREFIX: Final = "audit"
_ACTOR_TYPES: Final = {"key": "api_key", "user": "user", "cust": "customer", "agent": "agent"}

_of_entity = (
    in_scope(audit_log) & (audit_log.c.entity_type == given("of_type")) & (audit_log.c.entity_id == given("of_id"))
)
_page: Final = {
    newest_first: Statement(
        select(audit_log)
        .where(_of_entity)
        .order_by(audit_log.c.seq.desc() if newest_first else audit_log.c.seq)
        .limit(given("page_limit"))
        .offset(given("page_offset"))
    )
    for newest_first in (False, True)
}
_count: Final = Statement(select(func.count()).select_from(audit_log).where(_of_entity))
_chain: Final = Statement(select(audit_log).where(_of_entity).order_by(audit_log.c.seq))
_chains: Final = Statement(
    select(audit_log)
    .where(
        in_scope(audit_log),
        audit_log.c.entity_type == given("of_type"),
        audit_log.c.entity_id == func.any(given("ids")),
    )
    .order_by(audit_log.c.entity_id, audit_log.c.seq)
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one chain; ``first_broken`` names the earliest entry that does not hold."""

    checked: int
    broken: tuple[str, ...]

    @property
    def status(self) -> str:
        return "tampered" if self.broken else "intact"

    @property
    def first_broken(self) -> str | None:
        return self.broken[0] if self.broken else None


def check(entries: Sequence[Record]) -> Verdict:
    """Verify the entries of one entity in the order of their sequence.

    An entry is broken when its hash does not follow from its content, when it does not link to the entry before it,
    or when one before it is missing.
    """
    broken: list[str] = []
    previous: str | None = None
    for position, entry in enumerate(entries, start=1):
        computed = entry_hash(
            entry["entity_type"],
            entry["entity_id"],
            entry["action"],
            entry["changes"],
            entry["snapshot"],
            entry["previous_hash"],
            entry["created_at"],
        )
        linked = entry["seq"] == position and entry["previous_hash"] == previous
        if computed != entry["entry_hash"] or not linked:
            broken.append(ids.encode(AUDIT_PREFIX, entry["id"]))
        previous = entry["entry_hash"]
    return Verdict(len(entries), tuple(broken))


async def verify(ctx: Context, entity_type: str, entity_id: str) -> Verdict:
    """Read and check the whole chain of one entity."""
    return check(await ctx.tx.rows(_chain, of_type=entity_type, of_id=entity_id))


def wire(entry: Record) -> dict[str, Any]:
    """An entry as callers see it."""
    return {
        "id": ids.encode(AUDIT_PREFIX, entry["id"]),
        "entity_type": entry["entity_type"],
        "entity_id": entry["entity_id"],
        "action": entry["action"],
        "actor": entry["actor"],
        "actor_type": _ACTOR_TYPES.get(entry["actor"].partition("_")[0], "system"),
        "changes": orjson.loads(entry["changes"]),
        "snapshot": orjson.loads(entry["snapshot"]),
        "previous_hash": entry["previous_hash"],
        "entry_hash": entry["entry_hash"],
        "created_at": clock.iso(entry["created_at"]),
    }


async def page(
    ctx: Context, entity_type: str, entity_id: str, limit: int, offset: int, *, newest_first: bool = False
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Entries of one entity and their pagination."""
    entries = await ctx.tx.rows(
        _page[newest_first], of_type=entity_type, of_id=entity_id, page_limit=limit, page_offset=offset
    )
    total = await ctx.tx.value(_count, of_type=entity_type, of_id=entity_id)
    return [wire(entry) for entry in entries], {
        "total": total,
        "limit": limit,
        "offset": offset,
        "count": len(entries),
    }


async def chains(ctx: Context, entity_type: str, entity_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """All entries of several entities, oldest first, in one statement."""
    found: dict[str, list[dict[str, Any]]] = {entity_id: [] for entity_id in entity_ids}
    for entry in await ctx.tx.rows(_chains, of_type=entity_type, ids=list(entity_ids)):
        found[entry["entity_id"]].append(wire(entry))
    return found
