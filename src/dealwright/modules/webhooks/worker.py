"""The worker: claims what is due, sends it, writes what came of it.

Any number of processes may run one; nothing but the connections is kept in memory that the database does not know. A
worker that is killed leaves its claims behind, and they become due again when their lease is over. Every endpoint has
its own share of the slots, so a slow one fills its share and leaves the others theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from asyncpg import Record

from dealwright.kernel.clock import Clock
from dealwright.kernel.crypto import Keyring
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.signals import Signals
from dealwright.modules.webhooks import queue, rules
from dealwright.modules.webhooks.attempts import attempt
from dealwright.modules.webhooks.circuits import Circuits
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.queue import DELIVERIES_DUE, Lane, Outcome
from dealwright.modules.webhooks.sender import Sender

log = structlog.get_logger("dealwright.webhooks")

SLOTS: Final = 512
"""Deliveries that one worker has in its hands at most."""
QUOTA: Final = 32
"""Requests that one worker has open to one endpoint at most."""
AHEAD: Final = 4
"""How many times as many deliveries it takes of an endpoint that answers quickly, so as not to ask for each few."""
_QUICK_SECONDS: Final = 1.0
"""What is taken ahead should be sent within this time."""
_STALE_SECONDS: Final = 8.0
"""A delivery that waited here longer is given back: its attempt might not end within the lease."""
_GATHER_SECONDS: Final = 0.004
_LOOK_SECONDS: Final = 0.5
_TROUBLE_SECONDS: Final = 1.0
_HOUSEKEEPING_SECONDS: Final = 30.0
_FINISH_SECONDS: Final = 3.0
_REMEMBERED: Final = 10_000
"""Endpoints whose latency is remembered."""


def _lane_of(row: Mapping[str, Any]) -> Lane:
    return row["tenant_id"], row["livemode"], row["webhook_id"]


class _Lane:
    """An endpoint as this worker sees it."""

    __slots__ = ("in_hand", "latency", "open")

    def __init__(self) -> None:
        self.in_hand = 0
        self.latency = _QUICK_SECONDS
        """Seconds that an attempt takes lately."""
        self.open = asyncio.Semaphore(QUOTA)

    def free(self) -> int:
        ahead = min(AHEAD, max(1.0, _QUICK_SECONDS / max(self.latency, 0.001)))
        return int(QUOTA * ahead) - self.in_hand

    def measured(self, seconds: float) -> None:
        self.latency += (seconds - self.latency) / 8


class Worker:
    """Delivers for as long as it runs."""

    def __init__(
        self,
        database: Database,
        signals: Signals,
        keyring: Keyring,
        sender: Sender,
        dialects: Dialects,
        now: Clock,
        schedule: Sequence[float],
    ) -> None:
        self._database = database
        self._signals = signals
        self._keyring = keyring
        self._sender = sender
        self._dialects = dialects
        self._schedule = tuple(schedule)
        self._circuits = Circuits(database, now)
        self._wake = asyncio.Event()
        self._lanes: defaultdict[Lane, _Lane] = defaultdict(_Lane)
        self._running: dict[asyncio.Task[None], Record] = {}
        self._outcomes: list[Outcome] = []
        self._stale: list[Record] = []
        self._outcome = asyncio.Event()
        self._drained = False
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        self._signals.on(DELIVERIES_DUE, self._woken)
        self._tasks = [asyncio.create_task(each) for each in (self._write(), self._claim(), self._keep_house())]

    async def stop(self) -> None:
        """Take nothing more, give what is under way a moment to end, and give the rest back."""
        self._signals.off(DELIVERIES_DUE, self._woken)
        writing, claiming, housekeeping = self._tasks
        self._stopping = True
        self._wake.set()
        housekeeping.cancel()
        await asyncio.gather(claiming, housekeeping, return_exceptions=True)
        if self._running:
            await asyncio.wait(self._running, timeout=_FINISH_SECONDS)
        left = dict(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._stale += [row for task, row in left.items() if task.cancelled()]
        self._drained = True
        self._outcome.set()
        await asyncio.wait([writing], timeout=_FINISH_SECONDS)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)

    def _woken(self, _word: str) -> None:
        self._wake.set()

    async def _claim(self) -> None:
        while not self._stopping:
            self._wake.clear()
            taken: list[Record] = []
            try:
                if (free := SLOTS - len(self._running) - len(self._outcomes)) > 0:
                    async with self._database.system(settings=queue.LOOSELY) as tx:
                        taken = await queue.claim(tx, free, lambda lane: self._lanes[lane].free())
            except Exception as problem:
                await self._trouble("deliveries_not_claimed", problem)
                continue
            for row in taken:
                self._lanes[_lane_of(row)].in_hand += 1
                task = asyncio.create_task(self._deliver(row))
                self._running[task] = row
                task.add_done_callback(self._running.pop)
            if not taken and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS)

    @staticmethod
    async def _trouble(event: str, problem: Exception) -> None:
        if isinstance(problem, DealwrightError):
            log.info(event, problem=str(problem))
        else:
            log.error(event, exc_info=problem)
        await asyncio.sleep(_TROUBLE_SECONDS)

    async def _deliver(self, row: Record) -> None:
        lane = self._lanes[_lane_of(row)]
        taken = time.monotonic()
        async with lane.open:
            if time.monotonic() - taken > _STALE_SECONDS:
                self._stale.append(row)
                self._outcome.set()
                return
            answer = await attempt(self._sender, self._dialects, self._keyring.tenant(row["tenant_id"]), row)
        lane.measured(answer.latency_ms / 1000)
        following = rules.after_attempt(row["attempts"] + 1, self._schedule, answer, random.random())
        self._outcomes.append(Outcome(row, answer, following))
        self._outcome.set()

    async def _write(self) -> None:
        """Write outcomes, many at a time; what cannot be written now is written later."""
        while not self._drained or self._outcomes or self._stale:
            await self._outcome.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._outcome.clear()
            outcomes, stale = list(self._outcomes), list(self._stale)
            if not outcomes and not stale:
                continue
            try:
                await self._finish(outcomes, stale)
            except Exception as problem:
                self._outcome.set()
                await self._trouble("outcomes_not_written", problem)
                continue
            del self._outcomes[: len(outcomes)]
            del self._stale[: len(stale)]
            for row in (*(each.row for each in outcomes), *stale):
                self._leave(_lane_of(row))
            self._wake.set()
            await self._tell_circuits(outcomes)

    async def _finish(self, outcomes: Sequence[Outcome], stale: Sequence[Record]) -> None:
        async with self._database.system(settings=queue.LOOKUPS) as tx:
            written = await queue.finish(tx, outcomes)
            if stale:
                await queue.give_back(tx, stale)
        finished = [row for row in written if row["status"] != "pending"]
        if finished:
            async with self._database.system(settings=queue.LOOSELY) as tx:
                await queue.release_next(tx, finished)

    def _leave(self, lane: Lane) -> None:
        self._lanes[lane].in_hand -= 1
        if not self._lanes[lane].in_hand and len(self._lanes) > _REMEMBERED:
            del self._lanes[lane]

    async def _tell_circuits(self, outcomes: Sequence[Outcome]) -> None:
        for each in outcomes:
            try:
                prefix = self._dialects[each.row["dialect"]].prefix
                await self._circuits.note(_lane_of(each.row), each.answer, prefix, trial=each.row["trial"])
            except DealwrightError as problem:
                log.info("circuit_not_changed", problem=str(problem))
            except Exception:
                log.exception("circuit_not_changed")

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS * random.uniform(0.8, 1.2))
            try:
                async with self._database.system() as tx:
                    await queue.keep_house(tx, self._schedule)
            except Exception as problem:
                await self._trouble("housekeeping_failed", problem)
