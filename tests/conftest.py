"""What the tests stand on: one database, the real application, a fresh workspace for every test.

The database is the embedded PostgreSQL in a temporary folder, or the one that ``DEALWRIGHT_TEST_DATABASE_URL`` names.
Tests never empty it: each makes its own workspaces, so they run side by side.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest

from dealwright.app import Application, Services
from dealwright.kernel import ids
from dealwright.kernel.access import keys, sessions
from dealwright.kernel.access.roles import Role
from dealwright.kernel.access.sessions import SESSION_COOKIE, csrf_token
from dealwright.kernel.clock import utc_now
from dealwright.kernel.settings import Settings
from dealwright.kernel.store.database import Database
from dealwright.modules.people import records
from dealwright.modules.people.records import Person
from dealwright.modules.people.service import People
from tests.streaming import hanging_up

hypothesis.settings.register_profile("any machine")
hypothesis.settings.load_profile("any machine")

SECRET = "a-root-secret-that-only-the-tests-use"


def pytest_sessionstart() -> None:
    """Property tests have no deadline: how long one takes says something about the machine alone."""
    hypothesis.settings.register_profile("any machine", deadline=None)
    hypothesis.settings.load_profile("any machine")


class TestClock:
    """The application's clock: real time plus what a test adds."""

    __test__ = False

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.offset


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data folder for all parallel test processes of a run."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "dealwright-data"
    folder.mkdir(exist_ok=True)
    yield folder


@pytest.fixture(scope="session")
def settings(data_dir: Path) -> Settings:
    return Settings(
        data_dir=data_dir,
        database_url=os.environ.get("DEALWRIGHT_TEST_DATABASE_URL"),
        secret_key=SECRET,
        ip_limit_per_minute=10_000_000,
        ip_anonymous_limit_per_minute=10_000_000,
        ip_failed_auth_limit_per_minute=10_000_000,
        global_limit_per_minute=100_000_000,
        key_limit_per_minute=1_000_000,
        registration="open",
        login_limit_per_account=1_000_000,
        login_limit_per_ip=1_000_000,
        signup_limit_per_ip=1_000_000,
        password_time_cost=1,
        password_memory_kib=1024,
        password_parallelism=1,
        check_results=True,
        run_workers=False,
    )


@pytest.fixture(scope="session")
def clock() -> TestClock:
    return TestClock()


@pytest.fixture(scope="session")
async def app(settings: Settings, clock: TestClock) -> AsyncIterator[Application]:
    application = Application(settings, clock)
    await application.start()
    yield application
    await application.stop()


@pytest.fixture(scope="session")
def services(app: Application) -> Services:
    assert app.services is not None
    return app.services


