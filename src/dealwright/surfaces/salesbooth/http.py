"""The Salesbooth API over HTTP, as a plain ASGI application.

It turns a request into a :class:`Call` and an :class:`Outcome` into a response, and knows nothing of any operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson
import structlog
from starlette.types import Message, Receive, Scope, Send

from dealwright.kernel import fields
from dealwright.kernel.access.admission import Admission, Admitted, Credential, Refused
from dealwright.kernel.access.rate_limits import Verdict
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import (
    DealwrightError,
    Forbidden,
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Call, Outcome, Pipeline, failure
from dealwright.kernel.settings import Settings
from dealwright.surfaces import origin
from dealwright.surfaces.salesbooth import rendering
from dealwright.surfaces.salesbooth.rendering import Headers
from dealwright.surfaces.salesbooth.routing import Router, WrongMethod

log = structlog.get_logger("dealwright.http")

BASE: Final = "/api/v1"
_JSON: Final = (b"content-type", b"application/json")
_ALLOW_METHODS: Final = b"GET, POST, PUT, PATCH, DELETE, OPTIONS"
_ALLOW_HEADERS: Final = (
    b"Authorization, X-API-Key, Content-Type, If-Match, Idempotency-Key, X-Delegation-ID, X-Tab-ID, Last-Event-ID"
)
_EXPOSE_HEADERS: Final = (
    b"ETag, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Job-ID, "
    b"X-Deprecation-Warning, X-Request-Id, Idempotency-Replayed, Idempotency-Mismatch"
)
_DEPRECATION: Final = (
    b"x-deprecation-warning",
    b"API keys in the query string are deprecated; send the Authorization header",
)


_SINGLE: Final = frozenset(
    {b"authorization", b"x-api-key", b"if-match", b"idempotency-key", b"x-delegation-id", b"content-type"}
)
"""Headers that decide what a request does: two of them contradict each other."""

_MAX_NESTING: Final = 64
"""Levels of objects and arrays in a body: far more than any operation takes, far fewer than any walker can bear."""

_NOWHERE: Final = "See /docs for every path of this API."


class Gone(Exception):
    """The caller hung up before the whole body had come; half a request must not run."""


class Request:
    """What the surface needs of an HTTP request, read once."""

    __slots__ = ("_raw_path", "_raw_query", "body", "headers", "ip", "maybe_nul", "method", "path", "query", "repeated")

    def __init__(self, scope: Scope, base: str) -> None:
        self.method: str = scope["method"]
        self.path: str | None = scope["path"][len(base) :] if scope["path"].startswith(f"{base}/") else None
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.repeated = len(self.headers) != len(scope["headers"])
        self.query: dict[str, str] = {}
        self._raw_path: bytes = scope.get("raw_path") or b""
        self._raw_query: bytes = scope["query_string"]
        self.maybe_nul = False
        """Whether U+0000 may be among the arguments: spares the search for it in nearly every request."""
        client = scope.get("client")
        self.ip: str = client[0] if client else "unknown"
        self.body: dict[str, Any] = {}

    async def read(self, scope: Scope, receive: Receive, limit: int) -> None:
        """Query, headers and body; raises InvalidRequest, PayloadTooLarge, UnsupportedMediaType, or Gone.

        What a GET or HEAD may carry as a body means nothing (RFC 9110) and stays unread.
        """
        self.query = parse_query(self._raw_query)
        if b"%" in self._raw_path:
            check_path(self._raw_path)
        self.maybe_nul = b"%00" in self._raw_query or b"%00" in self._raw_path
        if self.repeated:
            names = [name for name, _ in scope["headers"]]
            for name in _SINGLE:
                if names.count(name) > 1:
                    raise InvalidRequest(
                        f"The header {name.decode()} was sent more than once", code="validation_error.repeated_header"
                    )
        if self.method not in ("GET", "HEAD"):
            body = await read_body(receive, limit, self.headers.get(b"content-length"))
            self.body = parse_json(body, self.header(b"content-type"))
            self.maybe_nul = self.maybe_nul or b"\\u0000" in body

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return value.decode("latin-1") if value is not None else None

    def credential(self) -> Credential:
        """The key from the Authorization header, X-API-Key, or (deprecated) the query string."""
        authorization = self.headers.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer" and token.strip():
                return Credential(token.strip())
        if key := self.header(b"x-api-key"):
            return Credential(key.strip())
        if key := self.query.get("api_key"):
            return Credential(key, in_query=True)
        return Credential()


def check_path(raw: bytes) -> None:
    """Refuse what is not UTF-8, and an encoded slash: ``/deals/a%2Fsign`` is not ``/deals/a/sign``."""
    try:
        unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidRequest("The path is not valid UTF-8") from None
    if b"%2f" in raw.lower():
        raise NotFound("There is nothing at a path with an encoded slash", hint=_NOWHERE)


def parse_query(raw: bytes) -> dict[str, str]:
    """The query string, last value winning. Raises InvalidRequest for bytes that are not UTF-8."""
    found: dict[str, str] = {}
    if not raw:
        return found
    try:
        for pair in raw.split(b"&"):
            if pair:
                name, _, value = pair.partition(b"=")
                found[_unquote(name)] = _unquote(value)
    except UnicodeDecodeError:
        raise InvalidRequest("The query string is not valid UTF-8") from None
    return found


def _unquote(raw: bytes) -> str:
    if b"+" in raw:
        raw = raw.replace(b"+", b" ")
    return (unquote_to_bytes(raw) if b"%" in raw else raw).decode("utf-8")


async def read_body(receive: Receive, limit: int, declared: bytes | None) -> bytes:
    """The whole body; raises PayloadTooLarge as soon as it is known to be, and Gone when the rest never comes."""
    too_large = PayloadTooLarge(f"The body is larger than {limit} bytes")
    if declared is not None and declared.isdigit() and int(declared[:18]) > limit:
        raise too_large
    message = await _part(receive)
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        chunks = [body]
        size = len(body)
        while message.get("more_body"):
            message = await _part(receive)
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise too_large
            chunks.append(chunk)
        body = b"".join(chunks)
    if len(body) > limit:
        raise too_large
    return body


async def _part(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    return message


def parse_json(body: bytes, content_type: str | None) -> dict[str, Any]:
    """The JSON object of a body; an empty body is an empty object."""
    if not body or body.isspace():
        return {}
    if content_type is not None:
        kind = content_type.partition(";")[0].strip().lower()
        if kind and kind != "application/json" and not kind.endswith("+json"):
            raise UnsupportedMediaType(f"Send application/json, not {kind[:60]}")
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise InvalidRequest(f"The body is not valid JSON: {problem}", code="validation_error.invalid_json") from None
    if not isinstance(found, dict):
        raise InvalidRequest("The body must be a JSON object", code="validation_error.invalid_json")
    if body.count(b"{") + body.count(b"[") > _MAX_NESTING and _deeper_than(found, _MAX_NESTING):
        raise InvalidRequest(f"The body is nested deeper than {_MAX_NESTING} levels", code="validation_error.too_deep")
    return found


def _deeper_than(value: Any, levels: int) -> bool:
    """Whether objects and arrays are nested deeper than that; without recursion, whatever was sent."""
    layer = [value]
    for _ in range(levels):
        layer = [
            child
            for each in layer
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return any(isinstance(each, dict | list) for each in layer)


class SalesboothApi:
    """Serves every operation below ``/api/v1``, and below ``/v1`` on the hosts that are configured for it."""

    def __init__(self, pipeline: Pipeline, admission: Admission, registry: Registry, settings: Settings) -> None:
        self._pipeline = pipeline
        self._admission = admission
        self._settings = settings
        self._router = Router(registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, base: str = BASE) -> None:
        if scope["method"] == "OPTIONS":
            await _respond(send, 204, b"", self._preflight(scope))
            return
        ref = new_ref()
        request = Request(scope, base)
        extra = _cors(request.header(b"origin"))
        legacy = False
        try:
            understood = await self._understand(request, scope, receive)
            limit = None if isinstance(understood, DealwrightError) else understood[0].limit
            admitted = await self._admission.admit(request.credential(), request.ip, limit)
            extra = self._headers_for(admitted, request)
            legacy = admitted.principal.settings.legacy_error_codes
            if isinstance(understood, DealwrightError):
                raise understood
            address = origin.of(scope, request.headers.get(b"host"), self._settings.public_url)
            outcome = await self._pipeline.run(_call(request, *understood, admitted, ref, address))
        except Gone:
            return
        except _OriginRefused as refusal:
            outcome, extra = failure(refusal.error, ref), _limits(refusal.verdict)
        except Refused as refusal:
            outcome, extra = failure(refusal.error, ref), extra + _limits(refusal.verdict)
        except DealwrightError as error:
            outcome = failure(error, ref)
            if isinstance(error, WrongMethod):
                extra.append((b"allow", error.allowed.encode()))
        except Exception:
            log.exception("request_failed", ref=ref)
            outcome = failure(InternalError(), ref)
        extra.append((b"x-request-id", ref.encode()))
        await self._send(send, outcome, extra, legacy_codes=legacy, head=request.method == "HEAD")

    async def _understand(
        self, request: Request, scope: Scope, receive: Receive
    ) -> tuple[Operation, dict[str, Any]] | DealwrightError:
        """The operation and its arguments, or what is wrong with the request: said only to an admitted caller, so that
        nobody can send nonsense without being counted.
        """
        try:
            await request.read(scope, receive, self._settings.max_body_bytes)
            if request.path is None:
                raise NotFound(f"There is nothing at {scope['path'][:200]}", hint=_NOWHERE)
            operation, in_path = self._router.resolve(request.method, request.path, request.query, request.body)
            arguments = arguments_of(operation, request.query, in_path, request.body)
            if request.maybe_nul:
                fields.refuse_nul(arguments)
            return operation, arguments
        except DealwrightError as error:
            return error

    @staticmethod
    def _preflight(scope: Scope) -> Headers:
        page = dict(scope["headers"]).get(b"origin", b"*")
        return [
            (b"access-control-allow-origin", page),
            (b"access-control-allow-methods", _ALLOW_METHODS),
            (b"access-control-allow-headers", _ALLOW_HEADERS),
            (b"access-control-max-age", b"600"),
            (b"vary", b"Origin"),
        ]

    @staticmethod
    def _headers_for(admitted: Admitted, request: Request) -> Headers:
        """Limit, CORS and deprecation headers; raises Refused for an origin that the key does not allow."""
        page = request.header(b"origin")
        allowed = admitted.principal.allowed_origins
        if page is not None and allowed and page not in allowed:
            refusal = Forbidden(
                f"This key may not be used from {page[:200]}",
                code="authorization_error.origin_not_allowed",
                hint="Add the origin to the key's allowed_origins.",
            )
            raise _OriginRefused(refusal, admitted.verdict)
        found = _limits(admitted.verdict) + _cors(page)
        if admitted.deprecated:
            found.append(_DEPRECATION)
        return found

    @staticmethod
    async def _send(send: Send, outcome: Outcome, extra: Headers, *, legacy_codes: bool, head: bool) -> None:
        headers = rendering.headers(outcome) + extra
        if outcome.status == 204:
            await _respond(send, 204, b"", headers)
            return
        if outcome.media_type is not None and outcome.error is None:
            raw = outcome.data if isinstance(outcome.data, bytes) else str(outcome.data).encode()
            headers.append((b"content-type", outcome.media_type.encode()))
        else:
            raw = rendering.body(outcome, legacy_codes=legacy_codes)
            headers.append(_JSON)
        await _respond(send, rendering.status(outcome), raw, headers, head=head)


class _OriginRefused(Refused):
    """Refused for its origin: the answer must not carry Access-Control-Allow-Origin."""


def _call(
    request: Request, operation: Operation, arguments: dict[str, Any], admitted: Admitted, ref: str, address: str
) -> Call:
    return Call(
        operation=operation,
        arguments=arguments,
        principal=admitted.principal,
        ref=ref,
        if_match=request.header(b"if-match"),
        idempotency_key=request.header(b"idempotency-key"),
        delegation_id=request.header(b"x-delegation-id"),
        origin=address,
    )


def arguments_of(
    operation: Operation, query: Mapping[str, str], in_path: Mapping[str, str], body: Mapping[str, Any]
) -> dict[str, Any]:
    """The flat arguments of an operation: body members, then what the documented call carries in the query."""
    arguments = {**body}
    for name in operation.query_fields:
        if name in in_path:
            arguments[name] = in_path[name]
        elif name in query:
            arguments[name] = query[name]
    return arguments


def _cors(page: str | None) -> Headers:
    if page is None:
        return []
    return [
        (b"access-control-allow-origin", page.encode("latin-1")),
        (b"access-control-expose-headers", _EXPOSE_HEADERS),
        (b"vary", b"Origin"),
    ]


def _limits(verdict: Verdict | None) -> Headers:
    return rendering.limit_headers(verdict) if verdict is not None else []


async def _respond(send: Send, status: int, body: bytes, headers: Headers, *, head: bool = False) -> None:
    """Send it; ``head`` leaves the body away and everything else as it would be."""
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
