"""Looking through everything that is signed for what no longer matches its signatures."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from dealwright.kernel.context import Elsewhere
from dealwright.kernel.event_types import event_types
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.signing import requests, signatures, subjects
from dealwright.modules.signing.tables import signatures as table

_AT_ONCE: Final = 200
_FIRST: Final = UUID(int=0)

_signed: Final = Statement(
    select(table.c.tenant_id, table.c.livemode, table.c.entity_type, table.c.entity_id)
    .distinct()
    .where(table.c.removed_at.is_(None), table.c.entity_id > given("after"))
    .order_by(table.c.entity_id)
    .limit(given("at_most"))
)

event_types.fired_by("job:integrity_scan", "contract.tamper_detected")


@schedule("signing.integrity", every=timedelta(days=1), real_time=True)
async def scan(elsewhere: Elsewhere) -> int:
    """Examine every signed record of every workspace; answers how many were tampered with.

    contract.tamper_detected fires once for each content that a record was changed to, however often this runs.
    """
    tampered, after = 0, _FIRST
    while True:
        async with elsewhere.system() as tx:
            batch = await tx.rows(_signed, after=after, at_most=_AT_ONCE)
        for each in batch:
            after = each["entity_id"]
            subject = subjects.of(each["entity_type"])
            if subject is None:
                continue
            async with elsewhere.within(each["tenant_id"], each["livemode"]) as ctx:
                record = await subject.standing(ctx, after)
                if record is None:
                    continue
                found = await signatures.examine(ctx, subject, after, record)
                if found.status == "tampered":
                    tampered += 1
                    await requests.report_tampering(ctx, subject.resource, after, found)
        if len(batch) < _AT_ONCE:
            return tampered
