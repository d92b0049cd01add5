"""E-mail through an SMTP server (RFC 5321): ``smtp://user:password@host:587``, or ``smtps://…:465`` for TLS at once."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from typing import Final
from urllib.parse import unquote, urlsplit

from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.email.protocol import Email

TIMEOUT_SECONDS: Final = 20.0
_PORTS: Final = {"smtp": 587, "smtps": 465}


class SmtpServer:
    """One server; every message is a connection of its own. Raises ValueError for an address that is none.

    STARTTLS is used wherever the server offers it, and is required before a password is sent.
    """

    name = "smtp"

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("must look like smtp://user:password@host:587 or smtps://user:password@host:465")
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or _PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password or "")

    async def send(self, email: Email) -> None:
        await asyncio.to_thread(self._send, email)

    def _send(self, email: Email) -> None:
        try:
            with self._connected() as server:
                server.send_message(email.composed(), to_addrs=[email.to])
        except smtplib.SMTPRecipientsRefused as refusal:
            code = next(iter(refusal.recipients.values()))[0]
            raise self._judged(code, "the recipient") from None
        except smtplib.SMTPResponseException as refusal:
            raise self._judged(refusal.smtp_code, "the message") from None
        except (ValueError, UnicodeError, smtplib.SMTPNotSupportedError):
            raise Refused("The message cannot be written as an e-mail") from None
        except (smtplib.SMTPException, OSError) as problem:
            raise NotNow(f"The SMTP server does not answer as expected ({type(problem).__name__})") from None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if not self._tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not self._tls and self._user is not None:
                raise smtplib.SMTPException("a password is not sent in the clear")
            if self._user is not None:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server

    @staticmethod
    def _judged(code: int, what: str) -> Refused | NotNow:
        """5xx is for good, except where our own credentials are at fault; 4xx is for now."""
        if code >= 500 and code not in (530, 534, 535, 538):
            return Refused(f"The SMTP server refused {what} ({code})")
        return NotNow(f"The SMTP server put {what} off ({code})")
