"""Health: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class HealthReport(TypedDict):
    """How the server is. Every check has a ``status`` of ok, failed or not_configured and says what is wrong."""

    status: Literal["healthy", "degraded", "unhealthy"]
    """degraded: works, though something that it can do without is away"""
    checks: dict[str, dict[str, Any]]
    """one member for each dependency"""
    timestamp: str


_CHECK: Final[Endpoint[HealthReport]] = Endpoint("GET", "/health", query=frozenset({"type"}))


class HealthGroup(Group):
    """``client.health``."""

    def check(
        self,
        *,
        type: Literal["liveness", "readiness"] | None = None,
        timeout: float | None = None,
    ) -> HealthReport:
        """Say whether the server works, and what is wrong when it does not.

        A critical dependency that fails makes the answer 503 with the same body. The answer stands alone, without
        the envelope.

        ``type``: liveness: the process answers, nothing else is asked; readiness: what it cannot work without; left
            out: everything
        """
        return self._client._run(_CHECK, {"type": type}, timeout=timeout)


class AsyncHealthGroup(AsyncGroup):
    """``client.health``, asynchronously."""

    async def check(
        self,
        *,
        type: Literal["liveness", "readiness"] | None = None,
        timeout: float | None = None,
    ) -> HealthReport:
        """Say whether the server works, and what is wrong when it does not."""
        return await self._client._run(_CHECK, {"type": type}, timeout=timeout)
