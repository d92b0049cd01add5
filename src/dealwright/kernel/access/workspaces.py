"""A workspace: its name and settings, and what it says about itself; read and changed in a transaction inside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import orjson
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from dealwright.kernel.access.tables import tenants, workspace_profiles
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import NotFound
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import Statement, given

_here: Final = tenants.c.tenant_id == given("tenant")
_read: Final = Statement(select(tenants).where(_here))
_lock: Final = Statement(select(tenants).where(_here).with_for_update(key_share=True))
_change: Final = Statement(
    update(tenants)
    .where(_here)
    .values(name=given("new_name"), settings=given("new_settings"), updated_at=given("at"))
    .returning(tenants)
)

_UNCLAIMED: Final = "unclaimed"
"""Among the settings of the workspace of a first start on somebody's own machine: it waits for its person."""
_offer: Final = Statement(
    update(tenants)
    .where(tenants.c.tenant_id == given("key"))
    .values(settings=tenants.c.settings.concat({_UNCLAIMED: True}))
)
_claim: Final = Statement(
    update(tenants)
    .where(tenants.c.settings[_UNCLAIMED].as_boolean())
    .values(settings=tenants.c.settings.concat(given("new_settings", JSONB)), updated_at=given("at"))
    .returning(tenants.c.tenant_id)
)

Part = Literal["details", "business", "analytics"]
"""What a workspace says about itself: its details, its business in words, what it collects about visitors."""
_CHANNELS: Final = ("phone_number", "from_email", "from_name")
_BOUND_TO: Final = b"workspace_profiles:channels"

_ours: Final = workspace_profiles.c.tenant_id == given("tenant")
_begin_profile: Final = Statement(
    upsert(workspace_profiles).on_conflict_do_nothing(index_elements=["tenant_id"]),
    columns=["tenant_id", "details", "business", "analytics", "updated_at"],
)
_profile: Final = Statement(select(workspace_profiles).where(_ours))
_lock_profile: Final = Statement(select(workspace_profiles).where(_ours).with_for_update(key_share=True))
_write_part: Final[dict[Part, Statement]] = {
    part: Statement(update(workspace_profiles).where(_ours).values({part: given("said"), "updated_at": given("at")}))
    for part in ("details", "business", "analytics")
}
_write_channels: Final = Statement(
    update(workspace_profiles).where(_ours).values(channels=given("sealed"), updated_at=given("at"))
)


async def read(tx: Transaction) -> Record:
    """The workspace that a transaction is in. Raises NotFound for one that is gone."""
    return _found(await tx.row(_read))


async def lock(tx: Transaction) -> Record:
    """The same, held for a change: two who change settings at once both see what the other wrote."""
    return _found(await tx.row(_lock))


async def change(
    tx: Transaction, row: Record, settings: Mapping[str, Any], now: datetime, *, name: str | None = None
) -> Record:
    """Write settings over those of the locked row; every process hears of it at once and forgets what it knew."""
    merged = {**row["settings"], **settings}
    return _found(await tx.row(_change, new_name=name or row["name"], new_settings=merged, at=now))


def _found(row: Record | None) -> Record:
    if row is None:
        raise NotFound
    return row


# --- in a system transaction


async def offer(tx: Transaction, tenant_id: UUID) -> None:
    """Let the first person of the server have this workspace."""
    await tx.run(_offer, key=tenant_id)


async def claim(tx: Transaction, settings: Mapping[str, Any], now: datetime) -> UUID | None:
    """The workspace that was offered, for one person only; None when there is none."""
    claimed: UUID | None = await tx.value(_claim, new_settings={**settings, _UNCLAIMED: False}, at=now)
    return claimed


# --- what it says about itself


async def part(tx: Transaction, which: Part) -> dict[str, Any]:
    """One part of what it says; empty while it says nothing."""
    row = await tx.row(_profile)
    return dict(row[which]) if row is not None else {}


async def begin(tx: Transaction, details: Mapping[str, Any], business: Mapping[str, Any], now: datetime) -> None:
    """What a new workspace says first; nothing happens when it has said something before."""
    await tx.run(
        _begin_profile,
        tenant_id=tx.tenant_id,
        details=dict(details),
        business=dict(business),
        analytics={},
        updated_at=now,
    )


async def lock_part(tx: Transaction, which: Part, now: datetime) -> dict[str, Any]:
    """The same, all of it held for a change."""
    await begin(tx, {}, {}, now)
    row = await tx.row(_lock_profile)
    assert row is not None
    return dict(row[which])


async def write_part(tx: Transaction, which: Part, said: Mapping[str, Any], now: datetime) -> None:
    await tx.run(_write_part[which], said=dict(said), at=now)


async def channels(tx: Transaction, cipher: TenantCipher) -> dict[str, str | None]:
    """Who its messages come from: ``phone_number``, ``from_email``, ``from_name``."""
    row = await tx.row(_profile)
    sealed = row["channels"] if row is not None else None
    found = orjson.loads(cipher.open(sealed, _BOUND_TO)) if sealed is not None else {}
    return {name: found.get(name) for name in _CHANNELS}


async def write_channels(tx: Transaction, cipher: TenantCipher, said: Mapping[str, str | None], now: datetime) -> None:
    """The row is held."""
    await tx.run(_write_channels, sealed=cipher.seal(orjson.dumps(dict(said)), _BOUND_TO), at=now)
