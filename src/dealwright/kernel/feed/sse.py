"""The feed as server-sent events (WHATWG HTML, Server-sent events)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.feed.feed import Feed, FeedEvent, Room

MEDIA_TYPE: Final = "text/event-stream"
LIFETIME: Final = 3600.0
"""Seconds after which a stream ends and its caller comes back."""
RETRY_MILLISECONDS: Final = 2000
"""How long a client waits before it comes back when the connection broke."""


def frame(event: str, data: bytes | str, *, id: str | None = None, retry: int | None = None) -> bytes:
    """One event; ``data`` holds no line breaks."""
    raw = data.encode() if isinstance(data, str) else data
    head = b"" if id is None else b"id: %b\n" % id.encode()
    if retry is not None:
        head += b"retry: %d\n" % retry
    return b"%bevent: %b\ndata: %b\n\n" % (head, event.encode(), raw)


def json_frame(event: str, data: Any, *, id: str | None = None, retry: int | None = None) -> bytes:
    return frame(event, orjson.dumps(data), id=id, retry=retry)


@dataclass(frozen=True, slots=True)
class Manner:
    """What a stream sends beside events, and when. Times in seconds."""

    opening: bytes
    heartbeat: bytes
    every: float
    farewell: Callable[[str, int], bytes]
    """The last frame, from the reason of the end and the position up to which everything was sent."""


async def flow(
    feed: Feed,
    room: Room,
    after: int | None,
    manner: Manner,
    render: Callable[[Sequence[FeedEvent]], bytes],
) -> AsyncGenerator[bytes, None]:
    """The opening, then what ``render`` makes of the events after a position (None: from now on), with heartbeats,
    until the lifetime is over or the database is away.
    """
    now = asyncio.get_running_loop().time
    ends = now() + LIFETIME
    with feed.following(*room, after) as follower:
        yield manner.opening
        beat = now() + manner.every
        while (at := now()) < ends:
            try:
                found = await follower.next(min(ends, beat) - at)
            except DealwrightError:
                yield manner.farewell("unavailable", follower.position)
                return
            if found and (text := render(found)):
                yield text
            if now() >= beat:
                yield manner.heartbeat
                beat = now() + manner.every
        yield manner.farewell("timeout", follower.position)
