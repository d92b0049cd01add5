"""Two thousand event streams on one server process: how soon an event arrives, and whether any is missed or doubled.

    python -m tests.load.streams [--clients 2000] [--events 120] [--rate 2] [--cut 100]

Events are written straight into the outbox at an even rate; the time from just before their commit to their arrival is
measured at every client. Meanwhile clients chosen at random are cut off and come back with the id of the last event
they saw. Ends with code 1 when a promise is broken: p99 below 250 ms, every event at every client exactly once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import asyncpg
import psutil
import uvloop

from tests.load import webhooks
from tests.load.webhooks import insert, installation

PROMISE = 0.250
PORT = 18_641
"""Another one than that of the webhooks, so that both can be measured side by side."""
_FRAME = re.compile(rb'id: (seq:\d+)\nevent: deal\.updated\ndata: [^\n]*"sent":([0-9.]+)[^\n]*\n\n')

_CHUNK = re.compile(rb"[0-9a-f]+\r\nid: .*\n\n\r\n", re.DOTALL)
_chunks: dict[bytes, tuple[bytes, float]] = {}
"""Pieces of the answer that hold one event and nothing else, with its id and when it was sent."""


class Reader(asyncio.Protocol):
    """One client: a connection at a time, what it saw, and how long that took."""

    def __init__(self, key: str, waited: list[float], counting: Callable[[], bool]) -> None:
        self.seen: list[bytes] = []
        self.cuts = 0
        self._key = key
        self._waited = waited
        self._counting = counting
        self._rest = b""
        self._transport: asyncio.Transport | None = None
        self.open = asyncio.Event()

    async def connect(self) -> None:
        self._rest = b""
        self.open.clear()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", PORT)
        async with asyncio.timeout(30):
            await self.open.wait()

    async def cut(self) -> None:
        """Break off in the middle of whatever is coming, and come back."""
        assert self._transport is not None
        self._transport.abort()
        self.cuts += 1
        await asyncio.sleep(random.uniform(0, 2))
        await self.connect()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        last = b"Last-Event-ID: %b\r\n" % self.seen[-1] if self.seen else b""
        self._transport.write(
            b"GET /api/v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n%b\r\n"
            % (self._key.encode(), last)
        )

    def data_received(self, data: bytes) -> None:
        now = time.time()
        if not self._rest and (known := _chunks.get(data)) is not None:  # all clients get the same bytes
            self._note(*known, now)
            return
        text = self._rest + data
        if not self.open.is_set() and b"event: connected" in text:
            self.open.set()
        end = 0
        for found in _FRAME.finditer(text):
            end = found.end()
            self._note(found[1], float(found[2]), now)
        if len(only := _FRAME.findall(data)) == 1 and _CHUNK.fullmatch(data):
            _chunks[data] = (only[0][0], float(only[0][1]))
            self._rest = b""
        else:
            self._rest = text[end:][-100_000:].lstrip(b"\r\n")

    def _note(self, id: bytes, sent: float, now: float) -> None:
        self.seen.append(id)
        if self._counting() and not self.cuts:
            self._waited.append(now - sent)


@dataclass
class Figures:
    """What a run showed; times in seconds."""

    arrivals: int
    p50: float
    p99: float
    longest: float
    cuts: int
    busy: float
    """The part of a processor core that the server used, and then all clients together."""
    clients_busy: float
    memory_mb: float
    missed: int
    doubled: int
    unordered: int


def measure(clients: int, events: int, rate: float, cut: int) -> Figures:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * clients + 1000), most))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # slow clients would measure themselves
        return runner.run(_run(clients, events, rate, cut))


async def _run(clients: int, events: int, rate: float, cut: int) -> Figures:
    webhooks.PORT = PORT
    async with installation() as (processes, http):
        key = http.headers["Authorization"].removeprefix("Bearer ")
        connection = await asyncpg.connect(processes.dsn)
        tenant = await connection.fetchval("SELECT tenant_id FROM api_keys LIMIT 1")
        waited: list[float] = []
        counting = False
        readers = [Reader(key, waited, lambda: counting) for _ in range(clients)]
        began = time.perf_counter()
        for first in range(0, clients, 100):
            await asyncio.gather(*(reader.connect() for reader in readers[first : first + 100]))
        server = psutil.Process(processes.running[0].pid)
        print(f"  {clients} streams opened in {time.perf_counter() - began:.1f} s")
        await insert(connection, tenant, 1, 1)
        await asyncio.sleep(1)
        own = psutil.Process()
        counting, busy, clients_busy = True, sum(server.cpu_times()[:2]), sum(own.cpu_times()[:2])
        async with asyncio.TaskGroup() as group:
            every = time.perf_counter()
            for number in range(events):
                await insert(connection, tenant, 1, 50)
                if number % max(1, events // max(cut, 1)) == 0:
                    group.create_task(random.choice(readers).cut())
                every += 1 / rate
                await asyncio.sleep(max(0.0, every - time.perf_counter()))
        busy, clients_busy = sum(server.cpu_times()[:2]) - busy, sum(own.cpu_times()[:2]) - clients_busy
        for _ in range(100):
            if all(len(reader.seen) >= events + 1 for reader in readers):
                break
            await asyncio.sleep(0.1)
        counting = False
        memory = server.memory_info().rss / 2**20
        await connection.close()
        return Figures(
            arrivals=len(waited),
            p50=statistics.median(waited),
            p99=statistics.quantiles(waited, n=100)[98],
            longest=max(waited),
            cuts=sum(reader.cuts for reader in readers),
            busy=busy * rate / events,
            clients_busy=clients_busy * rate / events,
            memory_mb=memory,
            missed=sum(len(set(reader.seen)) < events + 1 for reader in readers),
            doubled=sum(len(set(reader.seen)) < len(reader.seen) for reader in readers),
            unordered=sum(reader.seen != sorted(reader.seen, key=lambda id: int(id[4:])) for reader in readers),
        )


def judge(found: Figures) -> list[str]:
    """The promises that were broken."""
    broken = []
    if found.missed or found.doubled or found.unordered:
        broken.append(
            f"{found.missed} clients missed an event, {found.doubled} got one twice, {found.unordered} out of order"
        )
    if found.p99 >= PROMISE:
        broken.append(f"p99 is {found.p99 * 1000:.0f} ms, promised are {PROMISE * 1000:.0f}")
    return broken


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--events", type=int, default=120)
    parser.add_argument("--rate", type=float, default=2, help="events a second")
    parser.add_argument("--cut", type=int, default=100, help="clients that are cut off in the course of the run")
    chosen = parser.parse_args()
    print(f"streams: {chosen.clients} clients, {chosen.events} events at {chosen.rate:g} a second", flush=True)
    found = measure(chosen.clients, chosen.events, chosen.rate, chosen.cut)
    print(
        f"  {found.arrivals} arrivals: p50 {found.p50 * 1000:.0f} ms, p99 {found.p99 * 1000:.0f} ms, longest "
        f"{found.longest * 1000:.0f} ms; {found.cuts} cuts; the server used {found.busy:.0%} of a core and "
        f"{found.memory_mb:.0f} MB, the clients {found.clients_busy:.0%} of a core"
    )
    broken = judge(found)
    for each in broken:
        print(f"  BROKEN: {each}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
