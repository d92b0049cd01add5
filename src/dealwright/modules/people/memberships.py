"""Who belongs to a workspace: members and invitations in the database, and on the wire.

Every function works in a system transaction that is set to the workspace, because names and addresses are the people's
and not the workspace's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel import clock, ids
from dealwright.kernel.access.roles import Role
from dealwright.kernel.access.sessions import token_hash
from dealwright.kernel.access.tables import memberships, tenants, users
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record, Transaction
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.people import records, rules

PREFIX: Final = "tm"
HOLDS_DAYS: Final = 7
_HOLDS: Final = timedelta(days=HOLDS_DAYS)

_here = memberships.c.tenant_id == given("tenant")
_one = _here & (memberships.c.id == given("key"))
_not_an_owner = memberships.c.role != "owner"
_with_person: Final = select(memberships, users.c.sealed).outerjoin(users, users.c.id == memberships.c.user_id)
_list: Final = Statement(_with_person.where(_here).order_by(memberships.c.id))
_find: Final = Statement(_with_person.where(_one))
_invite: Final = Statement(
    (invitation := insert(memberships))
    .on_conflict_do_update(
        index_elements=["tenant_id", "email_token"],
        set_={
            name: invitation.excluded[name]
            for name in ("id", "sealed_email", "role", "invitation_hash", "invitation_expires_at", "created_at")
        },
        where=memberships.c.user_id.is_(None) & (memberships.c.invitation_expires_at <= given("now")),
    )
    .returning(memberships)
)
_set_role: Final = Statement(
    update(memberships)
    .where(_one, _not_an_owner)
    .values(role=given("new_role"), updated_at=given("at"))
    .returning(memberships)
)
_remove: Final = Statement(delete(memberships).where(_one, _not_an_owner).returning(memberships))
_withdraw: Final = Statement(
    delete(memberships).where(_here, memberships.c.email_token == given("token"), memberships.c.user_id.is_(None))
)
_invited: Final = (
    select(memberships, tenants.c.name, tenants.c.key_version)
    .join(tenants, tenants.c.tenant_id == memberships.c.tenant_id)
    .where(memberships.c.invitation_hash == given("hash"), memberships.c.invitation_expires_at > given("at"))
)
_by_link: Final = Statement(_invited)
_lock_by_link: Final = Statement(_invited.with_for_update(key_share=True, of=memberships))
_join: Final = Statement(
    update(memberships)
    .where(memberships.c.tenant_id == given("of_tenant"), memberships.c.id == given("key"))
    .values(
        user_id=given("user"),
        sealed_email=None,
        invitation_hash=None,
        invitation_expires_at=None,
        joined_at=given("at"),
        updated_at=given("at"),
    )
)


def wire_id(key: UUID) -> str:
    return ids.encode(PREFIX, key)


def _bound_to(key: UUID) -> bytes:
    return b"memberships:" + key.bytes


def invited_email(cipher: TenantCipher, row: Row) -> str:
    """The address that an invitation went to."""
    return cipher.open(row["sealed_email"], _bound_to(row["id"])).decode()


async def every(tx: Transaction) -> list[Record]:
    """Members and invitations, oldest first."""
    return await tx.rows(_list)


async def find(tx: Transaction, key: UUID) -> Record | None:
    return await tx.row(_find, key=key)


async def invite(
    tx: Transaction,
    cipher: TenantCipher,
    installation: TenantCipher,
    *,
    email: str,
    role: Role,
    token: str,
    now: datetime,
) -> Record | None:
    """A new invitation, in place of one to the same address that has expired; None for a member or somebody whose
    invitation still holds.
    """
    key = ids.uuid7()
    return await tx.row(
        _invite,
        tenant_id=tx.tenant_id,
        id=key,
        user_id=None,
        email_token=rules.email_token(installation, email),
        sealed_email=cipher.seal(email.encode(), _bound_to(key)),
        role=role,
        invitation_hash=token_hash(token),
        invitation_expires_at=now + _HOLDS,
        joined_at=None,
        created_at=now,
        updated_at=now,
        now=now,
    )


async def set_role(tx: Transaction, key: UUID, role: Role, now: datetime) -> Record | None:
    """None for somebody who is not there, and for an owner."""
    return await tx.row(_set_role, key=key, new_role=role, at=now)


async def remove(tx: Transaction, key: UUID) -> Record | None:
    """None for somebody who is not there, and for an owner."""
    return await tx.row(_remove, key=key)


async def withdraw(tx: Transaction, email_token: bytes) -> None:
    """Take back an invitation to an address, if there is one: its owner becomes a member in another way."""
    await tx.run(_withdraw, token=email_token)


async def by_link(tx: Transaction, token: str, now: datetime, *, lock: bool = False) -> Record | None:
    """The invitation that a link opens, with the workspace's name and key_version."""
    return await tx.row(_lock_by_link if lock else _by_link, hash=token_hash(token), at=now)


async def accept(tx: Transaction, invitation: Row, user: UUID, now: datetime) -> None:
    """Turn an invitation whose row is held into a membership."""
    await tx.run(_join, of_tenant=invitation["tenant_id"], key=invitation["id"], user=user, at=now)


def wire(row: Mapping[str, Any], cipher: TenantCipher, installation: TenantCipher) -> dict[str, Any]:
    """``row`` is a membership together with ``sealed``, what is sealed about its user."""
    key = wire_id(row["id"])
    if row["user_id"] is None:
        user_id, name, email = None, None, invited_email(cipher, row)
    else:
        person = records.person_of(installation, {"id": row["user_id"], "sealed": row["sealed"]})
        user_id, name, email = records.wire_id(row["user_id"]), person.name, person.email
    return {
        "id": key,
        "membership_id": key,
        "user_id": user_id,
        "email": email,
        "name": name,
        "role": row["role"],
        "status": "invited" if row["user_id"] is None else "active",
        "joined_at": clock.iso_or_none(row["joined_at"]),
        "expires_at": clock.iso_or_none(row["invitation_expires_at"]),
    }
