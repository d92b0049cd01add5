"""An operation is declared once; every surface is a projection of it.

``@operation`` ties a handler to its documented wire form, its scope, its input and result models, the events that it
may fire and its MCP tool. The declarations land in a :class:`Registry` that HTTP routing, OpenAPI, MCP, batch, the
SDKs and the permission check all read. See docs/architecture.md, "One declaration, every surface".
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel

from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.fields import CalledUrl, InHeader, InQuery, RawBody
from dealwright.kernel.files import UploadedFile

if TYPE_CHECKING:
    from dealwright.kernel.access.rate_limits import Rule
    from dealwright.kernel.access.roles import Role

Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]
Credential = Literal["secret_key", "publishable_key", "session", "public", "signature", "customer_token"]


@dataclass(frozen=True, slots=True)
class Cookie:
    """What the caller's browser keeps and sends back, out of the reach of scripts."""

    name: str
    value: str
    """Empty: the browser forgets it."""
    max_age: int | None = None
    """Seconds; None: until the browser is closed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers: wire data, the record's version for the ETag, and what differs from the declaration."""

    data: Any
    version: int | None = None
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    media_type: str | None = None
    """Set when ``data`` is text or bytes to be sent as they are, for example ``text/csv``."""
    cookies: tuple[Cookie, ...] = ()
    stream: AsyncGenerator[bytes, None] | None = None
    """The body of an answer without an end, of this media type. Only for operations with ``own_transactions``: none is
    open while it flows. Whoever sends it closes it, when the caller hangs up or the key no longer holds."""


@dataclass(frozen=True, slots=True)
class Tool:
    """The MCP tool of an operation: its documented name and category."""

    name: str
    category: str
    arguments: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Arguments that the tool documents under a name of its own, and the field of the input that each one fills."""


@dataclass(frozen=True, slots=True)
class Route:
    """The documented wire form, ``METHOD path?selector=action``, and its REST spelling.

    ``present`` lists parameters whose presence selects this operation among those of one path (``GET /deals?id=``).
    """

    method: Method
    path: str
    action: str | None = None
    selector: str = "action"
    selector_in: Literal["query", "body"] = "query"
    present: tuple[str, ...] = ()
    rest: str = ""
    also: tuple[str, ...] = ()
    """Further documented spellings of the path, with parameters in braces."""
    also_methods: tuple[Method, ...] = ()
    """Methods that are taken for the declared one, where the documents do not say which it is."""


Handler = Callable[[Any, Any], Awaitable[Reply]]
"""``async def handler(ctx: Context, params: Input) -> Reply``, with Steps in place of Context where the operation runs
its own transactions."""
H = TypeVar("H", bound=Callable[..., Awaitable[Reply]])


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a caller can do, with everything that any surface needs to know about it."""

    id: str
    route: Route
    handler: Handler
    input: type[BaseModel]
    result: type[BaseModel] | None
    summary: str
    description: str
    scope: str | None
    or_scopes: tuple[str, ...]
    """Scopes of which one is as good as ``scope`` at the door; the handler then looks which the record needs."""
    auth: frozenset[Credential]
    status: int
    events: tuple[str, ...]
    errors: tuple[type[DealwrightError], ...]
    tool: Tool | None
    locking: Literal["required", "optional"] | None
    idempotent: bool
    shaped: bool
    """Whether fields, include, exclude and format=minimal apply to the result."""
    resource: str
    """The name of the record that the operation is about (``deal``); decides which expansions exist."""
    limit: Rule | None
    """A documented per-endpoint, per-IP limit on top of the general tiers."""
    own_transactions: bool
    """The handler opens its transactions itself, because it talks to the outside world between them."""
    least_role: Role | None
    """What a signed-in person must at least be; None: what the scope says, and a member for a write without one."""
    across: bool
    """It works on what belongs to no workspace (people, sessions), in a transaction that sees every workspace."""
    enveloped: bool
    """Whether the result travels inside the surface's envelope; a few documented answers stand alone."""
    also_status: tuple[int, ...]
    """Further statuses with which it may answer its result (a health report with 503)."""
    media_types: tuple[str, ...]
    """Further media types that it may answer as they are (``text/csv``)."""
    query_fields: frozenset[str] = field(default_factory=frozenset)
    file_fields: frozenset[str] = field(default_factory=frozenset)
    """Fields that are files: the body is then a form."""
    header_fields: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Fields that a header may carry as well, with the header's name; the header wins."""
    body_field: str | None = None
    """The field that takes the body unparsed; the other fields then come from query and headers alone."""
    url_field: str | None = None
    """The field that takes the address that was called."""
    consumes: tuple[str, ...] = ("application/json",)
    """Media types of the body that it reads."""

    @property
    def keyless(self) -> bool:
        """Whether it is called without credentials: by everybody, or by whom its handler knows by a signature."""
        return not self.auth.isdisjoint({"public", "signature"})

    @property
    def writes(self) -> bool:
        return self.route.method != "GET"

    @property
    def group(self) -> str:
        return self.id.partition(".")[0]


