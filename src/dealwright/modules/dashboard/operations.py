"""The dashboard operation (Salesbooth API, Dashboard Statistics)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import clock
from dealwright.kernel.access.principals import grants
from dealwright.kernel.context import Context
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.contracts import records as contracts
from dealwright.modules.dashboard import records, rules
from dealwright.modules.dashboard.models import DashboardStats
from dealwright.modules.deals import records as deals

KEPT: Final = timedelta(minutes=2)
_MOST_KEPT: Final = 5000

_kept: dict[tuple[UUID, bool], tuple[datetime, dict[str, Any]]] = {}
"""The newest figures of each workspace and mode in this process, with the time at which they were gathered."""


@operation(
    "dashboard_stats.get",
    "GET",
    "/dashboard-stats",
    scope="deals:read",
    result=DashboardStats,
    tool=("get_dashboard_stats", "analytics"),
)
async def get_stats(ctx: Context, params: Nothing) -> Reply:
    """Everything that a dashboard shows, in one call: counts, pipeline, revenue, and what wants attention.

    Figures are kept for two minutes. Contracts are named to those who may read them (``contracts:read``).
    """
    whose = (ctx.tenant_id, ctx.livemode)
    at, found = _kept.get(whose, (None, {}))
    if at is None or not timedelta() <= ctx.now - at < KEPT:
        found = await _gather(ctx)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[whose] = (ctx.now, found)
    if not grants(ctx.principal.scopes, "contracts:read"):
        found = {**found, "attention": {**found["attention"], "expiring_contracts": []}}
    return Reply(found)


async def _gather(ctx: Context) -> dict[str, Any]:
    figures = await records.figures(ctx)
    pipeline = rules.pipeline(figures.groups, ctx.principal.settings.default_currency)
    wanted = await records.wanting_attention(ctx)
    by_id = await deals.by_ids(ctx, [*wanted["expiring"], *wanted["stale"]])
    wire = {each["id"]: each for each in await ctx.wire(deals.resource, list(by_id.values()))}
    running = await contracts.by_ids(ctx, wanted["ending"])
    days = figures.revenue.get(pipeline["currency"], {})
    return {
        "counts": {**figures.counts, "deals": sum(each["deals"] for each in pipeline["by_currency"])},
        "pipeline": pipeline,
        "revenue_series": rules.revenue_series(days, ctx.now.date()),
        "attention": {
            "expiring_deals": _deals(wire, wanted["expiring"]),
            "expiring_contracts": [_contract(running[key]) for key in wanted["ending"] if key in running],
            "stale_deals": _deals(wire, wanted["stale"]),
        },
        "generated_at": clock.iso(ctx.now),
    }


_SHOWN: Final = ("id", "deal_id", "title", "status", "currency", "expires_at", "updated_at")


def _deals(wire: dict[str, dict[str, Any]], keys: Sequence[UUID]) -> list[dict[str, Any]]:
    found = [wire[deals.resource.wire_id(key)] for key in keys if deals.resource.wire_id(key) in wire]
    return [{**{name: each[name] for name in _SHOWN}, "total": float(each["total"])} for each in found]


def _contract(row: Any) -> dict[str, Any]:
    key = contracts.resource.wire_id(row["id"])
    return {
        "id": key,
        "contract_id": key,
        "title": row["title"],
        "status": row["status"],
        "end_date": row["end_date"].isoformat(),
    }
