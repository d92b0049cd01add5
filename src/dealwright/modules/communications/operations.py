"""Twilio in the dashboard: its settings, the history, and sending (Salesbooth API, Internal Endpoints)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from dealwright.kernel import ids
from dealwright.kernel.access import workspaces
from dealwright.kernel.access.keys import workspace_name
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, Unavailable, invalid_field
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.communications import records, rules
from dealwright.modules.communications.models import (
    Configured,
    EmailView,
    HistoryQuery,
    HistoryView,
    NewCall,
    NewEmail,
    NewSms,
    SaveSettings,
    SentView,
    SettingsQuery,
    SettingsView,
)
from dealwright.modules.communications.records import Account, Content
from dealwright.modules.communications.rules import Channel
from dealwright.modules.customers import records as customers
from dealwright.providers.carriers import Carriers
from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.email.protocol import Email
from dealwright.providers.sms.protocol import Sms
from dealwright.providers.sms.twilio import Accepted, Twilio

_PATH: Final = "/twilio"
_CALLBACK: Final = "/api/v1/twilio-webhook"


@operation("twilio.settings", "GET", _PATH, scope=None, auth=("session",), result=SettingsView)
async def get_settings(ctx: Context, params: SettingsQuery) -> Reply:
    """Say whether the workspace has a Twilio account in this mode; never its token."""
    account = await records.account(ctx)
    if account is None:
        return Reply({"configured": False, "account_sid": None, "phone_number": None})
    hidden = account.sid[:2] + "*" * 8 + account.sid[-4:]
    return Reply({"configured": True, "account_sid": hidden, "phone_number": account.phone_number})


@operation(
    "twilio.history", "GET", _PATH, action="history", scope=None, auth=("session",), result=HistoryView,
    resource="communication",
)  # fmt: skip
async def get_history(ctx: Context, params: HistoryQuery) -> Reply:
    """List what was sent and what came in, newest first."""
    page = await records.listing.page(ctx.tx, params.paging(), {})
    return Reply({"history": await ctx.wire(records.resource, page.rows), "pagination": page.pagination})


@operation(
    "twilio.save_settings",
    "POST",
    _PATH,
    action="settings",
    selector_in="body",
    scope=None,
    auth=("session",),
    least_role="admin",
    result=Configured,
)
async def save_settings(ctx: Context, params: SaveSettings) -> Reply:
    """Keep the workspace's Twilio account for this mode; the token is sealed and never shown again."""
    await records.save_account(ctx, Account(params.account_sid, params.auth_token, params.phone_number))
    changes = {"account_sid": params.account_sid[-4:], "with_number": params.phone_number is not None}
    ctx.note("workspace", ids.encode("tenant", ctx.tenant_id), "twilio.settings_saved", changes)
    return Reply({"configured": True})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A message that is written down and is now to be sent."""

    row: Row
    account: Account
    sender: str
    text: str


async def _ask(ctx: Context, channel: Channel, to: str, text: str | None) -> _Asked:
    account = await records.account(ctx)
    if account is None:
        raise _not_configured("No Twilio account is saved for this workspace")
    sender = account.phone_number or (await workspaces.channels(ctx.tx, ctx.cipher))["phone_number"]
    if sender is None:
        raise _not_configured("The workspace has no number to send from")
    said = text or f"This is a call from {await workspace_name(ctx.tx)}."
    content = Content(to=to, sender=sender, text=said)
    found = await customers.with_phone(ctx, to)
    row = await records.add(ctx, channel, "outbound", "sending", content, customer=found)
    assert row is not None
    return _Asked(row, account, sender, said)


def _not_configured(message: str) -> Conflict:
    return Conflict(
        message,
        code="conflict.not_configured",
        action="configure_twilio",
        hint="Save account_sid, auth_token and phone_number with POST /twilio, action settings.",
    )


async def _send(steps: Steps, channel: Channel, to: str, text: str | None) -> Reply:
    """Write down, send, write down what came of it. Test mode writes a file; nothing leaves the house."""
    asked = await steps.run(lambda ctx: _ask(ctx, channel, to, text))
    row, carriers = asked.row, steps.providers.get(Carriers)
    sms = Sms(id=records.resource.wire_id(row["id"]), to=to, text=asked.text, at=steps.now)

    async def hand_over() -> Accepted:
        if not steps.principal.livemode:
            await carriers.test_sms.send(sms, channel)
            return Accepted(("CA" if channel == "voice" else "SM") + row["id"].hex, "queued")
        twilio = Twilio(asked.account.sid, asked.account.token, asked.sender, carriers.twilio_url)
        kind = "voice" if channel == "voice" else "status"
        callback = f"{steps.origin}{_CALLBACK}?type={kind}&communication={sms.id}"
        send = twilio.call if channel == "voice" else twilio.message
        return await send(sms, callback=callback if steps.origin.startswith("https://") else None)

    accepted = await _handed_over(steps, row, hand_over)
    await steps.run(lambda ctx: records.change(ctx, row["id"], accepted.status, provider_id=accepted.sid or None))
    return Reply({"sid": accepted.sid, "status": accepted.status})


async def _handed_over(steps: Steps, row: Row, hand_over: Callable[[], Awaitable[Accepted]]) -> Accepted:
    try:
        return await hand_over()
    except Refused as refusal:
        await steps.run(lambda ctx: records.change(ctx, row["id"], "failed"))
        raise invalid_field("to", "invalid", str(refusal)) from None
    except NotNow as problem:
        await steps.run(lambda ctx: records.change(ctx, row["id"], "failed"))
        raise Unavailable(str(problem)) from None


@operation(
    "twilio.sms",
    "POST",
    _PATH,
    action="sms",
    selector_in="body",
    scope=None,
    auth=("session",),
    result=SentView,
    errors=(Conflict, Unavailable),
    own_transactions=True,
    resource="communication",
)
async def send_sms(steps: Steps, params: NewSms) -> Reply:
    """Send an SMS from the workspace's Twilio account. After a 503 it is not known whether it went out."""
    return await _send(steps, "sms", params.to, params.message)


