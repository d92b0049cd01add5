"""The outbox (ours): messages of a workspace that went into a folder of the server and not out of the house."""

from __future__ import annotations

from typing import Any, Final

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import Tampered
from dealwright.kernel.errors import NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.modules.messages import queue, records
from dealwright.modules.messages.models import OutboxQuery, OutboxView
from dealwright.modules.messages.rules import Content
from dealwright.modules.messages.tables import PREFIX
from dealwright.providers.carriers import Carriers
from dealwright.providers.folder import EmailFolder, SmsFolder

_FOR_THE_READER: Final = frozenset({"invitation", "password_reset"})
"""Kinds whose text lets its reader in."""


async def _content(ctx: Context, row: Row) -> Content | None:
    try:
        return await queue.content_of(ctx, row)
    except (Tampered, NotFound):
        return None


async def _wire(ctx: Context, row: Row) -> dict[str, Any]:
    content = await _content(ctx, row)
    return {
        "id": ids.encode(PREFIX, row["id"]),
        "kind": row["kind"],
        "channel": row["channel"],
        "status": row["status"],
        "to": content.to if content else None,
        "subject": content.subject or None if content else None,
        "text": content.text if content and row["kind"] not in _FOR_THE_READER else None,
        "error": row["error"],
        "created_at": clock.iso(row["created_at"]),
        "sent_at": clock.iso_or_none(row["sent_at"]),
    }


@operation("outbox.list", "GET", "/outbox", scope=None, auth=("session",), least_role="admin", result=OutboxView)
async def list_outbox(ctx: Context, params: OutboxQuery) -> Reply:
    """What this workspace wrote by e-mail and SMS, newest first, where the server keeps it in a folder.

    Invitations and new passwords come without their text.
    """
    carriers = ctx.providers.get(Carriers)
    live = ctx.principal.livemode
    kept = {
        "email": not live or isinstance(carriers.email, EmailFolder),
        "sms": not live or isinstance(carriers.sms, SmsFolder),
    }
    rows = [row for row in await records.latest(ctx.tx, params.limit) if kept[row["channel"]]]
    return Reply({"in_folder": any(kept.values()), "messages": [await _wire(ctx, row) for row in rows]})
