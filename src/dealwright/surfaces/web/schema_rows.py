"""JSON schemas as rows of a table: one member to a row, members of members indented below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

from dealwright.surfaces.describing.schemas import Schema, Schemas

_DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One member: what it is called, what it may hold, and what is said about it."""

    name: str
    kind: str
    required: bool
    description: str
    limits: tuple[str, ...]
    choices: tuple[str, ...]
    level: int = 0


def row(schemas: Schemas, name: str, schema: Schema, *, required: bool, level: int = 0) -> Row:
    plain = _without_null(schemas, schema)
    said = schema.get("description") or plain.get("description") or ""
    return Row(
        name=name,
        kind=_kind(schemas, schema),
        required=required,
        description=str(said),
        limits=tuple(_limits(schema, plain)),
        choices=tuple(_text(each) for each in plain.get("enum", ())),
        level=level,
    )


def rows(schemas: Schemas, schema: Schema, level: int = 0, inside: tuple[str, ...] = ()) -> list[Row]:
    """Every member of an object, depth first; nothing for what is not an object."""
    schema = schemas.resolved(schema)
    required = schema.get("required", ())
    found: list[Row] = []
    for name, each in schema.get("properties", {}).items():
        found.append(row(schemas, name, each, required=name in required, level=level))
        nested = _nested(schemas, each)
        title = str(nested.get("title", "")) if nested is not None else ""
        if nested is not None and level + 1 < _DEEPEST and title not in inside:
            found += rows(schemas, nested, level + 1, (*inside, title))
    return found


def _without_null(schemas: Schemas, schema: Schema) -> Schema:
    schema = schemas.resolved(schema)
    choices = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return schemas.resolved(choices[0]) if len(choices) == 1 else schema


def _nested(schemas: Schemas, schema: Schema) -> Schema | None:
    """The object inside: the member itself, or what an array of it holds."""
    plain = _without_null(schemas, schema)
    if plain.get("type") == "array":
        plain = _without_null(schemas, plain.get("items", {}))
    return plain if plain.get("properties") else None


def _kind(schemas: Schemas, schema: Schema) -> str:
    schema = schemas.resolved(schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(schemas, each) for each in schema["anyOf"]))
    if "const" in schema:
        return _text(schema["const"])
    kind = schema.get("type")
    if kind == "array":
        items = _kind(schemas, schema.get("items", {}))
        return "array" if items == "any" else f"array of {items}"
    if kind == "string" and schema.get("format"):
        return str(schema["format"])
    if kind is None:
        return "string" if "enum" in schema else "object" if "properties" in schema else "any"
    return str(kind)


def _limits(schema: Schema, plain: Schema) -> list[str]:
    found = []
    low, high = plain.get("minLength"), plain.get("maxLength")
    if low and high:
        found.append(f"{low:,} to {high:,} characters")
    elif high:
        found.append(f"at most {high:,} characters")
    elif low:
        found.append(f"at least {low:,} characters")
    bounds = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<"))
    found += [f"{sign} {_number(plain[key])}" for key, sign in bounds if key in plain]
    for key, sign in (("minItems", "at least"), ("maxItems", "at most")):
        if key in plain:
            found.append(f"{sign} {plain[key]:,} entries")
    if "pattern" in plain:
        found.append(f"matches {plain['pattern']}")
    default = schema.get("default", plain.get("default"))
    if default is not None:
        found.append(f"default {_text(default)}")
    return found


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
