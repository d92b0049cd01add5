"""The client without a network: how a call becomes a request, an answer a result, and when to try again.

Both clients drive these functions; they add nothing but the sending and the waiting.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from dealwright_client import errors
from dealwright_client.errors import ApiError, ConnectionFailed
from dealwright_client.values import UNSET, File

T = TypeVar("T")

VERSION: Final = "0.1.0"
_SAFE: Final = ("GET", "HEAD")
_PASSING: Final = (429, 502, 503, 504)
_STILL_RUNNING: Final = "conflict.idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Endpoint(Generic[T]):
    """One operation of the server. ``T`` is the type of its result."""

    method: str
    path: str
    query: frozenset[str] = frozenset()
    """Arguments that travel in the query string; those of the path excepted, the others make the body."""
    files: frozenset[str] = frozenset()
    """Arguments that are files; the body is then a form."""
    idempotent: bool = False
    """Whether the server honours an Idempotency-Key, so that trying again is safe."""
    nulls: bool = False
    """Whether ``None`` is sent as null: partial updates. Elsewhere it is the same as leaving the argument out."""


@dataclass(frozen=True, slots=True)
class Retries:
    """When a call is tried again: exponential backoff with full jitter.

    Only calls that cannot act twice are repeated: reads, and writes that carry an idempotency key.
    """

    most: int = 3
    """Further tries after the first."""
    base: float = 0.5
    """Seconds; the wait before try n is a random part of ``base * 2**n`` …"""
    cap: float = 8.0
    """… and never more than this, unless the server asks for more …"""
    longest: float = 60.0
    """… with Retry-After, which is honoured up to here; a longer one is raised at once."""

    def pause(self, tried: int, failure: ApiError | ConnectionFailed) -> float | None:
        """Seconds to wait after ``tried`` further tries; None to give up."""
        if tried >= self.most or not _passes(failure):
            return None
        jitter = random.uniform(0, min(self.cap, self.base * 2**tried))
        asked = failure.retry_after if isinstance(failure, ApiError) else None
        if asked is None:
            return jitter
        return None if asked > self.longest else asked + min(jitter, self.base)


def _passes(failure: ApiError | ConnectionFailed) -> bool:
    """Whether the trouble may be gone a moment later."""
    if isinstance(failure, ConnectionFailed):
        return True
    return failure.retryable and (failure.status in _PASSING or failure.code == _STILL_RUNNING)


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every call of a client."""

    api_key: str = field(repr=False)
    base_url: str
    timeout: float = 30.0
    retries: Retries = field(default_factory=Retries)
    delegation_id: str | None = None


def base_of(url: str) -> str:
    """Where the API is: the address as given, or ``/api/v1`` there when only a host is named."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError("base_url must be an address such as https://deals.example.com")
    return url.rstrip("/") if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}/api/v1"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send."""

    method: str
    url: str
    headers: dict[str, str]
    content: bytes | None
    timeout: float
    repeatable: bool
    """Whether sending it again cannot act twice."""


@dataclass(frozen=True, slots=True)
class Received:
    """What came back. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds, then send again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A result with what stood around it."""

    data: T
    status: int
    headers: Mapping[str, str]

    @property
    def version(self) -> int | None:
        """The record's version, from the ETag: what the next ``if_match`` takes."""
        tag = self.headers.get("etag", "").removeprefix("W/").strip('"')
        return int(tag) if tag.isdigit() else None

    @property
    def replayed(self) -> bool:
        """Whether this is the kept answer of an earlier request with the same idempotency key."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def ref(self) -> str | None:
        """The trace id of the request."""
        return self.headers.get("x-request-id")


def _plain(value: object) -> object:
    """What JSON has no type for."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (date, datetime)):
        return _instant(value)
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _instant(value: date | datetime) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a datetime without a zone says no instant; give it one, for example datetime.now(UTC)")
    return value.isoformat()


