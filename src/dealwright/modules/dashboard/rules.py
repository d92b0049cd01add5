"""From what the database counted to the figures of the dashboard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from dealwright.modules.deals.rules import STATUSES, Status

DAYS: Final = 30
"""How many days the revenue series covers, today included."""
_CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Group:
    """The deals of one status in one currency."""

    status: Status
    currency: str
    deals: int
    total: Decimal


def main_currency(groups: Iterable[Group], preferred: str) -> str:
    """The currency in which sums are told: the workspace's own if it has deals in it, else that of most deals."""
    deals: dict[str, int] = defaultdict(int)
    for group in groups:
        deals[group.currency] += group.deals
    if not deals or preferred in deals:
        return preferred
    return max(sorted(deals), key=lambda currency: deals[currency])


def pipeline(groups: list[Group], preferred: str) -> dict[str, Any]:
    """What all deals that were not lost are worth together, how much one is on average, and how many are won.

    ``win_rate``: of the deals that came to an end, the part that was closed; 0 while none did. Sums of different
    currencies are never added up: ``by_currency`` has one entry for each.
    """
    kept: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        if group.status not in ("cancelled", "expired"):
            kept[group.currency].append(group)
    currency = main_currency((group for part in kept.values() for group in part), preferred)
    sums = {name: _worth(part) for name, part in kept.items()}
    total, deals = sums.get(currency, (Decimal(0), 0))
    won = sum(group.deals for group in groups if group.status == "closed")
    lost = sum(group.deals for group in groups if group.status in ("cancelled", "expired"))
    return {
        "total_value": float(total),
        "avg_deal_size": float((total / deals).quantize(_CENT, ROUND_HALF_EVEN)) if deals else 0.0,
        "win_rate": round(won / (won + lost), 4) if won + lost else 0.0,
        "currency": currency,
        "by_currency": [
            {"currency": name, "total_value": float(worth), "deals": number}
            for name, (worth, number) in sorted(sums.items())
        ],
        "by_status": [
            {"status": group.status, "total_value": float(group.total), "deals": group.deals}
            for group in sorted(kept[currency], key=lambda group: STATUSES.index(group.status))
        ],
    }


def _worth(groups: Iterable[Group]) -> tuple[Decimal, int]:
    part = list(groups)
    return sum((group.total for group in part), Decimal(0)), sum(group.deals for group in part)


def revenue_series(days: Mapping[date, tuple[Decimal, int]], today: date) -> list[dict[str, Any]]:
    """One entry for each of the last :data:`DAYS` days, oldest first, days without revenue included."""
    found = []
    for back in range(DAYS - 1, -1, -1):
        day = today - timedelta(days=back)
        total, count = days.get(day, (Decimal(0), 0))
        found.append({"date": day.isoformat(), "total": float(total), "count": count})
    return found
