"""What happens to a shop's quotes and invoices by the clock alone: quotes lapse, invoices become overdue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, select, text

from dealwright.kernel.clock import Clock
from dealwright.kernel.context import Context, Elsewhere
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.shop import invoices, quotes, records, tables

SOURCE: Final = "schedule:shop"
EVENTS: Final = ("quote.expired", "invoice.overdue")
"""What is announced here and by no operation."""

_AT_ONCE: Final = 500


class _Duty:
    """Records for which a time has come: found across all shops, then dealt with one by one inside their shop."""

    def __init__(
        self,
        table: Table,
        due: Callable[[], tuple[Any, ...]],
        act: Callable[[Context, Record], Awaitable[None]],
    ) -> None:
        self._act = act
        self._find = Statement(select(table.c.tenant_id, table.c.livemode, table.c.id).where(*due()).limit(_AT_ONCE))
        self._take = Statement(
            select(table)
            .where(in_scope(table), table.c.id == given("key"), *due())
            .with_for_update(key_share=True, skip_locked=True)
        )

    async def run(self, server: Elsewhere, clock: Clock) -> int:
        """How many records were dealt with; several processes may do this at once."""
        async with server.system() as tx:
            found = await tx.rows(self._find, at=clock())
        done = 0
        for row in found:
            done += await self._one(server, row["tenant_id"], row["livemode"], row["id"])
        return done

    async def _one(self, server: Elsewhere, tenant_id: UUID, livemode: bool, key: UUID) -> bool:
        async with server.within(tenant_id, livemode) as ctx:
            row = await ctx.tx.row(self._take, key=key, at=ctx.now)
            if row is None:
                return False
            await self._act(ctx, row)
        return True


async def _expire(ctx: Context, row: Record) -> None:
    written = await records.quotes.change(ctx.tx, row, {"status": "expired"}, ctx.now)
    ctx.record(records.quotes, written, "quote.expired", before=row)
    ctx.announce("quote.expired", records.quotes, row["id"], quotes.facts(written))


async def _call_overdue(ctx: Context, row: Record) -> None:
    written = await records.invoices.change(ctx.tx, row, {"overdue_at": ctx.now}, ctx.now)
    ctx.record(records.invoices, written, "invoice.overdue", before=row)
    ctx.announce("invoice.overdue", records.invoices, row["id"], invoices.facts(written))


_duties: Final = (
    _Duty(
        tables.quotes,
        lambda: (
            text("shop_quotes.status IN ('draft', 'sent')"),
            tables.quotes.c.expires_at <= given("at"),
        ),
        _expire,
    ),
    _Duty(
        tables.invoices,
        lambda: (
            text("shop_invoices.status IN ('unpaid', 'partial') AND shop_invoices.overdue_at IS NULL"),
            tables.invoices.c.due_at < given("at"),
        ),
        _call_overdue,
    ),
)


async def run(server: Elsewhere, clock: Clock) -> int:
    """Do what has become due; answers how much that was."""
    return sum([await duty.run(server, clock) for duty in _duties])