@dataclass
class Client:
    """A caller with one key, speaking HTTP to the application in this process."""

    http: httpx.AsyncClient
    key: str
    key_id: str
    tenant_id: str
    workspace: str
    database: Database | None = field(default=None, kw_only=True)
    """For records that no caller can make."""

    @property
    def livemode(self) -> bool:
        return "_live_" in self.key

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.request("POST", path, json=json, **options)

    async def patch(
        self, path: str, json: Any = None, version: int | str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {**({} if version is None else {"If-Match": str(version)}), **options.pop("headers", {})}
        return await self.request("PATCH", path, json=json, headers=headers, **options)

    async def delete(self, path: str, version: int | str | None = None, **options: Any) -> httpx.Response:
        headers = {**({} if version is None else {"If-Match": str(version)}), **options.pop("headers", {})}
        return await self.request("DELETE", path, headers=headers, **options)

    async def data(self, method: str, path: str, expect: int | None = None, **options: Any) -> Any:
        """The ``data`` member of an answer that must have succeeded."""
        response = await self.request(method, path, **options)
        assert response.status_code == expect if expect else response.is_success, response.text
        return response.json()["data"]


class Workspace:
    """A fresh tenant; ``key()`` gives clients with other modes and scopes."""

    def __init__(self, services: Services, http: httpx.AsyncClient) -> None:
        self.services = services
        self.http = http
        self.name = f"test {uuid.uuid4()}"

    async def key(self, kind: keys.KeyKind = "test", **options: Any) -> Client:
        async with self.services.database.system() as tx:
            made = await keys.create_key(tx, workspace=self.name, kind=kind, now=utc_now(), **options)
        database = self.services.database
        return Client(self.http, made.secret, made.key_id, made.tenant_id, made.workspace, database=database)


@pytest.fixture(scope="session")
async def http(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=hanging_up(app), raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=forgetful()) as client:
        yield client


def forgetful() -> CookieJar:
    """A jar that keeps no cookie, for a client that many tests share."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


PASSWORD = "correct horse battery"


@dataclass
class Browser(Client):
    """A signed-in person: the session cookie with every request, the CSRF token with every write."""

    email: str
    user_id: str

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        token = self.http.cookies.get(SESSION_COOKIE)
        proof = {} if method == "GET" or token is None else {"X-CSRF-Token": csrf_token(token)}
        headers = {**proof, **options.pop("headers", {})}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **options)


SignIn = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def sign_in(services: Services, http: httpx.AsyncClient) -> AsyncIterator[SignIn]:
    """``await sign_in("viewer", workspace)`` → a browser of a new person with that role, in a workspace of their own
    unless one is named. Their password is :data:`PASSWORD`.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def sign(
            role: Role = "owner", workspace: Workspace | None = None, *, livemode: bool = False, **person: str
        ) -> Browser:
            room = workspace or Workspace(services, http)
            email = person.get("email", f"{uuid.uuid4().hex}@example.com")
            who = Person(person.get("first_name", "Jane"), person.get("last_name", "Smith"), email)
            people = room.services.pipeline.providers.get(People)
            hashed = await people.passwords.hash(PASSWORD)
            async with room.services.database.system() as tx:
                tenant = await keys.ensure_workspace(tx, room.name, utc_now())
                user = await records.create(tx, people.cipher, who, hashed, utc_now())
                await records.join(tx, user, tenant, role, utc_now())
                session = await sessions.open_session(
                    tx,
                    user_id=user["id"],
                    tenant_id=tenant,
                    now=room.services.pipeline.clock(),
                    lifetimes=people.lifetimes,
                    livemode=livemode,
                )
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=http._transport, base_url="http://testserver")
            )
            client.cookies.set(SESSION_COOKIE, session.token, domain="testserver.local")
            user_id = records.wire_id(user["id"])
            return Browser(client, "", user_id, ids.encode("tenant", tenant), room.name, email, user_id)

        yield sign


@pytest.fixture
def workspace(services: Services, http: httpx.AsyncClient) -> Workspace:
    return Workspace(services, http)


@pytest.fixture
async def api(workspace: Workspace) -> Client:
    """A caller with a test key that may do everything, in a workspace of its own."""
    return await workspace.key()


@pytest.fixture
async def other(services: Services, http: httpx.AsyncClient) -> Client:
    """A caller of another workspace."""
    return await Workspace(services, http).key()


async def events_of(services: Services, client: Client, *, livemode: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """Every event of the client's workspace so far, oldest first."""
    tenant = ids.decode("tenant", client.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode, read_only=True) as tx:
        rows = await tx.connection.fetch("SELECT event, data FROM events ORDER BY seq")
    return [(row["event"], row["data"]) for row in rows]


@pytest.fixture
def outbox(services: Services) -> Any:
    """``await outbox(api)`` → the events that the workspace announced."""

    async def read(client: Client, *, livemode: bool = False) -> list[tuple[str, dict[str, Any]]]:
        return await events_of(services, client, livemode=livemode)

    return read


Another = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def another(settings: Settings, clock: TestClock, app: Application) -> Another:
    """``async with another(key_limit_per_minute=3) as http``: a second application on the same database."""

    @contextlib.asynccontextmanager
    async def start(address: str = "127.0.0.1", **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
        application = Application(settings.model_copy(update={"pool_size": 2, **changes}), clock)
        await application.start()
        try:
            transport = httpx.ASGITransport(app=hanging_up(application), client=(address, 1234))
            async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
                yield client
        finally:
            await application.stop()

    return start
