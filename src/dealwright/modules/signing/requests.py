"""What is out for signature: whose signatures are asked for, until when, and what was reported about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.resources import Resource
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.signing.rules import Wanted
from dealwright.modules.signing.signatures import Examination
from dealwright.modules.signing.tables import signature_requests

_t: Final = signature_requests
_here = in_scope(_t) & (_t.c.entity_type == given("of_type")) & (_t.c.entity_id == given("of_id"))
_ENTITY: Final = ["tenant_id", "livemode", "entity_type", "entity_id"]
_find: Final = Statement(select(_t).where(_here))
_new: Final = insert(_t)
_ask: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=_ENTITY,
        set_={name: _new.excluded[name] for name in ("signers", "expires_in", "due_at", "timed_out_at")},
    )
)
_make: Final = Statement(insert(_t).on_conflict_do_nothing(index_elements=_ENTITY))
_wait: Final = Statement(update(_t).where(_here).values(due_at=given("due"), timed_out_at=None, tampered_hash=None))
_stop: Final = Statement(update(_t).where(_here).values(due_at=None, timed_out_at=None))
_forget: Final = Statement(delete(_t).where(_here))
_due: Final = Statement(
    select(_t.c.tenant_id, _t.c.livemode, _t.c.entity_id)
    .where(_t.c.entity_type == given("of_type"), _t.c.due_at <= given("now"), _t.c.timed_out_at.is_(None))
    .order_by(_t.c.due_at)
    .limit(given("at_most"))
)
_time_out: Final = Statement(
    update(_t)
    .where(_here, _t.c.due_at <= given("now"), _t.c.timed_out_at.is_(None))
    .values(timed_out_at=given("now"))
    .returning(_t.c.signers)
)
_report: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=_ENTITY,
        set_={"tampered_hash": _new.excluded.tampered_hash},
        where=_t.c.tampered_hash.is_distinct_from(_new.excluded.tampered_hash),
    ).returning(_t.c.id)
)


async def find(ctx: Context, entity_type: str, key: UUID) -> Record | None:
    return await ctx.tx.row(_find, of_type=entity_type, of_id=key)


def wanted(row: Record | None) -> list[Wanted]:
    """The signatures that a request asks for; none named: any one."""
    return [Wanted(each["signer_type"], each["signer_id"]) for each in row["signers"]] if row is not None else []


def _columns(ctx: Context, entity_type: str, key: UUID) -> dict[str, Any]:
    return {
        "tenant_id": ctx.tenant_id,
        "livemode": ctx.livemode,
        "id": ids.uuid7(),
        "entity_type": entity_type,
        "entity_id": key,
        "signers": [],
        "expires_in": None,
        "due_at": None,
        "timed_out_at": None,
        "tampered_hash": None,
        "created_at": ctx.now,
    }


async def ask(
    ctx: Context, entity_type: str, key: UUID, signers: Sequence[Wanted], expires_in: int | None, due: datetime | None
) -> None:
    """Say whose signatures a locked record needs and how many seconds they have; replaces what was said before."""
    named = [{"signer_type": each.kind, "signer_id": each.id} for each in signers]
    values = {**_columns(ctx, entity_type, key), "signers": named, "expires_in": expires_in, "due_at": due}
    await ctx.tx.run(_ask, **values)


def due_at(ctx: Context, expires_in: int | None) -> datetime:
    """When a request made now runs out: after its own seconds, else after the workspace's days."""
    days = ctx.principal.settings.signature_timeout_days
    return ctx.now + (timedelta(seconds=expires_in) if expires_in is not None else timedelta(days=days))


async def wait(ctx: Context, entity_type: str, key: UUID) -> None:
    """A record goes out for signature: its request, made when there is none, begins to run."""
    await ctx.tx.run(_make, **_columns(ctx, entity_type, key))
    row = await find(ctx, entity_type, key)
    assert row is not None
    await ctx.tx.run(_wait, of_type=entity_type, of_id=key, due=due_at(ctx, row["expires_in"]))


async def stop(ctx: Context, entity_type: str, key: UUID) -> None:
    """A record is no longer out for signature; who must sign is remembered for the next time."""
    await ctx.tx.run(_stop, of_type=entity_type, of_id=key)


async def forget(ctx: Context, entity_type: str, key: UUID) -> None:
    await ctx.tx.run(_forget, of_type=entity_type, of_id=key)


async def overdue(tx: Transaction, entity_type: str, now: datetime, at_most: int) -> list[Record]:
    """Requests whose time has run out, oldest first, in a system transaction."""
    return await tx.rows(_due, of_type=entity_type, now=now, at_most=at_most)


async def time_out(ctx: Context, entity_type: str, key: UUID) -> list[Wanted] | None:
    """Note that a request of a locked record ran out; None when it did not, or somebody noted it before."""
    row = await ctx.tx.row(_time_out, of_type=entity_type, of_id=key, now=ctx.now)
    return wanted(row) if row is not None else None


async def report_tampering(
    ctx: Context, resource: Resource, key: UUID, found: Examination, broken_entry: str | None = None
) -> None:
    """Fire contract.tamper_detected, once for each content that a record was changed to.

    ``broken_entry`` is the audit entry that does not hold; where the signed content is whole, it tells the changes
    apart.
    """
    seen = broken_entry if found.status != "tampered" and broken_entry else found.current_hash or "none"
    columns = {**_columns(ctx, resource.name, key), "tampered_hash": seen}
    if await ctx.tx.row(_report, **columns) is None:
        return
    entity_id = resource.wire_id(key)
    data = {
        "id": entity_id,
        "entity_type": resource.name,
        f"{resource.name}_id": entity_id,
        "stored_hash": found.stored_hash,
        "current_hash": found.current_hash,
        "audit_entry_id": broken_entry,
        "detected_at": clock.iso(ctx.now),
    }
    ctx.announce("contract.tamper_detected", resource, key, data)
