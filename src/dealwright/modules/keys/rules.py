"""Pure rules of API keys: which scopes there are, and what an origin looks like."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def is_scope(text: str, known: Collection[str]) -> bool:
    """Whether a key may hold it: ``*``, a scope that an operation asks for, or ``resource:*`` and ``*:action`` that
    cover at least one of those.
    """
    if text == "*" or text in known:
        return True
    resource, colon, action = text.partition(":")
    if not colon:
        return False
    if action == "*":
        return any(each.partition(":")[0] == resource for each in known)
    return resource == "*" and any(each.endswith(f":{action}") for each in known)


def normal_origin(text: str) -> str:
    """An origin as browsers send it (RFC 6454): scheme, host and port, in lower case. Raises ValueError."""
    try:
        parts = urlsplit(text.strip().lower())
        port = parts.port
    except ValueError:
        raise ValueError("is not an origin") from None
    host = parts.hostname
    if parts.scheme not in ("http", "https") or not host or not text.isascii() or " " in text.strip():
        raise ValueError("must look like https://shop.example")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must be scheme, host and port alone, like https://shop.example")
    name = f"[{host}]" if ":" in host else host
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None and port != usual else "")
