"""What can go wrong with a set-up, said in one plain sentence: no command answers with a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


class Refused(Exception):
    """A command cannot do what it was asked; the message is what the person reads."""


def sentence(problem: BaseException) -> str | None:
    """What to tell a person about a problem of the set-up; None for anything else, which is a defect."""
    import asyncpg
    from sqlalchemy.exc import DBAPIError

    from dealwright.kernel.errors import DealwrightError
    from dealwright.kernel.settings import SettingsError
    from dealwright.kernel.store.embedded import EmbeddedPostgresError
    from dealwright.kernel.store.migrate import DatabaseTooOld

    if isinstance(problem, SettingsError | DealwrightError | DatabaseTooOld | EmbeddedPostgresError | Refused):
        return str(problem)
    if isinstance(problem, DBAPIError):
        return _refused_by_database(str(problem.orig))
    if isinstance(problem, asyncpg.PostgresError | asyncpg.InterfaceError):
        return _refused_by_database(str(problem))
    if isinstance(problem, OSError):
        return f"{problem.filename}: {problem.strerror}" if problem.filename else str(problem.strerror or problem)
    return None


def _refused_by_database(text: str) -> str:
    """PostgreSQL's own first line, without the class names that drivers put before it."""
    line = next(iter(text.splitlines()), "no reason given")
    line = line.rpartition(">: ")[2] if line.startswith("<class") else line
    return f"the database refused: {line}; `dealwright doctor` says what it needs"


@contextmanager
def in_plain_words() -> Iterator[None]:
    """End the command with a sentence on standard error and exit code 1 when its set-up is at fault."""
    try:
        yield
    except Exception as problem:
        text = sentence(problem)
        if text is None:
            raise
        typer.echo(f"dealwright: {text}", err=True)
        raise typer.Exit(1) from None
