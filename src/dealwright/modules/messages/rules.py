"""Pure rules of messages: which channel reaches a customer, what a message says by default, when to try again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Channel = Literal["email", "sms"]
Status = Literal["queued", "sent", "failed"]
Kind = Literal["quote_sent", "invoice_sent", "payment_reminder", "deal_update", "terms_updated"]

SCHEDULE: Final = (60.0, 300.0, 1800.0, 7200.0, 28800.0)
"""Seconds before each further attempt; the first is made at once."""
JITTER: Final = 0.2
LIMIT_PER_HOUR: Final = 10

_SUBJECTS: Final[Mapping[Kind, str]] = {
    "quote_sent": "Your quote: {title}",
    "invoice_sent": "Your invoice: {title}",
    "payment_reminder": "Payment reminder: {title}",
    "deal_update": "News about {title}",
    "terms_updated": "New terms: {title}",
}
_TEXTS: Final[Mapping[Kind, str]] = {
    "quote_sent": "Your quote “{title}” from {workspace} is ready. Total: {total}.",
    "invoice_sent": "Your invoice for “{title}” from {workspace} is ready. Total: {total}.",
    "payment_reminder": "This is a reminder from {workspace} that “{title}” is waiting for your payment of {total}.",
    "deal_update": "There is news from {workspace} about “{title}”. Total: {total}.",
    "terms_updated": "{workspace} has updated the terms of “{title}”. Total: {total}.",
}


@dataclass(frozen=True, slots=True)
class Content:
    """What is sent, and to whom. An SMS has no subject."""

    to: str
    text: str
    subject: str = ""


def channel_for(preferred: Channel | None, email: str | None, phone: str | None) -> Channel | None:
    """The channel of a message: the preferred one (e-mail, unless the customer said otherwise) if there is an address
    for it, else the other; None when neither reaches the customer.
    """
    wanted: Channel = preferred or "email"
    reachable: dict[Channel, bool] = {"email": bool(email), "sms": bool(phone)}
    if reachable[wanted]:
        return wanted
    other: Channel = "sms" if wanted == "email" else "email"
    return other if reachable[other] else None


def subject(kind: Kind, title: str) -> str:
    return _SUBJECTS[kind].format(title=title)


def text(kind: Kind, *, title: str, workspace: str, total: str) -> str:
    """What a message says when its sender wrote nothing."""
    return _TEXTS[kind].format(title=title, workspace=workspace, total=total)


def wait(attempts: int, chance: float) -> float | None:
    """Seconds until the next attempt after so many, spread by ±20 % (``chance`` in [0, 1)); None: there is none."""
    if attempts > len(SCHEDULE):
        return None
    return SCHEDULE[attempts - 1] * (1 - JITTER + 2 * JITTER * chance)
