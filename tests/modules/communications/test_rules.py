"""Signatures, forms and mails as the providers send them, and which status follows which."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.communications import rules

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)


def test_the_example_of_twilios_documentation() -> None:
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    assert rules.twilio_signature("12345", url, fields.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="


PAIRS = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=20)), max_size=8)


@given(st.text(max_size=20), PAIRS, st.randoms())
def test_a_signature_does_not_depend_on_the_order_of_the_fields(
    token: str, pairs: list[tuple[str, str]], random: object
) -> None:
    shuffled = pairs[::-1]
    signature = rules.twilio_signature(token, "https://x.example/y?z=1", pairs)
    assert rules.is_twilio_signature(signature, token, "https://x.example/y?z=1", shuffled)
    assert not rules.is_twilio_signature(signature, token + "x", "https://x.example/y?z=1", pairs)
    assert not rules.is_twilio_signature(signature, token, "https://x.example/y?z=2", pairs)


@given(st.binary(max_size=300), st.text(max_size=60))
def test_any_body_is_a_mail_or_unreadable(body: bytes, kind: str) -> None:
    for content_type in (
        kind,
        "application/json",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
    ):
        with contextlib.suppress(rules.Unreadable):
            rules.mail(body, content_type)
    with contextlib.suppress(rules.Unreadable):
        rules.form(body)


def test_a_form_of_sendgrids() -> None:
    message = EmailMessage()
    message["Content-Type"] = "multipart/form-data; boundary=xYzZY"
    body = (
        '--xYzZY\r\nContent-Disposition: form-data; name="headers"\r\n\r\nMessage-ID: <m1@mail.example>\nX: y\r\n'
        '--xYzZY\r\nContent-Disposition: form-data; name="from"\r\n\r\nJane <jane@example.com>\r\n'
        '--xYzZY\r\nContent-Disposition: form-data; name="to"\r\n\r\nSales <sales@in.example>, b@in.example\r\n'
        '--xYzZY\r\nContent-Disposition: form-data; name="subject"\r\n\r\nGrüße ✓\r\n'
        '--xYzZY\r\nContent-Disposition: form-data; name="attachment1"; filename="a.pdf"\r\n\r\n%PDF\r\n'
        '--xYzZY\r\nContent-Disposition: form-data; name="text"\r\n\r\nHello,\r\nworld\r\n--xYzZY--\r\n'
    ).encode()
    mail, fields = rules.mail(body, message["Content-Type"])
    assert mail == rules.Mail(
        "jane@example.com", ("sales@in.example", "b@in.example"), "Grüße ✓", "Hello,\r\nworld", "m1@mail.example"
    )
    assert "attachment1" not in fields


def test_mailguns_signature_is_of_its_time() -> None:
    def stamp(seconds: int, key: str = "signing-key") -> dict[str, str]:
        at = str(int(NOON.timestamp()) + seconds)
        return {
            "timestamp": at,
            "token": "t",
            "signature": hmac.new(key.encode(), f"{at}t".encode(), hashlib.sha256).hexdigest(),
        }

    assert rules.is_mailgun_signature("signing-key", stamp(-299), NOON)
    assert not rules.is_mailgun_signature("signing-key", stamp(-301), NOON)
    assert not rules.is_mailgun_signature("signing-key", stamp(0, "other"), NOON)
    assert not rules.is_mailgun_signature("signing-key", {}, NOON)


@pytest.mark.parametrize(
    ("status", "known", "news"),
    [
        ("sent", "queued", True),
        ("delivered", "sent", True),
        ("sent", "delivered", False),
        ("failed", "delivered", False),
        ("queued", "sending", False),
        ("nonsense", "sending", False),
        ("delivered", "nonsense", True),
    ],
)
def test_callbacks_overtake_one_another(status: str, known: str, news: bool) -> None:
    assert rules.follows(status, known) is news
