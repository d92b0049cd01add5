"""Signed-in people: sessions made, found by their token, renewed and ended.

A token carries 256 random bits; only its SHA-256 is stored. A session is looked up in the database on every request and
kept nowhere else, so whatever ends it (sign-out, removal from the workspace, a new password) ends it at once in every
process. It lapses when it is not used for the idle time, and for good at its absolute age.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import String, and_, cast, delete, exists, func, insert, or_, select, update
from sqlalchemy import Uuid as UuidType
from sqlalchemy.dialects.postgresql import JSONB

from dealwright.kernel import ids
from dealwright.kernel.access.principals import Principal, WorkspaceSettings
from dealwright.kernel.access.roles import SCOPES, Role
from dealwright.kernel.access.tables import api_keys, memberships, remembered, sessions, tenants
from dealwright.kernel.clock import Clock
from dealwright.kernel.errors import Forbidden, SessionRequired
from dealwright.kernel.settings import Settings
from dealwright.kernel.store.database import Database, Transaction
from dealwright.kernel.store.statements import Statement, given

USER_PREFIX: Final = "user"
SESSION_COOKIE: Final = "session"
REMEMBER_COOKIE: Final = "remember"
REMEMBER_GRACE: Final = timedelta(seconds=60)
"""How long the token before the last renewal still opens a session: for requests that left at the same moment."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_SEEN_EVERY: Final = timedelta(seconds=60)


def new_token() -> str:
    """256 random bits as 43 characters that a cookie or a link can carry."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def csrf_token(token: str) -> str:
    """What a page must send along with a write: bound to the session, and of no use for finding its token."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


class ForeignPage(Forbidden):
    """403: a page of another site sent this, and its browser would have acted in a person's name."""

    code = "authorization_error.foreign_page"
    action = "fix_request"
    hint = "Call it from a page of this server, or with an API key."
    default_message = "A page of another site cannot do this in a person's name"


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser."""

    id: UUID
    user_id: UUID
    token: str
    tenant_id: UUID | None
    """The workspace that it works in by default; a tab may be bound to another one."""
    livemode: bool
    remembered_id: UUID | None
    """The remembered browser that it was opened from or for."""
    tabs: dict[str, str]
    expires_at: datetime

    @property
    def csrf(self) -> str:
        return csrf_token(self.token)

    def accepts(self, sent: str | None) -> bool:
        """Whether a write came with this session's CSRF token."""
        return sent is not None and hmac.compare_digest(self.csrf.encode(), sent.encode())


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a call comes from, beside who calls: what signing in and out works on."""

    ip: str = "unknown"
    session: Session | None = None
    remember: str | None = None
    """The token of a remembered browser."""
    stale: bool = False
    """A session token came along that opens nothing any more."""
    foreign: bool = False
    """The browser says that a page of another site sent this."""

    def require_session(self) -> Session:
        """Raises SessionRequired when nobody is signed in."""
        if self.session is None:
            raise SessionRequired
        return self.session


NOBODY: Final = Visitor()


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long sessions last."""

    idle: timedelta
    absolute: timedelta
    remembered: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Lifetimes:
        return cls(
            timedelta(minutes=settings.session_idle_minutes),
            timedelta(hours=settings.session_lifetime_hours),
            timedelta(days=settings.remember_days),
        )


