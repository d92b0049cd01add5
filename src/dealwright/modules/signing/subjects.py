"""What can be signed: a kind of record says how to find it, and what its parties agree on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dealwright.kernel.context import Context
from dealwright.kernel.resources import Resource
from dealwright.kernel.store.database import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it is now: what its parties agree on, and whether it claims to carry a signature."""

    content: Mapping[str, Any]
    claims_signed: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of record that can be signed."""

    resource: Resource
    whose: Callable[[Transaction, UUID], Awaitable[tuple[UUID, bool] | None]]
    """Workspace and mode of a record, found in a system transaction."""
    standing: Callable[[Context, UUID], Awaitable[Standing | None]]
    """The record inside its workspace; None when there is none."""
    lookup: str
    """The parameter of the public check that names such a record."""


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> None:
    """Let records of this kind be signed and checked; raises ValueError for a kind that is already known."""
    if subject.resource.name in _subjects:
        raise ValueError(f"{subject.resource.name} is registered twice")
    _subjects[subject.resource.name] = subject


def of(entity_type: str) -> Subject | None:
    return _subjects.get(entity_type)
