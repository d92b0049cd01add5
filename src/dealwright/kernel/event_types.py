"""The kinds of events that exist, as data: name, family, meaning, and the members that every payload has.

Modules add their kinds to the one registry; webhooks, streams and notification rules read it. Which kinds can happen
today is not written down anywhere: it follows from what the operations declare and from the sources that are no
operations (schedules, monitors), so it cannot go stale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dealwright.kernel.operations import Operation


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event; ``members`` are those of its payload that receivers may rely on."""

    name: str
    family: str
    description: str
    members: tuple[str, ...]

    def missing_from(self, data: Mapping[str, Any]) -> list[str]:
        return [member for member in self.members if member not in data]


class EventTypes:
    """Every known kind of event, by name."""

    def __init__(self) -> None:
        self._types: dict[str, EventType] = {}
        self._sources: dict[str, list[str]] = {}

    def add(self, kind: EventType) -> None:
        """Raises ValueError when the name is taken."""
        if kind.name in self._types:
            raise ValueError(f"event {kind.name} is described twice")
        self._types[kind.name] = kind

    def __iter__(self) -> Iterator[EventType]:
        return iter(self._types.values())

    def __len__(self) -> int:
        return len(self._types)

    def __contains__(self, name: str) -> bool:
        return name in self._types

    def __getitem__(self, name: str) -> EventType:
        return self._types[name]

    def fired_by(self, source: str, *names: str) -> None:
        """Say that something that is no operation announces these events, for example ``system:circuit_breaker``."""
        for name in names:
            self._sources.setdefault(name, []).append(source)

    def sources(self, operations: Iterable[Operation]) -> dict[str, list[str]]:
        """For every kind of event the operations and other sources that can announce it; empty: nothing can yet."""
        found = {name: list(self._sources.get(name, ())) for name in self._types}
        for operation in operations:
            for name in operation.events:
                found.setdefault(name, []).append(operation.id)
        return found

    def check(self, name: str, data: Mapping[str, Any]) -> None:
        """Raises AssertionError for a payload without a member that is promised."""
        kind = self._types.get(name)
        if kind is not None and (missing := kind.missing_from(data)):
            raise AssertionError(f"{name} is announced without {', '.join(missing)}")


event_types = EventTypes()
"""The one registry; modules fill it when they are imported by the composition root."""
