"""Checking a chain: every hash recomputed from what is stored, every link compared with the entry before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import func, select

from dealwright.kernel import clock, ids, resources
from dealwright.kernel.context import Context
from dealwright.kernel.fields import Wire
from dealwright.kernel.ledger.ledger import RECORDED, canonical, entry_hash, recorded
from dealwright.kernel.ledger.tables import audit_log
from dealwright.kernel.resources import Resource
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given

AUDIT_PREFIX: Final = "audit"
_FURTHER_LOOKS: Final = 2
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
    """The state of one chain."""

    checked: int
    broken: tuple[str, ...]
    """The entries that do not hold, earliest first; for a chain that lacks its newest entries the last one it has."""

    @property
    def status(self) -> str:
        return "tampered" if self.broken else "intact"

    @property
    def first_broken(self) -> str | None:
        return self.broken[0] if self.broken else None


def _holds(entry: Record) -> bool:
    """Whether an entry's hash follows from its content, and its id and actor are the ones that were recorded."""
    computed = entry_hash(
        entry["entity_type"],
        entry["entity_id"],
        entry["action"],
        entry["changes"],
        entry["snapshot"],
        entry["previous_hash"],
        entry["created_at"],
    )
    if computed != entry["entry_hash"]:
        return False
    stated: bool = orjson.loads(entry["snapshot"]).get(RECORDED) == recorded(entry["id"], entry["actor"])
    return stated


def check(entries: Sequence[Record], current_version: int | None = None) -> Verdict:
    """Verify the entries of one entity in the order of their sequence.

    An entry is broken when it does not hold by itself, when it does not link to the entry before it, or when one
    before it is missing. ``current_version`` is the version of the entity as it stands: a chain whose last entry knows
    an older one lacks its newest entries.
    """
    broken: list[str] = []
    previous: str | None = None
    for position, entry in enumerate(entries, start=1):
        linked = entry["seq"] == position and entry["previous_hash"] == previous
        if not linked or not _holds(entry):
            broken.append(ids.encode(AUDIT_PREFIX, entry["id"]))
        previous = entry["entry_hash"]
    if not broken and entries and current_version is not None:
        known = orjson.loads(entries[-1]["snapshot"]).get("version")
        if known is not None and known < current_version:
            broken.append(ids.encode(AUDIT_PREFIX, entries[-1]["id"]))
    return Verdict(len(entries), tuple(broken))


async def verify(ctx: Context, entity_type: str, entity_id: str) -> Verdict:
    """Read and check the whole chain of one entity against the entity as it stands.

    The two are read one after the other, so a write in between looks like a change past the audit trail, once.
    """
    resource = resources.by_name(entity_type)
    key = ids.decode(resource.prefix, entity_id) if resource is not None else None
    verdict = await _look(ctx, resource, key, entity_type, entity_id)
    for _ in range(_FURTHER_LOOKS):
        if not verdict.broken:
            break
        verdict = await _look(ctx, resource, key, entity_type, entity_id)
    return verdict


async def _look(ctx: Context, resource: Resource | None, key: UUID | None, entity_type: str, entity_id: str) -> Verdict:
    row = await resource.find(ctx.tx, key) if resource is not None and key is not None else None
    version = row.get("version") if row is not None else None
    entries = await ctx.tx.rows(_chain, of_type=entity_type, of_id=entity_id)
    verdict = check(entries, version)
    if verdict.broken or not entries or resource is None or row is None or not resource.mirrored:
        return verdict
    if _repeats(resource, row, entries[-1]):
        return verdict
    return Verdict(verdict.checked, (ids.encode(AUDIT_PREFIX, entries[-1]["id"]),))


def _repeats(resource: Resource, row: Record, entry: Record) -> bool:
    """Whether an entry says of a record what the record says itself, as far as that is no private matter."""
    public = {name: value for name, value in row.items() if name not in resource.private | resource.hidden}
    stated = orjson.loads(entry["snapshot"])
    said = {name: stated.get(name) for name in public}
    return canonical(public) == canonical(said)


class EntryView(Wire):
    """An audit entry as callers see it."""

    id: str
    entity_type: str
    entity_id: str
    action: str
    actor: str
    actor_type: str
    changes: dict[str, Any]
    snapshot: dict[str, Any]
    previous_hash: str | None
    entry_hash: str
    created_at: str


def wire(entry: Record) -> dict[str, Any]:
    """An entry as callers see it."""
    snapshot = orjson.loads(entry["snapshot"])
    snapshot.pop(RECORDED, None)
    return {
        "id": ids.encode(AUDIT_PREFIX, entry["id"]),
        "entity_type": entry["entity_type"],
        "entity_id": entry["entity_id"],
        "action": entry["action"],
        "actor": entry["actor"],
        "actor_type": _ACTOR_TYPES.get(entry["actor"].partition("_")[0], "system"),
        "changes": orjson.loads(entry["changes"]),
        "snapshot": snapshot,
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
