"""verify_webhook accepts what the server signs, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from dealwright_client import (
    InvalidPayload,
    InvalidSignature,
    MissingHeader,
    StaleTimestamp,
    WebhookError,
    verify_webhook,
)

SECRET, NOW = "whsec_test", 1_773_052_200
BODY = json.dumps(
    {"id": "evt_1", "event": "deal.closed", "created_at": "2026-03-09T10:30:00Z", "data": {"deal_id": "deal_1"}}
).encode()


def sign(body: bytes = BODY, secret: str = SECRET, stamp: int = NOW) -> str:
    return "v1=" + hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_a_genuine_delivery() -> None:
    event = verify_webhook(BODY, sign(), str(NOW), SECRET, now=NOW)
    assert (event.id, event.event, event.data) == ("evt_1", "deal.closed", {"deal_id": "deal_1"})


def test_the_published_example() -> None:
    body = b'{"id":"evt_abc123","event":"deal.created"}'
    signature = "v1=dada1363f6e6ca3915e8d65d3e965baa63d44f39f1a442d173b8e4133163d98d"
    assert sign(body) == signature
    with pytest.raises(InvalidPayload):  # the signature holds, the body is no complete event
        verify_webhook(body, signature, str(NOW), SECRET, now=NOW)


@pytest.mark.parametrize(
    ("body", "signature", "stamp", "secret", "error"),
    [
        (BODY + b" ", sign(), str(NOW), SECRET, InvalidSignature),
        (BODY, sign(), str(NOW), "whsec_other", InvalidSignature),
        (BODY, sign(), str(NOW + 1), SECRET, InvalidSignature),
        (BODY, sign()[:-1], str(NOW), SECRET, InvalidSignature),
        (BODY, "v1=é", str(NOW), SECRET, InvalidSignature),
        (BODY, sign().removeprefix("v1="), str(NOW), SECRET, MissingHeader),
        (BODY, None, str(NOW), SECRET, MissingHeader),
        (BODY, sign(), None, SECRET, MissingHeader),
        (BODY, sign(), "now", SECRET, MissingHeader),
        (BODY, sign(), "²", SECRET, MissingHeader),
        (BODY, sign(stamp=NOW - 301), str(NOW - 301), SECRET, StaleTimestamp),
        (BODY, sign(stamp=NOW + 301), str(NOW + 301), SECRET, StaleTimestamp),
        (b"[]", sign(b"[]"), str(NOW), SECRET, InvalidPayload),
    ],
)
def test_anything_else(body: bytes, signature: str | None, stamp: str | None, secret: str, error: type) -> None:
    with pytest.raises(error) as raised:
        verify_webhook(body, signature, stamp, secret, now=NOW)
    assert isinstance(raised.value, WebhookError)
    assert secret not in str(raised.value)


def test_the_edges_of_the_tolerance_and_another_one() -> None:
    for stamp in (NOW - 300, NOW + 300):
        verify_webhook(BODY, sign(stamp=stamp), str(stamp), SECRET, now=NOW)
    verify_webhook(BODY, sign(stamp=NOW - 900), str(NOW - 900), SECRET, 1000, now=NOW)


def test_either_secret_holds_while_one_replaces_the_other() -> None:
    for used in ("whsec_old", "whsec_new"):
        verify_webhook(BODY, sign(secret=used), str(NOW), ["whsec_new", "whsec_old"], now=NOW)
    with pytest.raises(InvalidSignature):
        verify_webhook(BODY, sign(), str(NOW), [], now=NOW)


def test_text_is_refused_before_it_can_mislead() -> None:
    with pytest.raises(TypeError):
        verify_webhook(BODY.decode(), sign(), str(NOW), SECRET, now=NOW)  # type: ignore[arg-type]
