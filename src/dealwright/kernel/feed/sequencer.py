"""Giving every event its position, and fanning it out, in one transaction.

Events are written by many transactions at once, so their insertion numbers become visible out of order: a reader that
goes by them would step over one that commits late. The sequencer gives each event a *position* instead, once it can be
seen: one sequencer at a time (a row lock on the head decides which), densely, under that lock until the commit.
Positions therefore become visible in their own order, and a reader that goes by position misses nothing, however long
a writer takes; a slow one delays its own events only.

Order within an entity holds because a change locks its entity: the later of two changes writes its event after the
earlier one has committed, so whoever sees the later event sees the earlier one, too, and within what is seen, insertion
order decides.

Whoever wants every event exactly once registers a fan-out: it runs in the same transaction, so that its rows and the
position commit together.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from asyncpg import Record
from sqlalchemy import select

from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.feed import EVENTS_PLACED, EVENTS_WRITTEN
from dealwright.kernel.ledger.tables import event_feed
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.signals import CHANNEL, Signals
from dealwright.kernel.store.statements import RawStatement, Statement

log = structlog.get_logger("dealwright.feed")

FanOut = Callable[[Transaction, Sequence[Record]], Awaitable[None]]
"""Gets the events of a batch in order (tenant_id, livemode, id, position, event, entity_type, entity_id, created_at) in
the system transaction that gives them their positions. What it raises stops the feed, so it does little."""

BATCH: Final = 1000
_REST_SECONDS: Final = 0.02
"""Between two batches, so that busy times make larger batches instead of more of them."""
_LOOK_SECONDS: Final = 1.0
"""How often to look without having been woken."""
_TROUBLE_SECONDS: Final = 1.0

_take_turn: Final = Statement(select(event_feed.c.position).with_for_update())
_place: Final = RawStatement(
    """
    WITH unplaced AS (
        SELECT tenant_id, livemode, id, $1::bigint + row_number() OVER (ORDER BY seq) AS position
        FROM (SELECT tenant_id, livemode, id, seq FROM events WHERE position IS NULL ORDER BY seq LIMIT $2) AS oldest
    ), placed AS (
        UPDATE events SET position = unplaced.position FROM unplaced
        WHERE events.tenant_id = unplaced.tenant_id AND events.livemode = unplaced.livemode AND events.id = unplaced.id
        RETURNING events.tenant_id, events.livemode, events.id, events.position, event, entity_type, entity_id,
                  created_at
    )
    SELECT * FROM placed ORDER BY position
    """,
    ("head", "batch"),
)
_advance: Final = RawStatement(
    "WITH told AS (SELECT pg_notify($2, $3)) UPDATE event_feed SET position = $1 FROM told",
    ("position", "channel", "notice"),
)
_waiting: Final = RawStatement("SELECT EXISTS (SELECT FROM events WHERE position IS NULL)", ())


class Sequencer:
    """Places events and fans them out, for as long as the process works. Any number of processes may run one."""

    def __init__(self, database: Database, signals: Signals, fan_outs: Sequence[FanOut] = ()) -> None:
        self._database = database
        self._signals = signals
        self._fan_outs = tuple(fan_outs)
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to place events whenever there are some."""
        self._signals.on(EVENTS_WRITTEN, self._woken)
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End after the batch that is under way."""
        self._signals.off(EVENTS_WRITTEN, self._woken)
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self._stopping:
            try:
                while await Database.retrying(self.place) == BATCH:
                    pass
                await asyncio.sleep(_REST_SECONDS)
                await self._sleep()
            except DealwrightError as problem:
                log.info("events_wait", problem=str(problem))
                await asyncio.sleep(_TROUBLE_SECONDS)
            except Exception:
                log.exception("events_wait")
                await asyncio.sleep(_TROUBLE_SECONDS)

    def _woken(self, _word: str) -> None:
        self._wake.set()

    async def _sleep(self) -> None:
        """Until there may be something to place: after a signal, or when looking finds something."""
        while not self._wake.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS)
                break
            async with self._database.system(read_only=True) as tx:
                if await tx.value(_waiting):
                    break
        if not self._stopping:
            self._wake.clear()

    async def place(self) -> int:
        """Place and fan out one batch; answers how many events it held. Raises Unavailable."""
        async with self._database.system() as tx:
            head = await tx.value(_take_turn)
            placed = await tx.rows(_place, head=head, batch=BATCH)
            if not placed:
                return 0
            newest = placed[-1]["position"]
            for fan_out in self._fan_outs:
                await fan_out(tx, placed)
            notice = self._signals.notice(EVENTS_PLACED, str(newest))
            await tx.run(_advance, position=newest, channel=CHANNEL, notice=notice)
            tx.signal(EVENTS_PLACED, str(newest))
        return len(placed)
