"""Under which address callers reach this server."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from starlette.types import Scope

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")


@lru_cache(maxsize=256)
def _of(scheme: str, host: bytes) -> str:
    return f"{scheme}://{host.decode('ascii')}" if _HOST.fullmatch(host) else f"{scheme}://localhost"


def of(scope: Scope, host: bytes | None, public_url: str | None) -> str:
    """Scheme and host without a final slash: the configured public URL, else what the caller's Host header says.

    A Host header that is no host name becomes ``localhost``, so the result is safe to print anywhere. What goes out to
    third parties (mails, webhooks) should rest on the configured URL alone, because a caller chooses the header.
    """
    if public_url is not None:
        return public_url.rstrip("/")
    return _of(scope.get("scheme", "http"), host or b"")
