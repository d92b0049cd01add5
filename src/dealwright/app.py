"""The composition root: the only file that knows everything.

Builds the pieces from the settings, starts them in order and stops them in reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

import dealwright.modules.audit.operations
import dealwright.modules.batch.operations
import dealwright.modules.customers.operations
import dealwright.modules.deals.configured_operations
import dealwright.modules.deals.item_operations
import dealwright.modules.deals.lifecycle_operations
import dealwright.modules.deals.operations
import dealwright.modules.payments.operations
import dealwright.modules.platform.operations
import dealwright.modules.products.operations
import dealwright.modules.schemas.operations
import dealwright.modules.search.operations
import dealwright.surfaces.agents.operations  # noqa: F401 - these declare their operations
from dealwright.kernel.access import idempotency
from dealwright.kernel.access.admission import Admission
from dealwright.kernel.access.keys import KeyDirectory
from dealwright.kernel.access.rate_limits import MemoryLimiter, RateLimiter, RedisLimiter
from dealwright.kernel.clock import Clock, utc_now
from dealwright.kernel.context import Providers
from dealwright.kernel.crypto import Keyring, load_root
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.health import Check, database_check, migrations_check
from dealwright.kernel.operations import registry
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.settings import Settings, SettingsError
from dealwright.kernel.store import installation
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.embedded import EmbeddedPostgres
from dealwright.kernel.store.migrate import migrate
from dealwright.providers.payments import PaymentProviders
from dealwright.surfaces.salesbooth.http import SalesboothApi

log = structlog.get_logger("dealwright")

_WATCH_SECONDS = 0.5
_CLEAN_SECONDS = 600


@dataclass
class Services:
    """Everything that lives as long as the process."""

    settings: Settings
    database: Database
    pipeline: Pipeline
    admission: Admission
    directory: KeyDirectory
    limiter: RateLimiter
    embedded: EmbeddedPostgres | None


@contextlib.asynccontextmanager
async def services(settings: Settings, clock: Clock = utc_now) -> AsyncIterator[Services]:
    """Start the database (embedded unless one is named), migrate it, and yield the running pieces.

    Raises SettingsError when the root secret is not the one that this database was made with.
    """
    keyring = Keyring(load_root(settings.secret_key, settings.data_dir))
    embedded = None if settings.database_url else EmbeddedPostgres(settings.data_dir)
    dsn = await asyncio.to_thread(embedded.start) if embedded is not None else str(settings.database_url)
    background: list[asyncio.Task[None]] = []
    try:
        await migrate(dsn)
        database = Database(dsn, pool_size=settings.pool_size)
        await database.open()
        try:
            await installation.check_fingerprint(database, keyring.fingerprint())
            directory = KeyDirectory(database, clock, settings.key_limit_per_minute)
            await directory.start()
            limiter: RateLimiter = RedisLimiter(settings.redis_url) if settings.redis_url else MemoryLimiter()
            pipeline = Pipeline(
                database,
                keyring,
                clock,
                checks=_checks(database, limiter),
                providers=Providers(PaymentProviders(database, clock)),
                check_results=settings.check_results,
            )
            background.append(asyncio.create_task(_clean(database, clock)))
            if embedded is not None:
                background.append(asyncio.create_task(_watch(embedded)))
            yield Services(
                settings=settings,
                database=database,
                pipeline=pipeline,
                admission=Admission(directory, limiter, settings),
                directory=directory,
                limiter=limiter,
                embedded=embedded,
            )
            await directory.stop()
            await limiter.close()
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await database.close()
    finally:
        if embedded is not None:
            await asyncio.to_thread(embedded.stop)


def _checks(database: Database, limiter: RateLimiter) -> list[Check]:
    """What this process depends on, for the health operation."""
    shared = limiter if isinstance(limiter, RedisLimiter) else None
    redis = Check("redis", shared.ping if shared is not None else None, critical=False)
    return [database_check(database), migrations_check(database), redis]


async def _watch(embedded: EmbeddedPostgres) -> None:
    """Bring the embedded database back when somebody kills it; requests meanwhile answer 503."""
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if not embedded.is_running():
            log.warning("embedded_database_gone", action="restarting")
            with contextlib.suppress(Exception):
                await asyncio.to_thread(embedded.ensure_running)


async def _clean(database: Database, clock: Clock) -> None:
    """Remove what has expired."""
    while True:
        await asyncio.sleep(_CLEAN_SECONDS)
        with contextlib.suppress(DealwrightError):
            async with database.system() as tx:
                await idempotency.remove_expired(tx, clock())


class Application:
    """The ASGI application: lifespan and the dispatch between the surfaces."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self._clock = clock
        self.services: Services | None = None
        self._salesbooth: SalesboothApi | None = None
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        running = await self._stack.enter_async_context(services(self.settings, self._clock))
        self.services = running
        self._salesbooth = SalesboothApi(running.pipeline, running.admission, registry, self.settings)

    async def stop(self) -> None:
        await self._stack.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            assert self._salesbooth is not None
            await self._salesbooth(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except (DealwrightError, SettingsError) as problem:
                    await send({"type": "lifespan.startup.failed", "message": str(problem)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def create_app(settings: Settings, **options: Any) -> ASGIApp:
    """The ASGI application for these settings."""
    return Application(settings, **options)
