"""Webhooks are tested with a worker and a database of their own, so that no other test's events interfere."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel import ids
from dealwright.kernel.settings import Settings
from tests.conftest import Client, TestClock, Workspace
from tests.receiver import Receiver
from tests.receiver import receiver as a_receiver

SCHEDULE = (0.3, 0.6)


@pytest.fixture(scope="session")
async def own_database(services: Services) -> AsyncIterator[str]:
    """The address of a fresh database beside the one of all other tests."""
    name = f"webhooks_{ids.token(12)}"
    connection = await asyncpg.connect(services.database.dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(services.database.dsn)._replace(path=f"/{name}"))
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


Start = Callable[..., contextlib.AbstractAsyncContextManager[Services]]


@pytest.fixture(scope="session")
def start(settings: Settings, own_database: str, clock: TestClock) -> Start:
    """``async with start(run_workers=False) as services``: one more application on that database."""

    @contextlib.asynccontextmanager
    async def begin(**changes: Any) -> AsyncIterator[Services]:
        own: dict[str, Any] = {
            "database_url": own_database,
            "run_workers": True,
            "webhooks_allow_private": True,
            "webhooks_retry_schedule": SCHEDULE,
        }
        application = Application(settings.model_copy(update={**own, **changes}), clock)
        await application.start()
        assert application.services is not None
        application.services.__dict__["application"] = application
        try:
            yield application.services
        finally:
            await application.stop()

    return begin


@pytest.fixture(scope="session")
async def working(start: Start) -> AsyncIterator[Services]:
    """The application with a worker that may send to this machine and does not wait long between attempts."""
    async with start() as services:
        yield services


@pytest.fixture
async def room(working: Services) -> AsyncIterator[Workspace]:
    """A fresh workspace of the application with the worker."""
    transport = httpx.ASGITransport(app=working.__dict__["application"])
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Workspace(working, http)


@pytest.fixture
async def api(room: Workspace) -> Client:
    return await room.key()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as made:
        yield made


Subscribe = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def subscribe(api: Client, receiver: Receiver) -> Subscribe:
    """``await subscribe("deal.*")``: a new webhook that leads to the receiver."""

    async def make(*events: str, path: str = "/", **more: Any) -> dict[str, Any]:
        body = {"url": receiver.url(path), "events": list(events), **more}
        made: dict[str, Any] = await api.data("POST", "/webhooks", json=body)
        return made

    return make


async def customers(api: Client, number: int) -> list[str]:
    """Make customers; each announces customer.created."""
    return [
        (await api.data("POST", "/customers", json={"name": f"C {n}", "email": f"c{n}.{ids.token(6)}@example.com"}))[
            "id"
        ]
        for n in range(number)
    ]
