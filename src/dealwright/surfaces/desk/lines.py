"""Numbered rows of a form: ``items.0.quantity``. A row whose leading field is empty counts as not filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from dealwright.surfaces.desk.forms import Form
from dealwright.surfaces.desk.visit import Problem

FIRST: Final = 3
"""Rows of a form that starts empty."""
MOST: Final = 50


def _numbers(form: Form, prefix: str, leading: str) -> list[int]:
    pattern = re.compile(rf"{re.escape(prefix)}\.(\d{{1,3}})\.{re.escape(leading)}")
    return sorted({int(match[1]) for name, _ in form.pairs() if (match := pattern.fullmatch(name))})


def filled(form: Form, prefix: str, leading: str) -> list[int]:
    """The numbers of the rows that were filled in."""
    return [number for number in _numbers(form, prefix, leading) if form.get(f"{prefix}.{number}.{leading}")]


def shown(form: Form, prefix: str, leading: str, *, least: int = FIRST, more: bool = False) -> int:
    """How many rows to show: all that were typed, and two ``more`` if asked."""
    count = max([least, *(number + 1 for number in _numbers(form, prefix, leading))])
    return min(count + 2, MOST) if more else count


def read(form: Form, prefix: str, numbers: Sequence[int], members: Sequence[str]) -> list[dict[str, str]]:
    """Rows as they were typed, without what was left empty."""
    return [{name: text for name in members if (text := form.get(f"{prefix}.{number}.{name}"))} for number in numbers]


def at_their_rows(
    problem: Problem, prefix: str, numbers: Sequence[int], names: Mapping[str, str] | None = None
) -> Problem:
    """The problem with rows numbered as on the page, where empty ones count, and fields as the page calls them."""

    def placed(name: str) -> str:
        head, _, rest = name.partition(".")
        number, _, member = rest.partition(".")
        if head == prefix and number.isdigit() and int(number) < len(numbers):
            return f"{prefix}.{numbers[int(number)]}.{(names or {}).get(member, member)}"
        return (names or {}).get(name, name)

    return replace(problem, fields={placed(name): text for name, text in problem.fields.items()})
