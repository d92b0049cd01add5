"""The MCP endpoint over HTTP: ``POST``, ``GET`` and ``DELETE`` on ``/mcp`` below the Salesbooth API.

In front of the SDK it lets the caller in as the REST surface does, with the same refusals and limits, and takes plain
requests as documented: any Accept header, no session, batches. Requests of the handshake era are answered by
:mod:`dealwright.surfaces.mcp.exchange`, those of the stateless era (2026-07-28) by
:mod:`dealwright.surfaces.mcp.stateless` or, where they need a stream or a refusal, by the SDK's own transport.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import mcp_types as types
import orjson
import structlog
from mcp.server import Server
from mcp.server._streamable_http_modern import handle_modern_request
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.requests import Request as SdkRequest
from starlette.types import Message, Receive, Scope, Send

from dealwright.kernel.access.admission import Admission, Admitted, Refused
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import (
    DealwrightError,
    Forbidden,
    InsufficientScope,
    InternalError,
    MethodNotAllowed,
    Unauthenticated,
    UnsupportedMediaType,
)
from dealwright.kernel.pipeline import failure
from dealwright.kernel.settings import Settings
from dealwright.surfaces import origin
from dealwright.surfaces.http import JSON, Gone, Headers, Request, limit_headers, parse_query, read_body, respond
from dealwright.surfaces.mcp import exchange, stateless
from dealwright.surfaces.mcp.caller import SCOPE_MEMBER, Caller
from dealwright.surfaces.mcp.methods import CONNECT_SCOPE
from dealwright.surfaces.mcp.subscriptions import Subscriptions
from dealwright.surfaces.salesbooth import rendering
from dealwright.surfaces.salesbooth.http import credential_of, cross_origin

log = structlog.get_logger("dealwright.mcp")

_ALLOW_METHODS: Final = b"POST, GET, OPTIONS"
_ALLOW_HEADERS: Final = (
    b"Authorization, X-API-Key, Content-Type, Accept, X-Delegation-ID, X-MCP-Mode, MCP-Protocol-Version, Mcp-Method, "
    b"Mcp-Name, Mcp-Session-Id, Last-Event-ID"
)
_VERSION: Final = MCP_PROTOCOL_VERSION_HEADER.encode()
_NEWS: Final = frozenset({"progressToken", types.LOG_LEVEL_META_KEY})
_UNREADABLE: Final = object()
"""In place of a message: the body was no JSON."""
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_MOST_MESSAGES: Final = 100
"""Members of a batch."""
_PING_SECONDS: Final = 15.0
_STREAM_HEADERS: Final[Headers] = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class McpEndpoint:
    """Answers MCP requests. ``choose`` gives the SDK server for the mode that a request asks for (None: the full one).

    ``subscriptions`` feed the stream of ``GET``; without them there is none.
    """

    def __init__(
        self,
        choose: Callable[[str | None], Server[Any]],
        admission: Admission,
        settings: Settings,
        subscriptions: Subscriptions | None = None,
    ) -> None:
        self._choose = choose
        self._admission = admission
        self._settings = settings
        self._subscriptions = subscriptions

    async def __call__(self, scope: Scope, receive: Receive, send: Send, base: str) -> None:
        ref = new_ref()
        request = Request(scope, base, frozenset(), ref)
        if request.method == "OPTIONS":
            await respond(send, 204, b"", _preflight(request))
            return
        extra: Headers = [*cross_origin(request.header(b"origin")), (b"x-request-id", ref.encode())]
        try:
            admitted = await self._admit(request, scope)
            extra += limit_headers(admitted.verdict)
            caller = self._caller(request, scope, admitted)
            scope = {**scope, SCOPE_MEMBER: caller}
            if request.method == "POST":
                await self._post(request, scope, receive, _with_headers(send, extra))
            elif request.method == "GET" and _accepts_stream(request) and self._subscriptions is not None:
                await self._stream(self._subscriptions, caller, request, receive, _with_headers(send, extra))
            else:
                raise MethodNotAllowed(
                    "MCP messages are sent by POST; GET needs Accept: text/event-stream", hint="Use POST."
                )
        except Gone:
            return
        except Refused as refusal:
            if refusal.error.code == _FOREIGN:
                extra = [(b"x-request-id", ref.encode())]
            extra += limit_headers(refusal.verdict)
            await _refuse(send, refusal.error, ref, extra)
        except DealwrightError as error:
            await _refuse(send, error, ref, extra)
        except Exception:
            log.exception("request_failed", ref=ref)
            await _refuse(send, InternalError(), ref, extra)

    def end_streams(self) -> None:
        """Let go of the callers whose answers have no end."""
        if self._subscriptions is not None:
            self._subscriptions.end()

    async def _admit(self, request: Request, scope: Scope) -> Admitted:
        """Raises Refused: 401, 403 (no agent:discover, foreign origin), 429, 503."""
        request.query = parse_query(scope["query_string"])
        admitted = await self._admission.admit(credential_of(request), request.ip)
        if (objection := self._objection(request, admitted.principal)) is not None:
            raise Refused(objection, admitted.verdict)
        return admitted

    def _objection(self, request: Request, principal: Principal) -> DealwrightError | None:
        page = request.header(b"origin")
        if page is not None and not self._is_known(page, request.header(b"host") or "", principal):
            return Forbidden(
                f"MCP may not be used from {page[:200]}",
                code=_FOREIGN,
                hint="Add the origin to the key's allowed_origins, or to the server's mcp_allowed_origins.",
            )
        if principal.kind == "public":
            return Unauthenticated()
        if principal.kind != "secret_key":
            return Forbidden("MCP needs a secret key", hint="Use a secret key (sb_live_… or sb_test_…) on your server.")
        if not grants(principal.scopes, CONNECT_SCOPE):
            return InsufficientScope(CONNECT_SCOPE, "mcp")
        return None

    def _is_known(self, page: str, host: str, principal: Principal) -> bool:
        """Whether a browser page of this origin may speak for the key: a name that an attacker has pointed to this
        server (DNS rebinding) is none of these.
        """
        if principal.allowed_origins:
            return page in principal.allowed_origins
        if page in self._settings.mcp_allowed_origins:
            return True
        if self._settings.public_url is not None and page == _origin_of(self._settings.public_url):
            return True
        return _hostname(page) in _LOOPBACK and _hostname(f"//{host}") in _LOOPBACK

    def _caller(self, request: Request, scope: Scope, admitted: Admitted) -> Caller:
        return Caller(
            principal=admitted.principal,
            ip=request.ip,
            delegation_id=request.header(b"x-delegation-id"),
            origin=origin.of(scope, request.headers.get(b"host"), self._settings.public_url),
            holds=partial(self._admission.holds, credential_of(request)),
        )

    async def _post(self, request: Request, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive, self._settings.max_body_bytes, request.headers.get(b"content-length"))
        server = self._choose(request.query.get("mode") or request.header(b"x-mcp-mode"))
        version = request.header(_VERSION)
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError:
            message = _UNREADABLE
        if _is_stateless(message) or (version is not None and version not in HANDSHAKE_PROTOCOL_VERSIONS):
            await self._stateless(server, message, body, scope, receive, send)
            return
        kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMediaType(f"Send application/json, not {kind[:60]}")
        if message is _UNREADABLE:
            await _answer(send, exchange.error(None, types.PARSE_ERROR, "The body is not valid JSON"))
        elif isinstance(message, list):
            await self._batch(server, message, request, scope, send)
        else:
            sink = _Sink(send) if _accepts_stream(request) else None
            found = await exchange.answer(server, message, SdkRequest(scope), exchange.version_of(version), sink)
            if sink is not None and sink.open:
                await sink.close(found)
            elif found is None:
                await respond(send, 202, b"", [])
            else:
                await _answer(send, found)

    @staticmethod
    async def _stateless(
        server: Server[Any], message: Any, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        # Headers are compared with the body, so the white space around their values must be gone (RFC 9110, 5.5).
        scope = {**scope, "headers": [(name, value.strip(b" \t")) for name, value in scope["headers"]]}
        request = SdkRequest(scope)
        news = _wants_news(message)
        if not news and (route := stateless.route_of(message, request)) is not None:
            status, found = await stateless.answer(server, message, route, request)
            await respond(send, status, orjson.dumps(found), [JSON])
        else:
            await _hand_on(server, body, scope, receive, send, stream=news)

    async def _batch(
        self, server: Server[Any], messages: list[Any], request: Request, scope: Scope, send: Send
    ) -> None:
        """Every member counts as a request; one that is over the limit refuses the whole batch before any has run."""
        if not 0 < len(messages) <= _MOST_MESSAGES:
            text = f"A batch holds between 1 and {_MOST_MESSAGES} messages"
            await _answer(send, exchange.error(None, types.INVALID_REQUEST, text))
            return
        for _ in messages[1:]:
            await self._admission.admit(credential_of(request), request.ip)
        version = exchange.version_of(request.header(_VERSION))
        sdk_request = SdkRequest(scope)
        found = [await exchange.answer(server, message, sdk_request, version) for message in messages]
        answers = [each for each in found if each is not None]
        if answers:
            await respond(send, 200, orjson.dumps(answers), [JSON])
        else:
            await respond(send, 202, b"", [])

    async def _stream(
        self, subscriptions: Subscriptions, caller: Caller, request: Request, receive: Receive, send: Send
    ) -> None:
        """``GET``: what the key subscribed to and has changed, as server-sent events, until it hangs up.

        ``Last-Event-ID`` goes back to a position of the feed; without it the stream begins where the key was last told.
        """
        last = request.header(b"last-event-id")
        after = int(last) if last is not None and last.isdecimal() and len(last) < 19 else None
        over = asyncio.Event()
        with subscriptions.stream(over.set):
            await send({"type": "http.response.start", "status": 200, "headers": list(_STREAM_HEADERS)})
            writer = asyncio.create_task(self._write(subscriptions, caller, after, send))
            tasks = {writer, asyncio.create_task(_hang_up(receive)), asyncio.create_task(_happened(over))}
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            await send({"type": "http.response.body", "body": b""})

    @staticmethod
    async def _write(subscriptions: Subscriptions, caller: Caller, after: int | None, send: Send) -> None:
        """Until the key is no longer good or the database is away; the client comes back by itself."""
        await send({"type": "http.response.body", "body": b": open\n\n", "more_body": True})
        async with contextlib.aclosing(subscriptions.updates(caller, after)) as updates:
            coming = asyncio.ensure_future(anext(updates))
            try:
                while True:
                    done, _ = await asyncio.wait({coming}, timeout=_PING_SECONDS)
                    if not await caller.holds():
                        return
                    if not done:
                        await send({"type": "http.response.body", "body": b": ping\n\n", "more_body": True})
                        continue
                    position, uri = coming.result()
                    told = {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": uri}}
                    await send({"type": "http.response.body", "body": _event(told, position), "more_body": True})
                    coming = asyncio.ensure_future(anext(updates))
            except DealwrightError as problem:
                log.info("mcp_stream_ends", problem=str(problem))
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)


_FOREIGN: Final = "authorization_error.origin_not_allowed"
"""The one refusal whose answer must not carry Access-Control-Allow-Origin."""


class _Sink:
    """Turns the answer into an event stream as soon as a handler has something to tell before its result."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.open = False

    async def __call__(self, message: exchange.Message) -> None:
        if not self.open:
            self.open = True
            await self._send({"type": "http.response.start", "status": 200, "headers": list(_STREAM_HEADERS)})
        await self._send({"type": "http.response.body", "body": _event(message), "more_body": True})

    async def close(self, message: exchange.Message | None) -> None:
        body = b"" if message is None else _event(message)
        await self._send({"type": "http.response.body", "body": body})


