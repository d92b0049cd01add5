"""The signed-in person's own name, phone and password (Salesbooth API, Profile)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from dealwright.kernel.access import sessions
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import RateLimited, SessionRequired, invalid_field
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.people import records
from dealwright.modules.people.models import NewPassword, PasswordChanged, ProfilePatch, ProfileView
from dealwright.modules.people.records import Person
from dealwright.modules.people.service import People
from dealwright.modules.people.signing_in import SignedIn


async def current_user(ctx: Context) -> Record:
    """The signed-in person, held for a change. Raises SessionRequired."""
    user = await records.lock(ctx.tx, ctx.visitor.require_session().user_id)
    if user is None:
        raise SessionRequired
    return user


def _wire(person: Person) -> dict[str, Any]:
    return asdict(person)


@operation(
    "profile.get",
    "GET",
    "/profile",
    scope=None,
    auth=("session",),
    result=ProfileView,
    errors=(SessionRequired,),
    across=True,
)
async def get_profile(ctx: Context, params: Nothing) -> Reply:
    """Read your name, e-mail and phone."""
    user = await records.get(ctx.tx, ctx.visitor.require_session().user_id)
    if user is None:
        raise SessionRequired
    return Reply(_wire(records.person_of(ctx.providers.get(People).cipher, user)))


@operation(
    "profile.update",
    "PATCH",
    "/profile",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=ProfileView,
    errors=(SessionRequired,),
    across=True,
)
async def update_profile(ctx: Context, params: ProfilePatch) -> Reply:
    """Change your name or phone; members that are left out stay. The e-mail address is how you sign in and stays."""
    cipher, user = ctx.providers.get(People).cipher, await current_user(ctx)
    changes = params.changes()
    person = replace(records.person_of(cipher, user), **changes)
    await records.change(ctx.tx, user["id"], {"sealed": records.seal(cipher, user["id"], person)}, ctx.now)
    note(ctx, user, "profile.updated", {"changed_fields": sorted(changes)})
    return Reply(_wire(person))


def note(ctx: Context, user: Record, action: str, changes: dict[str, Any]) -> None:
    """An entry in the audit trail of the workspace that the person works in, if they work in one."""
    if ctx.principal.tenant_id is not None:
        ctx.note("user", records.wire_id(user["id"]), action, changes)


@operation(
    "profile.change_password",
    "POST",
    "/profile",
    action="change-password",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=PasswordChanged,
    errors=(SessionRequired, RateLimited),
    own_transactions=True,
    across=True,
    idempotent=False,
)
async def change_password(steps: Steps, params: NewPassword) -> Reply:
    """Change your password after the current one was checked.

    Every other session and remembered browser of yours ends at once; this one goes on under a new cookie.
    """
    people, session = steps.providers.get(People), steps.visitor.require_session()
    wrong = invalid_field("old_password", "invalid", "Old password is not the current one")
    async with steps.system() as tx:
        user = await records.get(tx, session.user_id)
    if user is None:
        raise SessionRequired
    await people.throttle.sign_in(steps.visitor.ip, user["email_token"])
    if not await people.passwords.verify(user["password_hash"], params.old_password):
        raise wrong
    hashed = await people.passwords.hash(params.new_password)
    async with steps.transaction() as ctx:
        now = await current_user(ctx)
        if now["password_hash"] != user["password_hash"]:
            raise wrong
        await records.set_password(ctx.tx, now["id"], hashed, ctx.now, keep=session)
        renewed = await sessions.renew(ctx.tx, session, session.tenant_id, ctx.now)
        if renewed is None:
            raise SessionRequired
        note(ctx, now, "password.changed", {})
    return Reply({"changed": True, "csrf_token": renewed.csrf}, cookies=SignedIn(renewed).cookies())
