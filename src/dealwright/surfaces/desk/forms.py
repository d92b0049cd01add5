"""What a person typed: forms, their translation into arguments of operations, and the merging of two people's edits."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from pydantic import BaseModel

TAKEN: Final = "take."
"""Prefix of the fields with which a person takes the other one's value after a clash."""
BASE: Final = "base."
"""Prefix of the hidden fields that hold the values a form started with."""
MOST_FIELDS: Final = 500


class Form:
    """The fields of a form as text. A name may come several times (:meth:`all`)."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value.replace("\r\n", "\n"))
        for name in [each for each in self._values if each.startswith(TAKEN)]:
            self._values[name.removeprefix(TAKEN)] = self._values.pop(name)

    @classmethod
    def parse(cls, body: bytes) -> Form:
        """Raises ValueError for bytes that are no form."""
        return cls(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS))

    def __bool__(self) -> bool:
        return bool(self._values)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field, without surrounding white space."""
        return self._values[name][-1].strip() if name in self._values else default

    def raw(self, name: str) -> str:
        """The last value of a field as it was typed: for passwords."""
        return self._values[name][-1] if name in self._values else ""

    def all(self, name: str) -> list[str]:
        return [each.strip() for each in self._values.get(name, ())]

    def put(self, name: str, value: str) -> None:
        self._values[name] = [value]

    def pairs(self) -> list[tuple[str, str]]:
        return [(name, each) for name, values in self._values.items() for each in values]

    def without(self, *names: str) -> Form:
        return Form((name, each) for name, each in self.pairs() if name not in names)

    def arguments(self, model: type[BaseModel], names: Iterable[str], zone: ZoneInfo) -> dict[str, Any]:
        """The fields as arguments for ``model``: what was left empty is null where the model knows null, and left out
        otherwise, so that the model names what is missing; a check box says yes or no by being there; local times get
        their zone.
        """
        found: dict[str, Any] = {}
        for name in names:
            kinds = _kinds(model.model_fields[name].annotation)
            text = self.get(name)
            if bool in kinds:
                found[name] = name in self
            elif text:
                found[name] = instant(text, zone) if datetime in kinds else text
            elif type(None) in kinds:
                found[name] = None
            elif name in self and str in kinds:
                found[name] = ""
        return found


def _kinds(annotation: Any) -> set[Any]:
    """The plain types that an annotation allows."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return {kind for each in typing.get_args(annotation) for kind in _kinds(each)}
    return {annotation}


def instant(text: str, zone: ZoneInfo) -> str:
    """A local date and time of a form as an instant; anything else as it is, for the model to refuse."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.replace(tzinfo=zone).isoformat() if moment.tzinfo is None else text


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed."""

    name: str
    theirs: str
    yours: str


@dataclass(frozen=True, slots=True)
class Merge:
    """What came of two people's edits of one record.

    ``values`` is what to show in the form: one's own changes over theirs. ``taken`` names the fields in which they
    changed something and the person did not; ``clashes`` those that both changed differently.
    """

    values: dict[str, str]
    taken: dict[str, str]
    clashes: list[Clash]


def merge(base: Mapping[str, str], yours: Mapping[str, str], theirs: Mapping[str, str]) -> Merge:
    """Merge field by field, from the values that the form started with."""
    values: dict[str, str] = {}
    taken: dict[str, str] = {}
    clashes: list[Clash] = []
    for name, mine in yours.items():
        started, other = base.get(name, mine), theirs.get(name, mine)
        values[name] = mine
        if other in (started, mine):
            continue
        if mine == started:
            values[name] = taken[name] = other
        else:
            clashes.append(Clash(name, other, mine))
    return Merge(values, taken, clashes)