@operation(
    "twilio.call",
    "POST",
    _PATH,
    action="call",
    selector_in="body",
    scope=None,
    auth=("session",),
    result=SentView,
    errors=(Conflict, Unavailable),
    own_transactions=True,
    resource="communication",
)
async def start_call(steps: Steps, params: NewCall) -> Reply:
    """Call a number from the workspace's Twilio account and read a text to who answers."""
    return await _send(steps, "voice", params.to, params.message)


@operation(
    "twilio.email",
    "POST",
    _PATH,
    action="email",
    selector_in="body",
    scope=None,
    auth=("session",),
    result=EmailView,
    errors=(Unavailable,),
    own_transactions=True,
    resource="communication",
)
async def send_email(steps: Steps, params: NewEmail) -> Reply:
    """Send an e-mail in the name that the channels say; answers go to the address that they say."""
    carriers = steps.providers.get(Carriers)

    async def ask(ctx: Context) -> tuple[Row, Email]:
        channels = await workspaces.channels(ctx.tx, ctx.cipher)
        mail = Email(
            id="",
            to=params.to,
            subject=params.subject or f"A message from {await workspace_name(ctx.tx)}",
            text=params.message,
            sender=rules.sender(carriers.sender, channels["from_name"]),
            at=steps.now,
            reply_to=channels["from_email"],
        )
        customer = await customers.find_by_email(ctx, params.to)
        content = Content(to=mail.to, sender=mail.reply_to or mail.sender, subject=mail.subject, text=mail.text)
        found = customer["id"] if customer is not None else None
        row = await records.add(ctx, "email", "outbound", "sending", content, customer=found)
        assert row is not None
        return row, replace(mail, id=records.resource.wire_id(row["id"]))

    row, mail = await steps.run(ask)

    async def hand_over() -> Accepted:
        await (carriers.email if steps.principal.livemode else carriers.test_email).send(mail)
        return Accepted(mail.id, "sent")

    accepted = await _handed_over(steps, row, hand_over)
    await steps.run(lambda ctx: records.change(ctx, row["id"], accepted.status))
    return Reply({"status": accepted.status})
