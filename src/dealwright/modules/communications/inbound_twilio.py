"""Twilio's webhook: messages that come in, and what became of those that went out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog

from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Duplicate, InvalidRequest, InvalidSignature, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.communications import records, rules
from dealwright.modules.communications.models import TwilioCallback
from dealwright.modules.communications.records import Content
from dealwright.modules.customers import records as customers

log = structlog.get_logger("dealwright.communications")

_NOTHING_TO_SAY: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@operation(
    "twilio_webhook.receive",
    "POST",
    "/twilio-webhook",
    scope=None,
    auth=("signature",),
    result=None,
    errors=(InvalidSignature,),
    media_types=("text/xml",),
    consumes=("application/x-www-form-urlencoded",),
    own_transactions=True,
)
async def receive_twilio(steps: Steps, params: TwilioCallback) -> Reply:
    """Receive a callback of Twilio's into the history of communications.

    The account that it names must be one of a workspace, whose token signed it. One that comes again changes nothing.
    """
    try:
        pairs = rules.form(params.body)
    except rules.Unreadable as problem:
        raise InvalidRequest(str(problem)) from None
    fields = dict(pairs)
    async with steps.system() as tx:
        owners = await records.accounts_named(tx, rules.line(fields.get("AccountSid"), 64))
    owners.sort(key=lambda each: each["phone_number"] != fields.get("To"))
    signed = False
    for owner in owners:
        async with steps.within(owner["tenant_id"], owner["livemode"]) as ctx:
            account = await records.account(ctx)
            if account is None or not rules.is_twilio_signature(params.signature, account.token, params.url, pairs):
                continue
            signed = True
        here = await steps.inside(owner["tenant_id"], owner["livemode"])
        if await _book(here, params, fields):
            break
    if not signed:
        raise InvalidSignature
    return Reply(_NOTHING_TO_SAY, media_type="text/xml")


async def _book(here: Steps, params: TwilioCallback, fields: Mapping[str, str]) -> bool:
    """Write it into the history of a workspace; whether it belongs there."""
    try:
        if params.type == "sms":
            return await here.run(lambda ctx: _came_in(ctx, fields))
        return await here.run(lambda ctx: _changed(ctx, params, fields))
    except Duplicate:
        return True


async def _came_in(ctx: Context, fields: Mapping[str, str]) -> bool:
    sender = rules.line(fields.get("From"), 64)
    content = Content(
        to=rules.line(fields.get("To"), 64), sender=sender, text=rules.line(fields.get("Body"), rules.LONGEST_TEXT)
    )
    sid = rules.line(fields.get("MessageSid"), 64) or None
    customer = await customers.with_phone(ctx, sender)
    if await records.add(ctx, "sms", "inbound", "received", content, provider_id=sid, customer=customer) is None:
        log.info("communication_known", sid=sid)
    return True


async def _changed(ctx: Context, params: TwilioCallback, fields: Mapping[str, str]) -> bool:
    status = fields.get("MessageStatus") or fields.get("CallStatus") or ""
    row = await _about(ctx, params, fields)
    if row is not None:
        await records.change(ctx, row["id"], status)
        return True
    sid = rules.line(fields.get("CallSid"), 64)
    if params.type == "voice" and sid and rules.line(fields.get("Direction")).startswith("inbound"):
        sender = rules.line(fields.get("From"), 64)
        content = Content(to=rules.line(fields.get("To"), 64), sender=sender)
        customer = await customers.with_phone(ctx, sender)
        word = status if rules.follows(status, "") else "ringing"
        await records.add(ctx, "voice", "inbound", word, content, provider_id=sid, customer=customer)
        return True
    log.info("communication_unknown", sid=sid or rules.line(fields.get("MessageSid"), 64))
    return False


async def _about(ctx: Context, params: TwilioCallback, fields: Mapping[str, str]) -> Record | None:
    """What a callback is about: what we named in its address, which may be quicker than our own booking, or its sid."""
    sid = rules.line(fields.get("CallSid" if params.type == "voice" else "MessageSid"), 64)
    found = await records.by_provider(ctx, sid) if sid else None
    if found is None and params.communication is not None:
        try:
            found = await records.resource.get(ctx.tx, params.communication)
        except NotFound:
            return None
    return found
