"""Sending one signed request to an endpoint, and nowhere else.

The name is resolved here and the connection made to an address that was checked, so a name that changes its address
between the check and the connection gains nothing. Redirects are not followed. The whole attempt has ten seconds; of
the answer only the beginning is read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import certifi
import httpcore
import structlog

from dealwright.kernel.clock import Clock, utc_now
from dealwright.modules.webhooks import addresses, rules
from dealwright.modules.webhooks.rules import Answer

log = structlog.get_logger("dealwright.webhooks")

TIMEOUT_SECONDS: Final = 10.0
USER_AGENT: Final = "Salesbooth-Webhooks/1.0 (Dealwright)"
_READ_AT_MOST: Final = 65_536
_SHOWN: Final = 1000
_KEEP_ALIVE_SECONDS: Final = 15.0
_REMEMBER_SECONDS: Final = 30.0
_RESOLVERS: Final = 64
"""Names that may be looked up at once: slow name servers must not keep other endpoints waiting."""


class Refused(Exception):
    """The endpoint's address is not one that webhooks may be sent to."""


class Policy:
    """Where webhooks may go: what the operator allows."""

    def __init__(self, *, allow_private: bool) -> None:
        self.allow_private = allow_private

    def check_url(self, url: str, *, livemode: bool) -> str:
        """Raises ValueError for a URL that no webhook may have."""
        return rules.check_url(url, livemode=livemode, allow_private=self.allow_private)

    def allows(self, address: str) -> bool:
        return self.allow_private or addresses.is_public(address)


class _Resolver:
    """Addresses of names, remembered for a moment."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolve")
        self._known: dict[str, tuple[float, list[str]]] = {}

    async def addresses(self, host: str) -> list[str]:
        """Raises OSError when the name is not known."""
        known = self._known.get(host)
        now = time.monotonic()
        if known is not None and known[0] > now:
            return known[1]
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
        plain = list(dict.fromkeys(str(each[4][0]) for each in found))
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[host] = (now + _REMEMBER_SECONDS, plain)
        return plain

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses only."""

    def __init__(self, policy: Policy, resolver: _Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._plain = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        found = [literal] if (literal := addresses.literal(host)) else await self._resolver.addresses(host)
        allowed = [address for address in found if self._policy.allows(address)]
        if not allowed:
            raise Refused
        for address in allowed[:-1]:
            try:
                return await self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return await self._plain.connect_tcp(allowed[-1], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _tls() -> ssl.SSLContext:
    """The machine's own authorities, and the usual public ones for machines that come without any."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class Sender:
    """The connections of one process to endpoints."""

    def __init__(self, policy: Policy, clock: Clock = utc_now, connections: int = 512) -> None:
        self.policy = policy
        self._clock = clock
        self._resolver = _Resolver()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls(),
            max_connections=connections,
            max_keepalive_connections=connections // 2,
            keepalive_expiry=_KEEP_ALIVE_SECONDS,
            network_backend=_Guarded(policy, self._resolver),
        )

    async def close(self) -> None:
        await self._pool.aclose()
        self._resolver.close()

    async def send(self, url: str, secret: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Sign and send now. Never raises: whatever happens is an answer."""
        timestamp = str(int(self._clock().timestamp()))
        complete = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Salesbooth-Signature": rules.sign(secret, timestamp, body),
            "X-Salesbooth-Timestamp": timestamp,
            **headers,
        }
        began = time.perf_counter()
        answer = await self._attempt(url, body, complete)
        took = round((time.perf_counter() - began) * 1000)
        return Answer(answer.code, answer.error, answer.retry_after, answer.body, took)

    async def _attempt(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                try:
                    return await self._exchange(url, body, headers)
                except httpcore.RemoteProtocolError as problem:
                    if "without sending a response" not in str(problem):
                        raise
                    # Most likely an idle connection that the receiver closed at this very moment.
                    return await self._exchange(url, body, headers)
        except Refused:
            return Answer(None, "The endpoint's address is private or reserved; webhooks go to public addresses only")
        except (TimeoutError, httpcore.TimeoutException):
            return Answer(None, f"No answer within {TIMEOUT_SECONDS:g} seconds")
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as problem:
            return Answer(None, _in_words(problem))
        except Exception as problem:
            log.warning("webhook_attempt_failed", problem=type(problem).__name__)
            return Answer(None, "The request could not be sent")

    async def _exchange(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        async with self._pool.stream("POST", url, headers=dict(headers), content=body) as response:
            beginning = b""
            async for chunk in response.aiter_stream():
                beginning += chunk
                if len(beginning) >= _READ_AT_MOST:
                    break
            code = response.status
            wait = next((value for name, value in response.headers if name.lower() == b"retry-after"), None)
        text = beginning[: 4 * _SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")[:_SHOWN]
        later = rules.retry_after(wait.decode("latin-1") if wait is not None else None, self._clock())
        return Answer(code, None if 200 <= code < 300 else _said(code), later, text)


def _said(code: int) -> str:
    if 300 <= code < 400:
        return f"The endpoint answered {code}; redirects are not followed"
    return f"The endpoint answered {code}"


def _in_words(problem: BaseException) -> str:
    """One sentence without addresses: what a stranger's server says about the inside of the network stays inside."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The endpoint's certificate is not valid: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return "The endpoint does not speak TLS as expected"
        if isinstance(cause, socket.gaierror):
            return "The endpoint's host name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "Connection refused"
        if isinstance(cause, ConnectionResetError):
            return "Connection reset"
        cause = cause.__cause__ or cause.__context__
    if isinstance(problem, httpcore.RemoteProtocolError):
        return "The endpoint's answer is not valid HTTP, or it closed the connection"
    if isinstance(problem, httpcore.ReadError | httpcore.WriteError):
        return "The connection broke before the answer was complete"
    return "Connection failed"
