"""Deals lapse: one that has come to no end by its ``expires_at`` is expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import text

from dealwright.kernel.context import Context, Elsewhere
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.due import Due
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.statements import given
from dealwright.modules.deals import service
from dealwright.modules.deals.tables import deals

event_types.fired_by("schedule:deals", "deal.expired")


async def _expire(ctx: Context, row: Record) -> None:
    await service.move(ctx, row, "expired")


_lapsed: Final = Due(
    deals,
    lambda: (text("deals.status NOT IN ('closed', 'cancelled', 'expired')"), deals.c.expires_at <= given("at")),
    _expire,
)


@schedule("deals.expire", every=timedelta(minutes=1))
async def expire(server: Elsewhere) -> int:
    """Expire what is due, with deal.expired; answers how many deals that were."""
    return await _lapsed.run(server)
