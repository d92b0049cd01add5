"""Events: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Sequence
from typing import Any, Final

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.streams import ServerEvent

_STREAM: Final[Endpoint[Any]] = Endpoint(
    "GET", "/events/stream", query=frozenset({"customer_id", "deal_id", "events", "last_event_id"})
)


class EventsGroup(Group):
    """``client.events``."""

    def stream(
        self,
        *,
        events: Sequence[str] | str | None = None,
        deal_id: str | None = None,
        customer_id: str | None = None,
        last_event_id: str | None = None,
    ) -> Generator[ServerEvent, None, None]:
        """Receive events as they happen, as server-sent events.

        The first frame is ``connected``; a heartbeat follows every 15 seconds. Each event has an id (``seq:1234``)
        after which a later stream goes on. A stream lasts 60 minutes; its last frame is ``reconnect``.
        ``_signature`` is ``sha256=`` and the hex HMAC-SHA256 of the event's data without that member, as JSON with
        sorted keys and no white space, under the hex SHA-256 of the API key.

        Goes on where it was when the connection is lost.

        ``events``: all when left out
        ``deal_id``: only events of this deal
        ``customer_id``: only events of this customer and its deals
        ``last_event_id``: go on after this id (seq:1234)

        Errors: ``authorization_error.insufficient_scope``, ``not_found``.
        """
        return self._client._stream(
            _STREAM, {"events": events, "deal_id": deal_id, "customer_id": customer_id, "last_event_id": last_event_id}
        )


class AsyncEventsGroup(AsyncGroup):
    """``client.events``, asynchronously."""

    def stream(
        self,
        *,
        events: Sequence[str] | str | None = None,
        deal_id: str | None = None,
        customer_id: str | None = None,
        last_event_id: str | None = None,
    ) -> AsyncGenerator[ServerEvent, None]:
        """Receive events as they happen, as server-sent events."""
        return self._client._stream(
            _STREAM, {"events": events, "deal_id": deal_id, "customer_id": customer_id, "last_event_id": last_event_id}
        )
