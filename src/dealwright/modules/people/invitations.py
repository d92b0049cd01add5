"""Accepting an invitation to a workspace (ours)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import clock
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.access.roles import SCOPES
from dealwright.kernel.access.sessions import Session
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import FieldError, Forbidden, InvalidFields, NotFound, RateLimited, SessionRequired
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.people import memberships, records, signing_in
from dealwright.modules.people.models import SignedInView
from dealwright.modules.people.records import Person
from dealwright.modules.people.service import People
from dealwright.modules.people.signing_in import SignedIn
from dealwright.modules.people.team_models import Acceptance, InvitationQuery, InvitationView


class OtherRecipient(Forbidden):
    """403: the invitation went to somebody else than the person who is signed in."""

    code = "authorization_error.other_recipient"
    action = "authenticate"
    default_message = "This invitation was sent to another email than yours"


_GONE = "This invitation is unknown, has been accepted or taken back, or has expired"


@operation(
    "invitations.get",
    "GET",
    "/invitations",
    scope=None,
    auth=("public", "session"),
    result=InvitationView,
    errors=(NotFound, RateLimited),
    own_transactions=True,
    across=True,
)
async def get_invitation(steps: Steps, params: InvitationQuery) -> Reply:
    """Show what a link invites to (ours)."""
    people = steps.providers.get(People)
    await people.throttle.guess_token(steps.visitor.ip)
    async with steps.system() as tx:
        row = await memberships.by_link(tx, params.token, steps.now)
        if row is None:
            raise NotFound(_GONE)
        email = memberships.invited_email(people.keyring.tenant(row["tenant_id"], row["key_version"]), row)
        known = await records.find(tx, people.cipher, email) is not None
    return Reply(
        {
            "workspace": row["name"],
            "email": email,
            "role": row["role"],
            "expires_at": clock.iso(row["invitation_expires_at"]),
            "has_account": known,
        }
    )


@operation(
    "invitations.accept",
    "POST",
    "/invitations",
    action="accept",
    scope=None,
    auth=("public", "session"),
    least_role="viewer",
    result=SignedInView,
    errors=(NotFound, OtherRecipient, SessionRequired, RateLimited),
    own_transactions=True,
    across=True,
)
async def accept_invitation(steps: Steps, params: Acceptance) -> Reply:
    """Become a member of the workspace that a link invites to, and work there (ours).

    Whoever has no account makes one by sending a name and a password, and is signed in; the link proves the address.
    Whoever has one signs in first.
    """
    people, current = steps.providers.get(People), steps.visitor.session
    signing_in.refuse_foreign_pages(steps.visitor)
    await people.throttle.guess_token(steps.visitor.ip)
    hashed = await people.passwords.hash(params.password) if params.password and current is None else None
    async with steps.transaction() as ctx:
        row = await memberships.by_link(ctx.tx, params.token, ctx.now, lock=True)
        if row is None:
            raise NotFound(_GONE)
        user = await _invitee(ctx, people, row, params, current, hashed)
        await memberships.accept(ctx.tx, row, user["id"], ctx.now)
        await _note(ctx, people, row, user)
        opened = await _enter(ctx, people, user, row, current)
        return await signing_in.welcome(ctx.tx, people, opened)


async def _invitee(
    ctx: Context, people: People, row: Record, params: Acceptance, current: Session | None, hashed: str | None
) -> Record | dict[str, Any]:
    """Who accepts: the signed-in person, if it is they who were invited, or somebody new."""
    email = memberships.invited_email(people.keyring.tenant(row["tenant_id"], row["key_version"]), row)
    known = await records.find(ctx.tx, people.cipher, email)
    if current is not None:
        if known is None or known["id"] != current.user_id:
            raise OtherRecipient
        return known
    if known is not None:
        raise SessionRequired("There is an account with this email already", hint="Sign in first; then accept.")
    needed = {"first_name": params.first_name, "last_name": params.last_name, "password": hashed}
    if missing := [name for name, value in needed.items() if not value]:
        raise InvalidFields(
            {name: FieldError("required", f"{name.replace('_', ' ').capitalize()} is required") for name in missing}
        )
    person = Person(params.first_name or "", params.last_name or "", email)
    return await records.create(ctx.tx, people.cipher, person, hashed or "", ctx.now)


async def _enter(ctx: Context, people: People, user: Row, row: Record, current: Session | None) -> SignedIn:
    tenant = row["tenant_id"]
    if current is None:
        return await signing_in.sign_in(ctx.tx, people, user, ctx.now, ctx.visitor, tenant_id=tenant)
    return await signing_in.move(ctx.tx, current, tenant, ctx.now)


async def _note(ctx: Context, people: People, row: Record, user: Row) -> None:
    """An entry in the audit trail of the workspace."""
    member = Principal(
        kind="session",
        key_id=records.wire_id(user["id"]),
        tenant_id=row["tenant_id"],
        livemode=True,
        scopes=SCOPES[row["role"]],
        role=row["role"],
    )
    there = ctx.inside(member, people.keyring.tenant(row["tenant_id"], row["key_version"]))
    changes: dict[str, Any] = {"user": member.key_id, "role": row["role"]}
    there.note("membership", memberships.wire_id(row["id"]), "team.joined", changes)
    await there.flush()
