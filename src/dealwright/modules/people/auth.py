"""Signing in and out (Salesbooth API, Auth)."""

from __future__ import annotations

import structlog

from dealwright.kernel import ids
from dealwright.kernel.access import sessions
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Forbidden, RateLimited, Unauthenticated
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.people import records, rules, signing_in
from dealwright.modules.people.models import ChooseWorkspace, SignedInView, SignedOutView, SignIn
from dealwright.modules.people.service import People
from dealwright.modules.people.signing_in import FORGET_BOTH, NOBODY_SIGNED_IN

log = structlog.get_logger("dealwright.people")


class InvalidCredentials(Unauthenticated):
    """401: no account has this e-mail and password together; which of them is wrong is not said."""

    code = "authentication_error.invalid_credentials"
    hint = "Check both, or ask for a new password with POST /password-reset."
    default_message = "The email or the password is wrong"


@operation(
    "auth.session",
    "GET",
    "/auth",
    scope=None,
    auth=("public", "session"),
    result=SignedInView,
    own_transactions=True,
    across=True,
)
async def session(steps: Steps, params: Nothing) -> Reply:
    """Tell who is signed in.

    Nobody is a fine answer, too: ``authenticated`` is then false. ``csrf_token`` goes along with every write as
    X-CSRF-Token. A browser that stays signed in gets its next session here.
    """
    people, visitor = steps.providers.get(People), steps.visitor
    if visitor.session is not None:
        async with steps.system() as tx:
            data = await signing_in.describe(tx, people, visitor.session, steps.principal.tenant_id)
        if data is not None:
            return Reply(data)
    elif visitor.remember is not None:
        async with steps.transaction() as ctx:
            back = await signing_in.come_back(ctx.tx, people, visitor.remember, ctx.now)
            if back is not None:
                return await signing_in.welcome(ctx.tx, people, back)
    if visitor.stale or visitor.remember is not None:
        return Reply(NOBODY_SIGNED_IN, cookies=FORGET_BOTH)
    return Reply(NOBODY_SIGNED_IN)


@operation(
    "auth.login",
    "POST",
    "/auth",
    scope=None,
    auth=("public",),
    result=SignedInView,
    errors=(InvalidCredentials, Forbidden, RateLimited),
    own_transactions=True,
    across=True,
)
async def login(steps: Steps, params: SignIn) -> Reply:
    """Sign in with e-mail and password and get a session cookie.

    With several workspaces the one that was used last becomes active. ``remember`` keeps the browser signed in.
    """
    people = steps.providers.get(People)
    signing_in.refuse_foreign_pages(steps.visitor)
    await people.throttle.sign_in(steps.visitor.ip, rules.email_token(people.cipher, params.email))
    async with steps.system() as tx:
        user = await records.find(tx, people.cipher, params.email)
    kept = user["password_hash"] if user is not None else None
    if not await people.passwords.verify(kept, params.password) or user is None or kept is None:
        raise InvalidCredentials
    fresh = await people.passwords.hash(params.password) if people.passwords.is_outdated(kept) else None
    async with steps.transaction() as ctx:
        user = await records.lock(ctx.tx, user["id"])
        if user is None or user["password_hash"] != kept:  # it was changed while it was being compared
            raise InvalidCredentials
        if fresh is not None:
            user = await records.change(ctx.tx, user["id"], {"password_hash": fresh}, ctx.now)
        opened = await signing_in.sign_in(ctx.tx, people, user, ctx.now, steps.visitor, remember=params.remember)
        log.info("signed_in", user=records.wire_id(user["id"]))
        return await signing_in.welcome(ctx.tx, people, opened)


@operation(
    "auth.select_tenant",
    "POST",
    "/auth",
    action="select-tenant",
    scope=None,
    auth=("session",),
    least_role="viewer",
    result=SignedInView,
    errors=(Forbidden,),
    across=True,
    idempotent=False,
)
async def select_tenant(ctx: Context, params: ChooseWorkspace) -> Reply:
    """Choose the active workspace.

    The session goes on under a new cookie and a new CSRF token, so that a page of the former workspace that is still
    open in another tab cannot write into this one.
    """
    return await switch(ctx, params.tenant_id)


async def switch(ctx: Context, wanted: str) -> Reply:
    """Let the caller's session work in another workspace of theirs. Raises Forbidden for any other."""
    people, current = ctx.providers.get(People), ctx.visitor.require_session()
    tenant = ids.decode(TENANT_PREFIX, wanted)
    mine = [row["tenant_id"] for row in await records.workspaces(ctx.tx, current.user_id)]
    if tenant is None or tenant not in mine:
        raise Forbidden("You do not belong to that workspace", hint="GET /auth lists yours under tenants.")
    return await signing_in.welcome(ctx.tx, people, await signing_in.move(ctx.tx, current, tenant, ctx.now))


@operation(
    "auth.logout",
    "DELETE",
    "/auth",
    scope=None,
    auth=("public", "session"),
    least_role="viewer",
    result=SignedOutView,
    across=True,
)
async def logout(ctx: Context, params: Nothing) -> Reply:
    """End the session, and let the browser not stay signed in. Nobody being signed in is fine, too."""
    current, remember = ctx.visitor.session, ctx.visitor.remember
    signing_in.refuse_foreign_pages(ctx.visitor)
    if current is not None:
        await sessions.end(ctx.tx, current)
    await sessions.forget(ctx.tx, current.remembered_id if current is not None else None, remember)
    return Reply({"authenticated": False}, cookies=FORGET_BOTH)
