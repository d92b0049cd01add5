"""SMS and calls through Twilio's Messages and Calls resources (Twilio API 2010-04-01)."""

from __future__ import annotations

import asyncio
import base64
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import orjson

from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.sms.protocol import Sms

TIMEOUT_SECONDS: Final = 20.0
_LONGEST_ANSWER: Final = 65_536


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: credentials go to the configured host only."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What Twilio took: its id and how it stands."""

    sid: str
    status: str


class Twilio:
    """One account, sending from one number or messaging service (``MG…``)."""

    name = "twilio"

    def __init__(self, account: str, token: str, sender: str, url: str = "https://api.twilio.com") -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}"
        self._authorization = "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()
        self._sender = sender
        self._opener = urllib.request.build_opener(_NoRedirects)

    async def send(self, sms: Sms) -> None:
        await self.message(sms)

    async def message(self, sms: Sms, *, callback: str | None = None) -> Accepted:
        """Send an SMS; what becomes of it is told to ``callback``. Raises Refused, NotNow."""
        sender = {"MessagingServiceSid" if self._sender.startswith("MG") else "From": self._sender}
        told = {} if callback is None else {"StatusCallback": callback}
        return await asyncio.to_thread(self._post, "Messages", {"To": sms.to, "Body": sms.text, **sender, **told})

    async def call(self, call: Sms, *, callback: str | None = None) -> Accepted:
        """Call a number and read a text to who answers. Raises Refused, NotNow."""
        told = {} if callback is None else {"StatusCallback": callback}
        script = f"<Response><Say>{escape(call.text)}</Say></Response>"
        return await asyncio.to_thread(
            self._post, "Calls", {"To": call.to, "From": self._sender, "Twiml": script, **told}
        )

    def _post(self, resource: str, form: dict[str, str]) -> Accepted:
        headers = {"Authorization": self._authorization}
        request = urllib.request.Request(f"{self._url}/{resource}.json", urlencode(form).encode(), headers)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return _accepted(answer.read(_LONGEST_ANSWER))
        except urllib.error.HTTPError as answer:
            answer.close()
            if 400 <= answer.code < 500 and answer.code not in (401, 403, 408, 429):
                raise Refused(f"Twilio refused the message ({answer.code})") from None
            raise NotNow(f"Twilio put the message off ({answer.code})") from None
        except (OSError, http.client.HTTPException) as problem:
            raise NotNow(f"Twilio does not answer ({type(problem).__name__})") from None


def _accepted(body: bytes) -> Accepted:
    """A message that was taken stays taken, whatever the answer says of it."""
    try:
        found = orjson.loads(body)
        return Accepted(str(found["sid"])[:64], str(found.get("status") or "queued")[:32])
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return Accepted("", "queued")
