"""From what the checks found to one word about the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dealwright.kernel.health import Finding
from dealwright.modules.platform.models import Health


def verdict(findings: Iterable[Finding]) -> Health:
    """unhealthy when something critical failed, degraded when anything else did, else healthy."""
    failed = [finding for finding in findings if finding.state == "failed"]
    if any(finding.critical for finding in failed):
        return "unhealthy"
    return "degraded" if failed else "healthy"


def report(finding: Finding) -> dict[str, Any]:
    """One member of ``checks``."""
    said: dict[str, Any] = {"status": finding.state}
    if finding.latency_ms is not None:
        said["latency_ms"] = finding.latency_ms
    if finding.message is not None:
        said["message"] = finding.message
    return {**said, **finding.facts}
