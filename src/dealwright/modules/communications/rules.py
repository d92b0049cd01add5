"""Pure rules of communications: Twilio's and Mailgun's signatures, forms and mails as they come, what follows what."""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any, Final, Literal
from urllib.parse import parse_qsl

import orjson

Channel = Literal["sms", "voice", "email"]
Direction = Literal["inbound", "outbound"]

LONGEST_TEXT: Final = 20_000
LONGEST_LINE: Final = 500
MOST_FIELDS: Final = 200
MAILGUN_SECONDS: Final = 300
"""An older signature may be a recording."""

_RANKS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("sending", "accepted", "scheduled", "queued", "initiated"), 0),
    **dict.fromkeys(("ringing", "sent"), 1),
    **dict.fromkeys(("in-progress",), 2),
    **dict.fromkeys(("delivered", "undelivered", "failed", "completed", "busy", "no-answer", "canceled"), 3),
    "read": 4,
}
"""How far Twilio's words for messages and calls are from the beginning."""


class Unreadable(Exception):
    """The message is not of a form that is known here."""


def follows(status: str, known: str) -> bool:
    """Whether a status is news: callbacks overtake one another."""
    return status in _RANKS and _RANKS[status] > _RANKS.get(known, -1)


def twilio_signature(token: str, url: str, fields: Iterable[tuple[str, str]]) -> str:
    """The HMAC-SHA1 over the address and the fields in the order of their names (Twilio, Security)."""
    text = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def is_twilio_signature(signature: str, token: str, url: str, fields: Iterable[tuple[str, str]]) -> bool:
    expected = twilio_signature(token, url, fields)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))


def is_mailgun_signature(key: str, stamp: Mapping[str, Any], now: datetime) -> bool:
    """Whether Mailgun signed this, lately (HMAC-SHA256 over timestamp and token)."""
    timestamp, token = str(stamp.get("timestamp", "")), str(stamp.get("token", ""))
    expected = hmac.new(key.encode(), (timestamp + token).encode("utf-8", "replace"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), str(stamp.get("signature", "")).encode("utf-8", "replace")):
        return False
    return timestamp.isdigit() and abs(now.timestamp() - int(timestamp[:12])) <= MAILGUN_SECONDS


def form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form (application/x-www-form-urlencoded). Raises Unreadable."""
    try:
        return parse_qsl(
            body.decode(),
            keep_blank_values=True,
            strict_parsing=bool(body),
            max_num_fields=MOST_FIELDS,
            errors="strict",
        )
    except (ValueError, UnicodeDecodeError):
        raise Unreadable("The body is not a form") from None


def sender(address: str, name: str | None) -> str:
    """The server's own address, in the name of somebody."""
    return address if not name else formataddr((" ".join(name.split()), parseaddr(address)[1]))


def line(value: object, longest: int = LONGEST_LINE) -> str:
    """A text that can be written down."""
    return str(value or "").replace("\x00", "")[:longest]


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail that came in."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    message_id: str | None


def mail(body: bytes, content_type: str) -> tuple[Mail, dict[str, Any]]:
    """The mail in a webhook of SendGrid's (a form) or Mailgun's (a form or JSON), and all its fields. Raises
    Unreadable.
    """
    fields = _fields(body, content_type)
    sender = parseaddr(line(fields.get("from") or fields.get("sender")))[1]
    to = ",".join(line(fields.get(name)) for name in ("to", "recipient", "To") if fields.get(name))
    recipients = tuple(found for each in to.split(",") if (found := parseaddr(each)[1]))
    if not sender or not recipients:
        raise Unreadable("The body is a mail of neither SendGrid's nor Mailgun's: it needs from and to")
    text = fields.get("text") or fields.get("body-plain") or fields.get("stripped-text") or ""
    headers = email.message_from_string(str(fields.get("headers") or ""), policy=email.policy.compat32)
    named = fields.get("Message-Id") or fields.get("message-id") or headers.get("Message-ID")
    return (
        Mail(
            sender, recipients, line(fields.get("subject")), line(text, LONGEST_TEXT), line(named).strip("<> ") or None
        ),
        fields,
    )


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        try:
            found = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Unreadable("The body is not JSON") from None
        if not isinstance(found, dict):
            raise Unreadable("The body is not a JSON object")
        return found
    if kind == "application/x-www-form-urlencoded":
        return dict(form(body))
    if kind == "multipart/form-data":
        return _parts(body, content_type)
    raise Unreadable("Send multipart/form-data, application/x-www-form-urlencoded or application/json")


def _parts(body: bytes, content_type: str) -> dict[str, str]:
    """The texts of a multipart form (RFC 7578); attached files are left out."""
    head = b"Content-Type: " + content_type.encode("ascii", "replace") + b"\r\n\r\n"
    found = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    if not found.is_multipart():
        raise Unreadable("The body is not multipart/form-data")
    fields: dict[str, str] = {}
    for part in found.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None and len(fields) < MOST_FIELDS:
            raw = part.get_payload(decode=True)
            fields[name] = raw.decode("utf-8", "replace").strip("\r\n") if isinstance(raw, bytes) else ""
    return fields
