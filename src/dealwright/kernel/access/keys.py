"""Workspaces and API keys: made, found by their secret, revoked.

A secret is ``sb_{live|test|pub}_{random}``, or ``sb_{kind}_{region}_{random}`` where the server has a region, and
``st_{live|test}_{random}`` for the SalesThumb API: a key opens the API that it was made for. Only its SHA-256 is stored
(the random part carries 200 bits, so a plain hash is enough). Found keys are kept in memory; a trigger in the database
announces every change, and while that announcement cannot be heard nothing is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from dealwright.kernel import ids
from dealwright.kernel.access.principals import PUBLISHABLE_SCOPES, Principal, WorkspaceSettings
from dealwright.kernel.access.tables import api_keys, tenants
from dealwright.kernel.clock import Clock
from dealwright.kernel.errors import InvalidKey, NotFound, Unauthenticated
from dealwright.kernel.store.database import Database, Record, Transaction
from dealwright.kernel.store.statements import Statement, given

KeyKind = Literal["live", "test", "pub"]
Brand = Literal["sb", "st"]
"""Which published API a key opens, as its first letters say: Salesbooth or SalesThumb."""

CHANGES_CHANNEL: Final = "dealwright_access"
KEY_PREFIX: Final = "key"
TENANT_PREFIX: Final = "tenant"
_FORMS: Final[dict[Brand, re.Pattern[str]]] = {
    "sb": re.compile(r"sb_(?:live|test|pub)_(?:[a-z]{2}_)?[0-9A-Za-z_]{8,128}"),
    "st": re.compile(r"st_(?:live|test)_[0-9A-Za-z]{8,128}"),
}
_USED_EVERY_SECONDS: Final = 60
_SHOWN: Final = 6
"""How many of its random characters a key is recognised by."""
_FIRST_WORKSPACE_LOCK: Final = 4_150_221_098
"""Advisory lock number of making the first workspace; never reused for anything else."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made; ``secret`` is never shown again."""

    secret: str
    key_id: str
    tenant_id: str
    workspace: str


def secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def looks_like_key(text: str, brand: Brand = "sb") -> bool:
    return _FORMS[brand].fullmatch(text) is not None


def is_publishable(secret: str) -> bool:
    return secret.startswith("sb_pub_")


_find_key: Final = Statement(
    select(api_keys, tenants.c.settings, tenants.c.key_version)
    .join(tenants, tenants.c.tenant_id == api_keys.c.tenant_id)
    .where(api_keys.c.secret_hash == given("hash"))
)
_add_key: Final = Statement(insert(api_keys))
_add_tenant: Final = Statement(upsert(tenants).on_conflict_do_nothing(index_elements=["name"]))
_new_tenant: Final = Statement(
    upsert(tenants).on_conflict_do_nothing(index_elements=["name"]).returning(tenants.c.tenant_id)
)
_find_tenant: Final = Statement(select(tenants.c.tenant_id).where(tenants.c.name == given("called")))
_revoke: Final = Statement(
    update(api_keys)
    .where((api_keys.c.id == given("key")) & api_keys.c.revoked_at.is_(None))
    .values(revoked_at=given("at"))
    .returning(api_keys.c.id)
)
_keys: Final = Statement(
    select(api_keys, tenants.c.name.label("workspace"))
    .join(tenants, tenants.c.tenant_id == api_keys.c.tenant_id)
    .order_by(tenants.c.name, api_keys.c.id)
)
_any_workspace: Final = Statement(select(tenants.c.tenant_id).limit(1))
_one_at_a_time: Final = Statement(select(func.pg_advisory_xact_lock(_FIRST_WORKSPACE_LOCK)))
_workspace: Final = Statement(
    select(tenants.c.name, tenants.c.settings, tenants.c.key_version).where(tenants.c.tenant_id == given("tenant"))
)
_hash: Final = Statement(
    select(api_keys.c.secret_hash).where(api_keys.c.tenant_id == given("tenant"), api_keys.c.id == given("key"))
)
_used: Final = Statement(update(api_keys).where(api_keys.c.id == given("key")).values(last_used_at=given("at")))


async def ensure_workspace(tx: Transaction, name: str, now: datetime) -> UUID:
    """The tenant id of the workspace called ``name``, made when it is new."""
    settings = WorkspaceSettings().model_dump(mode="json")
    await tx.run(
        _add_tenant,
        tenant_id=ids.uuid7(),
        name=name,
        settings=settings,
        key_version=1,
        created_at=now,
        updated_at=now,
    )
    tenant_id: UUID = await tx.value(_find_tenant, called=name)
    return tenant_id


