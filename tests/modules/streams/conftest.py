"""Streams need a sequencer and a real connection: an application with workers on a database of its own, served."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel.settings import Settings
from tests.conftest import Client, TestClock, Workspace
from tests.streaming import fresh_database, served


@pytest.fixture(scope="session")
async def address(services: Services, settings: Settings, clock: TestClock) -> AsyncIterator[str]:
    """The address of the application under test; its services are ``working``."""
    async with fresh_database(services.database.dsn) as dsn:
        application = Application(settings.model_copy(update={"database_url": dsn, "run_workers": True}), clock)
        await application.start()
        Working.application = application
        try:
            async with served(application) as found:
                yield found
        finally:
            await application.stop()


class Working:
    application: Application


@pytest.fixture
async def room(address: str) -> AsyncIterator[Workspace]:
    """A fresh workspace of the served application."""
    services = Working.application.services
    assert services is not None
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        yield Workspace(services, http)


@pytest.fixture
async def api(room: Workspace) -> Client:
    return await room.key()
