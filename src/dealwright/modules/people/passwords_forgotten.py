"""A new password by e-mail, for somebody who has forgotten theirs (ours)."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Final

from dealwright.kernel.access.sessions import new_token, token_hash
from dealwright.kernel.context import Steps
from dealwright.kernel.errors import NotFound, RateLimited
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.settings import PublicAddress
from dealwright.modules.messages import records as messages
from dealwright.modules.people import mails, records, rules, signing_in
from dealwright.modules.people.models import ForgottenPassword, PasswordReset, ResetPassword, ResetRequested
from dealwright.modules.people.service import People

LINK_HOLDS: Final = timedelta(hours=1)
_ANSWER_AFTER: Final = 0.25
"""Seconds that every answer takes, so that it does not tell whether there was something to do."""


@operation(
    "password_reset.request",
    "POST",
    "/password-reset",
    scope=None,
    auth=("public",),
    result=ResetRequested,
    errors=(RateLimited,),
    own_transactions=True,
    across=True,
)
async def request_reset(steps: Steps, params: ForgottenPassword) -> Reply:
    """Ask for a link for a new password by e-mail (ours).

    The answer is the same whether there is such an account or not. The link works once and for an hour; a newer one
    replaces it.
    """
    people, start = steps.providers.get(People), time.monotonic()
    await people.throttle.ask_for_reset(steps.visitor.ip, rules.email_token(people.cipher, params.email))
    async with steps.transaction() as ctx:
        found = await records.find(ctx.tx, people.cipher, params.email)
        mine = await records.workspaces(ctx.tx, found["id"]) if found is not None else []
        if found is not None and mine:
            token = new_token()
            changes = {"reset_hash": token_hash(token), "reset_expires_at": ctx.now + LINK_HOLDS}
            await records.change(ctx.tx, found["id"], changes, ctx.now)
            # A mail belongs to a workspace; this one goes out in the name of the first one that they joined.
            workspace = mine[0]
            cipher = people.keyring.tenant(workspace["tenant_id"], workspace["key_version"])
            person = records.person_of(people.cipher, found)
            content = mails.password_reset(person, steps.providers.get(PublicAddress).url, token)
            there = ctx.tx.inside(workspace["tenant_id"], True)
            await messages.queue_email(there, cipher, "password_reset", content, ctx.now)
    await asyncio.sleep(max(0.0, start + _ANSWER_AFTER - time.monotonic()))
    return Reply({"requested": True})


@operation(
    "password_reset.complete",
    "POST",
    "/password-reset",
    action="complete",
    scope=None,
    auth=("public",),
    result=PasswordReset,
    errors=(NotFound, RateLimited),
    own_transactions=True,
    across=True,
)
async def complete_reset(steps: Steps, params: ResetPassword) -> Reply:
    """Set a new password with the token of the link (ours). Every session of the person ends; they sign in anew."""
    people = steps.providers.get(People)
    signing_in.refuse_foreign_pages(steps.visitor)
    await people.throttle.guess_token(steps.visitor.ip)
    hashed = await people.passwords.hash(params.new_password)
    async with steps.transaction() as ctx:
        user = await records.lock_by_reset(ctx.tx, params.token, ctx.now)
        if user is None:
            raise NotFound("This link is unknown, has been used or has expired", hint="Ask for a new one.")
        await records.set_password(ctx.tx, user["id"], hashed, ctx.now)
    return Reply({"changed": True})