async def new_workspace(tx: Transaction, name: str, settings: dict[str, Any], now: datetime) -> UUID:
    """The tenant id of a new workspace in a system transaction. A name that is taken gets something appended, because
    it belongs to somebody else.
    """
    wanted = name
    while True:
        tenant_id: UUID | None = await tx.value(
            _new_tenant,
            tenant_id=ids.uuid7(),
            name=wanted,
            settings={**WorkspaceSettings().model_dump(mode="json"), **settings},
            key_version=1,
            created_at=now,
            updated_at=now,
        )
        if tenant_id is not None:
            return tenant_id
        wanted = f"{name} ({ids.token(4)})"


@dataclass(frozen=True, slots=True)
class Secret:
    """A new secret, and the part of it that may be shown to recognise it by."""

    text: str
    prefix: str


def new_secret(kind: KeyKind, region: str | None = None, *, brand: Brand = "sb", random: int = 40) -> Secret:
    """``random``: how many characters of it cannot be guessed."""
    place = f"{region}_" if region and brand == "sb" else ""
    head = f"{brand}_{kind}_{place}"
    tail = ids.token(random)
    return Secret(head + tail, head + tail[:_SHOWN])


@dataclass(frozen=True, slots=True)
class Issued:
    """A key that was just made for a workspace; ``secret`` is never shown again."""

    secret: str
    key_id: str


async def issue(
    tx: Transaction,
    tenant_id: UUID,
    *,
    kind: KeyKind,
    now: datetime,
    name: str = "",
    scopes: Sequence[str] = ("*",),
    is_agent: bool = False,
    rate_limit: int | None = None,
    allowed_origins: Sequence[str] = (),
    expires_at: datetime | None = None,
    region: str | None = None,
    livemode: bool | None = None,
    brand: Brand = "sb",
    random: int = 40,
) -> Issued:
    """Make a key for a workspace, in a transaction that may write there.

    A secret key's kind says its mode; ``livemode`` says that of a publishable key, which is live unless told.
    """
    key = ids.uuid7()
    secret = new_secret(kind, region, brand=brand, random=random)
    held = sorted(PUBLISHABLE_SCOPES) if kind == "pub" else list(scopes)
    await tx.run(
        _add_key,
        tenant_id=tenant_id,
        id=key,
        name=name or f"{kind} key",
        kind="publishable_key" if kind == "pub" else "secret_key",
        livemode=kind == "live" if kind != "pub" else livemode is not False,
        prefix=secret.prefix,
        secret_hash=secret_hash(secret.text),
        scopes=held,
        is_agent=is_agent,
        trust_level=0,
        rate_limit=rate_limit,
        allowed_origins=list(allowed_origins),
        expires_at=expires_at,
        revoked_at=None,
        last_used_at=None,
        created_at=now,
    )
    return Issued(secret.text, ids.encode(KEY_PREFIX, key))


async def create_key(tx: Transaction, *, workspace: str, now: datetime, **key: Any) -> NewKey:
    """Make a key (see :func:`issue`) for the workspace called ``workspace``, made when it is new, in a system
    transaction.
    """
    tenant_id = await ensure_workspace(tx, workspace, now)
    made = await issue(tx, tenant_id, now=now, **key)
    return NewKey(made.secret, made.key_id, ids.encode(TENANT_PREFIX, tenant_id), workspace)


async def is_new(tx: Transaction) -> bool:
    """Whether there is no workspace yet; whoever is told so may make the first one until its transaction ends."""
    await tx.run(_one_at_a_time)
    return await tx.value(_any_workspace) is None


async def list_keys(tx: Transaction) -> list[Record]:
    """Every key with the name of its workspace, by workspace and age, in a system transaction."""
    return await tx.rows(_keys)


async def revoke_key(tx: Transaction, key_id: str, now: datetime) -> bool:
    """Revoke at once and for good; False when there is no such key or it was revoked before."""
    key = ids.decode(KEY_PREFIX, key_id)
    return key is not None and await tx.value(_revoke, key=key, at=now) is not None


