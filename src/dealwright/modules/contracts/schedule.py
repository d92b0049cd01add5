"""What happens to contracts by the calendar: they come into force with their deal, announce their renewal, renew, end.

Each contract is dealt with in a transaction of its own, locked and looked at again, so several processes may do this
at once and a run that died is simply repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import structlog
from pydantic import BaseModel
from sqlalchemy import Select, select

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context, Elsewhere, Steps, on
from dealwright.kernel.errors import NotFound
from dealwright.kernel.event_types import event_types
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

if TYPE_CHECKING:
    from dealwright.kernel.pipeline import Pipeline

log = structlog.get_logger("dealwright.contracts")

_AT_ONCE: Final = 200
_EVERY: Final = timedelta(minutes=5)

event_types.fired_by("job:contract_activation", "contract.activated")
event_types.fired_by("job:contract_renewal", "contract.auto_renewed", "contract.renewal_failed")
event_types.fired_by("job:contract_renewal_notice", "contract.renewal_upcoming")


class _Duty:
    """Contracts whose day has come: found over all workspaces, then dealt with one by one."""

    def __init__(self, due: Select[Any], act: Callable[[Context, Record], Awaitable[bool]]) -> None:
        wanted = due.where(contracts.c.id > given("after")).order_by(contracts.c.id).limit(_AT_ONCE)
        self._find = Statement(wanted)
        self._act = act

    async def run(self, server: Elsewhere, pipeline_clock: clock.Clock) -> int:
        """How many contracts were changed."""
        done, after = 0, UUID(int=0)
        while True:
            async with server.system() as tx:
                found = await tx.rows(self._find, after=after, today=pipeline_clock().date())
            for each in found:
                after = each["id"]
                try:
                    done += await self._one(server, each)
                except Exception:  # the next run tries again; the others must not wait for it
                    log.exception("contract_duty_failed", contract=records.resource.wire_id(after))
            if len(found) < _AT_ONCE:
                return done

    async def _one(self, server: Elsewhere, found: Row) -> bool:
        async with server.within(found["tenant_id"], found["livemode"]) as ctx:
            try:
                row = await records.lock(ctx, records.resource.wire_id(found["id"]))
            except NotFound:
                return False
            return await self._act(ctx, row)


_found: Final = select(contracts.c.tenant_id, contracts.c.livemode, contracts.c.id)


# --- into force with the deal


async def _activate(ctx: Context, row: Record) -> bool:
    if row["status"] != "signed" or not row["start_date"] <= service.today(ctx) <= row["end_date"]:
        return False
    await service.activate(ctx, row)
    return True


_ACTIVATION: Final = _Duty(
    _found.join(
        deals,
        (deals.c.tenant_id == contracts.c.tenant_id)
        & (deals.c.livemode == contracts.c.livemode)
        & (deals.c.id == contracts.c.deal_id),
    ).where(
        contracts.c.status == "signed",
        contracts.c.deal_id.is_not(None),
        contracts.c.start_date <= given("today"),
        contracts.c.end_date >= given("today"),
        deals.c.status == "closed",
    ),
    _activate,
)

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
        for found in await ctx.tx.rows(_signed_of_deal, deal=key):
            activated += await _activate(ctx, await records.lock(ctx, records.resource.wire_id(found["id"])))
        return {"activated": activated}

    return await steps.run(work)


@on("deal.closed")
async def _finalise(ctx: Context, event: Event) -> None:
    if await ctx.tx.rows(_signed_of_deal, deal=ids.decode("deal", event.entity_id)):
        await ctx.enqueue(finalise, OfDeal(deal_id=event.entity_id))


# --- before the end


_claim_notice: Final = Statement(
    contracts.update()
    .where(in_scope(contracts), contracts.c.id == given("key"), contracts.c.notice_on <= given("today"))
    .values(notice_on=None)
    .returning(contracts.c.id)
)


async def _notify(ctx: Context, row: Record) -> bool:
    today = service.today(ctx)
    if row["status"] != "active" or row["end_date"] < today:
        return False
    if await ctx.tx.row(_claim_notice, key=row["id"], today=today) is None:
        return False
    data = {
        "id": records.resource.wire_id(row["id"]),
        "customer_id": ids.encode("cust", row["customer_id"]),
        "end_date": row["end_date"].isoformat(),
        "days_remaining": (row["end_date"] - today).days,
    }
    ctx.record(records.resource, row, "contract.renewal_upcoming")
    ctx.announce("contract.renewal_upcoming", records.resource, row["id"], data)
    return True


_NOTICE: Final = _Duty(
    _found.where(
        contracts.c.status == "active", contracts.c.notice_on <= given("today"), contracts.c.end_date >= given("today")
    ),
    _notify,
)


# --- at the end


async def _end(ctx: Context, row: Record) -> bool:
    """Renew a contract whose last day has passed until its term reaches today, or let it expire."""
    today = service.today(ctx)
    if not rules.is_over(row, today):
        return False
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
    return True


async def _require_customer(ctx: Context, row: Row) -> None:
    customer = (await customers.by_ids(ctx, [row["customer_id"]])).get(row["customer_id"])
    if customer is None or customer["status"] == "archived":
        raise rules.Unrenewable("customer_archived")


_ENDING: Final = _Duty(
    _found.where(contracts.c.status == "active", contracts.c.end_date < given("today")),
    _end,
)


async def run(server: Elsewhere, pipeline_clock: clock.Clock) -> int:
    """Everything that is due; answers how many contracts were changed."""
    return sum([await duty.run(server, pipeline_clock) for duty in (_ACTIVATION, _NOTICE, _ENDING)])


@schedule("contracts.terms", every=_EVERY)
async def terms(pipeline: Pipeline) -> None:
    """Contracts come into force, announce their renewal, renew or end."""
    await run(pipeline, pipeline.clock)
