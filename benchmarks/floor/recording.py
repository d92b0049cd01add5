"""Recording the SQL of Dealwright's requests, for the floor to replay.

Each request is performed twice in this process against the floor's own database, with every statement and argument
written down. What differs between the two runs is what differs from request to request (a new id, the time, sealed
bytes): it becomes a *fill*, to be made afresh; the rest stays as recorded. So the floor cannot drift from what
Dealwright does: same texts, same number, arguments of the same types and sizes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg.connection
import httpx

from benchmarks.floor.script import Fill, Script, Step
from dealwright.app import Application
from dealwright.kernel import ids
from dealwright.kernel import settings as settings_of
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now

_METHODS = ("execute", "fetch", "fetchrow", "fetchval")


@dataclass(frozen=True)
class Request:
    """A request to record. ``members`` names the members of the body or query that hold ids."""

    method: str
    path: str
    body: dict[str, Any] | None = None


_steps: ContextVar[list[Step] | None] = ContextVar("steps", default=None)
"""Where the statements of the request under way go; what runs in the background has none."""


@contextmanager
def _watching() -> Iterator[None]:
    """Write down what any asyncpg connection of this process is asked while a request is under way."""
    kept = {name: getattr(asyncpg.connection.Connection, name) for name in _METHODS}

    def watched(name: str) -> Any:
        async def call(connection: Any, sql: str, *arguments: Any, **options: Any) -> Any:
            if (steps := _steps.get()) is not None:
                steps.append(Step(name, sql, list(arguments)))
            return await kept[name](connection, sql, *arguments, **options)

        return call

    for name in _METHODS:
        setattr(asyncpg.connection.Connection, name, watched(name))
    try:
        yield
    finally:
        for name, method in kept.items():
            setattr(asyncpg.connection.Connection, name, method)


class Stage:
    """Dealwright in this process, with a workspace to record in."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self._http = http
        self._headers = {"authorization": f"Bearer {key}"}

    async def send(self, request: Request) -> httpx.Response:
        response = await self._http.request(
            request.method, f"/api/v1{request.path}", json=request.body, headers=self._headers
        )
        response.raise_for_status()
        return response

    async def script(self, one: Request, two: Request) -> Script:
        """What two requests of one kind have in common, and where they differ."""
        runs = []
        for request in (one, two):
            steps: list[Step] = []
            token = _steps.set(steps)
            response = await self.send(request)
            _steps.reset(token)
            runs.append((steps, response, _named(request)))
        (first, response, named), (second, _, named_second) = runs
        if [(step.method, step.sql) for step in first] != [(step.method, step.sql) for step in second]:
            raise AssertionError(f"{one.method} {one.path} does not always run the same statements")
        match = _Match(named, named_second)
        steps = [
            Step(a.method, a.sql, [match.compare(x, y) for x, y in zip(a.arguments, b.arguments, strict=True)])
            for a, b in zip(first, second, strict=True)
        ]
        return Script(steps, len(response.content), response.json()["data"])


def _named(request: Request) -> dict[UUID, str]:
    """The ids that a request names, by UUID, with the member that names them."""
    found = dict(httpx.URL(request.path).params.items()) | (request.body or {})
    return {key: name for name, value in found.items() if isinstance(value, str) and (key := _uuid_of(value))}


def _uuid_of(text: str) -> UUID | None:
    return ids.decode(text.rpartition("_")[0], text)


class _Match:
    """Compares the arguments of two runs."""

    def __init__(self, one: dict[UUID, str], two: dict[UUID, str]) -> None:
        self._named = one
        self._named_second = two
        self._new: dict[UUID, str] = {}

    def compare(self, one: Any, two: Any) -> Any:
        if isinstance(one, UUID) and isinstance(two, UUID):
            return self._id(one, two, "given", "uuid") or one
        if isinstance(one, str) and (key := _uuid_of(one)) is not None and isinstance(two, str):
            return self._id(key, _uuid_of(two), "given_text", f"text:{one.rpartition('_')[0]}") or one
        if type(one) is not type(two) or one == two:
            return one
        if isinstance(one, datetime):
            return Fill("now")
        if isinstance(one, bytes):
            return Fill("bytes", size=len(one))
        if isinstance(one, list):
            if all(isinstance(part, bytes) for part in one):  # the tokens of a record: a sorted set
                return [part if part in two else Fill("bytes", size=len(part)) for part in one]
            if len(one) == len(two):
                return [self.compare(x, y) for x, y in zip(one, two, strict=True)]
        return one

    def _id(self, one: UUID, two: UUID | None, named: str, new: str) -> Fill | None:
        if one in self._named:
            return Fill(named, self._named[one])
        if one == two or two is None:
            return None
        kind, _, prefix = new.partition(":")
        return Fill(kind, self._new.setdefault(one, str(len(self._new))) + (f":{prefix}" if prefix else ""))


@asynccontextmanager
async def stage(dsn: str, data_dir: Path) -> AsyncIterator[Stage]:
    """Start Dealwright in this process on the database of the floor."""
    unlimited = {"global_limit_per_minute": 10**9, "ip_limit_per_minute": 10**9}
    settings = settings_of.load({"data_dir": data_dir, "database_url": dsn, **unlimited}, environment={})
    application = Application(settings)
    await application.start()
    try:
        assert application.services is not None
        async with application.services.database.system() as tx:
            key = await keys.create_key(tx, workspace="floor", kind="test", now=utc_now(), rate_limit=10**9)
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://recording") as http:
            with _watching():
                yield Stage(http, key.secret)
    finally:
        await application.stop()
