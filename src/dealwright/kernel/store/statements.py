"""SQL built by SQLAlchemy Core, compiled once, run by asyncpg as prepared statements.

A :class:`Statement` is made at import (or once per shape for filtered lists) and holds the text and the order of its
parameters. No statement is compiled while a request waits.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ClauseElement, bindparam
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

_DIALECT: Final = PGDialect_asyncpg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


class Statement:
    """The text of a statement and its parameters in order; constants in the clause are kept as defaults."""

    __slots__ = ("_constants", "_names", "sql")

    def __init__(self, clause: ClauseElement, *, columns: Sequence[str] | None = None) -> None:
        """``columns`` names those that an INSERT gives; the database fills the others."""
        compiled: Any = clause.compile(
            dialect=_DIALECT, column_keys=columns, compile_kwargs={"render_postcompile": True}
        )
        self.sql: str = str(compiled)
        self._names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self._constants: dict[str, Any] = {
            name: parameter.value for name, parameter in compiled.binds.items() if not parameter.required
        }

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """Parameters in order; raises KeyError with the name of one that is missing."""
        constants = self._constants
        return [values[name] if name in values else constants[name] for name in self._names]


class RawStatement(Statement):
    """Hand-written SQL, for what SQLAlchemy would only make harder to read; its parameters by name, in order."""

    __slots__ = ()

    def __init__(self, sql: str, names: Sequence[str]) -> None:
        self.sql = sql
        self._names = tuple(names)
        self._constants = {}


def given(name: str, type_: Any = None) -> Any:
    """A parameter to be filled at execution; its type is needed where PostgreSQL cannot infer it."""
    return bindparam(name, type_=type_)


K = TypeVar("K", bound=Hashable)


class ByShape:
    """A cache of statements that differ by which filters or columns are present: one compilation per shape."""

    def __init__(self, build: Callable[[Any], ClauseElement], limit: int = 1024) -> None:
        self._build = build
        self._limit = limit
        self._made: dict[Hashable, Statement] = {}

    def __getitem__(self, shape: Hashable) -> Statement:
        statement = self._made.get(shape)
        if statement is None:
            if len(self._made) >= self._limit:
                self._made.clear()
            statement = self._made[shape] = Statement(self._build(shape))
        return statement
