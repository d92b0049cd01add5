"""Writing the ledger: one statement appends audit entries' chain links and outbox events.

An entry's hash is SHA-256 over entity type, entity id, action, changes, snapshot, previous hash and time, each as its
stored text, in this order (Salesbooth API, Audit). The chain's head is read in the same statement; the lock that the
change holds on its record keeps two writers of one chain apart, and the primary key refuses a fork.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import orjson

from dealwright.kernel import clock, ids
from dealwright.kernel.errors import Unavailable
from dealwright.kernel.store.database import Transaction, on_violation
from dealwright.kernel.store.statements import RawStatement

EVENTS_WRITTEN: Final = "events_written"
"""Signal: events were committed and wait for their positions."""

on_violation("pk_audit_log", lambda: Unavailable("Another request changed this record at the same moment; try again"))


ActorType = Literal["user", "agent", "system"]
"""Who made something happen: a person or a program with a key of theirs, an agent's key, or the server itself."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of an entity's chain. ``changes`` and ``snapshot`` must hold no readable personal data."""

    entity_type: str
    entity_id: str
    action: str
    actor: str
    changes: Mapping[str, Any]
    snapshot: Mapping[str, Any]
    id: UUID = field(default_factory=ids.uuid7)


@dataclass(frozen=True, slots=True)
class Event:
    """One outbox event; ``data`` is frozen as the receivers will see it."""

    name: str
    entity_type: str
    entity_id: str
    data: Mapping[str, Any]
    id: UUID = field(default_factory=ids.uuid7)
    actor_type: ActorType = "system"
    actor_id: str | None = None


RECORDED: Final = "recorded"
"""The member of a snapshot that repeats what the documented hash would leave out: the entry's id and its actor."""


def recorded(entry_id: UUID, actor: str) -> dict[str, str]:
    return {"id": str(entry_id), "actor": actor}