def _event(message: exchange.Message, position: int | None = None) -> bytes:
    head = b"" if position is None else b"id: %d\n" % position
    return head + b"event: message\ndata: " + orjson.dumps(message) + b"\n\n"


async def _happened(event: asyncio.Event) -> None:
    await event.wait()


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _meta(message: Any) -> dict[str, Any]:
    params = message.get("params") if isinstance(message, dict) else None
    meta = params.get("_meta") if isinstance(params, dict) else None
    return meta if isinstance(meta, dict) else {}


def _is_stateless(message: Any) -> bool:
    """Whether a message carries the per-request envelope of 2026-07-28, whatever its headers say."""
    return types.PROTOCOL_VERSION_META_KEY in _meta(message)


def _wants_news(message: Any) -> bool:
    """Whether a request of 2026-07-28 may be told anything before its answer: it has to ask for that."""
    return not _NEWS.isdisjoint(_meta(message))


async def _hand_on(
    server: Server[Any], body: bytes, scope: Scope, receive: Receive, send: Send, *, stream: bool
) -> None:
    """To the SDK's transport of the stateless era, with the body that was read already."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    await handle_modern_request(server, None, not stream, {}, scope, again, send)


def _with_headers(send: Send, extra: Headers) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return sending


def _accepts_stream(request: Request) -> bool:
    return "text/event-stream" in (request.header(b"accept") or "").lower()


def _hostname(url: str) -> str | None:
    with contextlib.suppress(ValueError):
        return urlsplit(url).hostname
    return None


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _preflight(request: Request) -> Headers:
    return [
        (b"access-control-allow-origin", request.headers.get(b"origin", b"*")),
        (b"access-control-allow-methods", _ALLOW_METHODS),
        (b"access-control-allow-headers", _ALLOW_HEADERS),
        (b"access-control-max-age", b"600"),
        (b"vary", b"Origin"),
    ]


async def _answer(send: Send, message: exchange.Message) -> None:
    await respond(send, 200, orjson.dumps(message), [JSON])


async def _refuse(send: Send, error: DealwrightError, ref: str, extra: Headers) -> None:
    """A refusal before any message was looked at, in the envelope of the REST API."""
    outcome = failure(error, ref)
    headers = [*rendering.headers(outcome), *extra, JSON]
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", _ALLOW_METHODS))
    await respond(send, outcome.status, rendering.body(outcome), headers)
