"""The webhook for e-mail that comes in, through SendGrid's Inbound Parse or Mailgun's routes."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import structlog

from dealwright.kernel import ids
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Duplicate, InvalidRequest, InvalidSignature, NotFound
from dealwright.kernel.fields import Received
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.communications import records, rules
from dealwright.modules.communications.models import EmailCallback
from dealwright.modules.communications.records import Content
from dealwright.modules.customers import records as customers

log = structlog.get_logger("dealwright.communications")

_WORKSPACE: Final = re.compile(r"(?:^|[+.])(tenant_[0-9a-v]{26})(?:\.(test))?@")
"""An address for a workspace's mail: ``anything+tenant_….@``, with ``.test`` behind it for its test mode."""


@dataclass(frozen=True, slots=True)
class InboundMail:
    """What inbound mail is known by."""

    secret: str | None

    def knows(self, fields: dict[str, Any], given: str | None, now: datetime) -> bool:
        """Whether Mailgun signed it, or whoever sent it was given the secret."""
        if self.secret is None:
            return False
        if given is not None:
            return hmac.compare_digest(self.secret.encode(), given.encode("utf-8", "replace"))
        stamp = fields.get("signature")
        return rules.is_mailgun_signature(self.secret, stamp if isinstance(stamp, dict) else fields, now)


@operation(
    "email_webhook.receive",
    "POST",
    "/email-webhook",
    scope=None,
    auth=("signature", "public"),
    result=Received,
    errors=(InvalidSignature,),
    consumes=("multipart/form-data", "application/json", "application/x-www-form-urlencoded"),
    own_transactions=True,
)
async def receive_email(steps: Steps, params: EmailCallback) -> Reply:
    """Receive an e-mail into the history of communications.

    Its workspace is named in the address that it was sent to, ``anything+tenant_…@your-domain``; its customer is the
    one with the sender's address. Mail for nobody is acknowledged and dropped.
    """
    try:
        mail, fields = rules.mail(params.body, params.content_type)
    except rules.Unreadable as problem:
        raise InvalidRequest(str(problem), code="validation_error.invalid_fields") from None
    if not steps.providers.get(InboundMail).knows(fields, params.secret, steps.now):
        raise InvalidSignature(hint="Set email_webhook_secret; sign with it, or send it as ?secret=.")
    named = next((found for each in _addresses(mail, fields) if (found := _WORKSPACE.search(each))), None)
    tenant = ids.decode(TENANT_PREFIX, named[1]) if named is not None else None
    if named is None or tenant is None:
        log.info("email_for_nobody")
        return Reply({"received": True})
    try:
        async with steps.within(tenant, named[2] is None) as ctx:
            await _keep(ctx, mail)
    except (NotFound, Duplicate):
        log.info("email_not_kept")
    return Reply({"received": True})


def _addresses(mail: rules.Mail, fields: dict[str, Any]) -> list[str]:
    """Whom it was sent to: as the envelope says, then as its head does."""
    try:
        envelope = orjson.loads(str(fields.get("envelope") or "{}"))
        outside = envelope.get("to", []) if isinstance(envelope, dict) else []
    except orjson.JSONDecodeError:
        outside = []
    return [*(rules.line(each) for each in outside if isinstance(each, str)), *mail.recipients]


async def _keep(ctx: Context, mail: rules.Mail) -> None:
    customer = await customers.find_by_email(ctx, mail.sender)
    content = Content(to=mail.recipients[0], sender=mail.sender, subject=mail.subject, text=mail.text)
    found = customer["id"] if customer is not None else None
    await records.add(ctx, "email", "inbound", "received", content, provider_id=mail.message_id, customer=found)
