"""What browsers report about the content security policy (Salesbooth API, Internal Endpoints)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import orjson
import structlog
from pydantic import ConfigDict, Field
from sqlalchemy import update

from dealwright.kernel import ids
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.rate_limits import Rule
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import InvalidRequest, NotFound, PayloadTooLarge, RateLimited, invalid_field
from dealwright.kernel.fields import Identifier, InHeader, Input, InQuery, RawBody
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.platform import csp
from dealwright.modules.platform.tables import csp_windows

log = structlog.get_logger("dealwright.csp")

LARGEST: Final = 65_536
_LIMIT: Final = Rule("endpoint:csp_report", 30)
_TYPES: Final = ("application/csp-report", "application/json")

_count: Final = RawStatement(
    """
    WITH counted AS (
        INSERT INTO csp_windows (tenant_id, livemode, started_at, reports, announced) VALUES ($1, $2, $3, 1, false)
        ON CONFLICT (tenant_id, livemode, started_at) DO UPDATE SET reports = csp_windows.reports + 1
        RETURNING reports
    ), gone AS (
        DELETE FROM csp_windows WHERE tenant_id = $1 AND livemode = $2 AND started_at < $4
    )
    SELECT (SELECT reports FROM counted) AS reports, coalesce(sum(reports), 0) AS before,
           coalesce(bool_or(announced), false) AS announced
    FROM csp_windows WHERE tenant_id = $1 AND livemode = $2 AND started_at >= $4 AND started_at < $3
    """,
    ("tenant", "mode", "window", "first"),
)
_announced: Final = Statement(
    update(csp_windows)
    .where(in_scope(csp_windows), csp_windows.c.started_at == given("window"), csp_windows.c.announced.is_(False))
    .values(announced=True)
    .returning(csp_windows.c.reports)
)


class CspReport(Input):
    model_config = ConfigDict(str_strip_whitespace=False)

    body: Annotated[bytes, RawBody()]
    content_type: Annotated[str, InHeader("Content-Type")] = ""
    workspace: Annotated[
        Identifier | None, InQuery(), Field(description="whose page it was, where the page says so (tenant_…)")
    ] = None


@operation(
    "csp_report.receive",
    "POST",
    "/csp-report",
    scope=None,
    auth=("public",),
    result=None,
    status=204,
    events=("security.csp_spike",),
    errors=(RateLimited, PayloadTooLarge),
    limit=_LIMIT,
    own_transactions=True,
    consumes=_TYPES,
)
async def receive_report(steps: Steps, params: CspReport) -> Reply:
    """Receive a browser's report that a page tried what its policy forbids.

    It is logged without anything about the person. When a workspace's pages bring many more of them than usual, the
    event security.csp_spike fires, once an hour at most.
    """
    facts = csp.facts(_report(params))
    log.warning("csp_report", **facts)
    tenant = ids.decode(TENANT_PREFIX, params.workspace) if params.workspace is not None else None
    if tenant is not None:
        try:
            async with steps.within(tenant, True) as ctx:
                await _note(ctx, facts["directive"], csp.window(ctx.now))
        except NotFound:
            log.info("csp_report_of_nobody")
    return Reply(None)


def _report(params: CspReport) -> dict[str, Any]:
    if len(params.body) > LARGEST:
        raise PayloadTooLarge(f"A report has at most {LARGEST} bytes")
    kind = params.content_type.partition(";")[0].strip().lower()
    if kind and kind not in _TYPES:
        raise InvalidRequest(f"Send {' or '.join(_TYPES)}")
    try:
        found = orjson.loads(params.body)["csp-report"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        raise invalid_field("csp-report", "required", "The body must be a JSON object with the member csp-report")
    return found


async def _note(ctx: Context, directive: str, window: datetime) -> None:
    """Count a report, and announce it when it is the one too many."""
    first = window - timedelta(seconds=csp.WINDOW_SECONDS * csp.BEFORE)
    row = await ctx.tx.row(_count, window=window, first=first)
    assert row is not None
    if row["announced"] or row["reports"] < csp.threshold(row["before"]):
        return
    reports = await ctx.tx.value(_announced, window=window)
    if reports is not None:
        facts = {"count": reports, "window_seconds": csp.WINDOW_SECONDS, "violated_directive": directive}
        ctx.announce_about("workspace", ids.encode(TENANT_PREFIX, ctx.tenant_id), "security.csp_spike", facts)
