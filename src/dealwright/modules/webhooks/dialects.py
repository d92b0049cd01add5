"""What an API that has webhooks brings along: which events concern it, and the form in which they are sent.

The engine knows endpoints and deliveries; how a request looks is the business of the surface whose endpoint it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol


class Dialect(Protocol):
    """One API's way of sending events. A delivery is given as its row with event and endpoint (``queue.claim``)."""

    @property
    def name(self) -> str:
        """As ``webhook_endpoints.dialect`` has it."""

    @property
    def prefix(self) -> str:
        """Of the ids of its endpoints."""

    def hears(self, event: str, entity_type: str) -> bool:
        """Whether an event about this kind of record concerns the API at all; ``*`` means no others."""

    def body(self, delivery: Mapping[str, Any]) -> bytes:
        """The same bytes at every attempt."""

    def headers(self, delivery: Mapping[str, Any], body: bytes, secret: str, now: datetime) -> Mapping[str, str]:
        """Of one attempt, with its signature."""


class Dialects:
    """The dialects that the composition root put together, by name."""

    def __init__(self, *dialects: Dialect) -> None:
        self._by_name = {each.name: each for each in dialects}

    def __getitem__(self, name: str) -> Dialect:
        return self._by_name[name]

    def hearing(self, event: str, entity_type: str) -> list[str]:
        """The names of the dialects that an event concerns."""
        return [each.name for each in self._by_name.values() if each.hears(event, entity_type)]
