"""Communications and Twilio accounts in the database, and their wire form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record, Transaction, on_violation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.communications.rules import Channel, Direction, follows
from dealwright.modules.communications.tables import PREFIX, communications, twilio_accounts

on_violation("uq_communications_provider", lambda: Duplicate("This message was written down already"))

_by_provider: Final = Statement(
    select(communications).where(in_scope(communications), communications.c.provider_id == given("provider_id"))
)
_account: Final = Statement(select(twilio_accounts).where(in_scope(twilio_accounts)))
_accounts: Final = Statement(
    select(twilio_accounts.c.tenant_id, twilio_accounts.c.livemode, twilio_accounts.c.phone_number)
    .where(twilio_accounts.c.account_sid == given("account"))
    .order_by(twilio_accounts.c.tenant_id, twilio_accounts.c.livemode.desc())
    .limit(50)
)
_save = insert(twilio_accounts)
_save_account: Final = Statement(
    _save.on_conflict_do_update(
        index_elements=["tenant_id", "livemode"],
        set_={name: _save.excluded[name] for name in ("account_sid", "token", "phone_number", "updated_at")},
    )
)

listing: Final = List(communications, {})


@dataclass(frozen=True, slots=True)
class Content:
    """What was said, and between whom."""

    to: str
    sender: str = ""
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A workspace's Twilio account, readable."""

    sid: str
    token: str
    phone_number: str | None


def _content_of(key: UUID) -> bytes:
    return b"communications:" + key.bytes


def _token_of(tenant: UUID) -> bytes:
    return b"twilio_accounts:" + tenant.bytes


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [_wire(row, opened(ctx.cipher, row)) for row in rows]


def _wire(row: Row, content: Content) -> dict[str, Any]:
    return {
        "id": ids.encode(PREFIX, row["id"]),
        "channel": row["channel"],
        "direction": row["direction"],
        "to": content.to,
        "from": content.sender or None,
        "subject": content.subject or None,
        "text": content.text or None,
        "status": row["status"],
        "sid": row["provider_id"],
        "customer_id": ids.encode("cust", row["customer_id"]) if row["customer_id"] is not None else None,
        "created_at": clock.iso(row["created_at"]),
    }


resource: Final = Resource("communication", PREFIX, communications, render, private=("content",))


def opened(cipher: TenantCipher, row: Row) -> Content:
    return Content(**orjson.loads(cipher.open(row["content"], _content_of(row["id"]))))


async def add(
    ctx: Context,
    channel: Channel,
    direction: Direction,
    status: str,
    content: Content,
    *,
    provider_id: str | None = None,
    customer: UUID | None = None,
) -> Row | None:
    """Write down a communication; None when one with this provider's id is there already."""
    if provider_id is not None and await by_provider(ctx, provider_id) is not None:
        return None
    key = ids.uuid7()
    row = await resource.insert(
        ctx.tx,
        {
            "id": key,
            "channel": channel,
            "direction": direction,
            "status": status,
            "provider_id": provider_id,
            "content": ctx.cipher.seal(orjson.dumps(asdict(content)), _content_of(key)),
            "customer_id": customer,
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(resource, row, f"communication.{'received' if direction == 'inbound' else 'asked'}")
    return row


async def by_provider(ctx: Context, provider_id: str) -> Record | None:
    return await ctx.tx.row(_by_provider, provider_id=provider_id)


async def change(ctx: Context, key: UUID, status: str, **values: Any) -> Record:
    """Write what became of a communication, unless more is known of it already."""
    row = await resource.lock(ctx.tx, resource.wire_id(key))
    if not follows(status, row["status"]) and not values:
        return row
    news = {"status": status} if follows(status, row["status"]) or row["status"] == "sending" else {}
    written = await resource.change(ctx.tx, row, {**news, **values}, ctx.now)
    ctx.record(resource, written, "communication.changed", before=row)
    return written


async def account(ctx: Context) -> Account | None:
    """The workspace's Twilio account in this mode."""
    row = await ctx.tx.row(_account)
    if row is None:
        return None
    token = ctx.cipher.open(row["token"], _token_of(ctx.tenant_id)).decode()
    return Account(row["account_sid"], token, row["phone_number"])


async def save_account(ctx: Context, saved: Account) -> None:
    await ctx.tx.run(
        _save_account,
        tenant_id=ctx.tenant_id,
        livemode=ctx.livemode,
        account_sid=saved.sid,
        token=ctx.cipher.seal(saved.token.encode(), _token_of(ctx.tenant_id)),
        phone_number=saved.phone_number,
        updated_at=ctx.now,
    )


async def accounts_named(tx: Transaction, sid: str) -> list[Record]:
    """The workspaces and modes with this Twilio account, in a system transaction."""
    return await tx.rows(_accounts, account=sid)
