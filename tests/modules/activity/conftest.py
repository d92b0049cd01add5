"""Notifications need the sequencer that makes them."""

from __future__ import annotations

import pytest

from tests.conftest import Client, Workspace


@pytest.fixture
def room(working_room: Workspace) -> Workspace:
    return working_room


@pytest.fixture
async def api(working_room: Workspace) -> Client:
    return await working_room.key()
