"""The playground (Salesbooth API, Playground): a key for two hours, with a workspace of its own to try things in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, literal_column, select

from dealwright.kernel import clock, ids
from dealwright.kernel.access import keys
from dealwright.kernel.access.keys import KEY_PREFIX, TENANT_PREFIX
from dealwright.kernel.access.rate_limits import Rule
from dealwright.kernel.access.tables import api_keys
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.fields import Nothing
from dealwright.kernel.jobs.schedules import schedule
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import metadata
from dealwright.modules.sandbox import seeding
from dealwright.modules.sandbox.models import SessionCheck, SessionState, SessionView
from dealwright.modules.sandbox.tables import playgrounds

LIFETIME: Final = timedelta(hours=2)
REMEMBERED: Final = timedelta(hours=1)
"""How long after its end a playground is still known to have expired; then all of it is removed."""
SCOPES: Final = (
    "deals:read",
    "deals:write",
    "customers:read",
    "customers:write",
    "products:read",
    "contracts:read",
    "webhooks:read",
    "sandbox:read",
    "sandbox:write",
)
_SESSIONS: Final = Rule("endpoint:playground", 10, window_seconds=3600)
_RANDOM: Final = 32
_PREFIX: Final = 12
_AT_ONCE: Final = 50

_add: Final = Statement(insert(playgrounds))
_find: Final = Statement(
    select(playgrounds.c.expires_at, api_keys.c.revoked_at)
    .outerjoin(api_keys, (api_keys.c.tenant_id == playgrounds.c.tenant_id) & (api_keys.c.id == playgrounds.c.key_id))
    .where(func.starts_with(playgrounds.c.key_prefix, given("prefix")))
    .order_by(playgrounds.c.created_at.desc())
    .limit(1)
)
_over: Final = Statement(
    select(playgrounds.c.tenant_id)
    .where(playgrounds.c.expires_at <= given("before"))
    .order_by(playgrounds.c.expires_at)
    .limit(_AT_ONCE)
)
_forget: Final = Statement(delete(playgrounds).where(playgrounds.c.tenant_id == func.any(given("tenants"))))


@operation(
    "playground.create_session",
    "POST",
    "/playground/session",
    scope=None,
    auth=("public",),
    result=SessionView,
    status=201,
    limit=_SESSIONS,
    own_transactions=True,
    across=True,
)
async def create_session(steps: Steps, params: Nothing) -> Reply:
    """Get a test key for two hours, for a workspace of its own that is filled with sample records.

    At most ten an hour from one address. When the key has expired, the workspace is removed with all that is in it.
    """
    async with steps.transaction() as ctx:
        expires_at = ctx.now + LIFETIME
        made = await keys.create_key(
            ctx.tx,
            workspace=f"Playground {ids.token(20)}",
            kind="test",
            now=ctx.now,
            name="Playground",
            scopes=SCOPES,
            expires_at=expires_at,
            random=_RANDOM,
        )
        tenant, key = ids.decode(TENANT_PREFIX, made.tenant_id), ids.decode(KEY_PREFIX, made.key_id)
        assert tenant is not None
        prefix = made.secret[:_PREFIX]
        await ctx.tx.run(
            _add, tenant_id=tenant, key_id=key, key_prefix=prefix, expires_at=expires_at, created_at=ctx.now
        )
    async with steps.within(tenant, livemode=False) as ctx:
        await seeding.seed(ctx)
    return Reply(
        {
            "api_key": made.secret,
            "key_prefix": prefix,
            "expires_at": clock.iso(expires_at),
            "expires_in": int(LIFETIME.total_seconds()),
            "environment": "test",
            "sandbox": True,
            "scopes": list(SCOPES),
            "seeded": True,
        },
        headers=(("Cache-Control", "no-store"),),
    )


@operation(
    "playground.check_session",
    "GET",
    "/playground/session",
    scope=None,
    auth=("public",),
    result=SessionState,
    across=True,
)
async def check_session(ctx: Context, params: SessionCheck) -> Reply:
    """Tell whether a playground key still works.

    Other keys are not found. Of several that begin like this, the newest counts.
    """
    row = await ctx.tx.row(_find, prefix=params.key_prefix[:_PREFIX])
    if row is None:
        return Reply({"valid": False, "expires_at": None, "reason": "not_found"})
    expired = row["expires_at"] <= ctx.now
    reason = "revoked" if row["revoked_at"] is not None else "expired" if expired else None
    return Reply({"valid": reason is None, "expires_at": clock.iso(row["expires_at"]), "reason": reason})


@cache
def _removal() -> Statement:
    """One statement that deletes the rows of workspaces from every table that belongs to workspaces.

    The list of playgrounds itself comes later: what may be deleted elsewhere hangs on it.
    """
    tables = [
        table
        for table in metadata.tables.values()
        if table.info.get("isolation") in ("tenant", "tenant_and_mode") and table is not playgrounds
    ]
    parts = [
        delete(table)
        .where(table.c.tenant_id == func.any(given("tenants")))
        .returning(literal_column("1"))
        .cte(f"gone_{table.name}")
        for table in tables
    ]
    return Statement(select(*[select(func.count()).select_from(part).scalar_subquery() for part in parts]))


@schedule("sandbox.playgrounds", every=timedelta(minutes=10), real_time=True)
async def remove_expired(pipeline: Pipeline) -> None:
    """Remove the playgrounds whose keys expired an hour ago, with everything in them."""
    before = pipeline.clock() - REMEMBERED
    while over := await _expired(pipeline, before):
        async with pipeline.database.system() as tx:
            await tx.run(_removal(), tenants=over)
            await tx.run(_forget, tenants=over)


async def _expired(pipeline: Pipeline, before: datetime) -> Sequence[UUID]:
    async with pipeline.system() as tx:
        return [row["tenant_id"] for row in await tx.rows(_over, before=before)]
