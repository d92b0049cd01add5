"""API: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class EndpointObject(TypedDict):
    """One group of operations: each operation's id with its documented call."""

    documentation: str
    operations: dict[str, str]


class Index(TypedDict):
    name: str
    version: str
    base_url: str
    documentation: str
    openapi_spec: str
    server: Server
    """the program that answers"""
    endpoints: dict[str, EndpointObject]
    """one member for each group of operations"""


class Server(TypedDict):
    name: str
    version: str


_INDEX: Final[Endpoint[Index]] = Endpoint("GET", "/api")


class ApiGroup(Group):
    """``client.api``."""

    def index(
        self,
        *,
        timeout: float | None = None,
    ) -> Index:
        """Describe the API: its addresses and every group of operations."""
        return self._client._run(_INDEX, {}, timeout=timeout)


class AsyncApiGroup(AsyncGroup):
    """``client.api``, asynchronously."""

    async def index(
        self,
        *,
        timeout: float | None = None,
    ) -> Index:
        """Describe the API: its addresses and every group of operations."""
        return await self._client._run(_INDEX, {}, timeout=timeout)
