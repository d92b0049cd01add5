"""JSON schemas of models in standard words.

Pydantic leaves a bound that is set on top of another one under its own name (``ge``), which no reader of JSON Schema
knows; here the tighter bound of each side is written as JSON Schema writes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

_BOUNDS: Final[dict[str, tuple[str, Callable[[Any, Any], Any]]]] = {
    "ge": ("minimum", max),
    "gt": ("exclusiveMinimum", max),
    "le": ("maximum", min),
    "lt": ("exclusiveMaximum", min),
}


def standard(schema: Any) -> Any:
    """The schema, members and all, without Pydantic's own words."""
    if isinstance(schema, list):
        return [standard(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: {member: standard(each) for member, each in value.items()} if name == "properties" else standard(value)
        for name, value in schema.items()
        if name not in _BOUNDS or isinstance(value, dict)
    }
    for name, (word, tighter) in _BOUNDS.items():
        bound = schema.get(name)
        if bound is not None and not isinstance(bound, dict):
            found[word] = bound if word not in found else tighter(found[word], bound)
    _drop_the_looser(found, "minimum", "exclusiveMinimum", lambda inclusive, exclusive: inclusive > exclusive)
    _drop_the_looser(found, "maximum", "exclusiveMaximum", lambda inclusive, exclusive: inclusive < exclusive)
    return found


def _drop_the_looser(
    schema: dict[str, Any], inclusive: str, exclusive: str, tighter: Callable[[Any, Any], bool]
) -> None:
    if inclusive in schema and exclusive in schema:
        del schema[exclusive if tighter(schema[inclusive], schema[exclusive]) else inclusive]
