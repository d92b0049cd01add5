"""From a request line to an operation: the documented query style and the plain REST style, both from the registry.

Query style: operations that share a method and path are told apart by their selector (``action=…``; hyphens and
underscores are the same) and by the presence of parameters (``GET /deals?id=``). REST style: ``/deals/{id}/sign``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dealwright.kernel.errors import FieldError, InvalidFields, InvalidRequest, MethodNotAllowed, NotFound
from dealwright.kernel.operations import Operation, Route


@dataclass(frozen=True, slots=True)
class _Entry:
    """An operation at a path; ``action`` is the selector's value that picks it there, None when none is needed."""

    operation: Operation
    action: str | None
    selected: bool
    """Whether the selector decides (query style), or the path alone (REST style)."""


@dataclass(slots=True)
class _Node:
    """One segment of a path; a ``{name}`` segment matches anything and is tried after the literal ones."""

    children: dict[str, _Node] = field(default_factory=dict)
    parameter: tuple[str, _Node] | None = None
    entries: dict[str, list[_Entry]] = field(default_factory=dict)
    """By method."""


def _normal(action: str) -> str:
    return action.replace("-", "_")


def _documented_paths(route: Route) -> list[str]:
    """The paths on which the selector decides: the documented one, and the same with the id as a segment."""
    paths = [route.path, *route.also] if route.action is None else [route.path]
    if "id" in route.present and "{id}" not in route.path:
        paths.append(f"{route.path.rstrip('/')}/{{id}}")
    return paths


class Router:
    """Resolves paths below the API's base."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._root = _Node()
        for operation in operations:
            route = operation.route
            action = _normal(route.action) if route.action is not None else None
            documented = _documented_paths(route)
            for path in documented:
                self._add(path, _Entry(operation, action, selected=True))
            rest_only = [route.rest, *(route.also if route.action is not None else ())]
            for path in dict.fromkeys(rest_only):
                if path not in documented:
                    self._add(path, _Entry(operation, None, selected=False))

    def _add(self, path: str, entry: _Entry) -> None:
        node = self._root
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                if node.parameter is None:
                    node.parameter = segment[1:-1], _Node()
                node = node.parameter[1]
            else:
                node = node.children.setdefault(segment, _Node())
        entries = node.entries.setdefault(entry.operation.route.method, [])
        entries.append(entry)
        entries.sort(key=lambda each: -len(each.operation.route.present))

    def resolve(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]
    ) -> tuple[Operation, dict[str, str]]:
        """The operation, and the parameters that stood in the path.

        Raises NotFound for an unknown path, MethodNotAllowed, or InvalidRequest for an unknown action.
        """
        node, parameters = self._find(path)
        if not node.entries:
            raise NotFound(f"There is nothing at {path[:200]}", hint="See /docs for every path of this API.")
        entries = node.entries.get(method)
        if entries is None:
            allowed = ", ".join(sorted(node.entries))
            raise MethodNotAllowed(f"{method} is not possible here; {path[:200]} answers {allowed}", hint=allowed)
        asked = _asked(entries, query, body)
        for entry in entries:
            if entry.selected and entry.action != asked:
                continue
            if all(name in query or name in parameters or name in body for name in entry.operation.route.present):
                return entry.operation, parameters
        raise _no_operation(entries, asked, path)

    def _find(self, path: str) -> tuple[_Node, dict[str, str]]:
        node, parameters = self._root, {}
        for segment in path.strip("/").split("/"):
            child = node.children.get(segment)
            if child is None and node.parameter is not None and segment:
                name, child = node.parameter
                parameters[name] = segment
            if child is None:
                return _Node(), {}
            node = child
        return node, parameters


def _asked(entries: list[_Entry], query: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    """The selector's value, where any operation at this path is picked by one."""
    for entry in entries:
        route = entry.operation.route
        if entry.selected and route.action is not None:
            value = query.get(route.selector)
            if value is None and route.selector_in == "body":
                value = body.get(route.selector)
            if isinstance(value, str) and value:
                return _normal(value)
    return None


def _no_operation(entries: list[_Entry], asked: str | None, path: str) -> InvalidRequest:
    matching = [entry.operation.route for entry in entries if not entry.selected or entry.action == asked]
    if not matching:
        known = ", ".join(sorted({str(entry.operation.route.action) for entry in entries if entry.action is not None}))
        if asked is None:
            return InvalidRequest(f"{path[:200]} needs an action", hint=f"Known actions: {known}.")
        return InvalidRequest(
            f"{path[:200]} has no action {asked[:60]!r}",
            code="validation_error.unknown_action",
            hint=f"Known actions: {known}.",
        )
    missing = {name: FieldError("required", f"{name} is required") for route in matching for name in route.present}
    return InvalidFields(missing)
