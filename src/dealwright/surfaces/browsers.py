"""Browsers as callers: the cookies of a signed-in person, and the proof that a page of ours sent a write.

A session cookie travels with every request of the browser, whoever's page made it. A write under a session therefore
needs the session's CSRF token, which only a page of ours can read, and must not come from another site's page.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from dealwright.kernel.access.sessions import ForeignPage, Session
from dealwright.kernel.errors import Forbidden
from dealwright.kernel.operations import Cookie

CSRF_HEADER: Final = b"x-csrf-token"
CSRF_FIELD: Final = "csrf_token"
"""The field of a plain HTML form that carries what scripts send as X-CSRF-Token."""

READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OUR_PAGES: Final = frozenset({b"same-origin", b"none"})
"""What Sec-Fetch-Site says of a page of ours, and of an address typed by the person (W3C Fetch Metadata)."""


def cookies(header: bytes | None) -> dict[str, str]:
    """The cookies of a request, the first of a name winning (RFC 6265: the most specific one comes first)."""
    found: dict[str, str] = {}
    for pair in (header or b"").decode("latin-1").split(";"):
        name, equals, value = pair.strip().partition("=")
        if equals:
            found.setdefault(name, value.strip('"'))
    return found


def set_cookie(cookie: Cookie, *, secure: bool) -> bytes:
    """The value of Set-Cookie: out of the reach of scripts, and not sent along with other sites' writes."""
    parts = [f"{cookie.name}={cookie.value}", "Path=/", "HttpOnly", "SameSite=Lax"]
    if not cookie.value:
        parts.append("Max-Age=0")
    elif cookie.max_age is not None:
        parts.append(f"Max-Age={cookie.max_age}")
    if secure:
        parts.append("Secure")
    return "; ".join(parts).encode("latin-1")


def is_foreign(headers: Mapping[bytes, bytes], own_origins: Collection[str]) -> bool:
    """Whether the browser says that a page of another origin sent this; a program says nothing of the kind."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site not in _OUR_PAGES
    page = headers.get(b"origin")
    return page is not None and page.decode("latin-1") not in own_origins


def objection(session: Session, method: str, sent: str | None, *, foreign: bool) -> Forbidden | None:
    """What speaks against a request under a session; ``sent`` is the CSRF token that came with it."""
    if method in READS:
        return None
    if foreign:
        return ForeignPage()
    if not session.accepts(sent):
        return Forbidden(
            "The CSRF token is missing or not the one of this session",
            code="authorization_error.csrf_token_invalid",
            action="fix_request",
            hint="Send the csrf_token that GET /auth answers as the header X-CSRF-Token.",
        )
    return None


def over_https_only(setting: str, origin: str) -> bool:
    """Whether cookies are marked Secure, by the setting ``cookie_secure``."""
    return origin.startswith("https://") if setting == "auto" else setting == "always"


def own_origins(origin: str, host: str) -> set[str]:
    """The origins that this server's pages may have for a caller who named ``host``."""
    return {origin, f"http://{host.lower()}", f"https://{host.lower()}"}
