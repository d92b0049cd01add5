"""Identifiers: UUIDv7 inside, prefixed text outside.

The text form is the prefix, an underscore and the 128 bits in lower-case base32hex (26 characters).
Both forms sort by creation time, so a list in order of creation needs no index beyond the primary key.
"""

from __future__ import annotations

import base64
import os
import threading
import time
from typing import Final
from uuid import UUID

_SUFFIX_LENGTH: Final = 26
_PADDING: Final = "======"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuv"
_PAIRS: Final = [one + other for one in _DIGITS for other in _DIGITS]
"""What ten bits look like: every answer holds several ids, and the standard library spells five bytes at a time."""
_LOW: Final = (1 << 70) - 1

_lock = threading.Lock()
_last: int = 0


def uuid7() -> UUID:
    """A time-ordered UUID (RFC 9562, version 7), strictly increasing within this process.

    48 bits of Unix milliseconds, 12 bits of a sub-millisecond fraction and 62 random bits; when the clock stands
    still or steps back the previous value's time field is used plus one.
    """
    global _last
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    stamp = milliseconds << 12 | (rest << 12) // 1_000_000
    with _lock:
        if stamp <= _last:
            stamp = _last + 1
        _last = stamp
    head = (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF)
    tail = int.from_bytes(os.urandom(8), "big") & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    return UUID(int=head << 64 | tail)


def encode(prefix: str, value: UUID) -> str:
    """``encode("deal", uuid)`` → ``deal_06a…`` (prefix, underscore, 26 characters)."""
    bits = value.int << 2  # 130 bits: 26 characters of five, here in pairs
    high, low, two = bits >> 70, bits & _LOW, _PAIRS
    return (
        f"{prefix}_{two[high >> 50]}{two[high >> 40 & 1023]}{two[high >> 30 & 1023]}{two[high >> 20 & 1023]}"
        f"{two[high >> 10 & 1023]}{two[high & 1023]}{two[low >> 60]}{two[low >> 50 & 1023]}{two[low >> 40 & 1023]}"
        f"{two[low >> 30 & 1023]}{two[low >> 20 & 1023]}{two[low >> 10 & 1023]}{two[low & 1023]}"
    )


def decode(prefix: str, text: str) -> UUID | None:
    """The UUID behind a prefixed id, or None when the text is not one of that kind."""
    head, _, suffix = text.rpartition("_")
    if head != prefix or len(suffix) != _SUFFIX_LENGTH:
        return None
    try:
        value = UUID(bytes=base64.b32hexdecode(suffix.upper() + _PADDING))
    except (ValueError, TypeError):
        return None
    return value if encode(prefix, value) == text else None


def token(length: int = 32) -> str:
    """``length`` random characters of 0-9a-v (five bits each) from the operating system's generator."""
    raw = os.urandom((length * 5 + 7) // 8)
    return base64.b32hexencode(raw).decode("ascii").rstrip("=").lower()[:length]
