"""SMS through Twilio's Messages resource (Twilio API 2010-04-01)."""

from __future__ import annotations

import asyncio
import base64
import http.client
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, urlencode

from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.sms.protocol import Sms

TIMEOUT_SECONDS: Final = 20.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: credentials go to the configured host only."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Twilio:
    """One account, sending from one number or messaging service (``MG…``)."""

    name = "twilio"

    def __init__(self, account: str, token: str, sender: str, url: str = "https://api.twilio.com") -> None:
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._authorization = "Basic " + base64.b64encode(f"{account}:{token}".encode()).decode()
        self._sender = {"MessagingServiceSid" if sender.startswith("MG") else "From": sender}
        self._opener = urllib.request.build_opener(_NoRedirects)

    async def send(self, sms: Sms) -> None:
        await asyncio.to_thread(self._send, sms)

    def _send(self, sms: Sms) -> None:
        body = urlencode({"To": sms.to, "Body": sms.text, **self._sender}).encode()
        request = urllib.request.Request(self._url, body, {"Authorization": self._authorization}, method="POST")
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS):
                pass
        except urllib.error.HTTPError as answer:
            answer.close()
            if 400 <= answer.code < 500 and answer.code not in (401, 403, 408, 429):
                raise Refused(f"Twilio refused the message ({answer.code})") from None
            raise NotNow(f"Twilio put the message off ({answer.code})") from None
        except (OSError, http.client.HTTPException) as problem:
            raise NotNow(f"Twilio does not answer ({type(problem).__name__})") from None
