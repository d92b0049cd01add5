"""Python types from JSON schemas: annotations, and the TypedDicts that they refer to."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator
from typing import Any, Final

from codegen.text import comment
from dealwright.surfaces.describing.schemas import Schema, Schemas, name_of

_SCALARS: Final = {"string": "str", "integer": "int", "boolean": "bool", "null": "None", "number": "float"}
_FORMATS: Final = {"date-time": "Instant", "date": "Day", "binary": "File"}


def union(members: list[str]) -> str:
    """``str | int | None`` with None at the end and nothing twice."""
    parts = list(dict.fromkeys(part for member in members for part in member.split(" | ")))
    if "Any" in parts:
        return "Any"
    return " | ".join(sorted(parts, key=lambda part: part == "None"))


class Types:
    """The types of one client.

    A result is what the wire holds: text, float, list, TypedDict. An input accepts more (Decimal, datetime, any
    sequence), so a component that serves both becomes two types.
    """

    def __init__(self, schemas: Schemas, reserved: frozenset[str]) -> None:
        self._schemas = schemas
        self._reserved = reserved
        self._names: dict[tuple[str, bool], str] = {}
        self.uses: dict[str, set[str]] = {}
        """Which groups use a type, by its name."""
        self._components: dict[str, tuple[str, bool]] = {}

    def prepare(self, results: set[str], inputs: set[str]) -> None:
        """Give every component that is reached from these its name."""
        in_results, in_inputs = self._reached(results), self._reached(inputs)
        taken = in_results | in_inputs
        for name in sorted(in_results):
            short = name.removesuffix("View")
            self._name(name, False, short if short and (short == name or short not in taken) else name)
        for name in sorted(in_inputs):
            self._name(name, True, f"{name}Input" if name in in_results or name in self._components else name)

    def _name(self, component: str, accepted: bool, name: str) -> None:
        if name in self._reserved:
            name = f"{name}Object"
        assert name not in self._components, f"two types are called {name}"
        self._names[component, accepted] = name
        self._components[name] = (component, accepted)

    def _reached(self, roots: set[str]) -> set[str]:
        found: set[str] = set()
        waiting = list(roots)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(_references(self._schemas[name]))
        return found

    def used_by(self, group: str, component: str, accepted: bool) -> None:
        """Note that a group uses a component and all that it refers to."""
        for each in self._reached({component}):
            self.uses.setdefault(self._names[each, accepted], set()).add(group)

    def annotation(self, schema: Schema, *, accepted: bool) -> str:
        """The type of a value of that schema, as it is accepted or as it is answered."""
        if (component := name_of(schema)) is not None:
            return self._names[component, accepted]
        if "const" in schema:
            return f"Literal[{schema['const']!r}]"
        if "enum" in schema:
            choices = [each for each in schema["enum"] if each is not None]
            literal = f"Literal[{', '.join(repr(each) for each in choices)}]"
            return union([literal, "None"]) if None in schema["enum"] else literal
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return union([self.annotation(each, accepted=accepted) for each in schema[key]])
        if len(schema.get("allOf", ())) == 1:
            return self.annotation(schema["allOf"][0], accepted=accepted)
        kind = schema.get("type")
        if isinstance(kind, list):
            return union([self.annotation({**schema, "type": each}, accepted=accepted) for each in kind])
        if kind == "array":
            item = self.annotation(schema.get("items", {}), accepted=accepted)
            return f"Sequence[{item}]" if accepted else f"list[{item}]"
        if kind == "object":
            member = schema.get("additionalProperties")
            value = self.annotation(member, accepted=accepted) if isinstance(member, dict) else "Any"
            return f"Mapping[str, {value}]" if accepted else f"dict[str, {value}]"
        if accepted and kind == "number":
            return "Number"
        if accepted and kind == "string" and schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        return _SCALARS.get(str(kind), "Any")

    def ordered(self, names: Iterable[str]) -> list[str]:
        """By name, what is evaluated at once after what it may refer to."""
        return sorted(names, key=lambda name: (not self._is_object(name), name))

    def _is_object(self, name: str) -> bool:
        return "properties" in self._schemas[self._components[name][0]]

    def definition(self, name: str) -> str:
        """The Python text that defines a type."""
        component, accepted = self._components[name]
        schema = self._schemas[component]
        if not self._is_object(name):
            return f"{name}: TypeAlias = {self.annotation(schema, accepted=accepted)}\n"
        members = schema["properties"]
        required = set(schema.get("required", ()))
        if accepted:
            required -= {key for key, each in members.items() if "default" in each}
        lines = {
            key: _member(self.annotation(each, accepted=accepted), needed=key in required)
            for key, each in members.items()
        }
        if all(key.isidentifier() and not keyword.iskeyword(key) for key in members):
            body = [comment(schema.get("description", ""))]
            for key, each in members.items():
                body.append(f"    {key}: {lines[key]}\n{comment(each.get('description', ''))}")
            return f"class {name}(TypedDict):\n{''.join(body) or '    pass'}"
        pairs = ", ".join(f'"{key}": "{line}"' for key, line in lines.items())
        return f'{name} = TypedDict("{name}", {{{pairs}}})\n'


def _member(annotation: str, *, needed: bool) -> str:
    return annotation if needed else f"NotRequired[{annotation}]"


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if (name := name_of(value)) is not None:
            yield name
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
