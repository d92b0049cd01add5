"""Members of a workspace and their roles (Salesbooth API, Team).

An owner is neither demoted nor removed here, by whomever and however many ask at once: the statements themselves leave
owners out.
"""

from __future__ import annotations

from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.access import sessions
from dealwright.kernel.access.keys import TENANT_PREFIX, workspace_name
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, Forbidden, NotFound, RateLimited
from dealwright.kernel.fields import Deleted, Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.messages import records as messages
from dealwright.modules.people import mails, memberships
from dealwright.modules.people.service import People
from dealwright.modules.people.team_models import Invite, MemberId, MemberView, RoleChange, TeamView


class AlreadyMember(Conflict):
    """409: the address belongs to a member, or to somebody whose invitation still holds."""

    code = "conflict.already_member"
    default_message = "Somebody with this email is a member or invited already"


class OwnerProtected(Forbidden):
    """403: owners are neither demoted nor removed."""

    code = "authorization_error.owner_protected"
    action = "check_state"
    default_message = "The owner of a workspace keeps the role and cannot be removed"


def _key(wire_id: str) -> UUID:
    key = ids.decode(memberships.PREFIX, wire_id)
    if key is None:
        raise NotFound
    return key


async def _refusal(ctx: Context, key: UUID) -> NotFound | OwnerProtected:
    """Why a membership was not changed."""
    return NotFound() if await memberships.find(ctx.tx, key) is None else OwnerProtected()


@operation("team.list", "GET", "/team", scope="team:read", result=TeamView, across=True)
async def list_team(ctx: Context, params: Nothing) -> Reply:
    """List members and pending invitations."""
    installation = ctx.providers.get(People).cipher
    rows = await memberships.every(ctx.tx)
    return Reply({"members": [memberships.wire(row, ctx.cipher, installation) for row in rows]})


@operation(
    "team.invite",
    "POST",
    "/team",
    scope="team:write",
    result=MemberView,
    status=201,
    errors=(AlreadyMember, RateLimited),
    across=True,
)
async def invite(ctx: Context, params: Invite) -> Reply:
    """Invite somebody by e-mail.

    The link in the e-mail works once and for seven days. An invitation that has expired is replaced by a new one.
    """
    people, workspace = ctx.providers.get(People), ids.encode(TENANT_PREFIX, ctx.tenant_id)
    await people.throttle.invite(workspace)
    token = sessions.new_token()
    row = await memberships.invite(
        ctx.tx, ctx.cipher, people.cipher, email=params.email, role=params.role, token=token, now=ctx.now
    )
    if row is None:
        raise AlreadyMember
    server = ctx.providers.get(PublicAddress).url
    name = await workspace_name(ctx.tx)
    content = mails.invitation(params.email, name, params.role, server, token, memberships.HOLDS_DAYS)
    # It is meant for a real person, whichever mode the inviting one works in.
    there = ctx.tx.inside(ctx.tenant_id, True)
    await messages.queue_email(there, ctx.cipher, "invitation", content, ctx.now)
    ctx.note("membership", memberships.wire_id(row["id"]), "team.invited", {"role": params.role})
    return Reply(memberships.wire(row, ctx.cipher, people.cipher))


@operation(
    "team.update_role",
    "PATCH",
    "/team",
    scope="team:write",
    result=MemberView,
    errors=(OwnerProtected, NotFound),
    across=True,
)
async def update_role(ctx: Context, params: RoleChange) -> Reply:
    """Change the role of a member, or that of an invitation. It holds from the member's next request on."""
    key = _key(params.membership_id)
    row = await memberships.set_role(ctx.tx, key, params.role, ctx.now)
    if row is None:
        raise await _refusal(ctx, key)
    ctx.note("membership", params.membership_id, "team.role_changed", {"role": params.role})
    complete = await memberships.find(ctx.tx, key)
    assert complete is not None
    return Reply(memberships.wire(complete, ctx.cipher, ctx.providers.get(People).cipher))


@operation(
    "team.remove",
    "DELETE",
    "/team",
    present=("id",),
    scope="team:write",
    result=Deleted,
    errors=(OwnerProtected, NotFound),
    across=True,
)
async def remove(ctx: Context, params: MemberId) -> Reply:
    """Remove a member, whose sessions in this workspace end at once, or take an invitation back."""
    key = _key(params.id)
    row = await memberships.remove(ctx.tx, key)
    if row is None:
        raise await _refusal(ctx, key)
    if row["user_id"] is not None:
        await sessions.end_in(ctx.tx, row["user_id"], ctx.tenant_id)
    ctx.note("membership", params.id, "team.removed", {"role": row["role"]})
    return Reply({"deleted": True, "id": params.id})
