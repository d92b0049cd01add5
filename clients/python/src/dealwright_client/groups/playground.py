"""Playground: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class Session(TypedDict):
    api_key: str
    """shown this once"""
    key_prefix: str
    expires_at: str
    expires_in: int
    """seconds"""
    environment: Literal["test"]
    sandbox: Literal[True]
    scopes: list[str]
    seeded: bool


class SessionState(TypedDict):
    valid: bool
    expires_at: str | None
    reason: Literal["expired", "revoked", "not_found"] | None


_CHECK_SESSION: Final[Endpoint[SessionState]] = Endpoint("GET", "/playground/session", query=frozenset({"key_prefix"}))
_CREATE_SESSION: Final[Endpoint[Session]] = Endpoint("POST", "/playground/session")


class PlaygroundGroup(Group):
    """``client.playground``."""

    def check_session(
        self,
        *,
        key_prefix: str,
        timeout: float | None = None,
    ) -> SessionState:
        """Tell whether a playground key still works.

        Other keys are not found. Of several that begin like this, the newest counts.

        ``key_prefix``: the first 12 characters of the key; at least 8
        """
        return self._client._run(_CHECK_SESSION, {"key_prefix": key_prefix}, timeout=timeout)

    def create_session(
        self,
        *,
        timeout: float | None = None,
    ) -> Session:
        """Get a test key for two hours, for a workspace of its own that is filled with sample records.

        At most ten an hour from one address. When the key has expired, the workspace is removed with all that is in
        it.
        """
        return self._client._run(_CREATE_SESSION, {}, timeout=timeout)


class AsyncPlaygroundGroup(AsyncGroup):
    """``client.playground``, asynchronously."""

    async def check_session(
        self,
        *,
        key_prefix: str,
        timeout: float | None = None,
    ) -> SessionState:
        """Tell whether a playground key still works."""
        return await self._client._run(_CHECK_SESSION, {"key_prefix": key_prefix}, timeout=timeout)

    async def create_session(
        self,
        *,
        timeout: float | None = None,
    ) -> Session:
        """Get a test key for two hours, for a workspace of its own that is filled with sample records."""
        return await self._client._run(_CREATE_SESSION, {}, timeout=timeout)
