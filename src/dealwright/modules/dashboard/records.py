"""The figures in the database: one statement counts everything, another finds what wants attention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from dealwright.kernel.context import Context
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.statements import RawStatement
from dealwright.modules.dashboard.rules import DAYS, Group
from dealwright.modules.deals.rules import ENDED

_EXPIRING: Final = timedelta(days=7)
_ENDING: Final = timedelta(days=30)
_STALE: Final = timedelta(days=14)
_AT_MOST: Final = 10
_OVER: Final = ", ".join(f"'{status}'" for status in ENDED)

_count: Final = RawStatement(
    """
    SELECT
        (SELECT count(*) FROM customers WHERE tenant_id = $1 AND livemode = $2 AND deleted_at IS NULL) AS customers,
        (SELECT count(*) FROM products WHERE tenant_id = $1 AND livemode = $2 AND deleted_at IS NULL) AS products,
        (SELECT count(*) FROM contracts WHERE tenant_id = $1 AND livemode = $2) AS contracts,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(status, currency, deals, total::text)), '[]')
         FROM (SELECT status, currency, count(*) AS deals, sum(total) AS total FROM deals
               WHERE tenant_id = $1 AND livemode = $2 GROUP BY status, currency) AS groups) AS deals,
        (SELECT coalesce(jsonb_agg(jsonb_build_array(day, currency, total::text, payments)), '[]')
         FROM (SELECT (paid_at AT TIME ZONE 'UTC')::date AS day, currency, sum(amount - amount_refunded) AS total,
                      count(*) AS payments
               FROM payments WHERE tenant_id = $1 AND livemode = $2 AND paid_at >= $3
               GROUP BY day, currency) AS days) AS revenue
    """,
    ("tenant", "mode", "since"),
)
_attention: Final = RawStatement(
    f"""
    (SELECT 'expiring' AS why, id FROM deals
     WHERE tenant_id = $1 AND livemode = $2 AND status NOT IN ({_OVER}) AND expires_at BETWEEN $3 AND $4
     ORDER BY expires_at LIMIT {_AT_MOST})
    UNION ALL
    (SELECT 'stale', id FROM deals
     WHERE tenant_id = $1 AND livemode = $2 AND status NOT IN ({_OVER}) AND updated_at < $5
     ORDER BY updated_at LIMIT {_AT_MOST})
    UNION ALL
    (SELECT 'ending', id FROM contracts
     WHERE tenant_id = $1 AND livemode = $2 AND status IN ('signed', 'active') AND end_date BETWEEN $6 AND $7
     ORDER BY end_date LIMIT {_AT_MOST})
    """,
    ("tenant", "mode", "now", "soon", "untouched", "today", "later"),
)


@dataclass(frozen=True, slots=True)
class Figures:
    counts: dict[str, int]
    groups: list[Group]
    revenue: Mapping[str, Mapping[date, tuple[Decimal, int]]]
    """By currency and day: what came in, and in how many payments."""


async def figures(ctx: Context) -> Figures:
    first = ctx.now.date() - timedelta(days=DAYS - 1)
    row = await ctx.tx.row(_count, since=datetime.combine(first, time(), ctx.now.tzinfo))
    assert row is not None
    groups = [Group(status, currency, deals, Decimal(total)) for status, currency, deals, total in row["deals"]]
    revenue: dict[str, dict[date, tuple[Decimal, int]]] = {}
    for day, currency, total, payments in row["revenue"]:
        revenue.setdefault(currency, {})[date.fromisoformat(day)] = (Decimal(total), payments)
    counts = {name: row[name] for name in ("customers", "products", "contracts")}
    return Figures(counts, groups, revenue)


async def wanting_attention(ctx: Context) -> dict[str, list[UUID]]:
    """Ids by reason: ``expiring`` and ``stale`` deals, ``ending`` contracts; the most urgent first."""
    rows: list[Record] = await ctx.tx.rows(
        _attention,
        now=ctx.now,
        soon=ctx.now + _EXPIRING,
        untouched=ctx.now - _STALE,
        today=ctx.now.date(),
        later=ctx.now.date() + _ENDING,
    )
    found: dict[str, list[Any]] = {"expiring": [], "stale": [], "ending": []}
    for row in rows:
        found[row["why"]].append(row["id"])
    return found
