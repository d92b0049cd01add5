"""The load generator: keep-alive HTTP/1.1 connections that send prepared requests as fast as answers come.

It runs as a process of its own (``python -m benchmarks.load``), reads a :class:`Job` as JSON from standard input and
writes its :class:`Result` as JSON. It does the least that proves an answer right (status and whole body), so that its
own cost, which is the same for every server, takes little of a small machine.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any, cast

import uvloop


@dataclass(frozen=True)
class Job:
    """What to send. In ``path`` and ``body``, ``@n`` becomes a number that no other request has and ``@id`` one of
    ``ids`` in turn.
    """

    port: int
    method: str
    path: str
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)
    first: int = 0
    connections: int = 16
    seconds: float = 3.0
    requests: int | None = None
    """Stop after so many instead of by time."""
    expect: int = 200


@dataclass(frozen=True)
class Result:
    """What came back; times in milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    bytes_each: int
    last: str
    """The last body, for whoever needs an id out of it."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


class Load:
    """The state that all connections of one job share."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.times: list[float] = []
        self.sent = 0
        self.started = 0.0
        self.deadline = float("inf")
        self.running = job.connections
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.last = b""
        self.make = self._maker()

    def _maker(self) -> Callable[[int], bytes]:
        job = self.job
        head = f"{job.method} %s HTTP/1.1\r\nhost: 127.0.0.1:{job.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in job.headers.items())
        if not job.body:
            head += "\r\n"
            if "@" not in job.path:
                fixed = (head % job.path).encode()
                return lambda number: fixed
            each = [(head % job.path.replace("@id", one)).encode() for one in job.ids]
            return lambda number: each[number % len(each)]
        head = head % job.path + "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s"

        def with_body(number: int) -> bytes:
            body = job.body.replace("@n", str(number))
            if job.ids:
                body = body.replace("@id", job.ids[number % len(job.ids)])
            return (head % (len(body), body)).encode()

        return with_body

    def next(self) -> bytes | None:
        """The next request, or None when the job is over."""
        if self.sent == self.job.requests or perf_counter() >= self.deadline:
            return None
        self.sent += 1
        return self.make(self.job.first + self.sent)

    def ended(self) -> None:
        self.running -= 1
        if self.running == 0 and not self.done.done():
            self.done.set_result(None)


class Connection(asyncio.Protocol):
    """One keep-alive connection with one request at a time under way."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._expect = f"HTTP/1.1 {load.job.expect} ".encode()
        self._buffer = b""
        self._wanted = 0
        self._transport: Any = None
        self._at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = self._load.next()
        if request is None:
            self._transport.close()
            self._load.ended()
            return
        self._at = perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer = self._buffer + data if self._buffer else data
        if not self._wanted:
            head = buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            at = buffer.lower().index(b"content-length:", 0, head) + 15
            self._wanted = head + 4 + int(buffer[at : buffer.index(b"\r", at)])
        if len(buffer) < self._wanted:
            return
        load = self._load
        load.times.append(perf_counter() - self._at)
        if not buffer.startswith(self._expect):
            load.done.set_exception(RuntimeError(buffer.decode("utf-8", "replace")[:2000]))
            return
        load.last = buffer
        self._buffer, self._wanted = b"", 0
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and not self._load.done.done():
            self._load.done.set_exception(exc)


async def _perform(job: Job) -> Result:
    loop = asyncio.get_running_loop()
    load = Load(job)
    load.started = perf_counter()
    if job.requests is None:
        load.deadline = load.started + job.seconds
    for _ in range(job.connections):
        await loop.create_connection(lambda: Connection(load), "127.0.0.1", job.port)
    await load.done
    took = perf_counter() - load.started
    times = sorted(load.times)
    body = load.last.partition(b"\r\n\r\n")[2]
    return Result(
        requests=len(times),
        seconds=took,
        p50=times[len(times) // 2] * 1000,
        p99=times[int(len(times) * 0.99)] * 1000,
        bytes_each=len(body),
        last=body.decode() if len(body) < 20_000 else "",
    )


def run(job: Job) -> Result:
    """Perform the job in a process of its own. Raises RuntimeError with the first answer that was not expected."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"], input=json.dumps(asdict(job)), capture_output=True, text=True
    )
    if done.returncode != 0:
        raise RuntimeError(f"{job.method} {job.path}: {done.stderr.strip().splitlines()[-1]}")
    return Result(**cast("dict[str, Any]", json.loads(done.stdout)))


def main() -> None:
    job = Job(**json.load(sys.stdin))
    result = uvloop.run(_perform(job))
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
