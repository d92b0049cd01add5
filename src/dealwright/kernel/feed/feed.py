"""Reading the feed: one page after a position, or following along as events come.

Positions become visible in their own order, so a reader that remembers the position of the last event it saw misses
none and sees none twice. All followers of a process share one reader of the database, which keeps the newest events of
the followed workspaces in memory; only a follower that starts further back reads for itself until it has caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from bisect import bisect_right
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog
from asyncpg import Record
from sqlalchemy import select

from dealwright.kernel import clock, ids
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.feed import EVENTS_PLACED
from dealwright.kernel.ledger.tables import event_feed, events
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.signals import Signals
from dealwright.kernel.store.statements import RawStatement, Statement, given

log = structlog.get_logger("dealwright.feed")

EVENT_PREFIX: Final = "evt"
_PAGE: Final = 500
_KEPT: Final = 1000
"""Newest events of a workspace that stay in memory while somebody follows it."""
_LOOK_SECONDS: Final = 2.0
_COARSE_SECONDS: Final = 0.2
"""How often at most those are looked for whose time of waiting is over."""

Room = tuple[UUID, bool]
"""A workspace in one mode."""

_head: Final = Statement(select(event_feed.c.position))
_after: Final = Statement(
    select(events)
    .where(in_scope(events), events.c.position > given("after"))
    .order_by(events.c.position)
    .limit(given("page_limit"))
)
_new: Final = RawStatement(
    """
    SELECT events.* FROM unnest($1::uuid[], $2::boolean[]) AS room(tenant_id, livemode)
    JOIN events USING (tenant_id, livemode)
    WHERE events.position > $3 AND events.position <= $4
    ORDER BY events.position LIMIT $5
    """,
    ("tenants", "modes", "after", "upto", "page_limit"),
)


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event as readers get it."""

    position: int
    id: str
    name: str
    entity_type: str
    entity_id: str
    data: dict[str, Any]
    created_at: str
    actor_type: str
    actor_id: str | None

    def envelope(self) -> dict[str, Any]:
        """The documented form (Salesbooth API, Webhooks): the same at every delivery."""
        return {"id": self.id, "event": self.name, "created_at": self.created_at, "data": self.data}


def feed_event(row: Record) -> FeedEvent:
    """The event in a row of the ``events`` table that has its position."""
    return FeedEvent(
        position=row["position"],
        id=ids.encode(EVENT_PREFIX, row["id"]),
        name=row["event"],
        entity_type=row["entity_type"],
        entity_id=row["entity_id"],
        data=row["data"],
        created_at=clock.iso(row["created_at"]),
        actor_type=row["actor_type"],
        actor_id=row["actor_id"],
    )


async def page(tx: Transaction, after: int, limit: int = _PAGE) -> list[FeedEvent]:
    """The events of the transaction's workspace after a position, in order."""
    return [feed_event(row) for row in await tx.rows(_after, after=after, page_limit=limit)]


@dataclass(slots=True)
class _Recent:
    """The newest events of one followed workspace: complete after ``floor``."""

    floor: int
    followers: int = 0
    events: list[FeedEvent] = field(default_factory=list)
    _waiting: dict[asyncio.Future[None], float] = field(default_factory=dict)
    """Who waits, and until when."""
    _timer: asyncio.TimerHandle | None = None

    def add(self, event: FeedEvent) -> bool:
        """False for an event that is known already, or was there before anybody followed."""
        if event.position <= (self.events[-1].position if self.events else self.floor):
            return False
        self.events.append(event)
        if len(self.events) > 2 * _KEPT:
            self.floor = self.events[_KEPT - 1].position
            del self.events[:_KEPT]
        return True

    def since(self, position: int) -> Sequence[FeedEvent]:
        first = bisect_right(self.events, position, key=lambda event: event.position)
        return self.events[first : first + _PAGE]

    def announce(self) -> None:
        """Wake everybody who waits."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting:
            if not each.done():
                each.set_result(None)

    async def wait(self, until: float) -> None:
        """Until there is more, or this time of the loop's clock has come, a fraction of a second late at most.

        One timer serves all who wait: thousands of them would otherwise make a timer each at every event.
        """
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self._waiting[waiter] = until
        if until != math.inf and (self._timer is None or until < self._timer.when()):
            self._set_timer(loop, until)
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)

    def _set_timer(self, loop: asyncio.AbstractEventLoop, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = loop.call_at(at, self._time_is_over, loop)

    def _time_is_over(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer, now = None, loop.time()
        following = math.inf
        for each, until in self._waiting.items():
            if until > now:
                following = min(following, until)
            elif not each.done():
                each.set_result(None)
        if following != math.inf:
            self._set_timer(loop, max(following, now + _COARSE_SECONDS))

    def let_go(self) -> None:
        """Nobody follows any more."""
        if self._timer is not None:
            self._timer.cancel()


class Follower:
    """One reader's place in the feed of a workspace; :meth:`Feed.following` makes it."""

    __slots__ = ("_feed", "_recent", "_room", "position")

    def __init__(self, feed: Feed, room: Room, recent: _Recent, position: int) -> None:
        self._feed = feed
        self._room = room
        self._recent = recent
        self.position = position
        """Every event up to here has been handed over."""

    async def next(self, timeout: float | None = None) -> Sequence[FeedEvent]:
        """The events that follow, each once and in order, at most a page of them; none when so many seconds are over.

        Raises Unavailable while catching up, when the database is away; it may be called again.
        """
        recent = self._recent
        now = asyncio.get_running_loop().time
        give_up = math.inf if timeout is None else now() + timeout
        while True:
            if self.position < recent.floor:
                known = self._feed.head
                found: Sequence[FeedEvent] = await self._feed.read(*self._room, self.position)
                caught_up = self.position if len(found) == _PAGE else known
            else:
                found, caught_up = recent.since(self.position), self.position
            self.position = max(found[-1].position if found else 0, caught_up)
            if found:
                return found
            if self.position >= recent.floor:
                if now() >= give_up:
                    return ()
                await recent.wait(give_up)


