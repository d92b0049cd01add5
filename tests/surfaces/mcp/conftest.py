"""A server in a process of its own, on the database of the tests."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from dealwright.app import Services
from dealwright.kernel.feed.sequencer import Sequencer
from tests.conftest import SECRET


@pytest.fixture(scope="session")
async def server(services: Services, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Its address, without a final slash."""
    environment = {
        **os.environ,
        "DATABASE_URL": services.database.dsn,
        "DEALWRIGHT_SECRET_KEY": SECRET,
        "DEALWRIGHT_PORT": "0",
        "DEALWRIGHT_DATA_DIR": str(tmp_path_factory.mktemp("mcp-server")),
        "DEALWRIGHT_KEY_LIMIT_PER_MINUTE": "100000",
        "DEALWRIGHT_RUN_WORKERS": "false",
    }
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("dealwright")),
        "serve",
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    address = None
    async with asyncio.timeout(30):
        while address is None:
            line = (await process.stdout.readline()).decode()
            assert line, "the server ended before it served"
            if found := re.search(r"serves (http://\S+)", line):
                address = found[1].rstrip("/")
    reader = asyncio.create_task(process.stdout.read())
    yield address
    process.terminate()
    await process.wait()
    await reader


@pytest.fixture
def place(services: Services) -> Callable[[], Awaitable[None]]:
    """``await place()`` gives every event its place in the feed, which no worker does in these tests."""
    sequencer = Sequencer(services.database, services.feed._signals)

    async def place_all() -> None:
        while await sequencer.place():  # a batch at a time, and other tests leave theirs
            pass

    return place_all
