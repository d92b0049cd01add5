"""Answers without an end: sending a stream for as long as its caller listens, keeps up and may.

Nothing is gathered for a caller: a piece is made when the one before it has been handed over, so a slow one costs its
connection's buffer and nothing else, and one that takes nothing for :data:`STALLED_SECONDS` is cut off. A key that no
longer holds ends its streams within :data:`LOOK_SECONDS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

import structlog
from starlette.types import Receive, Send

from dealwright.kernel.access.admission import Credential
from dealwright.kernel.errors import RateLimited

log = structlog.get_logger("dealwright.streams")

MOST: Final = 10_000
"""Streams that one process keeps open."""
STALLED_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 2.0
_FAREWELL_SECONDS: Final = 0.5

_Headers = list[tuple[bytes, bytes]]


class _Place:
    """One open stream: the task that sends it, and since when it has been trying to hand over a piece."""

    __slots__ = ("sending_since", "writing")

    def __init__(self) -> None:
        self.sending_since = math.inf
        self.writing: asyncio.Task[None] | None = None

    def end(self) -> None:
        if self.writing is not None:
            self.writing.cancel()


class Streams:
    """The open streams of one surface. ``holds`` says whether a credential is still good."""

    def __init__(self, holds: Callable[[Credential], Awaitable[bool]]) -> None:
        self._holds = holds
        self._open: dict[Credential, set[_Place]] = {}
        self._number = 0
        self._looking: asyncio.Task[None] | None = None

    async def run(
        self,
        receive: Receive,
        send: Send,
        media_type: str | None,
        headers: _Headers,
        body: AsyncGenerator[bytes, None],
        credential: Credential,
        *,
        head: bool = False,
    ) -> None:
        """Send ``body`` until it ends, its caller hangs up, stalls, or is no longer let in; then close it.

        Raises RateLimited, before anything was sent, when this process has as many streams as it can bear.
        """
        async with contextlib.aclosing(body):
            if self._number >= MOST:
                raise RateLimited("Too many streams are open", retry_after=30)
            headers = [
                *headers,
                (b"content-type", (media_type or "application/octet-stream").encode()),
                (b"cache-control", b"no-cache, no-transform"),
                (b"x-accel-buffering", b"no"),
            ]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if not head:
                await self._flow(receive, send, body, credential)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await send({"type": "http.response.body", "body": b""})

    def end(self) -> None:
        """End every stream, as the process is about to stop; callers come back to another one by themselves."""
        for places in self._open.values():
            for place in places:
                place.end()

    async def _flow(
        self, receive: Receive, send: Send, body: AsyncGenerator[bytes, None], credential: Credential
    ) -> None:
        place = _Place()
        writing = asyncio.create_task(_write(send, body, place))
        place.writing = writing
        hung_up = asyncio.create_task(_hang_up(receive))
        self._enter(credential, place)
        try:
            await asyncio.wait({writing, hung_up}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(credential, place)
            writing.cancel()
            hung_up.cancel()
            await asyncio.gather(writing, hung_up, return_exceptions=True)

    def _enter(self, credential: Credential, place: _Place) -> None:
        self._number += 1
        self._open.setdefault(credential, set()).add(place)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())

    def _leave(self, credential: Credential, place: _Place) -> None:
        self._number -= 1
        self._open[credential].discard(place)
        if not self._open[credential]:
            del self._open[credential]
        if not self._open and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look(self) -> None:
        """Ask once for each key, however many streams it has, and cut off whoever takes nothing."""
        while True:
            await asyncio.sleep(min(LOOK_SECONDS, STALLED_SECONDS))
            too_long_ago = asyncio.get_running_loop().time() - STALLED_SECONDS
            for credential in list(self._open):
                holds = await self._holds(credential)
                for place in self._open.get(credential, ()):
                    if place.sending_since < too_long_ago:
                        log.info("stream_stalled")
                        place.end()
                    elif not holds:
                        place.end()


async def _write(send: Send, body: AsyncGenerator[bytes, None], place: _Place) -> None:
    now = asyncio.get_running_loop().time
    try:
        async for piece in body:
            place.sending_since = now()
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            place.sending_since = math.inf
    except Exception:
        log.exception("stream_failed")


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
