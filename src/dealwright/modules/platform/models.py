"""Inputs and results of the operations about the server itself (Salesbooth API, Platform Operations)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dealwright.kernel.fields import Input, Wire

Health = Literal["healthy", "degraded", "unhealthy"]


class HealthQuery(Input):
    type: Annotated[
        Literal["liveness", "readiness"] | None,
        Field(
            description="liveness: the process answers, nothing else is asked; readiness: what it cannot work without; "
            "left out: everything"
        ),
    ] = None


class HealthReport(Wire):
    """How the server is. Every check has a ``status`` of ok, failed or not_configured and says what is wrong."""

    status: Annotated[Health, Field(description="degraded: works, though something that it can do without is away")]
    checks: Annotated[dict[str, dict[str, Any]], Field(description="one member for each dependency")]
    timestamp: str
