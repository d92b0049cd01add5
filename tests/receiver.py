"""A real HTTP receiver for webhooks, with answers that a test decides."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Reply:
    """What to answer, and after how many seconds."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"OK"
    delay: float = 0


Decide = Callable[[Received], Reply]


class Receiver:
    """Listens on a free port of 127.0.0.1; ``decide`` answers, ``received`` keeps everything that came."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.decide: Decide = lambda _request: Reply()
        self.port = 0
        self.open = 0
        self.most_open = 0
        self._came = asyncio.Condition()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and every connection."""
        assert self._server is not None
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await self._server.wait_closed()

    async def got(self, number: int, timeout: float = 10) -> list[Received]:
        """Wait until so many requests came."""
        async with asyncio.timeout(timeout), self._came:
            await self._came.wait_for(lambda: len(self.received) >= number)
        return self.received

    async def nothing_more(self, seconds: float = 0.7) -> bool:
        """Whether no further request comes for a while."""
        before = len(self.received)
        await asyncio.sleep(seconds)
        return len(self.received) == before

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = Received(head[0].split(" ")[1], headers, body)
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                try:
                    async with self._came:
                        self.received.append(request)
                        self._came.notify_all()
                    reply = self.decide(request)
                    if reply.delay:
                        await asyncio.sleep(reply.delay)
                finally:
                    self.open -= 1
                lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(reply.body)}"]
                lines += [f"{name}: {value}" for name, value in reply.headers.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + reply.body)
                await writer.drain()
        self._writers.discard(writer)
        writer.close()


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """``async with receiver() as somewhere``."""
    made = Receiver()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
