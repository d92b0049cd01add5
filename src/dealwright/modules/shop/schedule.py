"""What happens to a shop's quotes and invoices by the clock alone: quotes lapse, invoices become overdue."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from dealwright.kernel.context import Context, Elsewhere
from dealwright.kernel.jobs.due import Due
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.statements import given
from dealwright.modules.shop import invoices, quotes, records, tables

EVENTS: Final = ("quote.expired", "invoice.overdue")
"""What is announced here and by no operation."""


async def _expire(ctx: Context, row: Record) -> None:
    written = await records.quotes.change(ctx.tx, row, {"status": "expired"}, ctx.now)
    ctx.record(records.quotes, written, "quote.expired", before=row)
    ctx.announce("quote.expired", records.quotes, row["id"], quotes.facts(written))


async def _call_overdue(ctx: Context, row: Record) -> None:
    written = await records.invoices.change(ctx.tx, row, {"overdue_at": ctx.now}, ctx.now)
    ctx.record(records.invoices, written, "invoice.overdue", before=row)
    ctx.announce("invoice.overdue", records.invoices, row["id"], invoices.facts(written))


_lapsed: Final = Due(
    tables.quotes,
    lambda: (
        text("shop_quotes.status IN ('draft', 'sent')"),
        tables.quotes.c.expires_at <= given("at"),
    ),
    _expire,
)
_overdue: Final = Due(
    tables.invoices,
    lambda: (
        text("shop_invoices.status IN ('unpaid', 'partial') AND shop_invoices.overdue_at IS NULL"),
        tables.invoices.c.due_at < given("at"),
    ),
    _call_overdue,
)


@schedule("shop.due", every=timedelta(minutes=1))
async def run(server: Elsewhere) -> int:
    """Do what has become due; answers how much that was."""
    return await _lapsed.run(server) + await _overdue.run(server)
