"""What the floor replays: round trips with the places where each request puts values of its own."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Fill:
    """An argument, or a part of one, to be made for each request.

    ``kind`` is ``uuid`` (a new id; ``key`` tells several apart), ``text`` (the wire form of that id), ``bytes``
    (``size`` random ones), ``now``, ``given`` (the id that the request names in its member ``key``) or ``given_text``.
    """

    kind: str
    key: str = ""
    size: int = 0


@dataclass(frozen=True)
class Step:
    """One round trip: the method of asyncpg's connection, the text, and arguments among which stand fills."""

    method: str
    sql: str
    arguments: list[Any]


@dataclass(frozen=True)
class Script:
    """What one request does, and how long the body of its answer is."""

    steps: list[Step]
    answer_bytes: int
    answer: Any


def save(path: Path, scripts: dict[str, Script]) -> None:
    path.write_bytes(pickle.dumps(scripts))


def load(path: Path) -> dict[str, Script]:
    found: dict[str, Script] = pickle.loads(path.read_bytes())
    return found
