"""Sending one request to an endpoint, and nowhere else.

The name is resolved here and the connection made to an address that was checked, so a name that changes its address
between the check and the connection gains nothing. Redirects are not followed. The whole attempt has ten seconds; of
the answer only the beginning is read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Final

import structlog

from dealwright.kernel.clock import Clock, utc_now
from dealwright.modules.webhooks import addresses, rules
from dealwright.modules.webhooks.rules import Answer
from dealwright.modules.webhooks.transport import Broken, NotHttp, Refused, Transport

log = structlog.get_logger("dealwright.webhooks")

TIMEOUT_SECONDS: Final = 10.0
_SHOWN: Final = 1000


class Policy:
    """Where webhooks may go: what the operator allows."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private

    def check_url(self, url: str, *, livemode: bool) -> str:
        """Raises ValueError for a URL that no webhook may have."""
        return rules.check_url(url, livemode=livemode, allow_private=self.allow_private)

    def allows(self, address: str) -> bool:
        return self.allow_private or addresses.is_public(address)


class Sender:
    """The connections of one process to endpoints."""

    def __init__(self, policy: Policy, clock: Clock = utc_now) -> None:
        self.policy = policy
        self.clock = clock
        self._transport = Transport(policy.allows)

    async def close(self) -> None:
        self._transport.close()

    async def send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send now. Never raises: whatever happens is an answer."""
        began = time.perf_counter()
        answer = await self._attempt(url, body, headers)
        took = round((time.perf_counter() - began) * 1000)
        return Answer(answer.code, answer.error, answer.retry_after, answer.body, took)

    async def _attempt(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                response = await self._transport.post(url, headers, body)
        except Refused:
            return Answer(None, "The endpoint's address is private or reserved; webhooks go to public addresses only")
        except TimeoutError:
            return Answer(None, f"No answer within {TIMEOUT_SECONDS:g} seconds")
        except (Broken, NotHttp, ssl.SSLError, OSError) as problem:
            return Answer(None, _in_words(problem))
        except Exception as problem:
            log.warning("webhook_attempt_failed", problem=repr(problem))
            return Answer(None, "The request could not be sent")
        text = response.body[: 4 * _SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")[:_SHOWN]
        later = rules.retry_after(response.headers.get("retry-after"), self.clock())
        code = response.status
        return Answer(code, None if 200 <= code < 300 else _said(code), later, text)


def _said(code: int) -> str:
    if 300 <= code < 400:
        return f"The endpoint answered {code}; redirects are not followed"
    return f"The endpoint answered {code}"


def _in_words(problem: Exception) -> str:
    """One sentence without addresses: what a stranger's server says about the inside of the network stays inside."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"The endpoint's certificate is not valid: {problem.verify_message}"
    if isinstance(problem, ssl.SSLError):
        return "The endpoint does not speak TLS as expected"
    if isinstance(problem, socket.gaierror):
        return "The endpoint's host name is not known"
    if isinstance(problem, ConnectionRefusedError):
        return "Connection refused"
    if isinstance(problem, NotHttp):
        return "The endpoint's answer is not valid HTTP"
    if isinstance(problem, Broken | ConnectionError):
        return "The endpoint closed the connection without an answer"
    return "Connection failed"
