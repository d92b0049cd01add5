"""Readers by position miss nothing and see nothing twice, whatever the writers do."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.feed.feed import Feed, FeedEvent
from dealwright.kernel.feed.sequencer import Sequencer
from dealwright.kernel.ledger import ledger
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.migrate import migrate
from dealwright.kernel.store.signals import Signals


@pytest.fixture(scope="module")
async def dsn(services: Services) -> AsyncIterator[str]:
    """A database of this module's own: elsewhere nobody places events."""
    name = f"feed_{ids.token(12)}"
    connection = await asyncpg.connect(services.database.dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    made = urlunsplit(urlsplit(services.database.dsn)._replace(path=f"/{name}"))
    await migrate(made)
    yield made
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


class Process:
    """What one server has: a pool, signals, a feed."""

    def __init__(self, dsn: str) -> None:
        self.database = Database(dsn, pool_size=60)
        self.signals = Signals(self.database)
        self.feed = Feed(self.database, self.signals)

    async def start(self) -> None:
        await self.database.open()
        await self.signals.start()
        await self.feed.start()

    async def stop(self) -> None:
        await self.feed.stop()
        await self.signals.stop()
        await self.database.close()


@pytest.fixture(scope="module")
async def process(dsn: str) -> AsyncIterator[Process]:
    made = Process(dsn)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture(scope="module")
async def another(dsn: str) -> AsyncIterator[Process]:
    made = Process(dsn)
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
async def placing(process: Process) -> AsyncIterator[None]:
    sequencer = Sequencer(process.database, process.signals)
    await sequencer.start()
    yield
    await sequencer.stop()


async def announce(tx: Transaction, *numbers: int, entity: str = "deal_1") -> None:
    events = [Event("deal.updated", "deal", entity, {"number": number}) for number in numbers]
    await ledger.write(tx, [], events, utc_now())


def numbers(events: Sequence[FeedEvent]) -> list[int]:
    return [event.data["number"] for event in events]


async def test_fifty_writers_that_commit_late_and_out_of_order_lose_nothing(
    process: Process, another: Process, placing: None
) -> None:
    tenant, dice = ids.uuid7(), random.Random(7)
    written: set[int] = set()
    done = asyncio.Event()

    async def write(writer: int) -> None:
        for turn in range(20):
            number = writer * 1000 + turn
            with contextlib.suppress(ZeroDivisionError):
                async with process.database.transaction(tenant, False) as tx:
                    await announce(tx, number, entity=f"deal_{writer}")
                    await asyncio.sleep(dice.choice((0, 0, 0.01, 0.1)))
                    if dice.random() < 0.1:
                        raise ZeroDivisionError
                    written.add(number)

    async def poll(feed: Feed) -> list[FeedEvent]:
        found: list[FeedEvent] = []
        while not done.is_set() or await feed.read(tenant, False, found[-1].position if found else 0):
            found += await feed.read(tenant, False, found[-1].position if found else 0, limit=7)
            await asyncio.sleep(0)
        return found

    async def follow(feed: Feed, found: list[FeedEvent]) -> None:
        async with contextlib.aclosing(feed.follow(tenant, False, 0)) as events:
            async for event in events:
                found.append(event)

    followed: tuple[list[FeedEvent], list[FeedEvent]] = ([], [])
    followers = [
        asyncio.create_task(follow(one.feed, found)) for one, found in zip((process, another), followed, strict=True)
    ]
    pollers = [asyncio.create_task(poll(process.feed)) for _ in range(2)]
    await asyncio.gather(*(write(writer) for writer in range(50)))
    async with asyncio.timeout(20):
        while any(len(found) < len(written) for found in followed):
            await process.feed.wait(process.feed.head, 0.1)
    done.set()
    polled = await asyncio.gather(*pollers)
    for follower in followers:
        follower.cancel()
    await asyncio.gather(*followers, return_exceptions=True)
    assert len(written) > 800
    for found in (*polled, *followed):
        assert len(found) == len(written)
        assert set(numbers(found)) == written
        positions = [event.position for event in found]
        assert positions == sorted(set(positions))
        by_entity: dict[str, list[int]] = defaultdict(list)
        for event in found:
            by_entity[event.entity_id].append(event.data["number"])
        assert all(each == sorted(each) for each in by_entity.values()), "order within an entity"


async def test_a_writer_that_takes_long_delays_its_own_events_only(process: Process, placing: None) -> None:
    tenant, before = ids.uuid7(), process.feed.head
    async with process.database.transaction(tenant, False) as slow:
        await announce(slow, 1, entity="deal_slow")
        async with process.database.transaction(tenant, False) as quick:
            await announce(quick, 2, entity="deal_quick")
        assert await process.feed.wait(before, 5)
        seen = await process.feed.read(tenant, False, 0)
        assert numbers(seen) == [2]
    assert await process.feed.wait(seen[0].position, 5)
    assert numbers(await process.feed.read(tenant, False, seen[0].position)) == [1]


async def test_two_sequencers_give_every_event_one_position_without_gaps(process: Process, another: Process) -> None:
    tenant = ids.uuid7()
    async with process.database.transaction(tenant, False) as tx:
        await announce(tx, *range(3000))
    seen: list[UUID] = []

    async def note(_tx: Transaction, events: Sequence[Any]) -> None:
        seen.extend(event["id"] for event in events)

    one = Sequencer(process.database, process.signals, [note])
    two = Sequencer(another.database, another.signals, [note])

    async def work(sequencer: Sequencer) -> None:
        while await sequencer.place():
            pass

    await asyncio.gather(*(work(each) for each in (one, two, one, two)))
    events: list[FeedEvent] = []
    while page := await process.feed.read(tenant, False, events[-1].position if events else 0):
        events += page
    assert numbers(events) == list(range(3000))
    assert [event.position for event in events] == list(range(events[0].position, events[0].position + 3000))
    assert len(seen) == len(set(seen)) == 3000


async def test_a_fan_out_that_fails_takes_the_positions_with_it(process: Process) -> None:
    tenant = ids.uuid7()
    async with process.database.transaction(tenant, False) as tx:
        await announce(tx, 1)

    async def fail(_tx: Transaction, _events: Sequence[Any]) -> None:
        raise DealwrightError("not now")

    with pytest.raises(DealwrightError):
        await Sequencer(process.database, process.signals, [fail]).place()
    assert await process.feed.read(tenant, False, 0) == []
    assert await Sequencer(process.database, process.signals).place() == 1
    assert numbers(await process.feed.read(tenant, False, 0)) == [1]


async def test_the_serving_role_can_neither_place_nor_change_nor_delete_events(process: Process) -> None:
    tenant = ids.uuid7()
    async with process.database.transaction(tenant, False) as tx:
        await announce(tx, 1)
    for statement in ("UPDATE events SET position = 1", "UPDATE events SET data = '{}'", "DELETE FROM events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with process.database.transaction(tenant, False) as tx:
                await tx.connection.execute(statement)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with process.database.system() as tx:
            await tx.connection.execute("UPDATE events SET data = '{}'")


async def test_followers_see_their_own_workspace_only(process: Process, placing: None) -> None:
    mine, other = ids.uuid7(), ids.uuid7()
    found: list[FeedEvent] = []

    async def follow() -> None:
        async with contextlib.aclosing(process.feed.follow(mine, False)) as events:
            async for event in events:
                found.append(event)
                if len(found) == 2:
                    return

    task = asyncio.create_task(follow())
    await asyncio.sleep(0)
    for tenant, livemode, number in ((other, False, 1), (mine, True, 2), (mine, False, 3), (mine, False, 4)):
        async with process.database.transaction(tenant, livemode) as tx:
            await announce(tx, number)
    await asyncio.wait_for(task, 5)
    assert numbers(found) == [3, 4]


Step = tuple[str, int]
STEPS = st.lists(
    st.tuples(st.sampled_from(["write", "commit", "abort", "place", "read"]), st.integers(0, 3)), max_size=40
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_any_interleaving_of_commits_and_readings_is_complete(process: Process, steps: list[Step]) -> None:
    tenant = ids.uuid7()
    sequencer = Sequencer(process.database, process.signals)
    open_: dict[int, tuple[AbstractAsyncContextManager[Transaction], Transaction, list[int]]] = {}
    committed: set[int] = set()
    read: list[FeedEvent] = []
    number = 0

    async def end(writer: int, *, commit: bool) -> None:
        block, _, written = open_.pop(writer)
        if commit:
            await block.__aexit__(None, None, None)
            committed.update(written)
        else:
            problem = ZeroDivisionError()
            await block.__aexit__(type(problem), problem, None)

    for what, writer in steps:
        if what == "write":
            if writer not in open_:
                block = process.database.transaction(tenant, False)
                open_[writer] = (block, await block.__aenter__(), [])
            number += 1
            await announce(open_[writer][1], number, entity=f"deal_{writer}")
            open_[writer][2].append(number)
        elif what in ("commit", "abort") and writer in open_:
            await end(writer, commit=what == "commit")
        elif what == "place":
            await sequencer.place()
        elif what == "read":
            read += await process.feed.read(tenant, False, read[-1].position if read else 0, limit=writer + 1)
    for writer in list(open_):
        await end(writer, commit=True)
    while await sequencer.place():
        pass
    while page := await process.feed.read(tenant, False, read[-1].position if read else 0):
        read += page
    assert sorted(numbers(read)) == sorted(committed)
