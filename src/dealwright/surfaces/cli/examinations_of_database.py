"""What the doctor asks the database: version, rights, connections, schema, and whose secret sealed the data."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

import asyncpg

from dealwright.kernel.clock import utc_now
from dealwright.kernel.crypto import Keyring, load_root
from dealwright.kernel.settings import Settings
from dealwright.kernel.store import installation
from dealwright.kernel.store.embedded import EmbeddedPostgresError
from dealwright.kernel.store.migrate import OLDEST_VERSION, current_revision, newest_revision
from dealwright.kernel.store.tables import APP_ROLE, SYSTEM_ROLE
from dealwright.modules.signing import keys
from dealwright.surfaces.cli.examinations import Finding
from dealwright.surfaces.cli.store import dsn_of

_SYSTEM_CONNECTIONS: Final = 6
"""Connections of a process beside its pool: the system role's, and one that listens."""
_MAY_ACT: Final = """
SELECT wanted AS role, to_regrole(wanted) IS NOT NULL AS present,
       CASE WHEN to_regrole(wanted) IS NULL THEN false
            ELSE pg_has_role(current_user, wanted, CASE WHEN $2 >= 16 THEN 'SET' ELSE 'MEMBER' END) END AS usable
FROM unnest($1::text[]) AS wanted
"""


