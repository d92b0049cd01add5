"""State machines as data, checked when the program starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

S = TypeVar("S", bound=str)
Facts = TypeVar("Facts")


@dataclass(frozen=True)
class Condition(Generic[Facts]):
    """A named prerequisite; ``holds`` is a pure function of the facts about the record."""

    name: str
    explanation: str
    holds: Callable[[Facts], bool]


@dataclass(frozen=True)
class Move(Generic[S, Facts]):
    """One edge: from, to, what it is called, what it needs, and whether a caller may ask for it.

    A move that callers cannot ask for (``requestable=False``) happens as the effect of another action.
    """

    source: S
    target: S
    label: str
    conditions: tuple[Condition[Facts], ...] = ()
    requestable: bool = True


@dataclass(frozen=True)
class StateMachine(Generic[S, Facts]):
    """All states, the initial ones and the moves between them.

    Raises ValueError when built from moves that name unknown states, that repeat an edge, or that leave a state
    unreachable: a broken machine never starts.
    """

    name: str
    states: Sequence[S]
    initial: Sequence[S]
    moves: Sequence[Move[S, Facts]]
    _edges: dict[tuple[S, S], Move[S, Facts]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        edges: dict[tuple[S, S], Move[S, Facts]] = {}
        for move in self.moves:
            for state in (move.source, move.target):
                if state not in self.states:
                    raise ValueError(f"{self.name}: unknown state {state!r}")
            if (move.source, move.target) in edges:
                raise ValueError(f"{self.name}: {move.source} → {move.target} is declared twice")
            edges[move.source, move.target] = move
        reached: set[S] = set(self.initial)
        frontier = list(self.initial)
        while frontier:
            here = frontier.pop()
            for move in self.moves:
                if move.source == here and move.target not in reached:
                    reached.add(move.target)
                    frontier.append(move.target)
        if unreachable := set(self.states) - reached:
            raise ValueError(f"{self.name}: unreachable {sorted(unreachable)}")
        object.__setattr__(self, "_edges", edges)

    def move(self, source: S, target: S) -> Move[S, Facts] | None:
        """The edge between two states, or None."""
        return self._edges.get((source, target))

    def moves_from(self, source: S) -> list[Move[S, Facts]]:
        """Every edge out of a state, in declared order."""
        return [move for move in self.moves if move.source == source]

    def is_final(self, state: S) -> bool:
        return not self.moves_from(state)


published: dict[str, StateMachine[Any, Any]] = {}
"""The machines that callers may read about, by the plural name of their entity."""


def publish(entity: str, machine: StateMachine[Any, Any]) -> None:
    """Show a machine to callers under this name."""
    published[entity] = machine


def unmet(conditions: Iterable[Condition[Facts]], facts: Facts) -> list[Condition[Facts]]:
    """The conditions that do not hold, in declared order."""
    return [condition for condition in conditions if not condition.holds(facts)]
