"""Endpoints made, changed and removed, for every API that has webhooks: the rules are the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import invalid_field
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record
from dealwright.modules.webhooks import records
from dealwright.modules.webhooks.circuits import CLOSED, service_name
from dealwright.modules.webhooks.queue import DELIVERIES_DUE
from dealwright.modules.webhooks.sender import Sender

SECRET_PREFIX: Final = "whsec_"
_CLOSED_CIRCUIT: Final[Mapping[str, Any]] = {
    "circuit_opened_at": None,
    "circuit_until": None,
    "circuit_backoff": None,
}


def new_secret() -> str:
    return SECRET_PREFIX + ids.token(40)


def _usable_url(ctx: Context, url: str) -> str:
    """Raises InvalidFields for a URL that no webhook of this workspace may have."""
    try:
        return ctx.providers.get(Sender).policy.check_url(url, livemode=ctx.livemode)
    except ValueError as problem:
        raise invalid_field("url", "invalid", f"Url {problem}") from None


async def create(
    ctx: Context, endpoints: Resource, dialect: str, *, url: str, events: list[str], description: str | None
) -> tuple[Row, str]:
    """A new active endpoint and its signing secret, which is readable this once. Raises InvalidFields."""
    key, secret = ids.uuid7(), new_secret()
    row = await endpoints.insert(
        ctx.tx,
        {
            "id": key,
            "dialect": dialect,
            "url": _usable_url(ctx, url),
            "events": events,
            "description": description,
            "status": "active",
            "secret": records.seal_secret(ctx.cipher, key, secret),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(endpoints, row, "webhook.created")
    return row, secret


async def change(ctx: Context, endpoints: Resource, row: Row, changes: Mapping[str, Any]) -> Record:
    """Write changed columns over a locked endpoint. A new address or a resumption gives it a fresh start."""
    if "url" in changes:
        _usable_url(ctx, changes["url"])
    columns = dict(changes)
    fresh_start = row["circuit_opened_at"] is not None and ("url" in changes or changes.get("status") == "active")
    if fresh_start:
        columns |= _CLOSED_CIRCUIT
    written = await endpoints.change(ctx.tx, row, columns, ctx.now)
    ctx.record(endpoints, written, "webhook.updated", before=row)
    if fresh_start:
        data = {"service": service_name(endpoints.wire_id(row["id"])), "closed_at": clock.iso(ctx.now)}
        ctx.announce(CLOSED, endpoints, row["id"], data)
    ctx.tx.signal(DELIVERIES_DUE)
    return written


async def remove(ctx: Context, endpoints: Resource, row: Row) -> None:
    """Delete a locked endpoint with everything that is still to be delivered to it, its dead letters included."""
    ctx.record(endpoints, row, "webhook.deleted")
    await endpoints.delete(ctx.tx, row["id"])
    await records.drop_unsent(ctx.tx, row["id"])
