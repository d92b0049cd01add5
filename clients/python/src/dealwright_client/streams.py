"""Server-sent events without a network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream. ``id`` is what a later stream goes on after."""

    event: str
    data: Any
    id: str | None


class Frames:
    """Puts the pieces of a stream together (WHATWG HTML, Server-sent events; lines end with LF or CRLF)."""

    def __init__(self, last_event_id: str | None = None) -> None:
        self.last_event_id = last_event_id
        self._rest = b""
        self._event = ""
        self._data: list[str] = []

    def feed(self, piece: bytes) -> Iterator[ServerEvent]:
        """The events that this piece completes, signs of life left out."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if (event := self._line(line.removesuffix(b"\r").decode("utf-8", "replace"))) is not None:
                yield event

    def broken(self) -> None:
        """The connection is lost: what was not complete never came."""
        self._rest, self._event, self._data = b"", "", []

    def _line(self, text: str) -> ServerEvent | None:
        if not text:
            return self._complete()
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\x00" not in value:
            self.last_event_id = value
        return None

    def _complete(self) -> ServerEvent | None:
        event, data = self._event or "message", "\n".join(self._data)
        self._event, self._data = "", []
        if not data or event in ("connected", "heartbeat", "reconnect"):
            return None
        try:
            found = json.loads(data)
        except ValueError:
            found = data
        return ServerEvent(event, found, self.last_event_id)
