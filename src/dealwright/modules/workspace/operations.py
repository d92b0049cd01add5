"""The ways between workspaces and modes (Salesbooth API: Switch Workspace, Tenant Context, Workspace List, Sandbox
Toggle, Display Mode): what one browser session works in. Other sessions of the same person are not concerned.
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.access import sessions
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.sessions import Session
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, Forbidden
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.people import auth, records
from dealwright.modules.workspace import rules
from dealwright.modules.workspace.models import (
    BindTab,
    DisplayModeView,
    ModeView,
    SetDisplayMode,
    SetMode,
    Switch,
    SwitchedView,
    TabQuery,
    TabView,
    TenantRows,
)

_MOST_TABS: Final = 200


def _wire_id(tenant: UUID | None) -> str | None:
    return None if tenant is None else ids.encode(TENANT_PREFIX, tenant)


# --- workspaces


@operation("tenants.list", "GET", "/tenants", scope=None, auth=("session",), result=TenantRows, across=True)
async def list_tenants(ctx: Context, params: Nothing) -> Reply:
    """Every workspace that the person can open, in the order in which they joined."""
    session = ctx.visitor.require_session()
    return Reply([_row(ctx, row) for row in await records.workspaces(ctx.tx, session.user_id)])


def _row(ctx: Context, row: Row) -> dict[str, Any]:
    address = ctx.providers.get(PublicAddress)
    current = row["tenant_id"] == ctx.principal.tenant_id
    return {
        "tenant_id": _wire_id(row["tenant_id"]),
        "name": row["name"],
        "slug": rules.slug(row["name"]),
        "logo_url": None,
        "role": row["role"],
        "is_current": current,
        "is_sandbox": current and not ctx.livemode,
        "region": address.region,
        "regional_endpoint": address.url,
    }


@operation(
    "switch_tenant.switch",
    "POST",
    "/switch-tenant",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=SwitchedView,
    errors=(Forbidden,),
    across=True,
    idempotent=False,
)
async def switch_tenant(ctx: Context, params: Switch) -> Reply:
    """Make another workspace of the person the active one of this session.

    Tabs that are bound to a workspace stay there. The session goes on under a new cookie and a new CSRF token.
    """
    tabs = ctx.visitor.require_session().tabs
    switched = await auth.switch(ctx, params.tenant_id)
    await sessions.keep_tabs(ctx.tx, ctx.visitor.require_session(), tabs)
    now_in = switched.data["tenant"]
    return Reply(
        {
            **{name: now_in[name] for name in ("tenant_id", "name", "role")},
            "is_sandbox": not ctx.livemode,
            "region": ctx.providers.get(PublicAddress).region,
            "csrf_token": switched.data["csrf_token"],
        },
        cookies=switched.cookies,
    )


@operation("tenant_context.get", "GET", "/tenant-context", scope=None, auth=("session",), result=TabView, across=True)
async def get_context(ctx: Context, params: TabQuery) -> Reply:
    """The workspace that this tab of the browser works in."""
    session = ctx.visitor.require_session()
    bound = session.tabs.get(params.tab_id)
    return Reply(_tab(params.tab_id, bound, session))


def _tab(tab: str, bound: str | None, session: Session) -> dict[str, Any]:
    tenant = UUID(bound) if bound is not None else session.tenant_id
    return {"tab_id": tab, "tenant_id": _wire_id(tenant), "source": "session" if bound is None else "tab"}


@operation(
    "tenant_context.set",
    "POST",
    "/tenant-context",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=TabView,
    errors=(Forbidden, Conflict),
    across=True,
    idempotent=False,
)
async def set_context(ctx: Context, params: BindTab) -> Reply:
    """Bind one tab of the browser to a workspace, or let it follow the session again.

    Requests that carry the tab in X-Tab-ID then work in that workspace. Other tabs are not concerned.
    """
    session = ctx.visitor.require_session()
    if params.tenant_id is None:
        await sessions.bind_tab(ctx.tx, session, params.tab_id, None)
        return Reply(_tab(params.tab_id, None, session))
    tenant = ids.decode(TENANT_PREFIX, params.tenant_id)
    mine = [row["tenant_id"] for row in await records.workspaces(ctx.tx, session.user_id)]
    if tenant is None or tenant not in mine:
        raise Forbidden("You do not belong to that workspace", hint="GET /tenants lists yours.")
    if len(session.tabs) >= _MOST_TABS and params.tab_id not in session.tabs:
        raise Conflict(f"More than {_MOST_TABS} tabs are bound; let some of them follow the session again")
    await sessions.bind_tab(ctx.tx, session, params.tab_id, tenant)
    return Reply(_tab(params.tab_id, str(tenant), session))


# --- modes


@operation("sandbox_toggle.get", "GET", "/sandbox-toggle", scope=None, auth=("session",), result=ModeView, across=True)
async def get_mode(ctx: Context, params: Nothing) -> Reply:
    """Whether the session works with live or with test records."""
    return Reply({"mode": "live" if ctx.visitor.require_session().livemode else "test"})


@operation(
    "sandbox_toggle.set",
    "POST",
    "/sandbox-toggle",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=ModeView,
    across=True,
    idempotent=False,
)
async def set_mode(ctx: Context, params: SetMode) -> Reply:
    """Let the session work with live or with test records, in all of its tabs."""
    await sessions.set_mode(ctx.tx, ctx.visitor.require_session(), livemode=params.mode == "live")
    return Reply({"mode": params.mode})


@operation(
    "display_mode.get",
    "GET",
    "/display-mode",
    scope=None,
    auth=("session", "public"),
    result=DisplayModeView,
    across=True,
)
async def get_display_mode(ctx: Context, params: Nothing) -> Reply:
    """How the session's pages are to be shown."""
    session = ctx.visitor.session
    return Reply({"mode": "auto" if session is None else await sessions.display_mode(ctx.tx, session) or "auto"})


@operation(
    "display_mode.set",
    "POST",
    "/display-mode",
    scope=None,
    auth=("session", "public"),
    least_role="viewer",
    result=DisplayModeView,
    across=True,
    idempotent=False,
)
async def set_display_mode(ctx: Context, params: SetDisplayMode) -> Reply:
    """Have the session's pages shown as an installed app or in the browser; auto leaves it to the browser again.

    Nobody being signed in is fine; the choice is then the page's own to remember.
    """
    if ctx.visitor.session is not None:
        await sessions.set_display_mode(ctx.tx, ctx.visitor.session, None if params.mode == "auto" else params.mode)
    return Reply({"mode": params.mode})
