"""Home: how business is, what needs attention, what happens right now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from starlette.responses import Response

from dealwright.modules.deals.rules import ENDED
from dealwright.surfaces.desk.charts import Point, ceiling
from dealwright.surfaces.desk.pages import page
from dealwright.surfaces.desk.visit import Visit

_LATEST: Final = 12


@page("/")
async def show(visit: Visit) -> Response:
    found = await visit.together(
        stats=("dashboard_stats.get", {}),
        activity=("activity.list", {"limit": _LATEST}),
    )
    stats = found["stats"]
    if not stats["counts"]["deals"] and (begun := await _begun(visit))["deals"] == 0:
        return visit.show("first_steps.html", counts=begun, activity=found["activity"], hour=_hour(visit))
    money = stats["pipeline"]["currency"]
    points = _points(visit, stats["revenue_series"], money)
    stages = [each for each in stats["pipeline"]["by_status"] if each["status"] not in ENDED]
    return visit.show(
        "home.html",
        stats=stats,
        activity=found["activity"],
        points=points,
        revenue=sum((each.value for each in points), Decimal(0)),
        top=visit.local.short_money(ceiling(max(each.value for each in points)), money),
        stages=stages,
        most=max((each["total_value"] for each in stages), default=0),
        open_value=sum(each["total_value"] for each in stages),
        open_deals=sum(each["deals"] for each in stages),
        attention=list(_attention(visit, stats["attention"])),
        currency=money,
        hour=_hour(visit),
    )


def _hour(visit: Visit) -> int:
    return visit.local.at(visit.now).hour


async def _begun(visit: Visit) -> dict[str, int]:
    """How far a new workspace is. The figures of the dashboard are up to two minutes old, which is too old here."""
    kinds = ("products", "customers", "deals")
    found = await visit.together(**{kind: (f"{kind}.list", {"limit": 1}) for kind in kinds})
    return {kind: found[kind]["pagination"]["total"] if found[kind] else 0 for kind in kinds}


def _points(visit: Visit, days: list[dict[str, Any]], money: str) -> list[Point]:
    return [
        Point(
            visit.local.short_day(date.fromisoformat(each["date"])),
            Decimal(str(each["total"])),
            visit.local.money(each["total"], money),
        )
        for each in days
    ]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that wants attention."""

    label: str
    href: str
    why: str
    amount: str


def _attention(visit: Visit, found: dict[str, Any]) -> Iterator[Notice]:
    local = visit.local
    for deal in found["expiring_deals"]:
        amount = local.money(deal["total"], deal["currency"])
        yield Notice(deal["title"], f"/deals/{deal['id']}", f"Lapses {local.day(deal['expires_at'])}", amount)
    for contract in found["expiring_contracts"]:
        ends = local.day(date.fromisoformat(contract["end_date"]))
        yield Notice(contract["title"], f"/contracts/{contract['id']}", f"Ends {ends}", "")
    for deal in found["stale_deals"]:
        since = local.ago(deal["updated_at"], visit.now)
        amount = local.money(deal["total"], deal["currency"])
        yield Notice(deal["title"], f"/deals/{deal['id']}", f"Untouched since {since}", amount)
