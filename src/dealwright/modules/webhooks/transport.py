"""HTTP/1.1 for one purpose: POST a small body to a checked address and read the beginning of the answer.

Built on asyncio and on the parser that also serves our requests. The usual client, httpx on httpcore, takes several
times as much processor time for each request (about a hundred deliveries a second where this one makes a thousand), and
has to be told which address to connect to by a network backend of our own anyhow.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import certifi
import httptools

from dealwright.modules.webhooks import addresses

_BODY_AT_MOST: Final = 65_536
_HEAD_AT_MOST: Final = 65_536
_IDLE_SECONDS: Final = 15.0
_IDLE_AT_MOST: Final = 1024
_REMEMBER_SECONDS: Final = 30.0
_RESOLVERS: Final = 64
"""Names that may be looked up at once: slow name servers must not keep other endpoints waiting."""


class Refused(Exception):
    """The address is not one that may be connected to."""


class NotHttp(Exception):
    """What came back is not an HTTP answer."""


class Broken(Exception):
    """The connection ended before an answer began."""


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers by lower-case name, and the beginning of the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Connection(asyncio.Protocol):
    """One connection, used for one exchange at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Response] | None = None
        self._parser: Any = None
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._head_size = 0
        self._in_body = False
        self.reusable = False
        self.closed = False

    async def exchange(self, request: bytes) -> Response:
        """Raises Broken or NotHttp."""
        if self.closed or self._transport is None:
            raise Broken
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._body, self._head_size, self._in_body, self.reusable = {}, bytearray(), 0, False, False
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            if not self.reusable:
                self.close()

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()
            return
        if not self._in_body:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail(NotHttp())
        except httptools.HttpParserError:
            self._fail(NotHttp())
        if not self._in_body and self._head_size > _HEAD_AT_MOST:
            self._fail(NotHttp())

    def connection_lost(self, problem: Exception | None) -> None:
        self.closed = True
        if self._answer is not None and not self._answer.done():
            if self._in_body:
                self._finish(reusable=False)
            else:
                self._fail(problem or Broken())

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self._in_body = True
        else:
            self._headers = {}

    def on_body(self, data: bytes) -> None:
        self._body += data
        if len(self._body) > _BODY_AT_MOST:
            self._finish(reusable=False)

    def on_message_complete(self) -> None:
        if self._in_body:
            self._finish(reusable=self._parser.should_keep_alive())

    def _finish(self, *, reusable: bool) -> None:
        if self._answer is not None and not self._answer.done():
            self.reusable = reusable
            self._answer.set_result(Response(self._parser.get_status_code(), self._headers, bytes(self._body)))

    def _fail(self, problem: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(problem)
        self.close()


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


def _tls() -> ssl.SSLContext:
    """The machine's own authorities, and the usual public ones for machines that come without any."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


Origin = tuple[str, str, int]


class Transport:
    """Connections to many hosts. ``allows`` decides on every address before it is connected to."""

    def __init__(self, allows: Callable[[str], bool]) -> None:
        self._allows = allows
        self._resolver = _Resolver()
        self._tls = _tls()
        self._idle: defaultdict[Origin, list[tuple[_Connection, asyncio.TimerHandle]]] = defaultdict(list)
        self._idle_count = 0

    def close(self) -> None:
        for waiting in self._idle.values():
            for connection, timer in waiting:
                timer.cancel()
                connection.close()
        self._idle.clear()
        self._resolver.close()

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Raises Refused, NotHttp, Broken, ssl.SSLError or OSError. The caller sets the time limit."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        origin = (parts.scheme, host, port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            f"POST {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            *(f"{name}: {value}" for name, value in headers.items()),
            f"Content-Length: {len(body)}",
        ]
        request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
        if (kept := self._take(origin)) is not None:
            try:
                return await self._exchange(origin, kept, request)
            except (Broken, ConnectionError):
                pass  # most likely the receiver closed the idle connection at this very moment
        return await self._exchange(origin, await self._connect(origin), request)

    async def _exchange(self, origin: Origin, connection: _Connection, request: bytes) -> Response:
        response = await connection.exchange(request)
        if connection.reusable and not connection.closed:
            self._keep(origin, connection)
        return response

    async def _connect(self, origin: Origin) -> _Connection:
        scheme, host, port = origin
        literal = addresses.literal(host)
        found = [literal] if literal else await self._resolver.addresses(host)
        allowed = [address for address in found if self._allows(address)]
        if not allowed:
            raise Refused
        loop = asyncio.get_running_loop()
        tls: dict[str, Any] = {"ssl": self._tls, "server_hostname": host} if scheme == "https" else {}
        for address in allowed[:-1]:
            try:
                return (await loop.create_connection(_Connection, address, port, **tls))[1]
            except ssl.SSLError:
                raise
            except OSError:
                continue
        return (await loop.create_connection(_Connection, allowed[-1], port, **tls))[1]

    def _take(self, origin: Origin) -> _Connection | None:
        waiting = self._idle.get(origin)
        while waiting:
            connection, timer = waiting.pop()
            timer.cancel()
            self._idle_count -= 1
            if not connection.closed:
                return connection
        self._idle.pop(origin, None)
        return None

    def _keep(self, origin: Origin, connection: _Connection) -> None:
        if self._idle_count >= _IDLE_AT_MOST:
            connection.close()
            return
        entry: tuple[_Connection, asyncio.TimerHandle]

        def expire() -> None:
            waiting = self._idle.get(origin, [])
            if entry in waiting:
                waiting.remove(entry)
                self._idle_count -= 1
                if not waiting:
                    self._idle.pop(origin, None)
            connection.close()

        entry = (connection, asyncio.get_running_loop().call_later(_IDLE_SECONDS, expire))
        self._idle[origin].append(entry)
        self._idle_count += 1
