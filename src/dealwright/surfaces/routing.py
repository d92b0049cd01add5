"""From a request line to an operation: the documented query style and the plain REST style, both from the registry.

Query style: operations that share a method and path are told apart by their selector (``action=…``; hyphens and
underscores are the same) and by the presence of parameters (``GET /deals?id=``). REST style: ``/deals/{id}/sign``.
A selector that names nothing here is refused and never ignored: ``DELETE /deals/{id}?action=remove_itm`` must not
delete a deal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dealwright.kernel.errors import FieldError, InvalidFields, InvalidRequest, MethodNotAllowed, NotFound
from dealwright.kernel.operations import Operation, Route


class WrongMethod(MethodNotAllowed):
    """405 with the methods that the path does answer, for the Allow header."""

    def __init__(self, method: str, path: str, answered: Iterable[str]) -> None:
        self.allowed = ", ".join(sorted({*answered, *(("HEAD",) if "GET" in answered else ()), "OPTIONS"}))
        super().__init__(
            f"{method[:20]} is not possible here; {path[:200]} answers {self.allowed}",
            hint=f"Use one of: {self.allowed}.",
        )


@dataclass(frozen=True, slots=True)
class _Entry:
    """An operation at a path; ``action`` is the selector's value that picks it there, None when none is needed."""

    operation: Operation
    action: str | None
    parameters: tuple[str, ...]
    """The names of what stands in the path, in order."""

    def accepts(self, selector: str, action: str) -> bool:
        """Whether an operation that needs no selector makes sense of one: as its own input, or as what it is anyway."""
        route = self.operation.route
        if selector in self.operation.input.model_fields:
            return True
        return route.action is not None and route.selector == selector and _normal(route.action) == action


@dataclass(slots=True)
class _Choice:
    """The operations that answer one method at one path."""

    plain: list[_Entry] = field(default_factory=list)
    by_action: dict[tuple[str, str], list[_Entry]] = field(default_factory=dict)
    selectors: list[str] = field(default_factory=lambda: ["action"])
    takes_files: bool = False
    in_body: set[str] = field(default_factory=set)
    """Selectors that the documented call carries in the body; others are only looked for there."""

    def add(self, entry: _Entry) -> None:
        route = entry.operation.route
        if entry.action is None:
            entries = self.plain
        else:
            entries = self.by_action.setdefault((route.selector, entry.action), [])
            if route.selector not in self.selectors:
                self.selectors.append(route.selector)
            if route.selector_in == "body":
                self.in_body.add(route.selector)
        entries.append(entry)
        self.takes_files = self.takes_files or bool(entry.operation.file_fields)
        entries.sort(key=lambda each: -len(each.operation.route.present))

    def candidates(self, path: str, query: Mapping[str, str], body: Mapping[str, Any]) -> list[_Entry]:
        """Those that the selector picks, or that need none. Raises InvalidRequest for a selector that picks nothing."""
        for selector in self.selectors:
            if value := query.get(selector):
                action = _normal(value)
                found = self.by_action.get((selector, action))
                if found is None:
                    found = [entry for entry in self.plain if entry.accepts(selector, action)]
                    if not found:
                        raise self._unknown(path, selector, value)
                return found
            value = body.get(selector) if body else None
            if value and isinstance(value, str):
                found = self.by_action.get((selector, _normal(value)))
                if found is not None:
                    return found
                if selector in self.in_body:
                    raise self._unknown(path, selector, value)
        if not self.plain:
            raise InvalidRequest(f"{path[:200]} needs {' or '.join(self._used())}", hint=self._known())
        return self.plain

    def _used(self) -> list[str]:
        return sorted({selector for selector, _ in self.by_action})

    def _known(self) -> str | None:
        return f"Known here: {', '.join(sorted(action for _, action in self.by_action))}." if self.by_action else None

    def _unknown(self, path: str, selector: str, value: str) -> InvalidRequest:
        return InvalidRequest(
            f"{path[:200]} has no {selector} {value[:60]!r} for this method",
            code="validation_error.unknown_action",
            hint=self._known(),
        )


@dataclass(slots=True)
class _Node:
    """One segment of a path; a ``{name}`` segment matches anything and is tried after the literal ones."""

    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    choices: dict[str, _Choice] = field(default_factory=dict)
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
        self._raw: set[str] = set()
        """Paths whose body is not parsed here; they have no parameters."""
        for operation in operations:
            if operation.body_field is not None:
                self._raw |= {operation.route.path, operation.route.rest}
            route = operation.route
            action = _normal(route.action) if route.action is not None else None
            documented = _documented_paths(route)
            for path in documented:
                self._add(path, operation, action)
            rest_only = [route.rest, *(route.also if route.action is not None else ())]
            for path in dict.fromkeys(rest_only):
                if path not in documented or action is not None:
                    self._add(path, operation, None)

    def takes_raw(self, path: str) -> bool:
        """Whether what is sent to a path is read by its operation alone."""
        return path.removesuffix("/") in self._raw

    def _add(self, path: str, operation: Operation, action: str | None) -> None:
        node = self._root
        names = []
        for segment in path.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            else:
                node = node.children.setdefault(segment, _Node())
        entry = _Entry(operation, action, tuple(names))
        for method in (operation.route.method, *operation.route.also_methods):
            node.choices.setdefault(method, _Choice()).add(entry)

    def takes_files(self, method: str, path: str) -> bool:
        """Whether an operation there takes a file, which only a form can carry."""
        node, _ = self._find(path)
        choice = node.choices.get(method)
        return choice is not None and choice.takes_files

    def resolve(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any]
    ) -> tuple[Operation, dict[str, str]]:
        """The operation, and the parameters that stood in the path. HEAD is answered as GET, a final slash ignored.

        Raises NotFound for an unknown path, WrongMethod, InvalidRequest for an unknown action, and InvalidFields when
        the parameter that would pick an operation is missing.
        """
        node, values = self._find(path)
        if not node.choices:
            raise NotFound(f"There is nothing at {path[:200]}", hint="See /docs for every path of this API.")
        choice = node.choices.get("GET" if method == "HEAD" else method)
        if choice is None:
            raise WrongMethod(method, path, node.choices)
        candidates = choice.candidates(path, query, body)
        for entry in candidates:
            for name in entry.operation.route.present:
                if name not in query and name not in entry.parameters and name not in body:
                    break
            else:
                return entry.operation, dict(zip(entry.parameters, values, strict=True))
        raise _missing(candidates)

    def _find(self, path: str) -> tuple[_Node, list[str]]:
        node, values = self._root, []
        for segment in path.removeprefix("/").removesuffix("/").split("/"):
            child = node.children.get(segment)
            if child is None and node.parameter is not None and segment:
                child = node.parameter
                values.append(segment)
            if child is None:
                return _Node(), []
            node = child
        return node, values


def _missing(candidates: Sequence[_Entry]) -> InvalidFields:
    names = (name for entry in candidates for name in entry.operation.route.present)
    return InvalidFields({name: FieldError("required", f"{name} is required") for name in names})
