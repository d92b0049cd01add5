"""Clients meet the application with workers on a real port."""

from __future__ import annotations

import pytest

from tests.conftest import Client, Workspace
from tests.modules.conftest import address, working_app, working_room

__all__ = ["address", "working_app", "working_room"]


@pytest.fixture
async def api(working_room: Workspace) -> Client:
    return await working_room.key()
