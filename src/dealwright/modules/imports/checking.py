"""Going through the rows of a file: each one becomes a record, or problems that name row, line and field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from dealwright.kernel import fields
from dealwright.kernel.context import Context
from dealwright.kernel.errors import FieldError, InvalidFields, invalid_field
from dealwright.modules.imports import rules
from dealwright.modules.imports.entities import Entity
from dealwright.modules.imports.rules import Form, Line

AT_ONCE: Final = 500
"""Rows that are looked at, and written, together: what an import holds in memory beside its file."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, or with one field of it."""

    row: int
    line: int
    field: str | None
    code: str
    message: str


@dataclass(slots=True)
class Portion:
    """Some rows in order: the records that they hold, and the problems of those that hold none."""

    rows: int
    records: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def bad_rows(self) -> int:
        return len({problem.row for problem in self.problems})


def checked_mapping(entity: Entity, form: Form, mapping: Mapping[str, str | None]) -> dict[str, str]:
    """The columns that lead somewhere. Raises InvalidFields for unknown columns and fields, for one field from several
    columns, and when a required field is not mapped.
    """
    wrong: dict[str, FieldError] = {}
    found: dict[str, str] = {}
    for column, name in mapping.items():
        if column not in form.columns:
            wrong[f"mapping.{column}"] = FieldError("invalid_choice", f"The file has no column {column[:100]!r}")
        elif name is not None and name not in entity.names:
            known = ", ".join(entity.names)
            wrong[f"mapping.{column}"] = FieldError("invalid_choice", f"{name[:100]!r} is no field; known: {known}")
        elif name is not None and name in found.values() and name not in entity.parts:
            wrong[f"mapping.{column}"] = FieldError("not_unique", f"Two columns are mapped to {name}")
        elif name is not None:
            found[column] = name
    for name in entity.required:
        if name not in found.values():
            wrong.setdefault(f"mapping.{name}", FieldError("required", f"No column is mapped to {name}"))
    if wrong:
        raise InvalidFields(wrong)
    return found


async def portions(
    ctx: Context, entity: Entity, content: bytes, form: Form, mapping: Mapping[str, str]
) -> AsyncIterator[Portion]:
    """The rows of a file, some at a time. The event loop is free while they are looked at."""
    lines = rules.lines(content, form)
    seen: dict[str, int] = {}
    while True:
        portion, found = await asyncio.to_thread(_validated, entity, form, mapping, lines)
        if portion.rows == 0:
            return
        if entity.unique is not None:
            values = [str(record[entity.unique]) for _, record in found]
            taken = {each.casefold() for each in await entity.taken(ctx, values)}
            found = [
                (line, record) for line, record in found if _is_new(entity.unique, line, record, taken, seen, portion)
            ]
            portion.problems.sort(key=lambda problem: problem.row)
        portion.records = [record for _, record in found]
        yield portion


def _validated(
    entity: Entity, form: Form, mapping: Mapping[str, str], lines: Iterator[Line]
) -> tuple[Portion, list[tuple[Line, dict[str, Any]]]]:
    portion, found = Portion(0), []
    for line in islice(lines, AT_ONCE):
        portion.rows += 1
        if beyond := rules.excess(line, form):
            said = f"The row has {beyond} more cells than the header"
            portion.problems.append(Problem(line.row, line.line, None, "invalid", said))
            continue
        try:
            values = rules.values(line, form, mapping)
            fields.refuse_nul(values)
            found.append((line, fields.validate(entity.model, values).model_dump()))
        except InvalidFields as error:
            portion.problems += _problems(line, error)
    return portion, found


def _problems(line: Line, error: InvalidFields) -> Sequence[Problem]:
    told: Mapping[str, Mapping[str, str]] = (error.details or {})["fields"]
    return [Problem(line.row, line.line, name, each["code"], each["message"]) for name, each in told.items()]


def _is_new(
    name: str, line: Line, record: Mapping[str, Any], taken: set[str], seen: dict[str, int], portion: Portion
) -> bool:
    """Note the row's unique value; a problem when a customer, or an earlier row, has it already."""
    value = str(record[name]).casefold()
    label = name.capitalize()
    if value in taken:
        error = invalid_field(name, "not_unique", f"{label} is already taken")
    elif value in seen:
        error = invalid_field(name, "not_unique", f"{label} is the same as in row {seen[value]}")
    else:
        seen[value] = line.row
        return True
    portion.problems += _problems(line, error)
    return False
