"""What the HTTP surfaces share: the way of a request through a surface, as a plain ASGI application.

A surface turns a request into a :class:`Call` and an :class:`Outcome` into a response. Reading, routing, admission and
the treatment of failures are the same for all of them; a surface adds where the key stands, its envelope, its errors
and its headers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final
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
    InternalError,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from dealwright.kernel.files import FileTooLarge
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import Call, Outcome, Pipeline, failure
from dealwright.kernel.settings import Settings
from dealwright.surfaces import forms, origin
from dealwright.surfaces.routing import Router, WrongMethod
from dealwright.surfaces.streaming import Streams

log = structlog.get_logger("dealwright.http")

Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
_MAX_NESTING: Final = 64
"""Levels of objects and arrays in a body: far more than any operation takes, far fewer than any walker can bear."""

_NOWHERE: Final = "See /docs for every path of this API."


class Gone(Exception):
    """The caller hung up before the whole body had come; half a request must not run."""


class Request:
    """What a surface needs of an HTTP request, read once.

    ``single`` names the headers that decide what a request does: two of one name contradict each other.
    """

    __slots__ = (
        "_raw_path",
        "_raw_query",
        "_single",
        "body",
        "extra",
        "headers",
        "ip",
        "maybe_nul",
        "method",
        "origin",
        "path",
        "query",
        "raw",
        "ref",
        "repeated",
    )

    def __init__(self, scope: Scope, base: str, single: frozenset[bytes], ref: str) -> None:
        self.method: str = scope["method"]
        self.path: str | None = scope["path"][len(base) :] if scope["path"].startswith(f"{base}/") else None
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.repeated = len(self.headers) != len(scope["headers"])
        self._single = single
        self.query: dict[str, str] = {}
        self._raw_path: bytes = scope.get("raw_path") or b""
        self._raw_query: bytes = scope["query_string"]
        self.maybe_nul = False
        """Whether U+0000 may be among the arguments: spares the search for it in nearly every request."""
        client = scope.get("client")
        self.ip: str = client[0] if client else "unknown"
        self.raw = b""
        self.body: dict[str, Any] = {}
        self.ref = ref
        self.origin = ""
        self.extra: Headers = []
        """Headers of the answer that are known before it."""

    async def read(
        self, scope: Scope, receive: Receive, limit: int, *, parse: bool = True, file_limit: int | None = None
    ) -> None:
        """Query, headers and body; raises InvalidRequest, PayloadTooLarge, UnsupportedMediaType, or Gone.

        What a GET or HEAD may carry as a body means nothing (RFC 9110) and stays unread. A body that is not to be
        parsed stays as it came, in ``raw``. ``file_limit`` is given where a form with a file may come.
        """
        self.query = parse_query(self._raw_query)
        if b"%" in self._raw_path:
            check_path(self._raw_path)
        self.maybe_nul = b"%00" in self._raw_query or b"%00" in self._raw_path
        if self.repeated:
            names = [name for name, _ in scope["headers"]]
            for name in self._single:
                if names.count(name) > 1:
                    raise InvalidRequest(
                        f"The header {name.decode()} was sent more than once", code="validation_error.repeated_header"
                    )
        kind = self.header(b"content-type")
        declared = self.headers.get(b"content-length")
        if file_limit is not None and kind is not None and forms.is_form(kind):
            try:
                form = await read_body(receive, file_limit + forms.ENVELOPE, declared)
            except PayloadTooLarge:
                raise FileTooLarge(f"The file is larger than {file_limit} bytes") from None
            self.body = await forms.parse(form, kind)
            self.maybe_nul = True
        elif self.method not in ("GET", "HEAD"):
            self.raw = await read_body(receive, limit, declared)
            if parse:
                self.body = parse_json(self.raw, kind)
                self.maybe_nul = self.maybe_nul or b"\\u0000" in self.raw

    def called_url(self, scope: Scope, public_url: str | None) -> str:
        """The address that was called, as a sender who signs it spells it."""
        path = (self._raw_path or scope["path"].encode()).partition(b"?")[0]
        query = b"?" + self._raw_query if self._raw_query else b""
        return origin.of(scope, self.headers.get(b"host"), public_url) + (path + query).decode("latin-1")

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return value.decode("latin-1") if value is not None else None


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


def limit_headers(verdict: Verdict | None) -> Headers:
    """The state of the limits, which both documented APIs tell under the same names."""
    if verdict is None:
        return []
    return [
        (b"x-ratelimit-limit", str(verdict.limit).encode()),
        (b"x-ratelimit-remaining", str(verdict.remaining).encode()),
        (b"x-ratelimit-reset", str(verdict.reset_at).encode()),
    ]


class HttpApi(ABC):
    """One HTTP surface over the operations of a registry."""

    single: ClassVar[frozenset[bytes]]
    """Headers of which a request has one at most."""

    def __init__(self, pipeline: Pipeline, admission: Admission, registry: Registry, settings: Settings) -> None:
        self.pipeline = pipeline
        self.admission = admission
        self.settings = settings
        self.router = Router(registry)
        self.streams = Streams(admission.holds)

    @abstractmethod
    def credential(self, request: Request) -> Credential:
        """The caller's key."""

    @abstractmethod
    def call(self, request: Request, operation: Operation, arguments: dict[str, Any], admitted: Admitted) -> Call:
        """The call that a request makes; ``ref`` and ``origin`` are the request's own."""

    @abstractmethod
    async def send(self, send: Send, request: Request, outcome: Outcome, admitted: Admitted | None) -> None:
        """Answer in the surface's own form. ``request.extra`` holds headers that go along."""

    def head(self, request: Request, outcome: Outcome, admitted: Admitted | None) -> Headers:
        """The headers of an answer in the surface's own form, those of its body excepted."""
        return list(request.extra)

    def new_ref(self) -> str:
        """An id of the request to quote to support."""
        return new_ref()

    def objection(self, request: Request, admitted: Admitted, operation: Operation | None) -> DealwrightError | None:
        """What speaks against a caller who is known, if anything does; no operation: the request is no call."""
        return None

    async def serve(self, scope: Scope, receive: Receive, send: Send, base: str) -> None:
        """Answer one request. Nobody learns what is wrong with it without being counted."""
        request = Request(scope, base, self.single, self.new_ref())
        admitted: Admitted | None = None
        try:
            understood = await self._understand(request, scope, receive)
            wanted = None if isinstance(understood, DealwrightError) else understood[0]
            request.origin = origin.of(scope, request.headers.get(b"host"), self.settings.public_url)
            limit = wanted.limit if wanted is not None else None
            signed = wanted is not None and "signature" in wanted.auth
            found = await self.admission.admit(self.credential(request), request.ip, limit, signed=signed)
            if (objection := self.objection(request, found, wanted)) is not None:
                raise Refused(objection, found.verdict)
            admitted = found
            request.extra += limit_headers(admitted.verdict)
            if isinstance(understood, DealwrightError):
                raise understood
            outcome = await self.pipeline.run(self.call(request, *understood, admitted))
            if outcome.stream is not None:
                headers = self.head(request, outcome, admitted)
                body = outcome.stream
                head_only = request.method == "HEAD"
                credential = self.credential(request)
                await self.streams.run(receive, send, outcome.media_type, headers, body, credential, head=head_only)
                return
        except Gone:
            return
        except Refused as refusal:
            outcome = failure(refusal.error, request.ref)
            request.extra += limit_headers(refusal.verdict)
        except DealwrightError as error:
            outcome = failure(error, request.ref)
            if isinstance(error, WrongMethod):
                request.extra.append((b"allow", error.allowed.encode()))
        except Exception:
            log.exception("request_failed", ref=request.ref)
            outcome = failure(InternalError(), request.ref)
        await self.send(send, request, outcome, admitted)

    async def _understand(
        self, request: Request, scope: Scope, receive: Receive
    ) -> tuple[Operation, dict[str, Any]] | DealwrightError:
        """The operation and its arguments, or what is wrong with the request."""
        try:
            parse = request.path is None or not self.router.takes_raw(request.path)
            takes_file = request.path is not None and self.router.takes_files(request.method, request.path)
            file_limit = self.settings.max_upload_bytes if takes_file else None
            await request.read(scope, receive, self.settings.max_body_bytes, parse=parse, file_limit=file_limit)
            if request.path is None:
                raise NotFound(f"There is nothing at {scope['path'][:200]}", hint=_NOWHERE)
            operation, in_path = self.router.resolve(request.method, request.path, request.query, request.body)
            arguments = arguments_of(operation, request.query, in_path, request.body)
            for name, header in operation.header_fields.items():
                if (value := request.header(header.lower().encode())) is not None:
                    arguments[name] = value
            if operation.body_field is not None:
                arguments[operation.body_field] = request.raw
            if operation.url_field is not None:
                arguments[operation.url_field] = request.called_url(scope, self.settings.public_url)
            if request.maybe_nul:
                fields.refuse_nul(arguments)
            return operation, arguments
        except DealwrightError as error:
            return error


async def respond(send: Send, status: int, body: bytes, headers: Headers, *, head: bool = False) -> None:
    """Send it; ``head`` leaves the body away and everything else as it would be."""
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})