async def acting_for(tx: Transaction, actor: str) -> Principal:
    """The server itself, at work inside the workspace and mode of a transaction. Raises NotFound for no workspace."""
    row = await tx.row(_workspace)
    if row is None:
        raise NotFound
    return Principal(
        kind="system",
        key_id=actor,
        tenant_id=tx.tenant_id,
        livemode=tx.livemode,
        settings=WorkspaceSettings.model_validate(row["settings"]),
        encryption_version=row["key_version"],
    )


async def signing_hash(tx: Transaction, key_id: str) -> bytes | None:
    """The hex SHA-256 of an API key of the transaction's workspace, with which its holder can check signatures; None
    for a caller that is no key.
    """
    key = ids.decode(KEY_PREFIX, key_id)
    found: bytes | None = await tx.value(_hash, key=key) if key is not None else None
    return None if found is None else found.hex().encode()


async def workspace_name(tx: Transaction) -> str:
    """The name of the workspace that a transaction is in."""
    row = await tx.row(_workspace)
    assert row is not None
    name: str = row["name"]
    return name


class KeyDirectory:
    """Finds the principal behind a secret, from memory where that is safe."""

    def __init__(self, database: Database, clock: Clock, default_rate_limit: int) -> None:
        self._database = database
        self._clock = clock
        self._default_rate_limit = default_rate_limit
        self._known: dict[bytes, tuple[Principal, UUID]] = {}
        self._used: dict[UUID, datetime] = {}
        self._listening = False
        self._changes = 0
        """Counts announcements, so that a row read before one is not remembered after it."""
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to listen for changed keys and to note when keys were used."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._note_use())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):
            await self._write_use()

    async def find(self, secret: str, brand: Brand = "sb") -> Principal:
        """Raises InvalidKey for an unknown or revoked key or one of another API, Unauthenticated for an expired one."""
        if not looks_like_key(secret, brand):
            raise InvalidKey
        digest = secret_hash(secret)
        known = self._known.get(digest)
        if known is None:
            changes = self._changes
            async with self._database.system(read_only=True) as tx:
                row = await tx.row(_find_key, hash=digest)
            if row is None or row["revoked_at"] is not None:
                raise InvalidKey
            known = self._principal(row), row["id"]
            if self._listening and changes == self._changes:
                if len(self._known) > 50_000:
                    self._known.clear()
                self._known[digest] = known
        principal, key = known
        now = self._clock()
        if principal.expires_at is not None and principal.expires_at <= now:
            raise Unauthenticated("This API key has expired", code="authentication_error.expired_key")
        self._used[key] = now
        return principal

    def _principal(self, row: Record) -> Principal:
        return Principal(
            kind=row["kind"],
            key_id=ids.encode(KEY_PREFIX, row["id"]),
            tenant_id=row["tenant_id"],
            livemode=row["livemode"],
            scopes=frozenset(row["scopes"]),
            is_agent=row["is_agent"],
            trust_level=row["trust_level"],
            rate_limit=row["rate_limit"] or self._default_rate_limit,
            allowed_origins=frozenset(row["allowed_origins"]),
            expires_at=row["expires_at"],
            settings=WorkspaceSettings.model_validate(row["settings"]),
            encryption_version=row["key_version"],
        )

    def _forget(self, *_: Any) -> None:
        self._changes += 1
        self._known.clear()

    async def _listen(self) -> None:
        """Hold one connection that hears changes; without it, nothing is remembered."""
        while True:
            try:
                connection = await asyncpg.connect(self._database.dsn, timeout=10)
                try:
                    gone = asyncio.Event()
                    connection.add_termination_listener(lambda _connection, gone=gone: gone.set())
                    await connection.add_listener(CHANGES_CHANNEL, self._forget)
                    self._forget()
                    self._listening = True
                    while not gone.is_set():
                        with contextlib.suppress(TimeoutError):
                            await asyncio.wait_for(gone.wait(), 15)
                        await connection.fetchval("SELECT 1", timeout=5)
                finally:
                    self._listening = False
                    self._forget()
                    connection.terminate()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await asyncio.sleep(0.5)

    async def _note_use(self) -> None:
        while True:
            await asyncio.sleep(_USED_EVERY_SECONDS)
            with contextlib.suppress(Exception):
                await self._write_use()

    async def _write_use(self) -> None:
        used, self._used = self._used, {}
        if used:
            async with self._database.system() as tx:
                for key, at in used.items():
                    await tx.run(_used, key=key, at=at)
