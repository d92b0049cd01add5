"""The payouts of the sandbox gateway: a book of who got what, kept like its intents.

What a destination does is decided by its name, as described in docs/sandbox-payments.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Column, Index, Integer, Text, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from dealwright.kernel import ids
from dealwright.kernel.errors import NotFound
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import money_column, tenant_table
from dealwright.providers.payments.protocol import ProviderDeclined, ProviderRefused, ProviderUnavailable, Transfer

CLOSED: Final = "sandbox_closed"
"""A destination with this in its name is declined, always."""
FLAKY: Final = "sandbox_flaky"
"""A destination with this in its name is declined the first two times."""
LOST: Final = "sandbox_lost"
"""A destination with this in its name is paid, but the first answer gets lost."""

sandbox_transfers: Final = tenant_table(
    "sandbox_transfers",
    Column("idempotency_key", Text, nullable=False),
    Column("destination", Text, nullable=False),
    money_column("amount"),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("metadata", JSONB, nullable=False),
)
"""``status``: paid, reversed or declined. ``asked`` counts the calls with this key."""

Index(
    "uq_sandbox_transfers_key",
    sandbox_transfers.c.tenant_id,
    sandbox_transfers.c.livemode,
    sandbox_transfers.c.idempotency_key,
    unique=True,
)
Index(
    "ix_sandbox_transfers_destination",
    sandbox_transfers.c.tenant_id,
    sandbox_transfers.c.livemode,
    sandbox_transfers.c.destination,
)

_records: Final = Records(sandbox_transfers, "tr")
_make: Final = Statement(insert(sandbox_transfers).on_conflict_do_nothing().returning(sandbox_transfers))
_made: Final = Statement(
    select(sandbox_transfers)
    .where(in_scope(sandbox_transfers), sandbox_transfers.c.idempotency_key == given("idempotency_key"))
    .with_for_update(key_share=True)
)
_declines: Final = Statement(
    select(sandbox_transfers.c.id).where(
        in_scope(sandbox_transfers),
        sandbox_transfers.c.destination == given("destination"),
        sandbox_transfers.c.status == "declined",
    )
)

Open = AbstractAsyncContextManager[Transaction]


async def transfer(
    opened: Open,
    now: datetime,
    amount: Decimal,
    currency: str,
    destination: str,
    key: str,
    metadata: Mapping[str, str],
) -> Transfer:
    """Pay out once for each key. Raises ProviderDeclined, and ProviderUnavailable where the answer is to get lost."""
    async with opened as tx:
        declined = CLOSED in destination or (
            FLAKY in destination and len(await tx.rows(_declines, destination=destination)) < 2
        )
        values = {
            "id": ids.uuid7(),
            "idempotency_key": key,
            "destination": destination,
            "amount": amount,
            "currency": currency,
            "status": "declined" if declined else "paid",
            "asked": 1,
            "metadata": dict(metadata),
            "version": 1,
            "created_at": now,
            "updated_at": now,
        }
        row: Any = await tx.row(_make, tenant_id=tx.tenant_id, livemode=tx.livemode, **values)
        if row is None:
            row = await tx.row(_made, idempotency_key=key)
            row = await _records.change(tx, row, {"asked": row["asked"] + 1}, now)
    if row["status"] == "declined":
        raise ProviderDeclined("account_closed", "The account takes no payouts")
    if LOST in destination and row["asked"] == 1:
        raise ProviderUnavailable
    return _transfer(row)


async def reverse(opened: Open, now: datetime, transfer_id: str) -> Transfer:
    """Take a payout back, once."""
    async with opened as tx:
        try:
            row = await _records.lock(tx, transfer_id)
        except NotFound:
            raise ProviderRefused(f"There is no transfer {transfer_id}") from None
        if row["status"] == "declined":
            raise ProviderRefused("Nothing was paid out")
        if row["status"] == "paid":
            row = await _records.change(tx, row, {"status": "reversed"}, now)
    return _transfer(row)


def _transfer(row: Row) -> Transfer:
    return Transfer(_records.wire_id(row["id"]), row["amount"], row["status"] == "reversed")