class Registry:
    """All declared operations, by id and by tool name."""

    def __init__(self) -> None:
        self._operations: dict[str, Operation] = {}
        self._tools: dict[str, Operation] = {}

    def add(self, operation: Operation) -> None:
        """Raises ValueError when the id, the tool name or the wire form is already taken."""
        if operation.id in self._operations:
            raise ValueError(f"operation {operation.id} is declared twice")
        if operation.tool is not None and operation.tool.name in self._tools:
            raise ValueError(f"tool {operation.tool.name} is declared twice")
        self._operations[operation.id] = operation
        if operation.tool is not None:
            self._tools[operation.tool.name] = operation

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._operations.values())

    def __len__(self) -> int:
        return len(self._operations)

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._operations

    def __getitem__(self, operation_id: str) -> Operation:
        return self._operations[operation_id]

    def by_tool(self, name: str) -> Operation | None:
        return self._tools.get(name)


registry = Registry()
"""The one registry; modules fill it when they are imported by the composition root."""


def _hyphenated(action: str) -> str:
    return action.replace("_", "-")


def _rest_path(method: Method, path: str, action: str | None, present: tuple[str, ...]) -> str:
    """The REST spelling that follows from the documented one: ``/deals/{id}/transition``, ``/payments/confirm``."""
    parts = [path.rstrip("/")]
    if "id" in present and "{id}" not in path:
        parts.append("{id}")
    if action is not None:
        parts.append(_hyphenated(action))
    return "/".join(parts)


def _query_fields(model: type[BaseModel], method: Method) -> frozenset[str]:
    if method in ("GET", "DELETE"):
        return frozenset(model.model_fields)
    return frozenset(
        name
        for name, info in model.model_fields.items()
        if any(marker is InQuery or isinstance(marker, InQuery) for marker in info.metadata)
    )


def _header_fields(model: type[BaseModel]) -> dict[str, str]:
    return {
        name: marker.header
        for name, info in model.model_fields.items()
        for marker in info.metadata
        if isinstance(marker, InHeader)
    }


def _marked(model: type[BaseModel], marker: type) -> str | None:
    """The field that carries a marker, None where no field does."""
    for name, info in model.model_fields.items():
        if any(isinstance(each, marker) for each in info.metadata):
            return name
    return None


def _file_fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(name for name, info in model.model_fields.items() if info.annotation is UploadedFile)


def operation(
    operation_id: str,
    method: Method,
    path: str,
    *,
    action: str | None = None,
    selector: str = "action",
    selector_in: Literal["query", "body"] = "query",
    present: Iterable[str] = (),
    rest: str | None = None,
    also: Iterable[str] = (),
    also_methods: Iterable[Method] = (),
    scope: str | None,
    or_scopes: Iterable[str] = (),
    result: type[BaseModel] | None,
    auth: Iterable[Credential] = ("secret_key", "session"),
    status: int = 200,
    events: Iterable[str] = (),
    errors: Iterable[type[DealwrightError]] = (),
    tool: tuple[str, str] | None = None,
    tool_arguments: Mapping[str, str] | None = None,
    locking: Literal["required", "optional"] | None = None,
    idempotent: bool | None = None,
    shaped: bool = False,
    resource: str = "",
    limit: Rule | None = None,
    own_transactions: bool = False,
    least_role: Role | None = None,
    across: bool = False,
    enveloped: bool = True,
    also_status: Iterable[int] = (),
    media_types: Iterable[str] = (),
    consumes: Iterable[str] = ("application/json",),
    into: Registry = registry,
) -> Callable[[H], H]:
    """Declare the decorated handler ``async def f(ctx, params: Input) -> Reply`` as an operation.

    The input model is read from the annotation of the handler's second parameter, summary and description from its
    docstring. ``idempotent`` (Idempotency-Key is honoured) defaults to every POST that asks for credentials.
    ``tool_arguments`` says what the tool calls a field of the input otherwise: ``{"query": "search"}``.
    """

    def declare(handler: H) -> H:
        hints = typing.get_type_hints(handler)
        parameters = list(inspect.signature(handler).parameters)
        model = hints[parameters[1]]
        keyless = not frozenset(auth).isdisjoint({"public", "signature"})
        text = inspect.cleandoc(handler.__doc__ or "")
        head, _, rest_of_text = text.partition("\n\n")
        present_names = tuple(present)
        credentials = frozenset(auth)
        into.add(
            Operation(
                id=operation_id,
                route=Route(
                    method=method,
                    path=path,
                    action=action,
                    selector=selector,
                    selector_in=selector_in,
                    present=present_names,
                    rest=rest if rest is not None else _rest_path(method, path, action, present_names),
                    also=tuple(also),
                    also_methods=tuple(also_methods),
                ),
                handler=handler,
                input=model,
                result=result,
                summary=re.sub(r"\s+", " ", head).rstrip("."),
                description=rest_of_text,
                scope=scope,
                or_scopes=tuple(or_scopes),
                auth=credentials,
                status=status,
                events=tuple(events),
                errors=tuple(errors),
                tool=Tool(*tool, tool_arguments or {}) if tool is not None else None,
                locking=locking,
                idempotent=idempotent if idempotent is not None else method == "POST" and not keyless,
                shaped=shaped,
                resource=resource,
                limit=limit,
                own_transactions=own_transactions,
                least_role=least_role,
                across=across,
                enveloped=enveloped,
                also_status=tuple(also_status),
                media_types=tuple(media_types),
                query_fields=_query_fields(model, method),
                file_fields=_file_fields(model),
                header_fields=_header_fields(model),
                body_field=_marked(model, RawBody),
                url_field=_marked(model, CalledUrl),
                consumes=tuple(consumes),
            )
        )
        return handler

    return declare