def canonical(value: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no white space: the text that is stored and hashed."""
    return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS).decode()


def entry_hash(
    entity_type: str,
    entity_id: str,
    action: str,
    changes: str,
    snapshot: str,
    previous_hash: str | None,
    created_at: datetime,
) -> str:
    """The hash that the database computes on writing, recomputed for verification."""
    text = f"{entity_type}{entity_id}{action}{changes}{snapshot}{previous_hash or ''}{clock.iso_exact(created_at)}"
    return hashlib.sha256(text.encode()).hexdigest()


_AUDIT: Final = """
INSERT INTO audit_log (tenant_id, livemode, entity_type, entity_id, seq, id, action, actor, changes, snapshot,
                       previous_hash, entry_hash, created_at)
SELECT $1::uuid, $2::boolean, $3::text, $4::text, coalesce(head.seq, 0) + 1, $5::uuid, $6::text, $7::text, $8::text,
       $9::text, head.entry_hash,
       encode(sha256(convert_to($3::text || $4::text || $6::text || $8::text || $9::text
                                || coalesce(head.entry_hash, '') || $10::text, 'UTF8')), 'hex'),
       $11::timestamptz
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (SELECT seq, entry_hash FROM audit_log
                   WHERE tenant_id = $1 AND livemode = $2 AND entity_type = $3 AND entity_id = $4
                   ORDER BY seq DESC LIMIT 1) AS head ON true"""
_AUDIT_NAMES: Final = (
    "tenant", "mode", "entity_type", "entity_id", "id", "action", "actor", "changes", "snapshot", "at_text", "at",
)  # fmt: skip

_EVENTS: Final = """
INSERT INTO events (tenant_id, livemode, id, event, entity_type, entity_id, data, actor_type, actor_id, created_at)
SELECT {tenant}, {mode}, e.id, e.event, e.entity_type, e.entity_id, e.data, e.actor_type, e.actor_id, {at}
FROM unnest({ids}::uuid[], {names}::text[], {types}::text[], {entities}::text[], {data}::jsonb[], {kinds}::text[],
            {actors}::text[])
     AS e(id, event, entity_type, entity_id, data, actor_type, actor_id)"""
_EVENT_NAMES: Final = (
    "event_ids", "event_names", "event_types", "event_entities", "event_data", "event_actor_types", "event_actors",
)  # fmt: skip

_write_entry: Final = RawStatement(_AUDIT, _AUDIT_NAMES)
_write_events: Final = RawStatement(
    _EVENTS.format(tenant="$1::uuid", mode="$2::boolean", at="$3::timestamptz", ids="$4", names="$5", types="$6",
                   entities="$7", data="$8", kinds="$9", actors="$10"),
    ("tenant", "mode", "at", *_EVENT_NAMES),
)  # fmt: skip
_write_both: Final = RawStatement(
    f"WITH entry AS ({_AUDIT})"
    + _EVENTS.format(
        tenant="$1",
        mode="$2",
        at="$11",
        ids="$12",
        names="$13",
        types="$14",
        entities="$15",
        data="$16",
        kinds="$17",
        actors="$18",
    ),
    _AUDIT_NAMES + _EVENT_NAMES,
)


_MANY: Final = """
INSERT INTO audit_log (tenant_id, livemode, entity_type, entity_id, seq, id, action, actor, changes, snapshot,
                       previous_hash, entry_hash, created_at)
SELECT $1, $2, e.entity_type, e.entity_id, coalesce(head.seq, 0) + 1, e.id, e.action, e.actor, e.changes,
       e.snapshot, head.entry_hash,
       encode(sha256(convert_to(e.entity_type || e.entity_id || e.action || e.changes || e.snapshot
                                || coalesce(head.entry_hash, '') || $3::text, 'UTF8')), 'hex'),
       $4::timestamptz
FROM unnest($5::text[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[])
     AS e(entity_type, entity_id, id, action, actor, changes, snapshot)
LEFT JOIN LATERAL (SELECT seq, entry_hash FROM audit_log
                   WHERE tenant_id = $1 AND livemode = $2 AND entity_type = e.entity_type AND entity_id = e.entity_id
                   ORDER BY seq DESC LIMIT 1) AS head ON true"""
_MANY_COLUMNS: Final = ("entity_type", "entity_id", "id", "action", "actor", "changes", "snapshot")
_write_many: Final = RawStatement(_MANY, ("tenant", "mode", "at_text", "at", *_MANY_COLUMNS))


def _of_different_chains(entries: Sequence[AuditEntry]) -> bool:
    return len({(entry.entity_type, entry.entity_id) for entry in entries}) == len(entries) > 1


async def _write_at_once(tx: Transaction, entries: Sequence[AuditEntry], now: datetime) -> None:
    """One statement for all of them: those of one chain would have to follow one another."""
    values = [_entry_values(entry, now) for entry in entries]
    columns = {name: [each[name] for each in values] for name in _MANY_COLUMNS}
    await tx.run(_write_many, at_text=clock.iso_exact(now), at=now, **columns)


def _entry_values(entry: AuditEntry, now: datetime) -> dict[str, Any]:
    return {
        "entity_type": entry.entity_type,
        "entity_id": entry.entity_id,
        "id": entry.id,
        "action": entry.action,
        "actor": entry.actor,
        "changes": canonical(entry.changes),
        "snapshot": canonical({**entry.snapshot, RECORDED: recorded(entry.id, entry.actor)}),
        "at_text": clock.iso_exact(now),
        "at": now,
    }


def _event_values(events: Sequence[Event]) -> dict[str, Any]:
    return {
        "event_ids": [event.id for event in events],
        "event_names": [event.name for event in events],
        "event_types": [event.entity_type for event in events],
        "event_entities": [event.entity_id for event in events],
        "event_data": [event.data for event in events],
        "event_actor_types": [event.actor_type for event in events],
        "event_actors": [event.actor_id for event in events],
    }


async def write(tx: Transaction, entries: Sequence[AuditEntry], events: Sequence[Event], now: datetime) -> None:
    """Append entries in order, then events; the usual case of one entry with its events is a single statement."""
    if _of_different_chains(entries):
        await _write_at_once(tx, entries, now)
        entries = ()
    if entries and events:
        for entry in entries[:-1]:
            await tx.run(_write_entry, **_entry_values(entry, now))
        await tx.run(_write_both, **_entry_values(entries[-1], now), **_event_values(events))
    elif entries:
        for entry in entries:
            await tx.run(_write_entry, **_entry_values(entry, now))
    elif events:
        await tx.run(_write_events, at=now, **_event_values(events))
    if events:
        tx.signal(EVENTS_WRITTEN)
