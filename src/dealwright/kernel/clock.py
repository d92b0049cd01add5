"""Time: always UTC, always handed in, so that a test or a test clock can move it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import orjson

_WIRE_FORM: Final = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS

Clock = Callable[[], datetime]
"""Answers the current instant as an aware UTC datetime."""


def utc_now() -> datetime:
    """The system's clock; only the composition root hands it on."""
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a trailing Z and whole seconds, the wire form of every instant."""
    return orjson.dumps(moment.astimezone(UTC), option=_WIRE_FORM)[1:-1].decode()


def iso_or_none(moment: datetime | None) -> str | None:
    return None if moment is None else iso(moment)


def iso_exact(moment: datetime) -> str:
    """ISO 8601 with microseconds: the form that is hashed, where no digit may be lost."""
    return f"{moment.astimezone(UTC).isoformat(timespec='microseconds')[:26]}Z"


def iso_milliseconds(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and a trailing Z."""
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"


def parse_iso(text: str) -> datetime:
    """Read ISO 8601 or ``YYYY-MM-DD HH:MM:SS``; a time without a zone is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} lies outside the calendar once it is in UTC") from None
