"""One operation as a method of the client."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import Any, Final

from codegen.text import docstring, wrapped
from codegen.types import Types, union
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.fields import CommaSeparated, Patch
from dealwright.kernel.operations import Operation
from dealwright.surfaces.describing import spelling
from dealwright.surfaces.describing.schemas import Schema, Schemas, name_of

_INDENT: Final = " " * 8
_PLACES: Final = ("after", "before", "offset")
_STREAM: Final = "text/event-stream"
_OWN: Final = ("self", "if_match", "timeout")
"""Names of arguments that mean something on every method."""


@dataclass(frozen=True)
class Argument:
    """One argument: its name here and on the wire, its type, its default (empty: it has none)."""

    name: str
    wire: str
    annotation: str
    default: str
    description: str


class Method:
    """Writes the constant and the two methods of an operation."""

    def __init__(self, operation: Operation, schemas: Schemas, types: Types) -> None:
        self.operation = operation
        self._schemas = schemas
        self._types = types
        self._fields, self._required = schemas.fields(operation.input)
        self._patch = issubclass(operation.input, Patch)
        self._in_path = spelling.in_path(operation.route.rest)
        self.name = _safe(operation.id.partition(".")[2].replace(".", "_").replace("-", "_") or "call")
        self.streams = _STREAM in operation.media_types
        self.result: Schema = schemas.result(operation)
        self.answered = set(_components(self.result))
        self.taken = set(_components(self._fields))

    @property
    def _constant(self) -> str:
        return f"_{self.name.upper().rstrip('_')}"

    def _answer(self) -> str:
        """The type of the result."""
        if self.operation.result is None and not self.operation.media_types:
            return "Any"
        kinds = [self._types.annotation(self.result, accepted=False)] if self.operation.result is not None else []
        for media in self.operation.media_types:
            if not media.endswith("json"):
                kinds.append("str" if media.startswith("text/") else "bytes")
        return union(kinds)

    def _list(self) -> tuple[str, str] | None:
        """The member that holds the records of a paged list, and the type of one; None for what is no such list."""
        members = self._schemas.resolved(self.result).get("properties", {})
        if "pagination" not in members or not {"offset", "after"} & self._fields.keys():
            return None
        lists = [name for name, each in members.items() if each.get("type") == "array"]
        if len(lists) != 1:
            return None
        return lists[0], self._types.annotation(members[lists[0]]["items"], accepted=False)

    def endpoint(self) -> str:
        """The constant that says how the operation is called."""
        operation = self.operation
        arguments = [repr(operation.route.method), repr(operation.route.rest)]
        query = sorted(name for name in operation.query_fields if name not in self._in_path)
        files = sorted(name for name, each in self._fields.items() if each.get("format") == "binary")
        if query:
            arguments.append(f"query=frozenset({{{', '.join(map(repr, query))}}})")
        if files:
            arguments.append(f"files=frozenset({{{', '.join(map(repr, files))}}})")
        if operation.idempotent:
            arguments.append("idempotent=True")
        if self._patch:
            arguments.append("nulls=True")
        kind = "Any" if self.streams else self._answer()
        return f"{self._constant}: Final[Endpoint[{kind}]] = Endpoint({', '.join(arguments)})\n"

    def _arguments(self) -> list[Argument]:
        """Those of the path first, then the required ones, then the others, each in the order of the model."""
        found = [self._argument(name) for name in self._in_path]
        others = [self._argument(name) for name in self._fields if name not in self._in_path]
        return found + sorted(others, key=lambda each: each.default != "")

    def _argument(self, name: str) -> Argument:
        schema = self._fields.get(name, {"type": "string"})
        annotation = self._types.annotation(schema, accepted=True)
        info = self.operation.input.model_fields.get(name)
        if info is not None and _comma_separated([info.annotation, *info.metadata]):
            annotation = union(["Sequence[str]", annotation])
        default = ""
        if name not in self._in_path and name not in self._required and name not in self.operation.route.present:
            default = "UNSET" if self._patch else "None"
            annotation = union([annotation, "Unset" if self._patch else "None"])
        elif not self._patch and " | None" in annotation:
            annotation = annotation.replace(" | None", "")
        own = (*_OWN, "idempotency_key") if self.operation.idempotent else _OWN
        safe = f"{name}_" if name in own else _safe(name)
        return Argument(safe, name, annotation, default, schema.get("description", ""))

    def definition(self, *, asynchronous: bool) -> str:
        """The method, and for a list a second one that walks over its pages."""
        arguments = self._arguments()
        if self.streams:
            return self._stream(arguments, asynchronous)
        text = self._plain(arguments, asynchronous)
        if (found := self._list()) is not None:
            text += "\n" + self._iterate(arguments, found, asynchronous)
        return text

    def _plain(self, arguments: list[Argument], asynchronous: bool) -> str:
        how = ["timeout"]
        extra = ["timeout: float | None = None"]
        if self.operation.idempotent:
            how.insert(0, "idempotency_key")
            extra.insert(0, "idempotency_key: str | None = None")
        if self.operation.locking is not None:
            how.insert(0, "if_match")
            extra.insert(0, "if_match: int | str | None = None")
        head = f"    {'async ' if asynchronous else ''}def {self.name}({self._signature(arguments, extra)})"
        passed = ", ".join(f"{name}={name}" for name in how)
        call = f"{'await ' if asynchronous else ''}self._client._run({self._constant}, {_given(arguments)}, {passed})"
        return f"{head} -> {self._answer()}:\n{self._said(arguments, asynchronous)}{_INDENT}return {call}\n"

    def _iterate(self, arguments: list[Argument], found: tuple[str, str], asynchronous: bool) -> str:
        member, item = found
        kept = [each for each in arguments if each.wire not in _PLACES]
        name = "iterate" if self.name == "list" else f"iterate_{self.name.removeprefix('list_')}"
        kind = f"{'Async' if asynchronous else ''}Iterator[{item}]"
        signature = self._signature(kept, ["timeout: float | None = None"])
        said = f'{_INDENT}"""Every record of :meth:`{self.name}`, page after page."""\n'
        call = f"self._client._pages({self._constant}, {member!r}, {_given(kept)}, timeout=timeout)"
        return f"    def {name}({signature}) -> {kind}:\n{said}{_INDENT}return {call}\n"

    def _stream(self, arguments: list[Argument], asynchronous: bool) -> str:
        kind = "AsyncGenerator[ServerEvent, None]" if asynchronous else "Generator[ServerEvent, None, None]"
        head = f"    def {self.name}({self._signature(arguments, [])}) -> {kind}:\n"
        more = "Goes on where it was when the connection is lost."
        call = f"self._client._stream({self._constant}, {_given(arguments)})"
        return f"{head}{self._said(arguments, asynchronous, more)}{_INDENT}return {call}\n"

    def _signature(self, arguments: list[Argument], extra: list[str]) -> str:
        def written(each: Argument) -> str:
            return f"{each.name}: {each.annotation}" + (f" = {each.default}" if each.default else "")

        first = [written(each) for each in arguments if each.wire in self._in_path]
        named = [written(each) for each in arguments if each.wire not in self._in_path] + extra
        return ", ".join(["self", *first, *(["*", *named] if named else []), ""])

    def _said(self, arguments: list[Argument], asynchronous: bool, more: str = "") -> str:
        if asynchronous:
            return docstring(f"{self.operation.summary}", [], _INDENT)
        paragraphs = [wrapped(each, _INDENT) for each in self.operation.description.split("\n\n") if each.strip()]
        if more:
            paragraphs.append(wrapped(more, _INDENT))
        told = [
            wrapped(f"``{each.name}``: {each.description}", _INDENT, "    ") for each in arguments if each.description
        ]
        if told:
            paragraphs.append("\n".join(told))
        facts = [f"Scope: ``{self.operation.scope}``."] if self.operation.scope else []
        if codes := _codes(self.operation.errors):
            facts.append(f"Errors: {', '.join(f'``{code}``' for code in codes)}.")
        if facts:
            paragraphs.append(wrapped(" ".join(facts), _INDENT))
        return docstring(self.operation.summary, paragraphs, _INDENT)


def _given(arguments: list[Argument]) -> str:
    return "{" + ", ".join(f"{each.wire!r}: {each.name}" for each in arguments) + "}"


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _codes(errors: tuple[type[DealwrightError], ...]) -> list[str]:
    return sorted({error.code for error in errors})


def _comma_separated(parts: list[Any]) -> bool:
    """Whether a marker of a list in one text stands anywhere in an annotation."""
    return any(
        isinstance(part, CommaSeparated)
        or _comma_separated([*getattr(part, "__args__", ()), *getattr(part, "__metadata__", ())])
        for part in parts
    )


def _components(value: Any) -> list[str]:
    if isinstance(value, dict):
        name = name_of(value)
        return ([name] if name is not None else []) + [each for child in value.values() for each in _components(child)]
    return [each for child in value for each in _components(child)] if isinstance(value, list) else []
