"""Home: how business is, what needs attention, what happens right now."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.charts import Point, ceiling
from dealwright.surfaces.desk.pages import page
from dealwright.surfaces.desk.views.products import currency
from dealwright.surfaces.desk.visit import Visit

_LATEST: Final = 12


@page("/")
async def show(visit: Visit) -> Response:
    found = await visit.together(
        stats=("dashboard_stats.get", {}),
        activity=("activity.list", {"limit": _LATEST}),
    )
    stats = found["stats"]
    money = currency(visit)
    points = _points(visit, stats["revenue_series"], money) if stats is not None else []
    return visit.show(
        "home.html",
        stats=stats,
        activity=found["activity"],
        points=points,
        top=visit.local.short_money(ceiling(max((each.value for each in points), default=Decimal(0))), money),
        currency=money,
        hour=visit.local.at(visit.now).hour,
    )


def _points(visit: Visit, days: list[dict[str, Any]], money: str) -> list[Point]:
    return [
        Point(
            visit.local.short_day(date.fromisoformat(each["date"])),
            Decimal(str(each["total"])),
            visit.local.money(each["total"], money),
        )
        for each in days
    ]
