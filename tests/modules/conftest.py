"""An application with workers, served on a real port, on a database of its own: for what happens behind a request."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel.settings import Settings
from tests.conftest import TestClock, Workspace
from tests.streaming import fresh_database, served


@pytest.fixture(scope="session")
async def working_app(services: Services, settings: Settings, clock: TestClock) -> AsyncIterator[Application]:
    async with fresh_database(services.database.dsn) as dsn:
        own = {"database_url": dsn, "run_workers": True, "webhooks_allow_private": True}
        application = Application(settings.model_copy(update=own), clock)
        await application.start()
        try:
            yield application
        finally:
            await application.stop()


@pytest.fixture(scope="session")
async def address(working_app: Application) -> AsyncIterator[str]:
    """Where the application with workers answers."""
    async with served(working_app) as found:
        yield found


@pytest.fixture
async def working_room(address: str, working_app: Application) -> AsyncIterator[Workspace]:
    """A fresh workspace of the application with workers."""
    assert working_app.services is not None
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        yield Workspace(working_app.services, http)
