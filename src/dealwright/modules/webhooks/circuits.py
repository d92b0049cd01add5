"""The circuit of an endpoint: after ten failed attempts in a row it opens, and one trial at a time tells when to close.

Each worker counts failures for itself; the state is in the database and changes by conditional updates, so that of many
workers one opens a circuit, and one event tells it. Only answers that speak of trouble count (none at all, 429, 5xx).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import func, update

from dealwright.kernel import clock, ids
from dealwright.kernel.clock import Clock
from dealwright.kernel.event_types import event_types
from dealwright.kernel.ledger import ledger
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.webhooks import rules
from dealwright.modules.webhooks.queue import Lane
from dealwright.modules.webhooks.rules import Answer
from dealwright.modules.webhooks.tables import ENDPOINT, webhook_endpoints

OPENED: Final = "service.circuit_opened"
CLOSED: Final = "service.circuit_closed"
LENGTHENED: Final = "circuit-breaker.backoff-increased"

event_types.fired_by("system:circuit_breaker", OPENED, CLOSED, LENGTHENED)

_here = in_scope(webhook_endpoints) & (webhook_endpoints.c.id == given("key"))
_open = RawStatement(
    """
    UPDATE webhook_endpoints
    SET circuit_opened_at = now(), circuit_backoff = $4::integer,
        circuit_until = now() + $4::integer * interval '1 second'
    WHERE tenant_id = $1 AND livemode = $2 AND id = $3 AND circuit_opened_at IS NULL
    RETURNING id
    """,
    ("tenant", "mode", "key", "backoff"),
)
_lengthen = RawStatement(
    """
    UPDATE webhook_endpoints
    SET circuit_backoff = $5::integer, circuit_until = now() + $5::integer * interval '1 second'
    WHERE tenant_id = $1 AND livemode = $2 AND id = $3 AND circuit_backoff = $4
    RETURNING id
    """,
    ("tenant", "mode", "key", "backoff", "longer"),
)
_backoff: Final = Statement(
    update(webhook_endpoints)
    .where(_here & webhook_endpoints.c.circuit_opened_at.is_not(None))
    .values(circuit_backoff=func.coalesce(webhook_endpoints.c.circuit_backoff, rules.FIRST_BACKOFF))
    .returning(webhook_endpoints.c.circuit_backoff)
)
_close: Final = Statement(
    update(webhook_endpoints)
    .where(_here & webhook_endpoints.c.circuit_opened_at.is_not(None))
    .values(circuit_opened_at=None, circuit_until=None, circuit_backoff=None)
    .returning(webhook_endpoints.c.id)
)


def service_name(endpoint_id: str) -> str:
    """How the events name the endpoint."""
    return f"{ENDPOINT}:{endpoint_id}"


class Circuits:
    """What one worker knows of the endpoints it sends to."""

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now
        self._failures: dict[Lane, int] = {}

    async def note(self, lane: Lane, answer: Answer, prefix: str, *, trial: bool) -> None:
        """Count an attempt, and open or close the circuit when it decides that; ``prefix`` is that of the endpoint's
        id, for the event that tells it. Raises Unavailable.
        """
        endpoint_id = ids.encode(prefix, lane[2])
        if not answer.overloaded:
            self._failures.pop(lane, None)
            if trial:
                await self._change(lane, endpoint_id, _close, CLOSED, {"closed_at": clock.iso(self._now())})
            return
        if trial:
            await self._stay_open(lane, endpoint_id)
            return
        failures = self._failures[lane] = self._failures.get(lane, 0) + 1
        if failures >= rules.OPENS_AFTER:
            del self._failures[lane]
            data = {"failures": failures, "opened_at": clock.iso(self._now())}
            await self._change(lane, endpoint_id, _open, OPENED, data, backoff=rules.next_backoff(None))

    async def _stay_open(self, lane: Lane, endpoint_id: str) -> None:
        tenant, mode, key = lane
        async with self._database.transaction(tenant, mode) as tx:
            current = await tx.value(_backoff, key=key)
            if current is None:
                return
            longer = rules.next_backoff(current)
            await tx.run(_lengthen, key=key, backoff=current, longer=longer)
            if longer > current:
                data = {"previous_backoff_seconds": current, "new_backoff_seconds": longer}
                await ledger.write(tx, [], [_event(endpoint_id, LENGTHENED, data)], self._now())

    async def _change(
        self, lane: Lane, endpoint_id: str, statement: Statement, event: str, data: Mapping[str, Any], **values: Any
    ) -> None:
        tenant, mode, key = lane
        async with self._database.transaction(tenant, mode) as tx:
            if await tx.value(statement, key=key, **values) is not None:
                await ledger.write(tx, [], [_event(endpoint_id, event, data)], self._now())


def _event(endpoint_id: str, name: str, data: Mapping[str, Any]) -> Event:
    return Event(name, ENDPOINT, endpoint_id, {"service": service_name(endpoint_id), **data})
