"""The composition root: the only file that knows everything.

Builds the pieces from the settings, starts them in order and stops them in reverse.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

import dealwright.modules.activity.operations
import dealwright.modules.audit.operations
import dealwright.modules.batch.operations
import dealwright.modules.communications.inbound_email
import dealwright.modules.communications.inbound_twilio
import dealwright.modules.communications.operations
import dealwright.modules.contracts.lifecycle_operations
import dealwright.modules.contracts.operations
import dealwright.modules.contracts.schedule
import dealwright.modules.customers.operations
import dealwright.modules.dashboard.operations
import dealwright.modules.deals.acceptance_operations
import dealwright.modules.deals.configured_operations
import dealwright.modules.deals.expiry
import dealwright.modules.deals.item_operations
import dealwright.modules.deals.lifecycle_operations
import dealwright.modules.deals.operations
import dealwright.modules.deals.signing_operations
import dealwright.modules.deals.template_operations
import dealwright.modules.escrow.jobs
import dealwright.modules.escrow.operations
import dealwright.modules.imports.operations
import dealwright.modules.keys.operations
import dealwright.modules.messages.operations
import dealwright.modules.messages.outbox
import dealwright.modules.partners.operations
import dealwright.modules.partners.settlement_operations
import dealwright.modules.payments.operations
import dealwright.modules.payments.webhook_operations
import dealwright.modules.people.auth
import dealwright.modules.people.invitations
import dealwright.modules.people.onboarding
import dealwright.modules.people.passwords_forgotten
import dealwright.modules.people.preferences
import dealwright.modules.people.profile
import dealwright.modules.people.schedules
import dealwright.modules.people.taking_part
import dealwright.modules.people.team
import dealwright.modules.platform.csp_operations
import dealwright.modules.platform.operations
import dealwright.modules.products.operations
import dealwright.modules.queue.operations
import dealwright.modules.sandbox.operations
import dealwright.modules.sandbox.playground
import dealwright.modules.sandbox.test_clock
import dealwright.modules.schemas.operations
import dealwright.modules.search.operations
import dealwright.modules.shop.appointments
import dealwright.modules.shop.customers
import dealwright.modules.shop.invoices
import dealwright.modules.shop.payments
import dealwright.modules.shop.quotes
import dealwright.modules.shop.schedule
import dealwright.modules.shop.settings
import dealwright.modules.shop.vehicles
import dealwright.modules.shop.webhooks
import dealwright.modules.signing.integrity
import dealwright.modules.signing.operations
import dealwright.modules.streams.operations
import dealwright.modules.uploads.operations
import dealwright.modules.webhooks.delivery_operations
import dealwright.modules.webhooks.operations
import dealwright.modules.workspace.operations
import dealwright.modules.workspace.settings_operations
import dealwright.surfaces.agents.operations
import dealwright.surfaces.salesbooth.index  # noqa: F401 - these declare their operations and schedules
from dealwright.kernel.access.admission import Admission
from dealwright.kernel.access.keys import KeyDirectory
from dealwright.kernel.access.rate_limits import MemoryLimiter, RateLimiter, RedisLimiter
from dealwright.kernel.access.sessions import SessionDirectory
from dealwright.kernel.clock import Clock, utc_now
from dealwright.kernel.context import Providers
from dealwright.kernel.crypto import Keyring, load_root
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.feed.feed import Feed
from dealwright.kernel.feed.sequencer import Sequencer
from dealwright.kernel.health import Check, database_check, migrations_check
from dealwright.kernel.jobs.schedules import Scheduler
from dealwright.kernel.jobs.worker import JobWorker, queue_check
from dealwright.kernel.operations import registry
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.settings import PublicAddress, Settings, SettingsError
from dealwright.kernel.store import installation
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.embedded import EmbeddedPostgres
from dealwright.kernel.store.migrate import migrate
from dealwright.kernel.store.signals import Signals
from dealwright.modules.activity import notifying
from dealwright.modules.communications.inbound_email import InboundMail
from dealwright.modules.events.audience import OtherApis
from dealwright.modules.messages.worker import Messenger
from dealwright.modules.people.service import People
from dealwright.modules.queue.schedules import Alarm
from dealwright.modules.shop.registry import shop_registry
from dealwright.modules.shop.webhooks import event_names
from dealwright.modules.signing import keys as signing_keys
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.sender import Policy, Sender
from dealwright.modules.webhooks.worker import Worker
from dealwright.providers.carriers import Carriers
from dealwright.providers.payments import PaymentProviders
from dealwright.providers.storage import Storage
from dealwright.surfaces.desk import app as desk
from dealwright.surfaces.desk.operations import Operations
from dealwright.surfaces.mcp.late import LateEndpoint
from dealwright.surfaces.mcp.methods import PATH as MCP_PATH
from dealwright.surfaces.salesbooth.deliveries import SalesboothDialect
from dealwright.surfaces.salesbooth.http import BASE, SalesboothApi
from dealwright.surfaces.salesthumb import events as salesthumb_events
from dealwright.surfaces.salesthumb import http as salesthumb
from dealwright.surfaces.salesthumb.http import SalesthumbApi
from dealwright.surfaces.web import app as web

log = structlog.get_logger("dealwright")

_DID = re.compile(r"/(tenant_[0-9a-v]{26})/did\.json")
_WATCH_SECONDS = 0.5


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
    feed: Feed
    signals: Signals


@contextlib.asynccontextmanager
async def services(settings: Settings, clock: Clock = utc_now) -> AsyncIterator[Services]:
    """Start the database (embedded unless one is named), migrate it, and yield the running pieces.

    Raises SettingsError when the root secret is not the one that this database was made with.
    """
    carriers = Carriers.of(settings)
    storage = Storage(settings)
    keyring = Keyring(load_root(settings.secret_key, settings.data_dir))
    embedded = None if settings.database_url else EmbeddedPostgres(settings.data_dir)
    async with contextlib.AsyncExitStack() as stack:
        if embedded is not None:
            stack.push_async_callback(asyncio.to_thread, embedded.stop)
        dsn = await asyncio.to_thread(embedded.start) if embedded is not None else str(settings.database_url)
        await migrate(dsn)
        database = Database(dsn, pool_size=settings.pool_size)
        await database.open()
        stack.push_async_callback(database.close)
        await installation.check_fingerprint(database, keyring.fingerprint())
        await signing_keys.prepare(database, keyring, clock())
        limiter: RateLimiter = RedisLimiter(settings.redis_url) if settings.redis_url else MemoryLimiter()
        stack.push_async_callback(limiter.close)
        directory = KeyDirectory(database, clock, settings.key_limit_per_minute)
        await directory.start()
        stack.push_async_callback(directory.stop)
        sender = Sender(Policy(allow_private=settings.webhooks_allow_private))
        stack.push_async_callback(sender.close)
        dialects = Dialects(
            SalesboothDialect(not_heard=salesthumb_events.OWN), salesthumb_events.SalesthumbDialect(event_names())
        )
        signals = Signals(database)
        await signals.start()
        stack.push_async_callback(signals.stop)
        feed = Feed(database, signals)
        await feed.start()
        stack.push_async_callback(feed.stop)
        people = People(keyring, limiter, settings)
        stack.callback(people.passwords.close)
        payment_providers = PaymentProviders.of(settings, database, clock)
        stack.push_async_callback(payment_providers.close)
        pipeline = Pipeline(
            database,
            keyring,
            clock,
            checks=[*_checks(database, limiter), signing_keys.check(database, keyring)],
            providers=Providers(
                payment_providers,
                sender,
                dialects,
                feed,
                PublicAddress.of(settings),
                people,
                Alarm(settings.queue_depth_alert),
                carriers,
                InboundMail(settings.email_webhook_secret),
                OtherApis(salesthumb_events.OWN),
                storage,
            ),
            check_results=settings.check_results,
        )
        background: list[asyncio.Task[None]] = []
        stack.push_async_callback(_end, background)
        if settings.run_workers:
            sequencer = Sequencer(database, signals, [partial(notifying.fan_out, dialects)])
            await sequencer.start()
            stack.push_async_callback(sequencer.stop)
            background.append(asyncio.create_task(Messenger(pipeline, signals, carriers, clock).run()))
            worker = Worker(database, signals, keyring, sender, dialects, clock, settings.webhooks_retry_schedule)
            await worker.start()
            stack.push_async_callback(worker.stop)
            job_worker = JobWorker(pipeline, signals, settings.jobs_concurrency)
            await job_worker.start()
            stack.push_async_callback(job_worker.stop)
            background.append(asyncio.create_task(Scheduler(pipeline).run()))
        if embedded is not None:
            background.append(asyncio.create_task(_watch(embedded)))
        yield Services(
            settings=settings,
            database=database,
            pipeline=pipeline,
            admission=Admission(directory, limiter, settings, sessions=SessionDirectory(database, clock, settings)),
            directory=directory,
            limiter=limiter,
            embedded=embedded,
            feed=feed,
            signals=signals,
        )


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _checks(database: Database, limiter: RateLimiter) -> list[Check]:
    """What this process depends on, for the health operation."""
    shared = limiter if isinstance(limiter, RedisLimiter) else None
    redis = Check("redis", shared.ping if shared is not None else None, critical=False)
    return [database_check(database), migrations_check(database), redis, queue_check(database)]


async def _watch(embedded: EmbeddedPostgres) -> None:
    """Bring the embedded database back when somebody kills it; requests meanwhile answer 503."""
    while True:
        await asyncio.sleep(_WATCH_SECONDS)
        if not embedded.is_running():
            log.warning("embedded_database_gone", action="restarting")
            with contextlib.suppress(Exception):
                await asyncio.to_thread(embedded.ensure_running)


class Application:
    """The ASGI application: lifespan and the dispatch between the surfaces."""

    def __init__(self, settings: Settings, clock: Clock = utc_now) -> None:
        self.settings = settings
        self._clock = clock
        self.services: Services | None = None
        self._salesbooth: SalesboothApi | None = None
        self._salesthumb: SalesthumbApi | None = None
        self._mcp: LateEndpoint | None = None
        self._desk: ASGIApp | None = None
        self._web: ASGIApp | None = None
        self._root_hosts = frozenset(host.lower().encode() for host in self.settings.salesbooth_root_hosts)
        self._shop_hosts = frozenset(host.lower().encode() for host in self.settings.salesthumb_hosts)
        self._stack = contextlib.AsyncExitStack()

    async def start(self) -> None:
        running = await self._stack.enter_async_context(services(self.settings, self._clock))
        self.services = running
        self._salesbooth = SalesboothApi(running.pipeline, running.admission, registry, self.settings)
        shop_admission = salesthumb.admission(running.directory, running.limiter, self.settings)
        self._salesthumb = SalesthumbApi(running.pipeline, shop_admission, shop_registry, self.settings)
        self._mcp = LateEndpoint(
            registry, running.pipeline, running.admission, running.feed, self.settings, more_tools=shop_registry
        )
        self._stack.push_async_callback(self._mcp.stop)
        self._desk = desk.create(
            running.pipeline, Operations(registry, shop_registry), running.admission, self.settings
        )
        self._web = web.create(registry, self.settings, running.pipeline.providers.get(Storage))

    def end_streams(self) -> None:
        """Let go of the callers whose answers have no end, as the server is about to stop."""
        if self._salesbooth is not None:
            self._salesbooth.streams.end()
        if self._mcp is not None:
            self._mcp.end_streams()

    async def stop(self) -> None:
        await self._stack.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        assert self._salesbooth is not None
        assert self._salesthumb is not None
        assert self._mcp is not None
        assert self._desk is not None
        assert self._web is not None
        if scope["type"] == "http" and (named := _DID.fullmatch(scope["path"])):  # where did:web looks for it
            query = f"tenant_id={named[1]}".encode()
            path = f"{BASE}/did-document"
            scope = {**scope, "path": path, "raw_path": path.encode(), "query_string": query}
        if scope["type"] == "http" and scope["path"].startswith("/api/v1/"):
            if scope["path"] == BASE + MCP_PATH:
                await self._mcp(scope, receive, send, BASE)
            else:
                await self._salesbooth(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].startswith("/v1/") and self._at_root(scope):
            if scope["path"] == "/v1" + MCP_PATH:
                await self._mcp(scope, receive, send, "/v1")
            else:
                await self._salesbooth(scope, receive, send, "/v1")
        elif scope["type"] == "http" and self._is_for_salesthumb(scope):
            await self._salesthumb(scope, receive, send)
        elif scope["type"] == "http" and desk.serves(scope["path"]):
            await self._desk(scope, receive, send)
        else:
            await self._web(scope, receive, send)

    def _at_root(self, scope: Scope) -> bool:
        """Whether the caller named a host on which the Salesbooth API also answers at /v1."""
        return _host(scope) in self._root_hosts

    def _is_for_salesthumb(self, scope: Scope) -> bool:
        """Below its prefix, on its own hosts if it has any."""
        here: bool = scope["path"].startswith(f"{self.settings.salesthumb_prefix}/")
        return here and (not self._shop_hosts or _host(scope) in self._shop_hosts)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception as problem:
                    if not isinstance(problem, DealwrightError | SettingsError):
                        log.exception("start_failed")
                    await self.stop()
                    await send({"type": "lifespan.startup.failed", "message": str(problem)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _host(scope: Scope) -> bytes:
    """The host that the caller named, without its port."""
    host: bytes = dict(scope["headers"]).get(b"host", b"")
    return host.partition(b":")[0].lower()


def create_app(settings: Settings, **options: Any) -> ASGIApp:
    """The ASGI application for these settings."""
    return Application(settings, **options)
