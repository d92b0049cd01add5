"""Connections and transactions.

Every transaction of a request runs as the role that owns nothing and begins by naming its tenant and mode, both with
SET LOCAL, so that nothing outlives the transaction and a pooler in between changes nothing. Work across tenants
(authentication, schedules) uses the system role through :meth:`Database.system`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
import orjson
import structlog
from asyncpg import Record

from dealwright.kernel.errors import DealwrightError, InvalidRequest, Unavailable
from dealwright.kernel.store.statements import Statement
from dealwright.kernel.store.tables import APP_ROLE, SYSTEM_ROLE

__all__ = ["Database", "Record", "Transaction", "on_violation"]

log = structlog.get_logger("dealwright.database")

_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
    ConnectionError,
    FileNotFoundError,
    TimeoutError,
    OSError,
)
_UNSTORABLE: Final = (
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.DatetimeFieldOverflowError,
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
)
_RETRYABLE: Final = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

_violations: dict[str, Callable[[], DealwrightError]] = {}


def on_violation(constraint: str, error: Callable[[], DealwrightError]) -> None:
    """Say which error a caller gets when the database refuses a write by this constraint or unique index."""
    _violations[constraint] = error


def _translated(problem: BaseException) -> DealwrightError | None:
    """What a caller should be told about a database error, or None when it is none of those that can happen."""
    if isinstance(problem, asyncpg.IntegrityConstraintViolationError):
        error = _violations.get(problem.constraint_name or "")
        return error() if error is not None else None
    if isinstance(problem, _UNSTORABLE) or type(problem) is asyncpg.DataError:  # this one comes from the driver
        log.warning("unstorable_value", problem=type(problem).__name__)
        return InvalidRequest(
            "A value is too large or of a form that cannot be stored", code="validation_error.unstorable_value"
        )
    if isinstance(problem, asyncpg.LockNotAvailableError):
        return Unavailable("Another request holds this record; try again")
    if isinstance(problem, asyncpg.QueryCanceledError):
        return Unavailable("The request took too long and was stopped")
    if isinstance(problem, _AWAY):
        return Unavailable("The connection to the database was lost")
    return None


class Transaction:
    """One open transaction. Statements find ``tenant`` and ``mode`` filled in."""

    __slots__ = ("_database", "_scope", "connection", "livemode", "signals", "tenant_id")

    def __init__(self, database: Database, connection: Any, tenant_id: UUID | None, livemode: bool) -> None:
        self._database = database
        self.connection = connection
        self.tenant_id = tenant_id
        self.livemode = livemode
        self._scope = {"tenant": tenant_id, "mode": livemode}
        self.signals: dict[str, str] = {}

    def inside(self, tenant_id: UUID, livemode: bool) -> Transaction:
        """The same transaction, working for a workspace: for a system transaction that has just made it."""
        there = Transaction(self._database, self.connection, tenant_id, livemode)
        there.signals = self.signals
        return there

    def signal(self, name: str, word: str = "") -> None:
        """Give a signal (:mod:`dealwright.kernel.store.signals`) once this transaction has committed."""
        self.signals[name] = word

    def _arguments(self, statement: Statement, values: Mapping[str, Any]) -> list[Any]:
        self._database.statements += 1
        return statement.arguments({**self._scope, **values})

    async def rows(self, statement: Statement, **values: Any) -> list[Record]:
        return await self.connection.fetch(statement.sql, *self._arguments(statement, values))  # type: ignore[no-any-return]

    async def row(self, statement: Statement, **values: Any) -> Record | None:
        return await self.connection.fetchrow(statement.sql, *self._arguments(statement, values))

    async def value(self, statement: Statement, **values: Any) -> Any:
        return await self.connection.fetchval(statement.sql, *self._arguments(statement, values))

    async def run(self, statement: Statement, **values: Any) -> None:
        await self.connection.fetch(statement.sql, *self._arguments(statement, values))

    async def run_many(self, statement: Statement, values: Sequence[Mapping[str, Any]]) -> None:
        """The same statement for each of these, sent without waiting for one another's answers."""
        await self.connection.executemany(statement.sql, [self._arguments(statement, each) for each in values])

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Work that is undone alone when it raises."""
        await self.connection.execute("SAVEPOINT inner_work")
        try:
            yield
        except BaseException as problem:
            if not self.connection.is_closed():
                await self.connection.execute("ROLLBACK TO SAVEPOINT inner_work; RELEASE SAVEPOINT inner_work")
            if (known := _translated(problem)) is not None:
                raise known from None
            raise
        await self.connection.execute("RELEASE SAVEPOINT inner_work")


class _Block(AbstractAsyncContextManager[Transaction]):
    """A transaction from its BEGIN to its COMMIT, or its ROLLBACK when the block raises.

    A class, because every request goes through it and two nested generators cost more than the rest of it.
    """

    __slots__ = ("_begin", "_connection", "_database", "_livemode", "_pool", "_tenant_id", "_transaction")

    def __init__(self, database: Database, pool: Any, begin: str, tenant_id: UUID | None, livemode: bool) -> None:
        self._database = database
        self._pool = pool
        self._begin = begin
        self._tenant_id = tenant_id
        self._livemode = livemode

    async def __aenter__(self) -> Transaction:
        try:
            connection = self._connection = await self._pool.acquire(timeout=10)
        except _AWAY:
            raise Unavailable("The database is not reachable at the moment") from None
        try:
            await connection.execute(self._begin)
        except BaseException as problem:
            await self._release(connection)
            if isinstance(problem, Exception) and (known := _translated(problem)) is not None:
                raise known from None
            raise
        self._transaction = Transaction(self._database, connection, self._tenant_id, self._livemode)
        return self._transaction

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        connection = self._connection
        try:
            if problem is None:
                await connection.execute("COMMIT")
            elif not connection.is_closed():
                await connection.execute("ROLLBACK")
        except Exception as another:
            if (known := _translated(another)) is not None:
                raise known from None
            raise
        finally:
            await self._release(connection)
        if problem is None and self._transaction.signals and self._database.on_commit is not None:
            self._database.on_commit(self._transaction.signals)
        if isinstance(problem, Exception) and (known := _translated(problem)) is not None:
            raise known from None

    async def _release(self, connection: Any) -> None:
        with suppress(Exception):  # the pool drops a connection that it cannot take back
            await self._pool.release(connection)


def _dump_jsonb(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, default=str)


def _load_jsonb(raw: bytes) -> Any:
    return orjson.loads(raw[1:])


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_dump_jsonb, decoder=_load_jsonb, format="binary"
    )


async def _leave_as_is(connection: Any) -> None:
    """A released connection needs no reset: every setting of ours ended with its transaction."""


T = TypeVar("T")


class Database:
    """The pools of one process. ``statements`` counts what business code executed (for tests of query counts)."""

    def __init__(self, dsn: str, *, pool_size: int = 10) -> None:
        self.dsn = dsn
        self.statements = 0
        self.on_commit: Callable[[Mapping[str, str]], None] | None = None
        """Told the signals of every transaction that committed."""
        self._pool_size = pool_size
        self._app: Any = None
        self._system: Any = None

    def _make_pool(self, role: str, largest: int) -> Any:
        return asyncpg.create_pool(
            self.dsn,
            min_size=1,
            max_size=largest,
            init=_prepare,
            reset=_leave_as_is,
            statement_cache_size=1000,
            max_inactive_connection_lifetime=300,
            max_cached_statement_lifetime=0,
            server_settings={
                "role": role,
                "application_name": "dealwright",
                "statement_timeout": "30s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "60s",
                "jit": "off",
            },
        )

    async def open(self) -> None:
        """Connect; raises Unavailable when the database does not answer."""
        try:
            self._app = await self._make_pool(APP_ROLE, self._pool_size)
            self._system = await self._make_pool(SYSTEM_ROLE, 6)
        except _AWAY as problem:
            await self.close()
            raise Unavailable(f"The database does not answer: {problem}") from None

    async def close(self) -> None:
        for pool in (self._app, self._system):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), 5)
                except (TimeoutError, *_AWAY):
                    pool.terminate()
        self._app = self._system = None

    def transaction(
        self, tenant_id: UUID, livemode: bool, *, read_only: bool = False
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that sees one tenant in one mode. Commits at the end, rolls back on any exception.

        Raises Unavailable while the database is away, and the error registered for a violated constraint.
        """
        begin = (
            f"BEGIN{' READ ONLY' if read_only else ''}; SET LOCAL app.tenant = '{tenant_id}'; "
            f"SET LOCAL app.livemode = '{'on' if livemode else 'off'}'"
        )
        return _Block(self, self._app, begin, tenant_id, livemode)

    def system(
        self,
        *,
        read_only: bool = False,
        settings: str = "",
        tenant_id: UUID | None = None,
        livemode: bool = False,
    ) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that sees every tenant; only for work that has none yet, or that serves all of them.

        ``settings``: SET LOCAL statements that it begins with, at no further round trip. ``tenant_id`` and ``livemode``
        say for whom it works, where it is for somebody; they fill in statements and hide nothing.
        """
        begin = f"BEGIN{' READ ONLY' if read_only else ''}; {settings}"
        return _Block(self, self._system, begin, tenant_id, livemode)

    @staticmethod
    async def retrying(work: Callable[[], Awaitable[T]], attempts: int = 3) -> T:
        """Run a whole transaction again when the database chose it as the victim of a deadlock."""
        for attempt in range(attempts):
            try:
                return await work()
            except _RETRYABLE:
                if attempt == attempts - 1:
                    raise Unavailable("Too many requests changed the same records at once") from None
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError("unreachable")
