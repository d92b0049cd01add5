"""Fixtures of the contract tests."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel.settings import Settings
from tests.conftest import Client, TestClock, Workspace
from tests.contract import probe
from tests.streaming import hanging_up

Another = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture(scope="session")
async def probe_http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=probe.served(services), base_url="http://testserver") as client:
        yield client


@pytest.fixture
async def probes(workspace: Workspace, probe_http: httpx.AsyncClient) -> Client:
    """A caller of the operations in :mod:`tests.contract.probe`, with a test key of a workspace of its own."""
    return probe.on(probe_http, await workspace.key())


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
