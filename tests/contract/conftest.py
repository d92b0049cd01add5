"""Fixtures of the contract tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from dealwright.app import Services
from tests.conftest import Client, Workspace
from tests.contract import probe


@pytest.fixture(scope="session")
async def probe_http(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=probe.served(services), base_url="http://testserver") as client:
        yield client


@pytest.fixture
async def probes(workspace: Workspace, probe_http: httpx.AsyncClient) -> Client:
    """A caller of the operations in :mod:`tests.contract.probe`, with a test key of a workspace of its own."""
    return probe.on(probe_http, await workspace.key())
