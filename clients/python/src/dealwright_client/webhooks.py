"""Checking that a webhook delivery is what the server sent: signature, age, form. Standard library only."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE_SECONDS = 300


class WebhookError(Exception):
    """Base of everything that :func:`verify_webhook` raises: do not trust the request."""


class MissingHeader(WebhookError):
    """The signature or the time stamp is missing, or not of the documented form."""


class StaleTimestamp(WebhookError):
    """The delivery is older or newer than the tolerance: perhaps a recorded request that is played again."""


class InvalidSignature(WebhookError):
    """The signature was not made with this secret over this body and time."""


class InvalidPayload(WebhookError):
    """The signature holds, but the body is not an event."""


@dataclass(frozen=True)
class WebhookEvent:
    """A verified event. ``id`` is the same at every delivery of it, so it tells what was handled already."""

    id: str
    event: str
    created_at: str
    data: dict[str, Any]


def verify_webhook(
    payload: bytes,
    signature_header: str | None,
    timestamp_header: str | None,
    secret: str | Sequence[str],
    tolerance: float = TOLERANCE_SECONDS,
    *,
    now: float | None = None,
) -> WebhookEvent:
    """The event in a delivery, once it is certain who sent it.

    ``payload`` is the request's body, byte for byte; ``secret`` the webhook's ``whsec_…``, or several while one
    replaces another; ``tolerance`` the seconds by which sender's and receiver's clocks may differ either way. Compares
    in constant time. Raises MissingHeader, StaleTimestamp, InvalidSignature or InvalidPayload, all WebhookErrors.
    """
    if not isinstance(payload, (bytes, bytearray, memoryview)):
        raise TypeError("payload must be the raw bytes of the body, not text and not parsed JSON")
    body = bytes(payload)
    if not signature_header or not signature_header.startswith("v1="):
        raise MissingHeader("X-Salesbooth-Signature is missing or does not begin with v1=")
    if not timestamp_header or not (timestamp_header.isascii() and timestamp_header.isdigit()):
        raise MissingHeader("X-Salesbooth-Timestamp is missing or not a number of seconds")
    secrets = [secret] if isinstance(secret, str) else list(secret)
    given = signature_header.encode("utf-8", "surrogateescape")
    signed = timestamp_header.encode() + b"." + body
    matches = [
        hmac.compare_digest(("v1=" + hmac.new(each.encode(), signed, hashlib.sha256).hexdigest()).encode(), given)
        for each in secrets
    ]
    if not any(matches):
        raise InvalidSignature("the signature does not fit body, time and secret")
    if abs((time.time() if now is None else now) - int(timestamp_header)) > tolerance:
        raise StaleTimestamp(f"the delivery is more than {tolerance:g} seconds away from now")
    return _event(body)


def _event(body: bytes) -> WebhookEvent:
    try:
        found = json.loads(body)
        event = WebhookEvent(found["id"], found["event"], found["created_at"], found["data"])
    except (ValueError, LookupError, TypeError):
        raise InvalidPayload("the body is not an event") from None
    if not isinstance(event.data, dict):
        raise InvalidPayload("the event's data is not an object")
    return event
