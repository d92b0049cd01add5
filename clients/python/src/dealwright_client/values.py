"""The types of arguments: what a call accepts in place of the plain JSON type."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import IO, Final, TypeAlias


class Unset(Enum):
    """Marks an argument that was left out, where leaving out and ``None`` (null) mean different things."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET

Number: TypeAlias = int | float | Decimal
"""A number; ``Decimal`` is sent exactly, so it is the type for money."""

Instant: TypeAlias = datetime | str
"""A point in time: a datetime with a zone, or ISO 8601 text."""

Day: TypeAlias = date | str

File: TypeAlias = bytes | IO[bytes] | tuple[str, bytes | IO[bytes]]
"""What to upload: bytes, an open binary file, or either one with a file name in front."""
