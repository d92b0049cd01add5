"""Bringing the schema to the newest version, at every start.

One advisory lock serialises processes that start together; a database that is already current costs one query and does
not even load Alembic. Only upgrades exist: going back is restoring a backup.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import asyncpg

from dealwright.kernel.errors import Unavailable

_FOLDER: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 4_150_221_097
"""Advisory lock number of migrations; never reused for anything else."""


OLDEST_VERSION: Final = 15
"""The oldest major version of PostgreSQL that will do."""


class DatabaseTooOld(Exception):
    """The server is older than PostgreSQL 15."""


def newest_revision() -> str:
    """The number of the last migration file."""
    return max(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*_*.py"))


async def current_revision(connection: Any) -> str | None:
    """The database's revision, None for an empty database."""
    if await connection.fetchval("SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    return revision


async def migrate(dsn: str) -> bool:
    """Upgrade to the newest revision; False when there was nothing to do.

    Raises DatabaseTooOld, or Unavailable when the database does not answer.
    """
    try:
        connection: Any = await asyncpg.connect(dsn, timeout=15)
    except (OSError, asyncpg.PostgresError, TimeoutError) as problem:
        raise Unavailable(f"The database does not answer: {problem}") from None
    try:
        version = connection.get_server_version().major
        if version < OLDEST_VERSION:
            raise DatabaseTooOld(f"PostgreSQL {version} is too old; {OLDEST_VERSION} or newer is needed")
        await connection.execute(f"SELECT pg_advisory_lock({_LOCK})")
        if await current_revision(connection) == newest_revision():
            return False
        await _upgrade(dsn)
        return True
    finally:
        await connection.close()


async def _upgrade(dsn: str) -> None:
    from alembic import command
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine("postgresql+asyncpg://" + dsn.partition("://")[2])
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: command.upgrade(config(sync), "head"))
            await connection.commit()
    finally:
        await engine.dispose()


def config(connection: Any) -> Any:
    """Alembic's configuration around an open SQLAlchemy connection."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_FOLDER))
    made.attributes["connection"] = connection
    return made
