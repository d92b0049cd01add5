"""ETag and If-Match (Salesbooth API, Optimistic Locking; RFC 9110)."""

from __future__ import annotations

import re
from typing import Final

from dealwright.kernel.errors import InvalidRequest

_TAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"|(\d{1,9})')


def etag(version: int) -> str:
    """``5`` → ``W/"5"``."""
    return f'W/"{version}"'


def parse_if_match(header: str) -> int | None:
    """The expected version from ``W/"5"``, ``"5"`` or ``5``; None for ``*`` (any). Raises InvalidRequest."""
    text = header.strip()
    if text == "*":
        return None
    found = _TAG.fullmatch(text)
    if found is None:
        raise InvalidRequest(
            f"If-Match: {text[:60]!r} is not a version",
            code="validation_error.invalid_if_match",
            hint='Send the version as W/"5", "5" or 5, as it came in the ETag header.',
        )
    return int(found.group(1) or found.group(2))
