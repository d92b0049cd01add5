"""Streams in tests: callers who cannot wait for the end of an answer without one, and a server for those who can."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dealwright.kernel import ids


def hanging_up(app: ASGIApp) -> ASGIApp:
    """The application as a caller meets it who takes the first piece of an event stream and hangs up."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        enough = asyncio.Event()
        streaming = False

        async def hear() -> Message:
            if not streaming:
                return await receive()
            await enough.wait()
            return {"type": "http.disconnect"}

        async def tell(message: Message) -> None:
            nonlocal streaming
            if message["type"] == "http.response.start":
                streaming = (b"content-type", b"text/event-stream") in message["headers"]
            elif streaming:
                if enough.is_set():
                    return
                enough.set()
                message = {**message, "more_body": False}
            await send(message)

        await app(scope, hear, tell)

    return serve


@contextlib.asynccontextmanager
async def served(app: Any) -> AsyncIterator[str]:
    """The application on a free port of 127.0.0.1; yields its address."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, lifespan="off", http="httptools", log_config=None, timeout_graceful_shutdown=1)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def fresh_database(dsn: str) -> AsyncIterator[str]:
    """The address of a new database beside the given one, for tests whose workers must not meet other tests' events."""
    name = f"fresh_{ids.token(12)}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(dsn)._replace(path=f"/{name}"))
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@dataclass
class Frame:
    """One server-sent event."""

    event: str
    data: str
    id: str | None = None
    comment: bool = False

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.data)
        return found


class Listener:
    """An open stream, read frame by frame."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self, timeout: float = 5) -> Frame | None:
        """The next frame or comment; None at the end."""
        found: dict[str, str] = {}
        async with asyncio.timeout(timeout):
            async for line in self._lines:
                if not line:
                    if found:
                        return Frame(found.get("event", ""), found.get("data", ""), found.get("id"), "" in found)
                    continue
                name, _, value = line.partition(":")
                found[name] = value.removeprefix(" ")
        return None

    async def take(self, number: int, timeout: float = 5) -> list[Frame]:
        """So many events that are no heartbeats."""
        found: list[Frame] = []
        while len(found) < number:
            frame = await self.next(timeout)
            assert frame is not None, f"the stream ended after {found}"
            if not frame.comment and frame.event != "heartbeat":
                found.append(frame)
        return found

    async def silent(self, seconds: float = 0.4) -> bool:
        """Whether nothing but heartbeats comes for a while."""
        with contextlib.suppress(TimeoutError):
            await self.take(1, seconds)
            return False
        return True


@contextlib.asynccontextmanager
async def listening(address: str, path: str, key: str, **options: Any) -> AsyncIterator[Listener]:
    """Open a stream; its first frame is left to be read."""
    headers = {"Authorization": f"Bearer {key}", **options.pop("headers", {})}
    async with (
        httpx.AsyncClient(base_url=address, timeout=10) as http,
        http.stream("GET", f"/api/v1{path}", headers=headers, **options) as response,
    ):
        yield Listener(response)
