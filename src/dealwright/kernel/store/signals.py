"""Wake-ups between the tasks of a process and between processes.

A signal says that there is something to look for, never what: everything is found in the database, so a lost signal
costs time and nothing else, and whoever waits for one also looks by itself now and then. A transaction gives its
signals when it has committed. They reach the callbacks of this process at once; when nobody here listens, other
processes are told by a NOTIFY, gathered for a moment and sent outside of any business transaction, because a NOTIFY
inside one would let all committing writers queue for a single lock.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import asyncpg
import structlog

from dealwright.kernel import ids
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.store.database import Database

log = structlog.get_logger("dealwright.signals")

CHANNEL: Final = "dealwright_signals"
_GATHER_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 15
_RECONNECT_SECONDS: Final = 0.5

Callback = Callable[[str], None]
"""Called with the word that came with the signal, empty after a time in which signals may have been lost."""


class Signals:
    """The signals of one process. Callbacks are called on the event loop and must only set something off."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._callbacks: dict[str, list[Callback]] = {}
        self._outgoing: dict[str, str] = {}
        self._send = asyncio.Event()
        self._origin = ids.token(12)
        self._tasks: list[asyncio.Task[None]] = []
        database.on_commit = self._committed

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._tell_others())]

    async def stop(self) -> None:
        self._database.on_commit = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def on(self, name: str, callback: Callback) -> None:
        """Call ``callback`` at every signal of that name, whichever process gives it."""
        self._callbacks.setdefault(name, []).append(callback)

    def off(self, name: str, callback: Callback) -> None:
        self._callbacks[name].remove(callback)

    def notice(self, name: str, word: str = "") -> str:
        """The text of a NOTIFY on :data:`CHANNEL` that gives a signal to all *other* processes."""
        return f"{self._origin} {name} {word}"

    def _committed(self, given: Mapping[str, str]) -> None:
        for name, word in given.items():
            if self._callbacks.get(name):
                self._call(name, word)
            else:
                self._outgoing[name] = word
                self._send.set()

    def _call(self, name: str, word: str) -> None:
        for callback in tuple(self._callbacks.get(name, ())):
            callback(word)

    def _heard(self, _connection: Any, _pid: int, _channel: str, text: str) -> None:
        origin, _, rest = text.partition(" ")
        name, _, word = rest.partition(" ")
        if origin != self._origin:
            self._call(name, word)

    async def _listen(self) -> None:
        """Hold one connection that hears the other processes."""
        while True:
            try:
                connection = await asyncpg.connect(self._database.dsn, timeout=10)
                try:
                    gone = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, gone=gone: gone.set())
                    await connection.add_listener(CHANNEL, self._heard)
                    for name in tuple(self._callbacks):
                        self._call(name, "")
                    while not gone.is_set():
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(gone.wait(), _LOOK_SECONDS)
                        await connection.fetchval("SELECT 1", timeout=5)
                finally:
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(_RECONNECT_SECONDS)

    async def _tell_others(self) -> None:
        while True:
            await self._send.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            self._send.clear()
            outgoing, self._outgoing = self._outgoing, {}
            texts = [self.notice(name, word) for name, word in outgoing.items()]
            try:
                async with self._database.system() as tx:
                    await tx.connection.execute(
                        "SELECT pg_notify($1, text) FROM unnest($2::text[]) text", CHANNEL, texts
                    )
            except DealwrightError:
                log.info("signal_not_sent", names=list(outgoing))
