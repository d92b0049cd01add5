"""Pure rules of webhooks: which events a subscription means, signatures, retries, circuits, and what a URL may be."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal
from urllib.parse import urlsplit

from dealwright.modules.webhooks import addresses

Status = Literal["active", "paused"]
DeliveryStatus = Literal["pending", "success", "failed"]
EventStatus = Literal["pending", "delivered", "partially_delivered", "failed"]

MOST_EVENTS: Final = 200
LONGEST_URL: Final = 2048
JITTER: Final = 0.2
LONGEST_WAIT: Final = 86_400.0
"""Seconds: a receiver cannot put an attempt off for longer than a day."""
PATIENCE_SECONDS: Final = 300.0
"""How much longer than its whole schedule a delivery may wait for a circuit to close."""
OPENS_AFTER: Final = 10
"""Failed attempts in a row after which an endpoint's circuit opens."""
FIRST_BACKOFF: Final = 5
LONGEST_BACKOFF: Final = 300
LONGEST_OVERLAP: Final = 604_800

_HOST: Final = re.compile(r"(?=.{1,253}\.?$)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.?)+")
_LOCAL_NAMES: Final = ("localhost", ".localhost", ".local", ".localdomain", ".internal", ".home.arpa")


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The value of X-Salesbooth-Signature: ``v1=`` and the hex HMAC-SHA256 of ``timestamp.body`` under the secret."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def patterns_of(event: str) -> list[str]:
    """Every subscription that means this event: its name, ``family.*`` for each of its beginnings, and ``*``."""
    parts = event.split(".")
    beginnings = [".".join(parts[:length]) + ".*" for length in range(len(parts) - 1, 0, -1)]
    return [event, *beginnings, "*"]


def meant(subscriptions: Iterable[str], names: Iterable[str]) -> list[str]:
    """Those names that one of the subscriptions means."""
    wanted = frozenset(subscriptions)
    return [name for name in names if not wanted.isdisjoint(patterns_of(name))]


def check_url(url: str, *, livemode: bool, allow_private: bool) -> str:
    """The URL if a webhook may have it. Raises ValueError saying what is wrong.

    What a name resolves to is checked at every connection, as it may change; here only what the text itself shows.
    """
    if len(url) > LONGEST_URL:
        raise ValueError(f"must not be longer than {LONGEST_URL} characters")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must be written in printable ASCII without blanks")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a valid URL") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private and not livemode):
        raise ValueError("must begin with https://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if parts.fragment:
        raise ValueError("must not have a fragment")
    if not host or port == 0:
        raise ValueError("needs a host, for example https://example.com/webhooks")
    address = addresses.literal(host)
    if address is None and not _HOST.fullmatch(host):
        raise ValueError(f"has no valid host: {host[:100]}")
    if not allow_private and not _may_be_public(host.rstrip("."), address):
        raise ValueError("must lead to a public address")
    return url


def _may_be_public(name: str, address: str | None) -> bool:
    if address is not None:
        return addresses.is_public(address)
    # A last label of digits is read as an IPv4 address by some resolvers (0x7f.1, 2130706433).
    return not name.endswith(_LOCAL_NAMES) and not re.fullmatch(r"(?:0[xX][0-9A-Fa-f]*|\d+)", name.rpartition(".")[2])


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt: a status code, or why there is none."""

    code: int | None
    error: str | None
    retry_after: float | None = None
    body: str = ""
    latency_ms: int = 0

    @property
    def success(self) -> bool:
        return self.code is not None and 200 <= self.code < 300

    @property
    def overloaded(self) -> bool:
        """Whether the endpoint as a whole seems to be in trouble; a 404 says that somebody is there."""
        return self.code is None or self.code >= 500 or self.code == 429

    @property
    def refused_signature(self) -> bool:
        """Whether the receiver may have rejected the signature."""
        return self.code in (400, 401, 403)


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery after an attempt; ``wait`` in seconds when it stays pending."""

    status: DeliveryStatus
    wait: float | None = None


def after_attempt(attempts: int, schedule: Sequence[float], answer: Answer, chance: float) -> Next:
    """Decide after the ``attempts``-th attempt; ``chance`` in [0, 1) spreads the waits by ±20 %.

    A receiver's Retry-After can put the next attempt off, up to a day, and never brings it forward.
    """
    if answer.success:
        return Next("success")
    if attempts > len(schedule):
        return Next("failed")
    wait = schedule[attempts - 1] * (1 - JITTER + 2 * JITTER * chance)
    if answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, LONGEST_WAIT))
    return Next("pending", wait)


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds of a Retry-After header, a number or an HTTP date; None when there is none that can be read."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def next_backoff(current: int | None) -> int:
    """Seconds for which a circuit stays open: at first 5, doubled after every failed trial, 300 at most."""
    return FIRST_BACKOFF if current is None else min(current * 2, LONGEST_BACKOFF)


def event_status(statuses: Sequence[DeliveryStatus]) -> EventStatus:
    """The state of an event from those of its deliveries that were not superseded; without any it is delivered."""
    if "pending" in statuses:
        return "pending"
    if "failed" not in statuses:
        return "delivered"
    return "partially_delivered" if "success" in statuses else "failed"
