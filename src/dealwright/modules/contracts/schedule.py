"""What happens to contracts by the calendar: they come into force with their deal, announce their renewal, renew, end.

All days are those of UTC.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import BaseModel
from sqlalchemy import Date, DateTime, and_, cast, exists, func, or_, select, text, update

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Elsewhere, Steps, on
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.due import Due
from dealwright.kernel.jobs.jobs import job
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.contracts import records, rules, service
from dealwright.modules.contracts.tables import contracts
from dealwright.modules.customers import records as customers
from dealwright.modules.deals.tables import deals

event_types.fired_by("job:contract_activation", "contract.activated")
event_types.fired_by("job:contract_renewal", "contract.auto_renewed", "contract.renewal_failed")
event_types.fired_by("job:contract_renewal_notice", "contract.renewal_upcoming")


# --- into force with the deal


_signed_of_deal: Final = Statement(
    select(contracts.c.id)
    .where(in_scope(contracts), contracts.c.deal_id == given("deal"), contracts.c.status == "signed")
    .order_by(contracts.c.id)
)


class OfDeal(BaseModel):
    """The deal whose contracts are finalised."""

    deal_id: str


@job("contract.finalise")
async def finalise(steps: Steps, arguments: OfDeal) -> dict[str, int]:
    """A deal was closed: its signed contracts come into force, those that start later on their first day."""
    key = ids.decode("deal", arguments.deal_id)

    async def work(ctx: Context) -> dict[str, int]:
        activated = 0
        today = service.today(ctx)
        for found in await ctx.tx.rows(_signed_of_deal, deal=key):
            row = await records.lock(ctx, records.resource.wire_id(found["id"]))
            if row["status"] == "signed" and row["start_date"] <= today <= row["end_date"]:
                await service.activate(ctx, row)
                activated += 1
        return {"activated": activated}

    return await steps.run(work)


@on("deal.closed")
async def _finalise(ctx: Context, event: Event) -> None:
    if await ctx.tx.rows(_signed_of_deal, deal=ids.decode("deal", event.entity_id)):
        await ctx.enqueue(finalise, OfDeal(deal_id=event.entity_id))


# --- before the end


_noticed: Final = Statement(
    update(contracts).where(in_scope(contracts), contracts.c.id == given("key")).values(notice_on=None)
)


async def _notify(ctx: Context, row: Record) -> None:
    await ctx.tx.run(_noticed, key=row["id"])
    data = {
        "id": records.resource.wire_id(row["id"]),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "end_date": row["end_date"].isoformat(),
        "days_remaining": (row["end_date"] - service.today(ctx)).days,
    }
    ctx.record(records.resource, row, "contract.renewal_upcoming")
    ctx.announce("contract.renewal_upcoming", records.resource, row["id"], data)


# --- at the end


async def _end(ctx: Context, row: Row) -> None:
    """Renew a contract whose last day has passed until its term reaches today, or let it expire."""
    today = service.today(ctx)
    while rules.is_over(row, today) and rules.renews_itself(row):
        try:
            await _require_customer(ctx, row)
            row = await service.renew(ctx, row, automatic=True)
        except rules.Unrenewable as problem:
            data = {"reason": str(problem), "attempted_at": clock.iso(ctx.now)}
            wire_id = records.resource.wire_id(row["id"])
            ctx.announce("contract.renewal_failed", records.resource, row["id"], {"id": wire_id, **data})
            break
    if rules.is_over(row, today):
        await service.expire(ctx, row)


async def _require_customer(ctx: Context, row: Row) -> None:
    customer = (await customers.by_ids(ctx, [row["customer_id"]])).get(row["customer_id"])
    if customer is None or customer["status"] == "archived":
        raise rules.Unrenewable("customer_archived")


# --- all of it

_today: Final = cast(func.timezone("UTC", given("at", DateTime(timezone=True))), Date)
_active = text("contracts.status = 'active'")
_starts = and_(
    text("contracts.status = 'signed' AND contracts.deal_id IS NOT NULL"),
    contracts.c.start_date <= _today,
    contracts.c.end_date >= _today,
    exists().where(
        deals.c.tenant_id == contracts.c.tenant_id,
        deals.c.livemode == contracts.c.livemode,
        deals.c.id == contracts.c.deal_id,
        deals.c.status == "closed",
    ),
)
_is_announced = and_(_active, contracts.c.notice_on <= _today, contracts.c.end_date >= _today)
_ends = and_(_active, contracts.c.end_date < _today)


async def _keep(ctx: Context, row: Record) -> None:
    if row["status"] == "signed":
        await service.activate(ctx, row)
    elif rules.is_over(row, service.today(ctx)):
        await _end(ctx, row)
    else:
        await _notify(ctx, row)


_due: Final = Due(contracts, lambda: (or_(_starts, _is_announced, _ends),), _keep, hold=records.hold_deal)


@schedule("contracts.terms", every=timedelta(minutes=5))
async def terms(server: Elsewhere) -> int:
    """Contracts come into force, announce their renewal, renew or end; answers how many did."""
    return await _due.run(server)
