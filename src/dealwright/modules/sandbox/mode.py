"""What every sandbox operation begins and ends with: test mode only, and a trace in the audit trail."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Forbidden


def require_test_mode(ctx: Context) -> None:
    """Raises Forbidden for a live key or a session in live mode."""
    if ctx.livemode:
        raise Forbidden(
            "The sandbox is for test keys (sb_test_…) and for sessions in sandbox mode",
            code="SANDBOX_ONLY",
            hint="Use a test key, or switch the dashboard to sandbox mode.",
        )


def note(ctx: Context, action: str, changes: dict[str, Any]) -> None:
    """One audit entry about the sandbox as a whole."""
    ctx.note("sandbox", ids.encode(TENANT_PREFIX, ctx.tenant_id), action, changes)
