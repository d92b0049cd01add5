"""The operations about the server itself (Salesbooth API, Platform Operations)."""

from __future__ import annotations

from typing import Final

from dealwright.kernel import clock, health
from dealwright.kernel.access.rate_limits import Rule
from dealwright.kernel.context import Steps
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.platform import rules
from dealwright.modules.platform.models import HealthQuery, HealthReport

PROBES: Final = Rule("endpoint:health", 10)


@operation(
    "health.check",
    "GET",
    "/health",
    scope=None,
    auth=("public",),
    result=HealthReport,
    also_status=(503,),
    limit=PROBES,
    enveloped=False,
    own_transactions=True,
)
async def check_health(steps: Steps, params: HealthQuery) -> Reply:
    """Say whether the server works, and what is wrong when it does not.

    A critical dependency that fails makes the answer 503 with the same body. The answer stands alone, without the
    envelope.
    """
    checks = [check for check in steps.checks if params.type is None or (check.critical and params.type == "readiness")]
    findings = await health.ask_all(checks)
    status = rules.verdict(findings)
    report = {
        "status": status,
        "checks": {finding.name: rules.report(finding) for finding in findings},
        "timestamp": clock.iso(steps.now),
    }
    return Reply(report, status=503 if status == "unhealthy" else 200, headers=(("Cache-Control", "no-store"),))
