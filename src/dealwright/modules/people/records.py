"""People and memberships in the database; every function works in a system transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import func, insert, select, update

from dealwright.kernel import ids
from dealwright.kernel.access.roles import Role
from dealwright.kernel.access.sessions import USER_PREFIX, Session, end_all, token_hash
from dealwright.kernel.access.tables import memberships, tenants, users
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, Transaction, on_violation
from dealwright.kernel.store.statements import ByShape, Statement, given
from dealwright.modules.people import rules

on_violation("uq_users_email", lambda: Duplicate("There is an account with this email already"))

_FIRST_PERSON_LOCK: Final = 4_150_221_099
"""Advisory lock number of signing up as the first person; never reused for anything else."""

_by_email: Final = Statement(select(users).where(users.c.email_token == given("token")))
_by_id: Final = Statement(select(users).where(users.c.id == given("key")))
_locked: Final = Statement(select(users).where(users.c.id == given("key")).with_for_update(key_share=True))
_add_user: Final = Statement(insert(users))
_add_membership: Final = Statement(insert(memberships))
_change: Final = ByShape(
    lambda columns: (
        update(users)
        .where(users.c.id == given("key"))
        .values({column: given(f"new_{column}") for column in columns})
        .returning(users)
    )
)
_everybody: Final = Statement(select(users).order_by(users.c.id))
_anybody: Final = Statement(select(users.c.id).limit(1))
_one_at_a_time: Final = Statement(select(func.pg_advisory_xact_lock(_FIRST_PERSON_LOCK)))
_resettable: Final = Statement(
    select(users)
    .where(users.c.reset_hash == given("hash"), users.c.reset_expires_at > given("at"))
    .with_for_update(key_share=True)
)
_workspaces: Final = Statement(
    select(memberships.c.tenant_id, memberships.c.role, tenants.c.name, tenants.c.key_version)
    .join(tenants, tenants.c.tenant_id == memberships.c.tenant_id)
    .where(memberships.c.user_id == given("user"))
    .order_by(memberships.c.joined_at, memberships.c.id)
)


@dataclass(frozen=True, slots=True)
class Person:
    """What is sealed about somebody."""

    first_name: str
    last_name: str
    email: str
    phone: str | None = None

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def _bound_to(user: UUID) -> bytes:
    return b"users:" + user.bytes


def seal(cipher: TenantCipher, user: UUID, person: Person) -> bytes:
    plain = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "phone": person.phone,
    }
    return cipher.seal(orjson.dumps(plain), _bound_to(user))


def person_of(cipher: TenantCipher, row: Row) -> Person:
    """Who somebody is, readable; ``row`` has the columns id and sealed of a user."""
    return Person(**orjson.loads(cipher.open(row["sealed"], _bound_to(row["id"]))))


async def find(tx: Transaction, cipher: TenantCipher, email: str) -> Record | None:
    """The user with an e-mail address."""
    return await tx.row(_by_email, token=rules.email_token(cipher, email))


async def get(tx: Transaction, user: UUID) -> Record | None:
    return await tx.row(_by_id, key=user)


async def lock(tx: Transaction, user: UUID) -> Record | None:
    """The user's row, held for a change."""
    return await tx.row(_locked, key=user)


async def create(
    tx: Transaction, cipher: TenantCipher, person: Person, password_hash: str, now: datetime
) -> dict[str, Any]:
    """A new user. Raises Duplicate for an address that is taken."""
    key = ids.uuid7()
    row = {
        "id": key,
        "sealed": seal(cipher, key, person),
        "email_token": rules.email_token(cipher, person.email),
        "password_hash": password_hash,
        "is_system_admin": False,
        "preferences": {},
        "last_tenant_id": None,
        "reset_hash": None,
        "reset_expires_at": None,
        "created_at": now,
        "updated_at": now,
    }
    await tx.run(_add_user, **row)
    return row


async def change(tx: Transaction, user: UUID, changes: dict[str, Any], now: datetime) -> Record:
    """Write columns of a user whose row is held."""
    values = {**changes, "updated_at": now}
    row = await tx.row(
        _change[tuple(sorted(values))], key=user, **{f"new_{name}": value for name, value in values.items()}
    )
    assert row is not None
    return row


async def set_password(tx: Transaction, user: UUID, hashed: str, now: datetime, *, keep: Session | None = None) -> None:
    """A new password for somebody whose row is held: every session but ``keep`` ends, and so do links for another."""
    await change(tx, user, {"password_hash": hashed, "reset_hash": None, "reset_expires_at": None}, now)
    await end_all(tx, user, but=keep)


async def every(tx: Transaction) -> list[Record]:
    """Everybody, oldest first."""
    return await tx.rows(_everybody)


async def nobody_yet(tx: Transaction) -> bool:
    """Whether this server has no account."""
    return await tx.value(_anybody) is None


async def is_first(tx: Transaction) -> bool:
    """Whether there is nobody yet; whoever is told so may be the first one until the transaction ends."""
    await tx.run(_one_at_a_time)
    return await nobody_yet(tx)


async def lock_by_reset(tx: Transaction, token: str, now: datetime) -> Record | None:
    """The user whom a link for a new password was sent to, held for the change."""
    return await tx.row(_resettable, hash=token_hash(token), at=now)


async def join(tx: Transaction, user: Row, tenant_id: UUID, role: Role, now: datetime) -> UUID:
    """Make a user a member of a workspace without an invitation; the membership's id."""
    key = ids.uuid7()
    await tx.run(
        _add_membership,
        tenant_id=tenant_id,
        id=key,
        user_id=user["id"],
        email_token=user["email_token"],
        sealed_email=None,
        role=role,
        invitation_hash=None,
        invitation_expires_at=None,
        joined_at=now,
        created_at=now,
        updated_at=now,
    )
    return key


async def workspaces(tx: Transaction, user: UUID) -> list[Record]:
    """tenant_id, role, name and key_version of every workspace that somebody belongs to, in the order of joining."""
    return await tx.rows(_workspaces, user=user)


def wire_id(user: UUID) -> str:
    return ids.encode(USER_PREFIX, user)
