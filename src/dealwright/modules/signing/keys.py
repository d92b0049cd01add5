"""The workspace's Ed25519 keys: made at the first need, sealed at rest, rotated, published for good."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel import clock, ids
from dealwright.kernel.access.tables import tenants
from dealwright.kernel.context import Context
from dealwright.kernel.crypto import Keyring, Tampered, TenantCipher
from dealwright.kernel.errors import Conflict
from dealwright.kernel.health import Check, Unhealthy
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Database, Record, Transaction
from dealwright.kernel.store.statements import Statement, given
from dealwright.kernel.store.tables import SYSTEM_ROLE
from dealwright.modules.signing import rules
from dealwright.modules.signing.tables import signing_keys

log = structlog.get_logger("dealwright.signing")

PREFIX: Final = "key"
_CHECKED_AT_START: Final = 500

_public: Final = [column for column in signing_keys.columns if column.name != "sealed_private_key"]
_ours = signing_keys.c.tenant_id == given("tenant")
_active: Final = Statement(select(signing_keys).where(_ours, signing_keys.c.rotated_at.is_(None)))
_every: Final = Statement(select(*_public).where(_ours).order_by(signing_keys.c.key_version.desc()))
_by_ids: Final = Statement(select(*_public).where(_ours, signing_keys.c.id == func.any(given("keys"))))
_whose: Final = Statement(select(signing_keys.c.tenant_id).where(signing_keys.c.id == given("key")))
_add: Final = Statement(insert(signing_keys).on_conflict_do_nothing())
_retire: Final = Statement(
    update(signing_keys)
    .where(_ours, signing_keys.c.rotated_at.is_(None))
    .values(rotated_at=given("at"))
    .returning(signing_keys.c.id, signing_keys.c.key_version)
)
_without: Final = Statement(
    select(tenants.c.tenant_id, tenants.c.key_version)
    .outerjoin(signing_keys, (signing_keys.c.tenant_id == tenants.c.tenant_id) & signing_keys.c.rotated_at.is_(None))
    .where(signing_keys.c.id.is_(None))
    .order_by(tenants.c.tenant_id)
)
_newest: Final = Statement(
    select(signing_keys)
    .where(signing_keys.c.rotated_at.is_(None))
    .order_by(signing_keys.c.id.desc())
    .limit(given("at_most"))
)


def wire_id(key: UUID) -> str:
    return ids.encode(PREFIX, key)


def _bound_to(key: UUID) -> bytes:
    return b"signing_keys:" + key.bytes


def _columns(cipher: TenantCipher, tenant: UUID, version: int, now: datetime) -> dict[str, Any]:
    key = ids.uuid7()
    seed, public_key = rules.new_key_pair()
    return {
        "tenant_id": tenant,
        "id": key,
        "key_version": version,
        "public_key": public_key,
        "sealed_private_key": cipher.seal(seed, _bound_to(key)),
        "created_at": now,
        "rotated_at": None,
    }


async def active(ctx: Context) -> Record:
    """The key that signs for this workspace, made when there is none yet; of two makers the first one wins."""
    row = await ctx.tx.row(_active)
    if row is None:
        await ctx.tx.run(_add, **_columns(ctx.cipher, ctx.tenant_id, 1, ctx.now))
        row = await ctx.tx.row(_active)
        assert row is not None
    return row


def seed(cipher: TenantCipher, row: Row) -> bytes:
    """The private half. Raises Tampered when it does not open or does not belong to the published half."""
    found = cipher.open(row["sealed_private_key"], _bound_to(row["id"]))
    if rules.public_key_of(found) != row["public_key"]:
        raise Tampered("a private signing key does not belong to its public key")
    return found


async def every(ctx: Context) -> list[Record]:
    """All public keys of the workspace, newest version first, the active one made when there is none yet."""
    await active(ctx)
    return await ctx.tx.rows(_every)


async def by_ids(ctx: Context, keys: list[UUID]) -> dict[UUID, Record]:
    """Public keys of the workspace by id."""
    return {row["id"]: row for row in await ctx.tx.rows(_by_ids, keys=keys)}


async def whose(tx: Transaction, key: UUID) -> UUID | None:
    """The workspace of a key, in a system transaction."""
    found: UUID | None = await tx.value(_whose, key=key)
    return found


async def rotate(ctx: Context) -> Record:
    """Retire the active key and make the next one. Raises Conflict when somebody else does so at this moment."""
    await active(ctx)
    retired = await ctx.tx.row(_retire, at=ctx.now)
    if retired is None:
        raise Conflict("Another request rotated the signing key at the same moment")
    await ctx.tx.run(_add, **_columns(ctx.cipher, ctx.tenant_id, retired["key_version"] + 1, ctx.now))
    row = await active(ctx)
    changes = {
        "key_version": {"from": retired["key_version"], "to": row["key_version"]},
        "key_id": {"from": wire_id(retired["id"]), "to": wire_id(row["id"])},
    }
    ctx.note("signing_key", ids.encode("tenant", ctx.tenant_id), "signing_key.rotated", changes)
    return row


# --- at the start, and for the doctor


async def prepare(database: Database, keyring: Keyring, now: datetime) -> None:
    """Make the keys that workspaces lack, and say in the log when one of the newest keys cannot be used."""
    async with database.system() as tx:
        await make_missing(tx, keyring, now)
        for problem in await problems(tx, keyring, at_most=_CHECKED_AT_START):
            log.error("signing_key_unusable", problem=problem)


async def make_missing(tx: Transaction, keyring: Keyring, now: datetime) -> None:
    """In a system transaction, a key for every workspace without an active one."""
    for workspace in await tx.rows(_without):
        tenant = workspace["tenant_id"]
        cipher = keyring.tenant(tenant, workspace["key_version"])
        await tx.run(_add, **_columns(cipher, tenant, 1, now))


async def problems(tx: Transaction, keyring: Keyring, at_most: int = 100_000) -> list[str]:
    """What is wrong with active keys, newest first, in a system transaction: one sentence for each unusable key."""
    return _unusable(await tx.rows(_newest, at_most=at_most), keyring)


async def examine(connection: Any, keyring: Keyring, at_most: int = 100_000) -> tuple[int, list[str]]:
    """How many active keys there are and what is wrong with them, over a plain connection that may act as the system
    role; none in a database that is older than signing.
    """
    if await connection.fetchval("SELECT to_regclass('signing_keys')") is None:
        return 0, []
    async with connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL ROLE {SYSTEM_ROLE}")
        rows = await connection.fetch(_newest.sql, at_most)
    return len(rows), _unusable(rows, keyring)


def _unusable(rows: Sequence[Row], keyring: Keyring) -> list[str]:
    found = []
    for row in rows:
        try:
            seed(keyring.tenant(row["tenant_id"]), row)
        except Tampered as problem:
            tenant = ids.encode("tenant", row["tenant_id"])
            found.append(f"signing key {wire_id(row['id'])} of {tenant}: {problem}")
    return found


def check(database: Database, keyring: Keyring) -> Check:
    """The newest signing keys open; without it signing fails, and everything else works."""

    async def ask() -> dict[str, Any]:
        async with database.system(read_only=True) as tx:
            broken = await problems(tx, keyring, at_most=10)
        if broken:
            raise Unhealthy(f"{len(broken)} of the newest signing keys cannot be used")
        return {}

    return Check("signing_keys", ask, critical=False)


# --- on the wire

_FORMS: Final[dict[str, Callable[[bytes, str], Any]]] = {
    "raw": lambda public_key, _: rules.spki(public_key),
    "pem": lambda public_key, _: rules.pem(public_key).rstrip("\n"),
    "jwk": rules.jwk,
}
_MEMBERS: Final = {"raw": "public_key", "pem": "public_key_pem", "jwk": "public_key_jwk"}


def wire(row: Row, form: str = "all") -> dict[str, Any]:
    """A public key as anybody may see it; ``form`` keeps one of the three spellings."""
    key_id = wire_id(row["id"])
    found = {
        "tenant_id": ids.encode("tenant", row["tenant_id"]),
        "key_id": key_id,
        "algorithm": rules.ALGORITHM,
        "key_version": row["key_version"],
        "status": "active" if row["rotated_at"] is None else "rotated",
        "created_at": clock.iso(row["created_at"]),
        "rotated_at": clock.iso_or_none(row["rotated_at"]),
    }
    for name in _FORMS if form == "all" else (form,):
        found[_MEMBERS[name]] = _FORMS[name](row["public_key"], key_id)
    return found
