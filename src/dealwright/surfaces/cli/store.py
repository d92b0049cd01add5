"""The database for a command: the operator's or the embedded one, current, for as long as the command runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import typer

from dealwright.kernel import settings as settings_of
from dealwright.kernel.crypto import Keyring
from dealwright.kernel.settings import Settings
from dealwright.kernel.store import installation
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.embedded import EmbeddedPostgres
from dealwright.kernel.store.migrate import migrate, newest_revision
from dealwright.surfaces.cli.problems import in_plain_words

T = TypeVar("T")


@asynccontextmanager
async def dsn_of(settings: Settings) -> AsyncIterator[str]:
    """Where the database answers. The embedded cluster is joined, or started and stopped again."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = EmbeddedPostgres(settings.data_dir)
    dsn = await asyncio.to_thread(embedded.start)
    try:
        yield dsn
    finally:
        await asyncio.to_thread(embedded.stop)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The database with its schema brought to the newest version."""
    async with dsn_of(settings) as dsn:
        await migrate(dsn)
        database = Database(dsn, pool_size=2)
        try:
            await database.open()
            yield database
        finally:
            await database.close()


def in_system_transaction(
    settings: Settings, work: Callable[[Transaction], Awaitable[T]], keyring: Keyring | None = None
) -> T:
    """Do it in one transaction that sees every workspace. ``keyring`` is given where something is sealed; it must be
    the one that the database was made with.
    """

    async def run() -> T:
        async with opened(settings) as database:
            if keyring is not None:
                await installation.check_fingerprint(database, keyring.fingerprint())
            async with database.system() as tx:
                return await work(tx)

    return asyncio.run(run())


def place(settings: Settings) -> str:
    """Which database it is, in words and without a password."""
    if settings.database_url is None:
        return f"embedded PostgreSQL in {settings.data_dir.resolve() / 'postgres'}"
    parts = urlsplit(settings.database_url)
    return f"PostgreSQL at {parts.hostname or 'a local socket'}{parts.path}"


def settings_file(settings: Settings, overrides: Mapping[str, Any]) -> Path:
    """The settings file that is or would be read."""
    import os

    named = overrides.get("config") or os.environ.get("DEALWRIGHT_CONFIG")
    return Path(named).resolve() if named else settings.data_dir.resolve() / "dealwright.toml"


def migrate_now(overrides: Mapping[str, Any]) -> None:
    """``dealwright migrate``."""

    async def upgrade(settings: Settings) -> bool:
        async with dsn_of(settings) as dsn:
            return await migrate(dsn)

    with in_plain_words():
        settings = settings_of.load(overrides)
        changed = asyncio.run(upgrade(settings))
        done = "brought to" if changed else "already at"
        typer.echo(f"{place(settings)}: {done} version {newest_revision()}")
