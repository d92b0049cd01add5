"""What a workspace sets about itself (Salesbooth API: Tenant Settings, Business Profile, Analytics, Channels).

Settings that decide how calls are treated work at the next call, in every process. All of them may be read by every
member and changed by admins.
"""

from __future__ import annotations

from typing import Any, Final

from dealwright.kernel import ids
from dealwright.kernel.access import workspaces
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.principals import WorkspaceSettings
from dealwright.kernel.access.workspaces import Part
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Method, Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import on_violation
from dealwright.modules.workspace.models import (
    AnalyticsPatch,
    AnalyticsView,
    BusinessPatch,
    BusinessView,
    ChannelsPatch,
    ChannelsView,
    SettingsPatch,
    SettingsView,
)

on_violation(
    "uq_tenants_name",
    lambda: Duplicate(
        "Another workspace of this server has this name",
        details={"fields": {"name": {"code": "not_unique", "message": "Name is already taken"}}},
    ),
)

_RULING: Final = frozenset(SettingsPatch.model_fields) & frozenset(WorkspaceSettings.model_fields)
"""Settings that decide how calls are treated; the others only describe the workspace."""
_AS_PATCH: Final[tuple[Method, ...]] = ("PUT", "POST")
"""The document lists these cards without a method."""
_ANALYTICS: Final = {"enabled": True, "record_mouse": True, "block_selector": None}


def _note(ctx: Context, action: str, before: dict[str, Any], after: dict[str, Any], *, private: bool = False) -> None:
    """One audit entry with what is different; of private values only the names."""
    changed = sorted(name for name in after if before.get(name) != after[name])
    changes: dict[str, Any] = {"changed_fields": changed}
    if not private:
        changes |= {name: {"from": before.get(name), "to": after[name]} for name in changed}
    ctx.note("workspace", ids.encode(TENANT_PREFIX, ctx.tenant_id), action, changes)


async def _described(ctx: Context, part: Part) -> dict[str, Any]:
    return await workspaces.part(ctx.tx, part)


async def _describe(ctx: Context, part: Part, changes: dict[str, Any], action: str) -> dict[str, Any]:
    """Write over one part of the workspace's description; answers all of that part."""
    before = await workspaces.lock_part(ctx.tx, part, ctx.server_now)
    after = {**before, **changes}
    await workspaces.write_part(ctx.tx, part, after, ctx.server_now)
    _note(ctx, action, before, after)
    return after


# --- tenant settings


def _settings(ctx: Context, row: Row, details: dict[str, Any]) -> dict[str, Any]:
    settings = WorkspaceSettings.model_validate(row["settings"]).model_dump(mode="json")
    shown = {name: settings.get(name, details.get(name)) for name in SettingsPatch.model_fields}
    return {
        **shown,
        "tenant_id": ids.encode(TENANT_PREFIX, ctx.tenant_id),
        "name": row["name"],
        "enforce_header_auth": int(settings["enforce_header_auth"]),
    }


@operation("tenant_settings.get", "GET", "/tenant-settings", scope=None, auth=("session",), result=SettingsView)
async def get_settings(ctx: Context, params: Nothing) -> Reply:
    """The settings of the workspace."""
    return Reply(_settings(ctx, await workspaces.read(ctx.tx), await _described(ctx, "details")))


@operation(
    "tenant_settings.update",
    "PATCH",
    "/tenant-settings",
    also_methods=_AS_PATCH,
    scope=None,
    auth=("session",),
    least_role="admin",
    result=SettingsView,
    errors=(Duplicate,),
)
async def update_settings(ctx: Context, params: SettingsPatch) -> Reply:
    """Change settings of the workspace. What decides how calls are treated works at the next one."""
    changes = params.changes()
    row = await workspaces.lock(ctx.tx)
    before = _settings(ctx, row, await workspaces.lock_part(ctx.tx, "details", ctx.server_now))
    ruling = {name: value for name, value in changes.items() if name in _RULING}
    plain = {name: value for name, value in changes.items() if name not in _RULING and name != "name"}
    if ruling or "name" in changes:
        row = await workspaces.change(ctx.tx, row, ruling, ctx.server_now, name=changes.get("name"))
    details = await _described(ctx, "details") | plain
    if plain:
        await workspaces.write_part(ctx.tx, "details", details, ctx.server_now)
    after = _settings(ctx, row, details)
    _note(ctx, "workspace.settings_updated", before, after)
    return Reply(after)


# --- business profile


def _business(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found.get(name) for name in BusinessView.model_fields}


@operation("business_profile.get", "GET", "/business-profile", scope=None, auth=("session",), result=BusinessView)
async def get_business(ctx: Context, params: Nothing) -> Reply:
    """What the business is, in its own words: the context for generated sites."""
    return Reply(_business(await _described(ctx, "business")))


@operation(
    "business_profile.update",
    "PATCH",
    "/business-profile",
    also_methods=_AS_PATCH,
    scope=None,
    auth=("session",),
    least_role="admin",
    result=BusinessView,
)
async def update_business(ctx: Context, params: BusinessPatch) -> Reply:
    """Change the description of the business; members that are left out stay as they are."""
    return Reply(_business(await _describe(ctx, "business", params.changes(), "workspace.business_profile_updated")))


# --- analytics


@operation("analytics_settings.get", "GET", "/analytics-settings", scope=None, auth=("session",), result=AnalyticsView)
async def get_analytics(ctx: Context, params: Nothing) -> Reply:
    """What is collected about visitors, and what is never recorded."""
    return Reply({**_ANALYTICS, **await _described(ctx, "analytics")})


@operation(
    "analytics_settings.update",
    "PATCH",
    "/analytics-settings",
    also_methods=_AS_PATCH,
    scope=None,
    auth=("session",),
    least_role="admin",
    result=AnalyticsView,
)
async def update_analytics(ctx: Context, params: AnalyticsPatch) -> Reply:
    """Change what is collected about visitors."""
    written = await _describe(ctx, "analytics", params.changes(), "workspace.analytics_settings_updated")
    return Reply({**_ANALYTICS, **written})


# --- channels


@operation("channels.get", "GET", "/channels", scope=None, auth=("session",), result=ChannelsView)
async def get_channels(ctx: Context, params: Nothing) -> Reply:
    """Who messages of the workspace come from."""
    return Reply(await workspaces.channels(ctx.tx, ctx.cipher))


@operation(
    "channels.update",
    "PATCH",
    "/channels",
    also_methods=_AS_PATCH,
    scope=None,
    auth=("session",),
    least_role="admin",
    result=ChannelsView,
)
async def update_channels(ctx: Context, params: ChannelsPatch) -> Reply:
    """Change who messages of the workspace come from.

    E-mail bears the name and asks for answers to the address; SMS come from the number, which must be one of the
    server's Twilio account.
    """
    await workspaces.lock_part(ctx.tx, "details", ctx.server_now)
    before = await workspaces.channels(ctx.tx, ctx.cipher)
    after = {**before, **params.changes()}
    await workspaces.write_channels(ctx.tx, ctx.cipher, after, ctx.server_now)
    _note(ctx, "workspace.channels_updated", before, after, private=True)
    return Reply(after)
