"""What the documentation pages show of each operation, read from the registry and its OpenAPI entry."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

import orjson
from markupsafe import Markup, escape

from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing import spelling
from dealwright.surfaces.describing.samples import Sampler
from dealwright.surfaces.describing.schemas import Schemas
from dealwright.surfaces.salesbooth import openapi
from dealwright.surfaces.salesbooth.openapi import Failure
from dealwright.surfaces.web import schema_rows
from dealwright.surfaces.web.schema_rows import Row

ORIGIN: Final = "https://origin.invalid"
"""Stands for this server's address in kept pages; replaced when a page is sent."""

_WHO: Final = {
    "secret_key": "secret key",
    "publishable_key": "publishable key",
    "session": "signed-in person",
    "public": "everybody",
    "signature": "signed webhook",
    "customer_token": "signed-in customer",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An operation in the navigation."""

    id: str
    group: str
    method: str
    title: str
    summary: Markup
    wire: str
    words: str
    """What the search looks through."""


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about one operation."""

    id: str
    method: str
    title: str
    summary: Markup
    text: Markup
    wire: str
    wire_body: str
    rest: str
    scope: str | None
    callers: tuple[str, ...]
    tool: str | None
    events: tuple[str, ...]
    in_documented_path: bool
    path: tuple[Row, ...]
    query: tuple[Row, ...]
    headers: tuple[Row, ...]
    body: tuple[Row, ...]
    statuses: tuple[int, ...]
    enveloped: bool
    media_types: tuple[str, ...]
    result: tuple[Row, ...]
    failures: tuple[Failure, ...]
    limit: str | None
    curl: str
    answer: str


class Documentation:
    """The documentation of all operations; a group's pages are made when they are first asked for."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = sorted(operations, key=lambda each: each.group)
        self.groups = [
            Group(name, spelling.title(name), tuple(map(_entry, members)))
            for name, members in itertools.groupby(self._operations, lambda each: each.group)
        ]
        self.operations = len(self._operations)
        self.tools = sum(each.tool is not None for each in self._operations)

    @cached_property
    def _schemas(self) -> Schemas:
        return Schemas(self._operations)

    def group(self, name: str) -> Group | None:
        return next((each for each in self.groups if each.name == name), None)

    def pages(self, group: str) -> list[Page]:
        return [self._page(each) for each in self._operations if each.group == group]

    def found(self, text: str) -> list[Entry]:
        """The entries that hold every word of ``text``."""
        words = text.casefold().split()
        return [each for group in self.groups for each in group.entries if all(word in each.words for word in words)]

    def _page(self, operation: Operation) -> Page:
        sampler = Sampler(self._schemas)
        described = openapi.describe(operation, self._schemas, sampler)
        given = {"path": [], "query": [], "header": []}  # type: dict[str, list[Row]]
        for each in described["parameters"]:
            schema = {**each["schema"], "description": each.get("description", "")}
            made = schema_rows.row(self._schemas, each["name"], schema, required=each["required"])
            given[each["in"]].append(made)
        body = self._schemas.body(operation) if "requestBody" in described else None
        result = self._schemas.result(operation)
        limit = operation.limit
        return Page(
            id=operation.id,
            method=operation.route.method,
            title=spelling.operation_title(operation),
            summary=inline(operation.summary),
            text=prose(operation.description),
            wire=spelling.query_style(operation),
            wire_body=orjson.dumps(in_body).decode() if (in_body := spelling.body_selector(operation)) else "",
            rest=spelling.rest_style(operation),
            scope=operation.scope,
            callers=tuple(_WHO[each] for each in sorted(operation.auth)),
            tool=operation.tool.name if operation.tool is not None else None,
            events=operation.events,
            in_documented_path=bool(spelling.in_path(operation.route.path)),
            path=tuple(given["path"]),
            query=tuple(given["query"]),
            headers=tuple(given["header"]),
            body=tuple(schema_rows.rows(self._schemas, body)) if body is not None else (),
            statuses=(operation.status, *operation.also_status),
            enveloped=operation.enveloped,
            media_types=operation.media_types,
            result=tuple(schema_rows.rows(self._schemas, result)),
            failures=tuple(openapi.failures(operation, self._schemas)),
            limit=f"{limit.limit} requests in {_span(limit.window_seconds)} per address" if limit is not None else None,
            curl=_curl(operation, described),
            answer=_answer(operation, sampler.sample(result, resource=operation.resource)),
        )


def _entry(operation: Operation) -> Entry:
    wire = spelling.query_style(operation)
    tool = operation.tool.name if operation.tool is not None else ""
    words = f"{operation.id} {operation.summary} {wire} {tool}".casefold()
    return Entry(
        operation.id,
        operation.group,
        operation.route.method,
        spelling.operation_title(operation),
        inline(operation.summary),
        wire,
        words,
    )


_CODE: Final = re.compile(r"``?([^`]+)``?")


def inline(text: str) -> Markup:
    """Text with code in backquotes, as HTML."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def prose(text: str) -> Markup:
    """Paragraphs of such text."""
    paragraphs = [re.sub(r"\s+", " ", each).strip() for each in text.split("\n\n")]
    return Markup("").join(Markup("<p>{}</p>").format(inline(each)) for each in paragraphs if each)


def _span(seconds: int) -> str:
    return {60: "a minute", 3600: "an hour", 86_400: "a day"}.get(seconds, f"{seconds} s")


def _indented(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode()


def _answer(operation: Operation, data: Any) -> str:
    return _indented({"error": False, "success": True, "data": data} if operation.enveloped else data)


def _curl(operation: Operation, described: dict[str, Any]) -> str:
    """A call in the documented form, ready for a shell."""
    route = operation.route
    examples = {each["name"]: each.get("example") for each in described["parameters"]}
    path = re.sub(r"\{(\w+)\}", lambda name: quote(str(examples.get(name[1]) or name[1])), route.path)
    stated = spelling.in_path(route.path)
    pairs = {
        each["name"]: each.get("example")
        for each in described["parameters"]
        if each["in"] != "header" and each["required"] and each["name"] not in stated
    }
    body = dict(described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example") or {})
    if route.action is not None:
        (pairs if route.selector_in == "query" else body)[route.selector] = route.action
    query = "&".join(f"{name}={quote(str(value), safe=',:')}" for name, value in pairs.items())
    url = f"{ORIGIN}/api/v1{path}{'?' if query else ''}{query}"
    method = "" if route.method == "GET" else f" -X {route.method}"
    lines = [f"curl{method} {shlex.quote(url)}"]
    if not operation.keyless:
        lines.append('-H "Authorization: Bearer $API_KEY"')
    if operation.locking is not None:
        lines.append("-H 'If-Match: W/\"1\"'")
    if body:
        lines.append("-H 'Content-Type: application/json'")
        lines.append(f"-d {shlex.quote(_indented(body))}")
    return " \\\n  ".join(lines)