def _in_query(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (date, datetime)):
        return _instant(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(str(each) for each in value)
    return str(value)


def build(
    endpoint: Endpoint[Any],
    arguments: Mapping[str, object],
    options: Options,
    *,
    if_match: int | str | None = None,
    idempotency_key: str | None = None,
    timeout: float | None = None,
) -> Request:
    """The request of a call. A write that may carry an idempotency key gets one, the same for every try."""
    left = {
        name: value for name, value in arguments.items() if value is not UNSET and (value is not None or endpoint.nulls)
    }
    path = endpoint.path
    for name in [name for name in left if f"{{{name}}}" in path]:
        text = str(left.pop(name))
        if text in ("", ".", ".."):
            raise ValueError(f"{name} must not be {text!r}: it stands in the path")
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    query = {name: _in_query(left.pop(name)) for name in sorted(endpoint.query & left.keys())}
    headers = {
        "authorization": f"Bearer {options.api_key}",
        "accept": "application/json, */*;q=0.5",
        "user-agent": f"dealwright-client/{VERSION}",
    }
    if options.delegation_id is not None:
        headers["x-delegation-id"] = options.delegation_id
    if if_match is not None:
        headers["if-match"] = f'W/"{if_match}"' if isinstance(if_match, int) else if_match
    if endpoint.idempotent:
        headers["idempotency-key"] = idempotency_key if idempotency_key is not None else uuid.uuid4().hex
    content: bytes | None = None
    if endpoint.files:
        content, headers["content-type"] = _form(endpoint.files, left)
    elif endpoint.method not in _SAFE and (left or endpoint.method in ("PUT", "PATCH")):
        content, headers["content-type"] = json.dumps(left, default=_plain).encode(), "application/json"
    return Request(
        method=endpoint.method,
        url=options.base_url + path + (f"?{urlencode(query)}" if query else ""),
        headers=headers,
        content=content,
        timeout=options.timeout if timeout is None else timeout,
        repeatable=endpoint.method in _SAFE or endpoint.idempotent,
    )


def _form(files: frozenset[str], members: Mapping[str, object]) -> tuple[bytes, str]:
    """The members as multipart/form-data (RFC 7578), which is read into memory so that it can be sent again."""
    boundary = uuid.uuid4().hex
    parts: list[bytes] = []
    for name, value in members.items():
        disposition = f'form-data; name="{name}"'
        if name in files:
            filename, raw = _file(value)
            disposition += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
        elif isinstance(value, str):
            raw = value.encode()
        else:
            raw = json.dumps(value, default=_plain).encode()
        parts.append(f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + raw + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _file(value: Any) -> tuple[str, bytes]:
    given: File = value
    name = "file"
    if isinstance(given, tuple):
        name, given = given
    elif not isinstance(given, (bytes, bytearray)):
        name = str(getattr(given, "name", name)).rpartition("/")[2] or name
    raw = bytes(given) if isinstance(given, (bytes, bytearray)) else given.read()
    for character, escaped in (("\r", "%0D"), ("\n", "%0A"), ('"', "%22")):
        name = name.replace(character, escaped)
    return name, raw


Steps: TypeAlias = Generator[Request | Pause, Received | None, Received]


def attempts(request: Request, retries: Retries) -> Steps:
    """The way of one call: yields what to send and how long to wait, takes what came back, returns the good answer.

    The driver sends a :class:`Received` for a request and None for a pause, and throws :class:`ConnectionFailed` when
    nothing came. Raises ApiError or ConnectionFailed when there is no further try.
    """
    tried = 0
    while True:
        failure: ApiError | ConnectionFailed
        try:
            received = yield request
            assert received is not None
            if received.status < 400:
                return received
            failure = error_of(received)
        except ConnectionFailed as problem:
            failure = problem
        pause = retries.pause(tried, failure) if request.repeatable else None
        if pause is None:
            raise failure
        tried += 1
        yield Pause(pause)


def error_of(received: Received) -> ApiError:
    """The error that an answer of 400 or more stands for."""
    return errors.from_answer(received.status, received.content, _retry_after(received.headers.get("retry-after")))


def _retry_after(header: str | None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date (RFC 9110)."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None


def decode(endpoint: Endpoint[T], received: Received) -> Answer[T]:
    """The result inside an answer: the envelope's data, or text or bytes where the server sends a file."""
    return Answer(_data(received), received.status, received.headers)


def _data(received: Received) -> Any:
    kind = received.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not received.content:
        return None
    if kind.endswith("json"):
        body = json.loads(received.content)
        enveloped = isinstance(body, dict) and body.get("success") is True and "data" in body
        return body["data"] if enveloped else body
    return received.content.decode() if kind.startswith("text/") else received.content


def following(arguments: Mapping[str, object], page: Any) -> dict[str, object] | None:
    """The arguments of the next page of a list; None after the last one."""
    place = page["pagination"]
    if place.get("next_cursor"):
        return {**arguments, "after": place["next_cursor"]}
    if "offset" not in place:
        return None
    reached = place["offset"] + place.get("count", place["limit"])
    more = place["has_more"] if "has_more" in place else reached < place["total"]
    return {**arguments, "offset": reached} if more and reached > place["offset"] else None
