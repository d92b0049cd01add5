"""Signing up: a new person with a first workspace, or one more workspace for somebody who is signed in (Salesbooth API,
Onboarding).
"""

from __future__ import annotations

import contextlib
from typing import Any
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.access import keys, workspaces
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.access.roles import SCOPES
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Duplicate, Forbidden, RateLimited, SessionRequired, invalid_field
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.settings import PublicAddress
from dealwright.kernel.store.database import Record
from dealwright.modules.people import records, signing_in
from dealwright.modules.people.models import Service, SignedUpView, SignUp, SignUpView
from dealwright.modules.people.records import Person
from dealwright.modules.people.service import People
from dealwright.modules.people.signing_in import SignedIn
from dealwright.modules.products import operations as products
from dealwright.modules.products.models import NewProduct
from dealwright.modules.signing import keys as signing_keys


class RegistrationClosed(Forbidden):
    """403: the operator lets nobody sign up."""

    code = "authorization_error.registration_closed"
    action = "ask_for_invitation"
    hint = "Ask an owner or admin of a workspace for an invitation."
    default_message = "This server takes no sign-ups"


@operation(
    "onboarding.get",
    "GET",
    "/onboarding",
    scope=None,
    auth=("public", "session"),
    result=SignUpView,
    across=True,
)
async def get(ctx: Context, params: Nothing) -> Reply:
    """Tell whether somebody new can sign up here, and whether they would be the first (ours)."""
    first, rule = await records.nobody_yet(ctx.tx), ctx.providers.get(People).settings.registration
    return Reply({"first_start": first, "sign_up": rule == "open" or (rule == "first" and first)})


@operation(
    "onboarding.complete",
    "POST",
    "/onboarding",
    scope=None,
    auth=("public", "session"),
    least_role="viewer",
    result=SignedUpView,
    status=201,
    errors=(SessionRequired, RegistrationClosed, RateLimited),
    own_transactions=True,
    across=True,
)
async def complete(steps: Steps, params: SignUp) -> Reply:
    """Create an account with a workspace, and sign in.

    Somebody who is signed in gets one more workspace, which becomes the active one; name, e-mail and password are then
    not needed. Agents need no business fields. Services become draft products of the live mode.
    """
    people, visitor = steps.providers.get(People), steps.visitor
    current = visitor.session
    signing_in.refuse_foreign_pages(visitor)
    await people.throttle.sign_up(visitor.ip)
    params.require(signed_in=current is not None)
    region = people.settings.region
    if params.region is not None and region is not None and params.region != region:
        raise invalid_field("region", "invalid_choice", f"This server keeps its data in {region}")
    if people.settings.registration == "closed":
        raise RegistrationClosed
    hashed = await people.passwords.hash(params.password or "") if current is None else ""
    async with steps.transaction() as ctx:
        if current is not None:
            user = await _known(ctx, people, current.user_id, params)
        else:
            user = await _newcomer(ctx, people, params, hashed)
        tenant = await _workspace(ctx, people, user, params)
        opened = await _enter(ctx, people, user, tenant)
        key = records.wire_id(user["id"])
    data = {
        "user_id": key,
        "tenant_id": ids.encode(TENANT_PREFIX, tenant),
        "account_type": params.account_type,
        "region": region or params.region,
        "regional_endpoint": steps.providers.get(PublicAddress).url,
        "authenticated": True,
        "csrf_token": opened.session.csrf,
    }
    return Reply(data, cookies=opened.cookies())


async def _known(ctx: Context, people: People, user_id: UUID, params: SignUp) -> Record:
    """The signed-in person; an e-mail address, if one was sent, must be theirs."""
    user = await records.lock(ctx.tx, user_id)
    if user is None:
        raise SessionRequired
    theirs = records.person_of(people.cipher, user).email
    if params.email is not None and params.email.casefold() != theirs.casefold():
        raise invalid_field("email", "invalid", "You are signed in with another email")
    return user


async def _newcomer(ctx: Context, people: People, params: SignUp, hashed: str) -> Row:
    assert params.email is not None
    if people.settings.registration == "first" and not await records.is_first(ctx.tx):
        raise RegistrationClosed
    person = Person(params.first_name or "", params.last_name or "", params.email)
    try:
        async with ctx.undoable():
            return await records.create(ctx.tx, people.cipher, person, hashed, ctx.now)
    except Duplicate:
        raise SessionRequired(
            "There is an account with this email already", hint="Sign in first; then add a workspace."
        ) from None


async def _enter(ctx: Context, people: People, user: Row, tenant: UUID) -> SignedIn:
    """A session in the new workspace; one that is there already goes on under a new cookie."""
    if ctx.visitor.session is None:
        return await signing_in.sign_in(ctx.tx, people, user, ctx.now, ctx.visitor, tenant_id=tenant)
    return await signing_in.move(ctx.tx, ctx.visitor.session, tenant, ctx.now)


async def _workspace(ctx: Context, people: People, user: Row, params: SignUp) -> UUID:
    """A new workspace with its owner, signing key and draft products; for a new person, the one that a first start on
    their own machine left for them, with what is in it.
    """
    name = params.business_name or f"Workspace {ids.token(6)}"
    settings = {"deposit_percentage": params.deposit_percentage}
    found = await workspaces.claim(ctx.tx, settings, ctx.now) if ctx.visitor.session is None else None
    tenant = found or await keys.new_workspace(ctx.tx, name, settings, ctx.now)
    await records.join(ctx.tx, user, tenant, "owner", ctx.now)
    owner = Principal(
        kind="session",
        key_id=records.wire_id(user["id"]),
        tenant_id=tenant,
        livemode=True,
        scopes=SCOPES["owner"],
        role="owner",
    )
    there = ctx.inside(owner, people.keyring.tenant(tenant, 1))
    details = {name: getattr(params, name) for name in ("industry", "phone", "website", "country")}
    await workspaces.begin(
        there.tx, details, {"business_name": params.business_name, "industry": params.industry}, ctx.now
    )
    await signing_keys.active(there)
    if found is not None:
        with contextlib.suppress(Duplicate):  # the name is another workspace's: it can be changed later
            async with there.undoable():
                await workspaces.change(
                    there.tx, await workspaces.lock(there.tx), {}, ctx.now, name=params.business_name
                )
    for service in params.services or ():
        await products.create(there, _draft(service))
    there.note("workspace", ids.encode(TENANT_PREFIX, tenant), "workspace.created", {"owner": owner.key_id})
    await there.flush()
    return tenant


def _draft(service: Service) -> dict[str, Any]:
    """A service as a product that is not for sale yet."""
    prices = {
        name: str(price)
        for name, price in (("price_min", service.price_min), ("price_max", service.price_max))
        if price is not None
    }
    product = NewProduct(
        name=service.name,
        description=service.description,
        price=service.price_min if service.price_min is not None else service.price_max or 0,  # type: ignore[arg-type]
        type="service",
        status="inactive",
        metadata=prices or None,
    )
    return product.model_dump()
