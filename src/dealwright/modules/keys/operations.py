"""The key operations (Salesbooth API, API Keys): for signed-in people alone, from the role admin upwards.

A change works at the next request, in every process: the database announces it (:mod:`dealwright.kernel.access.keys`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from dealwright.kernel import clock
from dealwright.kernel.access import keys
from dealwright.kernel.context import Context
from dealwright.kernel.errors import NotFound, invalid_field
from dealwright.kernel.fields import Deleted
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.keys import records
from dealwright.modules.keys.models import (
    IssuedKey,
    KeyId,
    KeyList,
    KeyPatch,
    KeyRows,
    KeyView,
    NewKey,
    RotatedKey,
    RotateKey,
)

_KIND: Final = "api_key"
_NOT_STORED: Final = (("Cache-Control", "no-store"),)


def _check_expiry(ctx: Context, expires_at: datetime | None) -> None:
    if expires_at is not None and expires_at <= ctx.server_now:
        raise invalid_field("expires_at", "out_of_range", "Expires at must lie in the future")


@operation("keys.list", "GET", "/keys", scope=None, auth=("session",), least_role="admin", result=KeyRows)
async def list_keys(ctx: Context, params: KeyList) -> Reply:
    """The secret keys of the workspace, newest first, in both environments unless one is named."""
    rows = await records.of_workspace(ctx.tx)
    return Reply([records.wire(ctx, row) for row in rows if params.environment in (None, records.environment(row))])


@operation(
    "keys.get",
    "GET",
    "/keys",
    present=("id",),
    scope=None,
    auth=("session",),
    least_role="admin",
    result=KeyView,
    errors=(NotFound,),
)
async def get_key(ctx: Context, params: KeyId) -> Reply:
    """One key, without its secret."""
    return Reply(records.wire(ctx, await records.get(ctx.tx, params.id)))


@operation(
    "keys.create",
    "POST",
    "/keys",
    scope=None,
    auth=("session",),
    least_role="admin",
    result=IssuedKey,
    status=201,
)
async def create_key(ctx: Context, params: NewKey) -> Reply:
    """Make a key and show its secret, this once. Without ``scopes`` it may do everything."""
    _check_expiry(ctx, params.expires_at)
    made = await keys.issue(
        ctx.tx,
        ctx.tenant_id,
        kind=params.environment,
        now=ctx.server_now,
        name=params.name,
        scopes=params.scopes,
        is_agent=params.agent_key,
        rate_limit=params.rate_limit_per_minute,
        allowed_origins=params.allowed_origins or (),
        expires_at=params.expires_at,
        region=ctx.providers.get(PublicAddress).region,
    )
    row = await records.get(ctx.tx, made.key_id)
    ctx.note(_KIND, made.key_id, "api_key.created", records.traced(row))
    return Reply({**records.wire(ctx, row), "secret": made.secret}, headers=_NOT_STORED)


@operation(
    "keys.update",
    "PATCH",
    "/keys",
    present=("id",),
    scope=None,
    auth=("session",),
    least_role="admin",
    result=KeyView,
    errors=(NotFound,),
)
async def update_key(ctx: Context, params: KeyPatch) -> Reply:
    """Change a key's name, scopes, expiry, origins or limit; the secret stays as it is."""
    changes = params.changes()
    if "expires_at" in changes:
        _check_expiry(ctx, changes["expires_at"])
    if "allowed_origins" in changes:
        changes["allowed_origins"] = changes["allowed_origins"] or []
    if "rate_limit_per_minute" in changes:
        changes["rate_limit"] = changes.pop("rate_limit_per_minute")
    row = await records.lock(ctx.tx, params.id)
    written = await records.change(ctx.tx, row, changes) if changes else row
    ctx.note(_KIND, params.id, "api_key.updated", _differences(records.traced(row), records.traced(written)))
    return Reply(records.wire(ctx, written))


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}


@operation(
    "keys.rotate",
    "POST",
    "/keys",
    action="rotate",
    present=("id",),
    scope=None,
    auth=("session",),
    least_role="admin",
    result=RotatedKey,
    events=("api_key.rotated",),
    errors=(NotFound,),
)
async def rotate_key(ctx: Context, params: RotateKey) -> Reply:
    """Give a key a new secret, shown this once. The old one stops at once; everything else stays as it is."""
    row = await records.lock(ctx.tx, params.id)
    secret = keys.new_secret("live" if row["livemode"] else "test", ctx.providers.get(PublicAddress).region)
    changes = {"secret_hash": keys.secret_hash(secret.text), "prefix": secret.prefix}
    written = await records.change(ctx.tx, row, changes)
    ctx.note(_KIND, params.id, "api_key.rotated", {"prefix": {"from": row["prefix"], "to": written["prefix"]}})
    rotated_at = clock.iso(ctx.server_now)
    ctx.announce_about(
        _KIND,
        params.id,
        "api_key.rotated",
        {"key_id": params.id, "previous_key_id": params.id, "rotated_at": rotated_at},
    )
    answer = {**records.wire(ctx, written), "secret": secret.text, "rotated_at": rotated_at}
    return Reply(answer, headers=_NOT_STORED)


@operation(
    "keys.revoke",
    "DELETE",
    "/keys",
    present=("id",),
    scope=None,
    auth=("session",),
    least_role="admin",
    result=Deleted,
    errors=(NotFound,),
)
async def revoke_key(ctx: Context, params: KeyId) -> Reply:
    """Revoke a key for good: from now on whoever uses it is answered 401."""
    row = await records.lock(ctx.tx, params.id)
    await records.change(ctx.tx, row, {"revoked_at": ctx.server_now})
    ctx.note(_KIND, params.id, "api_key.revoked", {"name": row["name"]})
    return Reply({"deleted": True, "id": params.id})