_tab_tenant: Final = cast(sessions.c.tabs.op("->>")(given("tab", String)), UuidType)
_where_to: Final = func.coalesce(_tab_tenant, sessions.c.tenant_id)
_find: Final = Statement(
    select(
        sessions,
        memberships.c.tenant_id.label("member_of"),
        memberships.c.role,
        tenants.c.settings,
        tenants.c.key_version,
        exists()
        .where(api_keys.c.tenant_id == memberships.c.tenant_id, api_keys.c.prefix.startswith("st_", autoescape=True))
        .label("has_shop"),
    )
    .outerjoin(memberships, and_(memberships.c.tenant_id == _where_to, memberships.c.user_id == sessions.c.user_id))
    .outerjoin(tenants, tenants.c.tenant_id == memberships.c.tenant_id)
    .where(
        sessions.c.token_hash == given("hash"),
        sessions.c.expires_at > given("at"),
        sessions.c.last_seen_at > given("idle_since"),
    )
)
_seen: Final = Statement(update(sessions).where(sessions.c.id == given("key")).values(last_seen_at=given("at")))
_add: Final = Statement(insert(sessions))
_renew: Final = Statement(
    update(sessions)
    .where(sessions.c.id == given("key"), sessions.c.token_hash == given("old_hash"))
    .values(token_hash=given("hash"), tenant_id=given("new_tenant"), tabs={}, last_seen_at=given("at"))
    .returning(sessions)
)
_set_mode: Final = Statement(update(sessions).where(sessions.c.id == given("key")).values(livemode=given("new_mode")))
_keep_tabs: Final = Statement(update(sessions).where(sessions.c.id == given("key")).values(tabs=given("new_tabs")))
_bind_tab: Final = Statement(
    update(sessions)
    .where(sessions.c.id == given("key"))
    .values(tabs=func.jsonb_strip_nulls(sessions.c.tabs.op("||")(given("bound", JSONB))))
)
_display: Final = Statement(select(sessions.c.display_mode).where(sessions.c.id == given("key")))
_set_display: Final = Statement(
    update(sessions).where(sessions.c.id == given("key")).values(display_mode=given("new_display"))
)
_end: Final = Statement(delete(sessions).where(sessions.c.id == given("key")))
_end_all: Final = Statement(
    delete(sessions).where(sessions.c.user_id == given("user"), sessions.c.id.is_distinct_from(given("but", UuidType)))
)
_end_in: Final = Statement(
    delete(sessions).where(sessions.c.user_id == given("user"), sessions.c.tenant_id == given("left"))
)
_remember: Final = Statement(insert(remembered))
_recall: Final = Statement(
    select(remembered)
    .where(
        or_(remembered.c.token_hash == given("hash"), remembered.c.previous_hash == given("hash")),
        remembered.c.expires_at > given("at"),
    )
    .with_for_update(key_share=True)
)
_renew_remembered: Final = Statement(
    update(remembered)
    .where(remembered.c.id == given("key"))
    .values(token_hash=given("hash"), previous_hash=given("old_hash"), renewed_at=given("at"))
)
_forget: Final = Statement(
    delete(remembered).where(
        or_(
            remembered.c.id == given("key", UuidType),
            remembered.c.token_hash == given("hash"),
            remembered.c.previous_hash == given("hash"),
        )
    )
)
_forget_all: Final = Statement(
    delete(remembered).where(
        remembered.c.user_id == given("user"), remembered.c.id.is_distinct_from(given("but", UuidType))
    )
)
_end_opened_by: Final = Statement(delete(sessions).where(sessions.c.remembered_id == given("key")))
_lapsed_sessions: Final = Statement(
    delete(sessions).where(or_(sessions.c.expires_at <= given("at"), sessions.c.last_seen_at <= given("idle_since")))
)
_lapsed_remembered: Final = Statement(delete(remembered).where(remembered.c.expires_at <= given("at")))


def _session(row: Any, token: str) -> Session:
    return Session(
        id=row["id"],
        user_id=row["user_id"],
        token=token,
        tenant_id=row["tenant_id"],
        livemode=row["livemode"],
        remembered_id=row["remembered_id"],
        tabs=row["tabs"],
        expires_at=row["expires_at"],
    )


# --- in a system transaction


async def open_session(
    tx: Transaction,
    *,
    user_id: UUID,
    tenant_id: UUID | None,
    now: datetime,
    lifetimes: Lifetimes,
    livemode: bool = True,
    remembered_id: UUID | None = None,
) -> Session:
    """A new session for a person who has proved who they are."""
    token = new_token()
    row = {
        "id": ids.uuid7(),
        "token_hash": token_hash(token),
        "user_id": user_id,
        "tenant_id": tenant_id,
        "livemode": livemode,
        "tabs": {},
        "display_mode": None,
        "remembered_id": remembered_id,
        "created_at": now,
        "last_seen_at": now,
        "expires_at": now + lifetimes.absolute,
    }
    await tx.run(_add, **row)
    return _session(row, token)


async def renew(tx: Transaction, session: Session, tenant_id: UUID | None, now: datetime) -> Session | None:
    """The same session under a new token, in a workspace; tabs lose their bindings. None when it has ended since."""
    token = new_token()
    row = await tx.row(
        _renew,
        key=session.id,
        old_hash=token_hash(session.token),
        hash=token_hash(token),
        new_tenant=tenant_id,
        at=now,
    )
    return None if row is None else _session(row, token)


async def set_mode(tx: Transaction, session: Session, *, livemode: bool) -> None:
    """Let a session work with live or with test records."""
    await tx.run(_set_mode, key=session.id, new_mode=livemode)


async def bind_tab(tx: Transaction, session: Session, tab: str, tenant_id: UUID | None) -> None:
    """Let one tab work in a workspace of its own; None: in that of the session."""
    await tx.run(_bind_tab, key=session.id, bound={tab: None if tenant_id is None else str(tenant_id)})


async def keep_tabs(tx: Transaction, session: Session, tabs: dict[str, str]) -> None:
    """Give a renewed session the bindings that it had."""
    await tx.run(_keep_tabs, key=session.id, new_tabs=tabs)


