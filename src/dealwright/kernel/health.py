"""What a process depends on, and how to ask whether it works.

The composition root makes a :class:`Check` for everything that it starts; the health operation asks them all at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import structlog

from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.migrate import current_revision, newest_revision

log = structlog.get_logger("dealwright.health")

PATIENCE_SECONDS: Final = 2.0

State = Literal["ok", "failed", "not_configured"]


class Unhealthy(Exception):
    """What a check found wrong, in words for an operator; never a secret or an address."""


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency: ``ask`` returns what else there is to say about it, or raises. None: not in use here.

    Without a critical dependency the process cannot answer; without another it works with less.
    """

    name: str
    ask: Callable[[], Awaitable[Mapping[str, Any]]] | None
    critical: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and how long that took."""

    name: str
    state: State
    critical: bool
    latency_ms: float | None = None
    message: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


async def ask_all(checks: Sequence[Check], patience: float = PATIENCE_SECONDS) -> list[Finding]:
    """Every check at once, each given ``patience`` seconds. Never raises."""
    return list(await asyncio.gather(*(_ask(check, patience) for check in checks)))


async def _ask(check: Check, patience: float) -> Finding:
    if check.ask is None:
        return Finding(check.name, "not_configured", check.critical)
    began = time.perf_counter()
    message: str | None = None
    facts: Mapping[str, Any] = {}
    try:
        async with asyncio.timeout(patience):
            facts = await check.ask()
    except TimeoutError:
        message = f"no answer within {patience:g} s"
    except (Unhealthy, DealwrightError) as problem:
        message = str(problem)
    except Exception as problem:
        log.warning("health_check_failed", check=check.name, problem=repr(problem))
        message = "does not work; the server's log says why"
    took = round((time.perf_counter() - began) * 1000, 1)
    return Finding(check.name, "ok" if message is None else "failed", check.critical, took, message, facts)


def database_check(database: Database) -> Check:
    """The database answers a statement."""

    async def ask() -> Mapping[str, Any]:
        async with database.system(read_only=True) as tx:
            await tx.connection.fetchval("SELECT 1")
        return {}

    return Check("database", ask)


def migrations_check(database: Database) -> Check:
    """The schema is the one that this version of the server was written for."""
    wanted = newest_revision()

    async def ask() -> Mapping[str, Any]:
        async with database.system(read_only=True) as tx:
            found = await current_revision(tx.connection)
        if found != wanted:
            raise Unhealthy(f"the database is at revision {found or 'none'}, this server needs {wanted}")
        return {"revision": found}

    return Check("migrations", ask)
