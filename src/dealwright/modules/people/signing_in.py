"""Opening sessions, and saying who is signed in: what every way into the server has in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.access import sessions
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.sessions import REMEMBER_COOKIE, SESSION_COOKIE, ForeignPage, Session, Visitor
from dealwright.kernel.errors import SessionRequired
from dealwright.kernel.operations import Cookie, Reply
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Transaction
from dealwright.modules.people import records, rules
from dealwright.modules.people.service import People

NOBODY_SIGNED_IN: Final[dict[str, Any]] = {
    "authenticated": False,
    "user": None,
    "tenant": None,
    "tenants": [],
    "requires_tenant_selection": False,
    "mode": None,
    "csrf_token": None,
}
FORGET_BOTH: Final = (Cookie(SESSION_COOKIE, ""), Cookie(REMEMBER_COOKIE, ""))


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that has just been opened or renewed, and the browser's token if it stays signed in."""

    session: Session
    remember: Cookie | None = None

    def cookies(self) -> tuple[Cookie, ...]:
        opened = Cookie(SESSION_COOKIE, self.session.token)
        return (opened,) if self.remember is None else (opened, self.remember)


def refuse_foreign_pages(visitor: Visitor) -> None:
    """Another site must not sign a browser in: what its person then does would happen in somebody else's account."""
    if visitor.foreign:
        raise ForeignPage


async def sign_in(
    tx: Transaction,
    people: People,
    user: Row,
    now: datetime,
    visitor: Visitor,
    *,
    tenant_id: UUID | None = None,
    remember: bool = False,
) -> SignedIn:
    """Open a session in ``tenant_id``, else where the person worked last. What the browser had before ends."""
    if visitor.session is not None:
        await sessions.end(tx, visitor.session)
        await sessions.forget(tx, visitor.session.remembered_id, visitor.remember)
    mine = [row["tenant_id"] for row in await records.workspaces(tx, user["id"])]
    active = tenant_id or rules.first_workspace(user["last_tenant_id"], mine)
    kept, cookie = None, None
    if remember:
        kept, token = await sessions.remember(tx, user["id"], now, people.lifetimes)
        cookie = Cookie(REMEMBER_COOKIE, token, int(people.lifetimes.remembered.total_seconds()))
    session = await sessions.open_session(
        tx, user_id=user["id"], tenant_id=active, now=now, lifetimes=people.lifetimes, remembered_id=kept
    )
    if active is not None and active != user["last_tenant_id"]:
        await records.change(tx, user["id"], {"last_tenant_id": active}, now)
    return SignedIn(session, cookie)


async def move(tx: Transaction, session: Session, tenant_id: UUID, now: datetime) -> SignedIn:
    """Let a session go on in a workspace of its person's, under a new token. Raises SessionRequired."""
    renewed = await sessions.renew(tx, session, tenant_id, now)
    if renewed is None:
        raise SessionRequired
    await records.change(tx, session.user_id, {"last_tenant_id": tenant_id}, now)
    return SignedIn(renewed)


async def come_back(tx: Transaction, people: People, token: str, now: datetime) -> SignedIn | None:
    """A new session for a browser that stays signed in; None when its token does not hold."""
    found = await sessions.recall(tx, token, now)
    user = await records.get(tx, found.user_id) if found is not None else None
    if found is None or user is None:
        return None
    mine = [row["tenant_id"] for row in await records.workspaces(tx, user["id"])]
    session = await sessions.open_session(
        tx,
        user_id=user["id"],
        tenant_id=rules.first_workspace(user["last_tenant_id"], mine),
        now=now,
        lifetimes=people.lifetimes,
        remembered_id=found.id,
    )
    left = int((found.expires_at - now).total_seconds())
    return SignedIn(session, None if found.token is None else Cookie(REMEMBER_COOKIE, found.token, left))


async def describe(tx: Transaction, people: People, session: Session, tenant_id: UUID | None) -> dict[str, Any] | None:
    """Who is signed in and works in ``tenant_id``, on the wire; None when the person is gone."""
    user = await records.get(tx, session.user_id)
    if user is None:
        return None
    person = records.person_of(people.cipher, user)
    mine = [workspace(row) for row in await records.workspaces(tx, user["id"])]
    here = ids.encode(TENANT_PREFIX, tenant_id) if tenant_id is not None else None
    active = next((each for each in mine if each["tenant_id"] == here), None)
    key = records.wire_id(user["id"])
    return {
        "authenticated": True,
        "user": {
            "id": key,
            "user_id": key,
            "email": person.email,
            "first_name": person.first_name,
            "last_name": person.last_name,
            "is_system_admin": user["is_system_admin"],
        },
        "tenant": active,
        "tenants": mine,
        "requires_tenant_selection": active is None and bool(mine),
        "mode": "live" if session.livemode else "test",
        "csrf_token": session.csrf,
    }


def workspace(row: Row) -> dict[str, Any]:
    return {"tenant_id": ids.encode(TENANT_PREFIX, row["tenant_id"]), "name": row["name"], "role": row["role"]}


async def welcome(tx: Transaction, people: People, signed_in: SignedIn) -> Reply:
    """The answer that signs a browser in."""
    data = await describe(tx, people, signed_in.session, signed_in.session.tenant_id)
    return Reply(data, cookies=signed_in.cookies())