async def examine(settings: Settings) -> list[Finding]:
    """Findings about the database; the embedded one is started for them unless it runs."""
    cluster = settings.data_dir.resolve() / "postgres"
    if settings.database_url is None and not (cluster / "PG_VERSION").exists():
        return [Finding("database", "ok", f"{cluster} will be made at the first start")]
    try:
        async with dsn_of(settings) as dsn:
            connection = await asyncpg.connect(dsn, timeout=10)
            try:
                return await _questions(connection, settings)
            finally:
                await connection.close()
    except EmbeddedPostgresError as problem:
        advice = f"Read {cluster.parent / 'postgres.log'}; a full disk or a changed owner are the usual reasons."
        return [Finding("database", "problem", str(problem), advice)]
    except (OSError, ValueError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
        advice = "Start it, or correct DATABASE_URL (postgresql://user:password@host:5432/name)."
        line = next(iter(str(problem).splitlines()), "") or type(problem).__name__
        return [Finding("database", "problem", f"it does not answer: {line}", advice)]


async def _questions(connection: Any, settings: Settings) -> list[Finding]:
    found = [await _version(connection)]
    if found[0].state == "problem":
        return found
    return [
        *found,
        await _rights(connection),
        await _room(connection, settings.pool_size),
        await _time(connection),
        await _schema(connection),
        fingerprint := await _fingerprint(connection, settings),
        *([await _signing_keys(connection, settings)] if fingerprint.state == "ok" else []),
    ]


async def _version(connection: Any) -> Finding:
    version = connection.get_server_version().major
    encoding = await connection.fetchval("SHOW server_encoding")
    if version < OLDEST_VERSION:
        advice = f"Upgrade PostgreSQL to {OLDEST_VERSION} or newer."
        return Finding("database", "problem", f"PostgreSQL {version} is too old", advice)
    if encoding != "UTF8":
        advice = "Create the database with ENCODING 'UTF8'."
        return Finding("database", "problem", f"its encoding is {encoding}, which cannot hold every text", advice)
    return Finding("database", "ok", f"PostgreSQL {version} answers")


async def _rights(connection: Any) -> Finding:
    """Whether the login may act as both roles, or may make them, and may make tables."""
    user = await connection.fetchval("SELECT current_user")
    rows = await connection.fetch(_MAY_ACT, [APP_ROLE, SYSTEM_ROLE], connection.get_server_version().major)
    may_create = await connection.fetchval(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    advice = (
        f"As an administrator: CREATE ROLE {APP_ROLE} NOLOGIN; CREATE ROLE {SYSTEM_ROLE} NOLOGIN; "
        f'GRANT {APP_ROLE}, {SYSTEM_ROLE} TO "{user}"; (leave out what exists)'
    )
    missing = [row["role"] for row in rows if not row["usable"]]
    if any(row["present"] for row in rows if row["role"] in missing):
        return Finding("roles", "problem", f"{user} may not act as {' and '.join(missing)}", advice)
    if missing and not may_create:
        return Finding("roles", "problem", f"{user} may not create {' and '.join(missing)}", advice)
    if not await connection.fetchval("SELECT has_schema_privilege(current_user, 'public', 'CREATE')"):
        advice = f'Make it the owner: ALTER DATABASE … OWNER TO "{user}";'
        return Finding("roles", "problem", f"{user} may not make tables in this database", advice)
    will = " (made at the first start)" if missing else ""
    return Finding("roles", "ok", f"{user} may act as {APP_ROLE} and {SYSTEM_ROLE}{will}")


async def _room(connection: Any, pool_size: int) -> Finding:
    most = await connection.fetchval(
        "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    )
    needed = pool_size + _SYSTEM_CONNECTIONS
    said = f"{most} connections possible, {needed} used by each process"
    if needed > most:
        return Finding("connections", "problem", said, "Lower DEALWRIGHT_POOL_SIZE or raise max_connections.")
    return Finding("connections", "ok", said)


async def _time(connection: Any) -> Finding:
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    apart = abs((utc_now() - theirs).total_seconds())
    if apart > 5:
        advice = "Keep both clocks right (NTP)."
        return Finding("database clock", "warn", f"it differs from this machine's by {apart:.0f} s", advice)
    return Finding("database clock", "ok", "it agrees with this machine's")


async def _schema(connection: Any) -> Finding:
    revision, newest = await current_revision(connection), newest_revision()
    if revision is None:
        return Finding("migrations", "ok", "the tables will be made at the first start")
    if revision > newest:
        advice = "Install the newer version again: an older one does not understand these tables."
        return Finding(
            "migrations", "problem", f"the schema ({revision}) is newer than this version's ({newest})", advice
        )
    if revision != newest:
        advice = "Run: dealwright migrate (the next start does it, too)."
        return Finding("migrations", "warn", f"the schema is at {revision}, this version's is {newest}", advice)
    return Finding("migrations", "ok", f"the schema is current ({newest})")


async def _signing_keys(connection: Any, settings: Settings) -> Finding:
    """Whether every workspace's signing key opens and belongs to the public key that is published."""
    if settings.secret_key is None and not (settings.data_dir / "secret.key").exists():
        return Finding("signing keys", "ok", "they will be made at the first start")
    keyring = Keyring(await asyncio.to_thread(load_root, settings.secret_key, settings.data_dir))
    try:
        count, wrong = await keys.examine(connection, keyring)
    except asyncpg.PostgresError:
        return Finding("signing keys", "warn", "the database does not let this login look at them", None)
    if wrong:
        advice = "Restore the table signing_keys from a backup, or rotate the key: what it signed stays verifiable."
        return Finding("signing keys", "problem", f"{len(wrong)} of {count} cannot be used: {wrong[0]}", advice)
    return Finding("signing keys", "ok", f"all {count} can be used" if count else "none is needed yet")


async def _fingerprint(connection: Any, settings: Settings) -> Finding:
    """Whether the root secret is the one that sealed this database, without making one."""
    try:
        stored = await installation.stored_fingerprint(connection)
    except asyncpg.PostgresError:
        return Finding("secret key matches", "warn", "the database does not let this login compare it", None)
    if stored is None:
        return Finding("secret key matches", "ok", "nothing is sealed in this database yet")
    path = settings.data_dir / "secret.key"
    advice = "Put back the original secret.key or DEALWRIGHT_SECRET_KEY; without it, personal data stays unreadable."
    if settings.secret_key is None and not path.exists():
        return Finding("secret key matches", "problem", f"{path.resolve()} is gone, and data is sealed with it", advice)
    try:
        root = await asyncio.to_thread(load_root, settings.secret_key, settings.data_dir)
    except OSError as problem:
        return Finding("secret key matches", "problem", f"the key cannot be read: {problem.strerror}", advice)
    if Keyring(root).fingerprint() != stored:
        return Finding("secret key matches", "problem", "the data was sealed with another key", advice)
    return Finding("secret key matches", "ok", "the data was sealed with this key")