class Feed:
    """The readers of one process."""

    def __init__(self, database: Database, signals: Signals) -> None:
        self.head = 0
        """The newest position that this process knows of."""
        self._database = database
        self._signals = signals
        self._rooms: dict[Room, _Recent] = {}
        self._read_to = 0
        """Up to here the events of all followed workspaces are in memory, or being read."""
        self._moved = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Raises Unavailable when the database does not answer."""
        await self.look()
        self._read_to = self.head
        self._signals.on(EVENTS_PLACED, self._placed)
        self._tasks = [asyncio.create_task(self._keep_looking()), asyncio.create_task(self._read_along())]

    async def stop(self) -> None:
        self._signals.off(EVENTS_PLACED, self._placed)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def wait(self, beyond: int, timeout: float) -> bool:
        """Wait until any workspace has an event after this position; False when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while self.head <= beyond:
                    await self._moved.wait()
        return self.head > beyond

    async def read(self, tenant_id: UUID, livemode: bool, after: int, limit: int = _PAGE) -> list[FeedEvent]:
        """One page of a workspace's events after a position. Raises Unavailable."""
        async with self._database.transaction(tenant_id, livemode, read_only=True) as tx:
            return await page(tx, after, limit)

    @contextlib.contextmanager
    def following(self, tenant_id: UUID, livemode: bool, after: int | None = None) -> Iterator[Follower]:
        """A reader's place after a position, or at the newest event: ``with feed.following(…) as follower``."""
        room = (tenant_id, livemode)
        recent = self._rooms.get(room)
        if recent is None:
            recent = self._rooms[room] = _Recent(floor=self._read_to)
        recent.followers += 1
        try:
            yield Follower(self, room, recent, self.head if after is None else after)
        finally:
            recent.followers -= 1
            if not recent.followers:
                recent.let_go()
                self._rooms.pop(room, None)

    async def follow(
        self, tenant_id: UUID, livemode: bool, after: int | None = None
    ) -> AsyncGenerator[FeedEvent, None]:
        """Every event of a workspace after a position, or from now on: in order, each once, without end.

        Close the iterator (``contextlib.aclosing``) when done. Raises Unavailable while catching up, when the database
        is away; follow again after the last position that was seen.
        """
        with self.following(tenant_id, livemode, after) as follower:
            while True:
                for event in await follower.next():
                    yield event

    def _placed(self, word: str) -> None:
        if word.isdecimal():
            self._advance(int(word))

    def _advance(self, head: int) -> None:
        if head > self.head:
            self.head = head
            self._moved.set()
            self._moved = asyncio.Event()

    async def look(self) -> None:
        """Learn the newest position from the database now. Raises Unavailable."""
        async with self._database.system(read_only=True) as tx:
            self._advance(await tx.value(_head))

    async def _keep_looking(self) -> None:
        """What no signal told is found all the same."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self.look()
            except DealwrightError:
                pass  # the database is away; the next look will tell
            except Exception:  # a task that ends here would silence every stream of the process
                log.exception("feed_look_failed")

    async def _read_along(self) -> None:
        """Bring what is new for the followed workspaces into memory, once for all their followers."""
        while True:
            read = self._read_to
            if self.head <= read:
                await self._moved.wait()
                continue
            rooms = list(self._rooms)
            upto = self._read_to = self.head
            try:
                await self._read_new(rooms, read, upto)
            except Exception as problem:
                if isinstance(problem, DealwrightError):
                    log.info("feed_waits", problem=str(problem))
                else:
                    log.exception("feed_read_failed")
                self._read_to = read
                await asyncio.sleep(_LOOK_SECONDS)

    async def _read_new(self, rooms: Sequence[Room], after: int, upto: int) -> None:
        while rooms:
            async with self._database.system(read_only=True) as tx:
                rows = await tx.rows(
                    _new,
                    tenants=[tenant for tenant, _ in rooms],
                    modes=[mode for _, mode in rooms],
                    after=after,
                    upto=upto,
                    page_limit=_PAGE,
                )
            touched = {}
            for row in rows:
                room = (row["tenant_id"], row["livemode"])
                if (recent := self._rooms.get(room)) is not None and recent.add(feed_event(row)):
                    touched[room] = recent
            for recent in touched.values():
                recent.announce()
            if len(rows) < _PAGE:
                return
            after = rows[-1]["position"]
