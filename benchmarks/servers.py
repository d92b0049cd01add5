"""The servers under measurement as real processes, and the one PostgreSQL cluster with a database for each."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.embedded import EmbeddedPostgres

UNLIMITED = 10**9
_LIMITS = ("KEY_LIMIT", "IP_LIMIT", "IP_ANONYMOUS_LIMIT", "IP_FAILED_AUTH_LIMIT", "GLOBAL_LIMIT")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@dataclass
class Server:
    """A running server process."""

    name: str
    port: int
    process: psutil.Process

    def cpu_seconds(self) -> float:
        """Processor time that the process has used so far, in user and kernel mode."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def resident_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1_000_000


def answers(port: int) -> bool:
    """Whether an HTTP request gets any answer."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as there:
        there.settimeout(30)  # who listens before it can answer lets callers wait
        there.sendall(b"GET /api/v1/customers HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return there.recv(12).startswith(b"HTTP/1.1 ")
    return False


@contextmanager
def running(name: str, command: list[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Run a server and wait for its first answer; it is asked to stop at the end."""
    with log.open("ab") as output:
        child = subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output)
    try:
        deadline = time.monotonic() + 30
        while not answers(port):
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} did not start: {log.read_text()[-2000:]}")
            time.sleep(0.005)
        yield Server(name, port, psutil.Process(child.pid))
    finally:
        child.terminate()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def dealwright(dsn: str | None, folder: Path, name: str = "dealwright") -> AbstractContextManager[Server]:
    """Dealwright as an operator runs it, but for rate limits that are out of the way; without a DSN it brings its own
    database.
    """
    port = free_port()
    environment = {f"DEALWRIGHT_{limit}_PER_MINUTE": str(UNLIMITED) for limit in _LIMITS}
    environment |= {"DEALWRIGHT_PORT": str(port), "DEALWRIGHT_DATA_DIR": str(folder), "DATABASE_URL": dsn or ""}
    command = [str(Path(sys.executable).with_name("dealwright")), "serve"]
    return running(name, command, port, environment, folder.with_suffix(".log"))


def floor(dsn: str, recording: Path) -> AbstractContextManager[Server]:
    port = free_port()
    environment = {"FLOOR_PORT": str(port), "FLOOR_DATABASE_URL": dsn, "FLOOR_RECORDING": str(recording)}
    command = [sys.executable, "-m", "benchmarks.floor.app"]
    return running("floor", command, port, environment, recording.with_suffix(".log"))


def usual(dsn: str, folder: Path) -> AbstractContextManager[Server]:
    port = free_port()
    environment = {"USUAL_PORT": str(port), "USUAL_DATABASE_URL": dsn}
    command = [sys.executable, "-m", "benchmarks.usual.app"]
    return running("usual", command, port, environment, folder / "usual.log")


class Cluster:
    """The embedded PostgreSQL, with the settings that it always has (fsync and synchronous_commit on)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "cluster"
        self._embedded = EmbeddedPostgres(self._folder)
        self._dsn = ""

    def __enter__(self) -> Cluster:
        self._dsn = self._embedded.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._embedded.stop()

    def dsn(self, name: str) -> str:
        """The DSN of a database in this cluster."""
        return self._dsn.replace("/dealwright?", f"/{name}?")

    def run(self, name: str, *statements: str) -> None:
        """Run statements one by one as the owner of a database."""
        for statement in statements:
            self.rows(name, statement)

    def rows(self, name: str, statement: str) -> list[Any]:
        """What a query by the owner of a database answers; row-level security does not apply to it."""

        async def work() -> list[Any]:
            connection = await asyncpg.connect(self.dsn(name), timeout=30)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(work())

    def cpu_seconds(self) -> float:
        """Processor time that all processes of the cluster have used so far, ended ones included."""
        postmaster = psutil.Process(int((self._folder / "postgres" / "postmaster.pid").read_text().split()[0]))
        alive = sum(sum(child.cpu_times()[:2]) for child in postmaster.children())
        return float(alive + sum(postmaster.cpu_times()[:4]))

    def create(self, name: str) -> str:
        """A new, empty database; answers its DSN."""
        self.run("postgres", f"CREATE DATABASE {name}")
        return self.dsn(name)

    def checkpoint(self) -> None:
        """Write everything out, so that no round pays for the one before it."""
        self.run("postgres", "CHECKPOINT")


def make_key(dsn: str, workspace: str = "bench") -> keys.NewKey:
    """A test key without a limit worth mentioning, in a migrated database."""

    async def work() -> keys.NewKey:
        database = Database(dsn, pool_size=2)
        await database.open()
        try:
            async with database.system() as tx:
                return await keys.create_key(tx, workspace=workspace, kind="test", now=utc_now(), rate_limit=UNLIMITED)
        finally:
            await database.close()

    return asyncio.run(work())
