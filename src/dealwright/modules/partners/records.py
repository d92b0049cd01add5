"""Participants and settlements in the database, and their wire form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, func, select

from dealwright.kernel import clock, ids
from dealwright.kernel.access.sessions import USER_PREFIX
from dealwright.kernel.access.tables import memberships
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, Duplicate, NotFound
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction, on_violation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.deals import records as deals
from dealwright.modules.partners.tables import deal_participants, settlement_legs, settlements

for _index in ("agent", "user"):
    on_violation(f"uq_deal_participants_{_index}", lambda: Duplicate("They take part in this deal already"))
on_violation("uq_deal_participants_primary", lambda: Duplicate("This deal has a primary agent already"))
on_violation("fk_deal_participants_deal", lambda: Conflict("A deal that has participants is kept"))

AT_ONCE: Final = 500

_of_deals: Final = Statement(
    select(deal_participants)
    .where(in_scope(deal_participants), deal_participants.c.deal_id == func.any(given("deals")))
    .order_by(deal_participants.c.deal_id, deal_participants.c.id)
)
_is_member: Final = Statement(
    select(exists().where(memberships.c.tenant_id == given("tenant"), memberships.c.user_id == given("person")))
)
_saga: Final = Statement(select(settlements).where(in_scope(settlements), settlements.c.deal_id == given("deal")))
_legs: Final = Statement(
    select(settlement_legs)
    .where(in_scope(settlement_legs), settlement_legs.c.settlement_id == given("saga"))
    .order_by(settlement_legs.c.id)
)
_stuck: Final = RawStatement(
    """
    SELECT tenant_id, livemode, id FROM settlements
    WHERE status IN ('executing', 'compensating') AND updated_at < $1 ORDER BY updated_at LIMIT $2
    """,
    ("before", "most"),
)


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [wire(row) for row in rows]


def wire(row: Row) -> dict[str, Any]:
    """A participant as callers see it."""
    wire_id = ids.encode("part", row["id"])
    return {
        "id": wire_id,
        "participant_id": wire_id,
        "deal_id": deals.resource.wire_id(row["deal_id"]),
        "agent_id": row["agent_id"],
        "user_id": row["user_id"],
        "role": row["role"],
        "revenue_share": float(row["revenue_share"]),
        "scope": row["scope"],
        "status": row["status"],
        "version": row["version"],
        "invited_at": clock.iso(row["created_at"]),
        "accepted_at": clock.iso_or_none(row["accepted_at"]),
        "completed_at": clock.iso_or_none(row["completed_at"]),
        "withdrawn_at": clock.iso_or_none(row["withdrawn_at"]),
    }


async def render_sagas(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "status": row["status"],
            "round": row["round"],
            "failure_reason": row["failure_reason"],
            "updated_at": clock.iso(row["updated_at"]),
        }
        for row in rows
    ]


async def render_legs(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "settlement_id": ids.encode("settlement", row["id"]),
            "participant_id": participant_of(ctx, row),
            "role": row["role"],
            "share_percent": float(row["share_percent"]),
            "amount": float(row["amount"]),
            "currency": row["currency"],
            "status": row["status"],
            "failure_reason": row["failure_reason"],
            "settled_at": clock.iso_or_none(row["settled_at"]),
        }
        for row in rows
    ]


def participant_of(ctx: Context, leg: Row) -> str:
    """Whose part it is: a participant's, or the workspace's own."""
    if leg["participant_id"] is None:
        return ids.encode("tenant", ctx.tenant_id)
    return ids.encode("part", leg["participant_id"])


resource: Final = Resource("deal_participant", "part", deal_participants, render)
activity_log(resource)
sagas: Final = Resource("settlement_saga", "saga", settlements, render_sagas)
legs: Final = Resource("settlement", "settlement", settlement_legs, render_legs)


async def of_deal(ctx: Context, deal: UUID) -> list[Record]:
    """A deal's participants in the order of their invitations."""
    return await ctx.tx.rows(_of_deals, deals=[deal])


async def lock(ctx: Context, deal: Row, participant_id: str, expected_version: int | None = None) -> Record:
    """A participant of a locked deal, held for a change. Raises NotFound and StaleVersion."""
    row = await resource.lock(ctx.tx, participant_id, expected_version)
    if row["deal_id"] != deal["id"]:
        raise NotFound
    return row


async def is_member(ctx: Context, user_id: str) -> bool:
    """Whether a person belongs to the caller's workspace."""
    key = ids.decode(USER_PREFIX, user_id)
    return key is not None and bool(await ctx.tx.value(_is_member, person=key))


async def saga_of(ctx: Context, deal: UUID) -> Record | None:
    return await ctx.tx.row(_saga, deal=deal)


async def legs_of(ctx: Context, saga: UUID) -> list[Record]:
    """The parts of a settlement, the workspace's own last."""
    return await ctx.tx.rows(_legs, saga=saga)


async def stuck(tx: Transaction, before: Any) -> list[Record]:
    """Sagas that nobody has worked on since, in a system transaction."""
    return await tx.rows(_stuck, before=before, most=AT_ONCE)


def total_share(rows: Sequence[Row]) -> Decimal:
    """Percent of those who have not withdrawn."""
    return sum((row["revenue_share"] for row in rows if row["status"] != "withdrawn"), Decimal(0))


@deals.resource.expands("participants")
async def _embed(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """Those who have not withdrawn from each deal."""
    found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row in await ctx.tx.rows(_of_deals, deals=[row["id"] for row in rows]):
        if row["status"] != "withdrawn":
            found[row["deal_id"]].append(wire(row))
    return {row["id"]: found[row["id"]] for row in rows}
