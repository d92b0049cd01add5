"""Test clock: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import Instant


class Clock(TypedDict):
    """``active`` is false where test mode goes by the server's own time."""

    environment: Literal["test"]
    sandbox: Literal[True]
    active: bool
    now: str
    """the time of test mode"""
    ahead_seconds: int
    """how far that is ahead of the server's time"""


_ADVANCE: Final[Endpoint[Clock]] = Endpoint("POST", "/test-clock/advance", idempotent=True)
_CREATE: Final[Endpoint[Clock]] = Endpoint("POST", "/test-clock", idempotent=True)
_GET: Final[Endpoint[Clock]] = Endpoint("GET", "/test-clock")
_REMOVE: Final[Endpoint[Clock]] = Endpoint("DELETE", "/test-clock")


class TestClockGroup(Group):
    """``client.test_clock``."""

    def advance(
        self,
        *,
        to: Instant | None = None,
        days: int | None = None,
        hours: int | None = None,
        minutes: int | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Clock:
        """Move the test clock forward, by at most 400 days a call, and let what falls due on the way happen.

        The schedules run at the end of every day that goes by, each at its time, for this workspace's test records
        alone.

        ``to``: the new time, later than the clock's own

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``, ``not_found``.
        """
        return self._client._run(
            _ADVANCE,
            {"to": to, "days": days, "hours": hours, "minutes": minutes},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    def create(
        self,
        *,
        now: Instant | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Clock:
        """Give the test mode of the workspace a clock of its own.

        It goes on like any clock from where it is set. Setting it ahead makes nothing happen yet; advancing it
        does.

        ``now``: where the clock begins, not in the past; left out: now

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``, ``conflict.invalid_state``.
        """
        return self._client._run(_CREATE, {"now": now}, idempotency_key=idempotency_key, timeout=timeout)

    def get(
        self,
        *,
        timeout: float | None = None,
    ) -> Clock:
        """Tell what time it is in the test mode of the workspace.

        Scope: ``sandbox:read``. Errors: ``authorization_error.forbidden``.
        """
        return self._client._run(_GET, {}, timeout=timeout)

    def remove(
        self,
        *,
        timeout: float | None = None,
    ) -> Clock:
        """Let test mode go by the server's own time again.

        Records keep the times that they got. Reset the sandbox for a clean slate, which removes the clock as well.

        Scope: ``sandbox:write``. Errors: ``authorization_error.forbidden``, ``not_found``.
        """
        return self._client._run(_REMOVE, {}, timeout=timeout)


class AsyncTestClockGroup(AsyncGroup):
    """``client.test_clock``, asynchronously."""

    async def advance(
        self,
        *,
        to: Instant | None = None,
        days: int | None = None,
        hours: int | None = None,
        minutes: int | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Clock:
        """Move the test clock forward, by at most 400 days a call, and let what falls due on the way happen."""
        return await self._client._run(
            _ADVANCE,
            {"to": to, "days": days, "hours": hours, "minutes": minutes},
            idempotency_key=idempotency_key,
            timeout=timeout,
        )

    async def create(
        self,
        *,
        now: Instant | None = None,
        idempotency_key: str | None = None,
        timeout: float | None = None,
    ) -> Clock:
        """Give the test mode of the workspace a clock of its own."""
        return await self._client._run(_CREATE, {"now": now}, idempotency_key=idempotency_key, timeout=timeout)

    async def get(
        self,
        *,
        timeout: float | None = None,
    ) -> Clock:
        """Tell what time it is in the test mode of the workspace."""
        return await self._client._run(_GET, {}, timeout=timeout)

    async def remove(
        self,
        *,
        timeout: float | None = None,
    ) -> Clock:
        """Let test mode go by the server's own time again."""
        return await self._client._run(_REMOVE, {}, timeout=timeout)
