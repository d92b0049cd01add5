"""How somebody likes the user interface, and what their workspace has put aside (Salesbooth API, Preferences)."""

from __future__ import annotations

from typing import Any, Final

from dealwright.kernel import ids
from dealwright.kernel.access import workspaces
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Forbidden, InsufficientRole, InvalidRequest, SessionRequired
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.people import records
from dealwright.modules.people.models import PreferencePatch, PreferenceQuery, PreferenceView
from dealwright.modules.people.profile import current_user

OF_USER: Final[dict[str, Any]] = {"language": "en", "theme": "system"}
OF_WORKSPACE: Final[dict[str, Any]] = {"recommendations_dismissed": False}
"""What holds until somebody says otherwise."""


def _known(defaults: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    return {name: kept.get(name, default) for name, default in defaults.items()}


def _in_workspace(ctx: Context) -> None:
    if ctx.principal.tenant_id is None:
        raise Forbidden("No workspace is chosen", code="authorization_error.no_workspace")


@operation(
    "preferences.get",
    "GET",
    "/preferences",
    scope=None,
    auth=("session",),
    result=PreferenceView,
    errors=(SessionRequired,),
    across=True,
)
async def get_preferences(ctx: Context, params: PreferenceQuery) -> Reply:
    """Read preferences: ``scope=user`` yours (language, theme), ``scope=tenant`` the workspace's."""
    if params.scope == "tenant":
        _in_workspace(ctx)
        return Reply(_known(OF_WORKSPACE, (await workspaces.read(ctx.tx))["settings"]))
    user = await records.get(ctx.tx, ctx.visitor.require_session().user_id)
    if user is None:
        raise SessionRequired
    return Reply(_known(OF_USER, user["preferences"]))


@operation(
    "preferences.update",
    "PATCH",
    "/preferences",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=PreferenceView,
    errors=(SessionRequired, Forbidden),
    across=True,
)
async def update_preferences(ctx: Context, params: PreferencePatch) -> Reply:
    """Change preferences of one scope; members of the other one are ignored. Viewers change their own only."""
    defaults = OF_WORKSPACE if params.scope == "tenant" else OF_USER
    changes = {name: value for name, value in params.changes().items() if name in defaults}
    if not changes:
        raise InvalidRequest(
            f"Send at least one of {', '.join(defaults)} for scope={params.scope}",
            code="validation_error.invalid_fields",
        )
    if params.scope == "tenant":
        _in_workspace(ctx)
        if ctx.principal.role == "viewer":
            raise InsufficientRole("member", "preferences.update")
        written = await workspaces.change(ctx.tx, await workspaces.lock(ctx.tx), changes, ctx.now)
        ctx.note("workspace", ids.encode(TENANT_PREFIX, ctx.tenant_id), "preferences.updated", changes)
        return Reply(_known(defaults, written["settings"]))
    user = await current_user(ctx)
    kept = {**user["preferences"], **changes}
    await records.change(ctx.tx, user["id"], {"preferences": kept}, ctx.now)
    return Reply(_known(defaults, kept))
