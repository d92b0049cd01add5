"""Forms described as data: what a page of settings shows to those who may change it, and to those who may not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dealwright.surfaces.desk.rates import percentage

Kind = Literal["text", "email", "tel", "number", "area", "choice", "tick", "percent"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One field. ``options`` are the values and labels of a choice."""

    name: str
    label: str
    kind: Kind = "text"
    help: str | None = None
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    unit: str | None = None
    broad: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under one heading."""

    title: str
    entries: tuple[Entry, ...]
    text: str = ""


def names(groups: Iterable[Group]) -> list[str]:
    """The fields of a form."""
    return [entry.name for group in groups for entry in group.entries]


def values(groups: Iterable[Group], record: Mapping[str, Any]) -> dict[str, str]:
    """A record as the fields show it."""
    return {entry.name: text(entry, record[entry.name]) for group in groups for entry in group.entries}


def text(entry: Entry, value: Any) -> str:
    """A value of the wire as the text of its field."""
    if value is None:
        return ""
    if entry.kind == "tick":
        return "1" if value else ""
    if entry.kind == "percent":
        return percentage(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def shown(entry: Entry, value: str) -> str:
    """The text of a field for somebody who may not change it."""
    if entry.kind == "tick":
        return "Yes" if value else "No"
    if entry.kind == "choice":
        return dict(entry.options).get(value, value)
    unit = "%" if entry.kind == "percent" else entry.unit
    return f"{value} {unit}" if value and unit else value or "–"