async def display_mode(tx: Transaction, session: Session) -> str | None:
    """How the session's pages are to be shown; None: nobody said."""
    found: str | None = await tx.value(_display, key=session.id)
    return found


async def set_display_mode(tx: Transaction, session: Session, mode: str | None) -> None:
    await tx.run(_set_display, key=session.id, new_display=mode)


async def end(tx: Transaction, session: Session) -> None:
    await tx.run(_end, key=session.id)


async def end_all(tx: Transaction, user_id: UUID, *, but: Session | None = None) -> None:
    """End every session of a person and forget the browsers that stay signed in, except one session and its browser."""
    await tx.run(_end_all, user=user_id, but=but.id if but else None)
    await tx.run(_forget_all, user=user_id, but=but.remembered_id if but else None)


async def end_in(tx: Transaction, user_id: UUID, tenant_id: UUID) -> None:
    """End a person's sessions in one workspace."""
    await tx.run(_end_in, user=user_id, left=tenant_id)


async def remember(tx: Transaction, user_id: UUID, now: datetime, lifetimes: Lifetimes) -> tuple[UUID, str]:
    """Let a browser stay signed in: its id and the token that it keeps."""
    key, token = ids.uuid7(), new_token()
    await tx.run(
        _remember,
        id=key,
        user_id=user_id,
        token_hash=token_hash(token),
        previous_hash=None,
        renewed_at=now,
        expires_at=now + lifetimes.remembered,
    )
    return key, token


@dataclass(frozen=True, slots=True)
class Recalled:
    """A remembered browser that came back."""

    id: UUID
    user_id: UUID
    token: str | None
    """What it keeps from now on; None: what it has."""
    expires_at: datetime


async def recall(tx: Transaction, token: str, now: datetime) -> Recalled | None:
    """Who a remembered browser belongs to, with a new token for it.

    A token that was renewed before and comes again later was copied: whoever has it, the browser is forgotten and its
    sessions end.
    """
    if _TOKEN.fullmatch(token) is None:
        return None
    digest = token_hash(token)
    row = await tx.row(_recall, hash=digest, at=now)
    if row is None:
        return None
    if row["token_hash"] != digest:
        if now - row["renewed_at"] > REMEMBER_GRACE:
            await tx.run(_forget, key=row["id"], hash=digest)
            await tx.run(_end_opened_by, key=row["id"])
            return None
        return Recalled(row["id"], row["user_id"], None, row["expires_at"])
    fresh = new_token()
    await tx.run(_renew_remembered, key=row["id"], hash=token_hash(fresh), old_hash=digest, at=now)
    return Recalled(row["id"], row["user_id"], fresh, row["expires_at"])


async def forget(tx: Transaction, remembered_id: UUID | None, token: str | None) -> None:
    """Let a browser not stay signed in any longer."""
    await tx.run(_forget, key=remembered_id, hash=token_hash(token or ""))


async def remove_lapsed(tx: Transaction, now: datetime, lifetimes: Lifetimes) -> None:
    await tx.run(_lapsed_sessions, at=now, idle_since=now - lifetimes.idle)
    await tx.run(_lapsed_remembered, at=now)


# --- for admission


class SessionDirectory:
    """Finds the person behind a session token."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._lifetimes = Lifetimes.of(settings)
        self._rate_limit = settings.key_limit_per_minute

    async def find(self, token: str, tab: str | None = None) -> tuple[Session, Principal] | None:
        """The session and who it is, in the workspace of the tab if that is bound to one; None for no live session.

        A person who is no member of that workspace (any more) is a principal without a tenant.
        """
        if _TOKEN.fullmatch(token) is None:
            return None
        now = self._clock()
        async with self._database.system(read_only=True) as tx:
            row = await tx.row(
                _find, hash=token_hash(token), at=now, idle_since=now - self._lifetimes.idle, tab=tab or ""
            )
        if row is None:
            return None
        session = _session(row, token)
        if now - row["last_seen_at"] > _SEEN_EVERY:
            async with self._database.system() as tx:
                await tx.run(_seen, key=session.id, at=now)
        return session, self._principal(row)

    def _principal(self, row: Any) -> Principal:
        role: Role | None = row["role"]
        settings = row["settings"]
        return Principal(
            kind="session",
            key_id=ids.encode(USER_PREFIX, row["user_id"]),
            tenant_id=row["member_of"],
            livemode=row["livemode"],
            scopes=SCOPES[role] if role is not None else frozenset(),
            role=role,
            rate_limit=self._rate_limit,
            settings=WorkspaceSettings.model_validate(settings) if settings is not None else WorkspaceSettings(),
            encryption_version=row["key_version"] or 1,
            has_shop=row["has_shop"],
        )
