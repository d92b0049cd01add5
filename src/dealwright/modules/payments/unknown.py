"""Payments whose outcome is not known: the provider is asked again until it says."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select

from dealwright.kernel.context import Elsewhere
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.payments import service
from dealwright.modules.payments.tables import payments

log = structlog.get_logger("dealwright.payments")

PATIENCE: Final = timedelta(minutes=2)
"""A charge that is younger is probably still being made by the call that asked for it."""
_AT_ONCE: Final = 200

_open: Final = Statement(
    select(payments.c.tenant_id, payments.c.livemode, payments.c.id, payments.c.payment_intent_id)
    .where(
        payments.c.status == "processing",
        payments.c.updated_at < given("long_ago"),
        payments.c.payment_intent_id.is_not(None),
        payments.c.id > given("after"),
    )
    .order_by(payments.c.id)
    .limit(_AT_ONCE)
)


@schedule("payments.ask_again", every=timedelta(minutes=5), real_time=True)
async def ask_again(server: Elsewhere) -> int:
    """Ask the providers how charges in ``processing`` went and book what they say, exactly as a repeated confirmation
    does; answers how many were settled. One that still has no outcome is asked about next time.
    """
    settled, after = 0, UUID(int=0)
    while True:
        async with server.system() as tx:
            found = await tx.rows(_open, long_ago=server.clock() - PATIENCE, after=after)
        for row in found:
            after = row["id"]
            try:
                steps = await server.steps_within(row["tenant_id"], row["livemode"])
                state, _ = await service.confirm(steps, intent_id=row["payment_intent_id"], payment_method=None)
                settled += state.payment["status"] != "processing"
            except DealwrightError as problem:  # declined, and booked so; or the provider is away
                log.info("payment_asked_again", payment=str(after), problem=problem.code)
            except Exception:
                log.exception("payment_not_asked", payment=str(after))
        if len(found) < _AT_ONCE:
            return settled
