"""Activity stream: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import Any, Final

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.streams import ServerEvent

_OPEN: Final[Endpoint[Any]] = Endpoint("GET", "/activity-stream", query=frozenset({"last_event_id"}))


class ActivityStreamGroup(Group):
    """``client.activity_stream``."""

    def open(
        self,
        *,
        last_event_id: str | None = None,
    ) -> Generator[ServerEvent, None, None]:
        """Receive new entries of the feed as they are written, as server-sent events named ``activity``.

        Made for EventSource, which comes back by itself with the id of the last frame. A heartbeat follows every 30
        seconds; after 60 minutes the stream ends and the browser opens the next one.

        Goes on where it was when the connection is lost.

        ``last_event_id``: go on after this id, that of a frame or of an entry of the feed
        """
        return self._client._stream(_OPEN, {"last_event_id": last_event_id})


class AsyncActivityStreamGroup(AsyncGroup):
    """``client.activity_stream``, asynchronously."""

    def open(
        self,
        *,
        last_event_id: str | None = None,
    ) -> AsyncGenerator[ServerEvent, None]:
        """Receive new entries of the feed as they are written, as server-sent events named ``activity``."""
        return self._client._stream(_OPEN, {"last_event_id": last_event_id})
