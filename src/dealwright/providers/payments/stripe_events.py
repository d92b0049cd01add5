"""Stripe's webhook messages: verified on the bytes that came, and cut down to what is asked of them here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

TOLERANCE_SECONDS: Final = 300
"""An older message may be a recording that somebody plays back."""


class Forged(Exception):
    """None of our endpoints' secrets signed this, or it was signed too long ago."""


class Unreadable(Exception):
    """It was signed, and is no event."""


@dataclass(frozen=True, slots=True)
class StripeEvent:
    """What happened at Stripe, and the PaymentIntent that it happened to, None where it is about something else."""

    id: str
    kind: str
    livemode: bool
    intent_id: str | None
    metadata: Mapping[str, str]
    """What we gave the intent; empty where the message is about its charge or refund."""
    object_id: str
    reason: str


def read(body: bytes, signature: str, secrets: Mapping[bool, str]) -> StripeEvent:
    """The event in a message that was signed with one of the secrets (by mode, True for live). Raises Forged,
    Unreadable.
    """
    livemode = next((mode for mode, secret in secrets.items() if _signed(body, signature, secret)), None)
    if livemode is None:
        raise Forged
    try:
        event = orjson.loads(body)
        found = event["data"]["object"]
        kind, event_id, says_live = str(event["type"]), str(event["id"]), bool(event["livemode"])
        object_id, reason = _word(found.get("id")), _word(found.get("reason"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("The message is no event of Stripe's") from None
    if says_live is not livemode or not 1 <= len(event_id) <= 255:
        raise Unreadable("The event is of the other mode")
    own = kind.startswith("payment_intent.")
    intent = found.get("id") if own else found.get("payment_intent")
    metadata = found.get("metadata") if own else None
    return StripeEvent(
        event_id,
        kind,
        livemode,
        intent if isinstance(intent, str) and intent.isascii() and "\x00" not in intent else None,
        {str(key): str(value) for key, value in metadata.items()} if isinstance(metadata, dict) else {},
        object_id,
        reason,
    )


def _word(value: object) -> str:
    """What can be written down of a value that should be a short word."""
    return str(value or "").replace("\x00", "")[:100]


def _signed(body: bytes, signature: str, secret: str) -> bool:
    import stripe

    if not signature.isascii():
        return False
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, ValueError):
        return False
    return True
