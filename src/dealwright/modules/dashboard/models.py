"""The result of the dashboard operation (Salesbooth API, Dashboard Statistics)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dealwright.kernel.fields import Wire
from dealwright.modules.deals.rules import Status


class Counts(Wire):
    customers: int
    deals: Annotated[int, Field(description="those that were neither cancelled nor expired")]
    products: int
    contracts: int


class CurrencySum(Wire):
    currency: str
    total_value: float
    deals: int


class StatusSum(Wire):
    status: Status
    total_value: float
    deals: int


class PipelineFigures(Wire):
    total_value: Annotated[float, Field(description="what the counted deals in this currency are worth together")]
    avg_deal_size: float
    win_rate: Annotated[float, Field(description="closed deals as a part of those that ended, 0 to 1")]
    currency: str
    by_currency: list[CurrencySum]
    by_status: Annotated[list[StatusSum], Field(description="of the deals in this currency")]


class RevenueDay(Wire):
    date: str
    total: Annotated[float, Field(description="payments received, less what was paid back of them")]
    count: int


class DealNotice(Wire):
    id: str
    deal_id: str
    title: str
    status: str
    total: float
    currency: str
    expires_at: str | None
    updated_at: str


class ContractNotice(Wire):
    id: str
    contract_id: str
    title: str
    status: str
    end_date: str


class Attention(Wire):
    expiring_deals: Annotated[list[DealNotice], Field(description="open, and lapsing within 7 days")]
    expiring_contracts: Annotated[list[ContractNotice], Field(description="running, and ending within 30 days")]
    stale_deals: Annotated[list[DealNotice], Field(description="open, and untouched for 14 days")]


class DashboardStats(Wire):
    counts: Counts
    pipeline: PipelineFigures
    revenue_series: Annotated[list[RevenueDay], Field(description="the last 30 days, oldest first")]
    attention: Attention
    generated_at: Annotated[str, Field(description="up to two minutes ago")]
