"""procrastinate over our own database: its queries in our system transactions, its notifications from our signals."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, LiteralString

from procrastinate.connector import BaseAsyncConnector, Notify

from dealwright.kernel.jobs.jobs import JOBS_WAITING
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.signals import Signals

_SETTINGS: Final = "SET LOCAL search_path = procrastinate, public"
_NAMED: Final = re.compile(r"%\((\w+)\)s")
_WAITING: Final = '{"type": "job_inserted", "job_id": 0}'


@cache
def _numbered(query: str) -> tuple[str, tuple[str, ...]]:
    """A query with ``%(name)s`` in asyncpg's form ``$1``, and the names in order."""
    names = tuple(dict.fromkeys(_NAMED.findall(query)))
    return _NAMED.sub(lambda found: f"${names.index(found[1]) + 1}", query).replace("%%", "%"), names


class Connector(BaseAsyncConnector):
    """What procrastinate's worker and manager ask of a database. Opening and closing is the composition root's."""

    def __init__(self, database: Database, signals: Signals | None = None) -> None:
        self._database = database
        self._signals = signals

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        text, names = _numbered(query)
        async with self._database.system(settings=_SETTINGS) as tx:
            statement = await tx.connection.prepare(text)
            expected = statement.get_parameters()
            values = [_fitting(kind.name, arguments[name]) for kind, name in zip(expected, names, strict=True)]
            return [dict(row) for row in await statement.fetch(*values)]

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        return (await self.execute_query_all_async(query, **arguments))[0]

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await self.execute_query_all_async(query, **arguments)

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Tell of every signal that jobs wait. The insert trigger's NOTIFY is off: it would stand inside business
        transactions (see :mod:`dealwright.kernel.store.signals`).
        """
        assert self._signals is not None
        waiting = asyncio.Event()

        def heard(_word: str) -> None:
            waiting.set()

        self._signals.on(JOBS_WAITING, heard)
        try:
            while True:
                await waiting.wait()
                waiting.clear()
                await on_notification(channel=JOBS_WAITING, payload=_WAITING)
        finally:
            self._signals.off(JOBS_WAITING, heard)


def _fitting(kind: str, value: Any) -> Any:
    """A number where the query makes a text of its parameter (an interval of seconds)."""
    return str(value) if kind == "text" and isinstance(value, int | float) else value
