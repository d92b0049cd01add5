"""Dashboard stats: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Attention(TypedDict):
    expiring_deals: list[DealNotice]
    """open, and lapsing within 7 days"""
    expiring_contracts: list[ContractNotice]
    """running, and ending within 30 days"""
    stale_deals: list[DealNotice]
    """open, and untouched for 14 days"""


class ContractNotice(TypedDict):
    id: str
    contract_id: str
    title: str
    status: str
    end_date: str


class Counts(TypedDict):
    customers: int
    deals: int
    """those that were neither cancelled nor expired"""
    products: int
    contracts: int


class CurrencySum(TypedDict):
    currency: str
    total_value: float
    deals: int


class DashboardStats(TypedDict):
    counts: Counts
    pipeline: PipelineFigures
    revenue_series: list[RevenueDay]
    """the last 30 days, oldest first"""
    attention: Attention
    generated_at: str
    """up to two minutes ago"""


class DealNotice(TypedDict):
    id: str
    deal_id: str
    title: str
    status: str
    total: float
    currency: str
    expires_at: str | None
    updated_at: str


class PipelineFigures(TypedDict):
    total_value: float
    """what the counted deals in this currency are worth together"""
    avg_deal_size: float
    win_rate: float
    """closed deals as a part of those that ended, 0 to 1"""
    currency: str
    by_currency: list[CurrencySum]
    by_status: list[StatusSum]
    """of the deals in this currency"""


class RevenueDay(TypedDict):
    date: str
    total: float
    """payments received, less what was paid back of them"""
    count: int


class StatusSum(TypedDict):
    status: Literal[
        "draft",
        "in_progress",
        "pending_signature",
        "awaiting_signatures",
        "pending_payment",
        "partially_accepted",
        "closed",
        "cancelled",
        "expired",
    ]
    total_value: float
    deals: int


_GET: Final[Endpoint[DashboardStats]] = Endpoint("GET", "/dashboard-stats")


class DashboardStatsGroup(Group):
    """``client.dashboard_stats``."""

    def get(
        self,
        *,
        timeout: float | None = None,
    ) -> DashboardStats:
        """Everything that a dashboard shows, in one call: counts, pipeline, revenue, and what wants attention.

        Figures are kept for two minutes. Contracts are named to those who may read them (``contracts:read``).

        Scope: ``deals:read``.
        """
        return self._client._run(_GET, {}, timeout=timeout)


class AsyncDashboardStatsGroup(AsyncGroup):
    """``client.dashboard_stats``, asynchronously."""

    async def get(
        self,
        *,
        timeout: float | None = None,
    ) -> DashboardStats:
        """Everything that a dashboard shows, in one call: counts, pipeline, revenue, and what wants attention."""
        return await self._client._run(_GET, {}, timeout=timeout)
