"""What a handler works with: who calls, for which tenant and mode, in which transaction, at what time.

A handler loads, decides with pure rules, writes, and tells what happened through :meth:`Context.record` (audit) and
:meth:`Context.announce` (events). Both are written in the same transaction just before it commits.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.access.sessions import NOBODY, Visitor
from dealwright.kernel.clock import Clock
from dealwright.kernel.crypto import TenantCipher
from dealwright.kernel.event_types import event_types
from dealwright.kernel.health import Check
from dealwright.kernel.jobs import jobs
from dealwright.kernel.ledger import ledger
from dealwright.kernel.ledger.ledger import AuditEntry, Event
from dealwright.kernel.operations import Operation
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Database, Transaction

T = TypeVar("T")


class Providers:
    """The ways to the outside world that the composition root put together, each found by its type."""

    def __init__(self, *providers: object) -> None:
        self._by_type = {type(each): each for each in providers}

    def get(self, kind: type[T]) -> T:
        """Raises KeyError for a kind that the composition root does not know."""
        found = self._by_type[kind]
        assert isinstance(found, kind)
        return found


class _Undo(Exception):
    """Ends a rehearsal."""


Subscriber = Callable[["Context", Event], Awaitable[None]]

_subscribers: dict[str, list[Subscriber]] = {}


def on(event: str) -> Callable[[Subscriber], Subscriber]:
    """Subscribe inside the transaction: runs before the commit of the change that announced ``event``."""

    def register(subscriber: Subscriber) -> Subscriber:
        _subscribers.setdefault(event, []).append(subscriber)
        return subscriber

    return register


@dataclass(slots=True)
class Context:
    """One call's world. ``now`` is the same instant throughout the call; in test mode it follows the workspace's test
    clock.
    """

    tx: Transaction
    principal: Principal
    now: datetime
    tenant_cipher: TenantCipher | None
    """None for a public caller, who has no tenant and therefore nothing to seal."""
    operation: Operation | None
    """None where no caller asked: in schedules."""
    ref: str
    expected_version: int | None = None
    """The version that the caller based a write on; None when any will do."""
    actor: str = ""
    delegation_id: str | None = None
    origin: str = ""
    """Scheme and host of this server for links: the configured public URL, else the one that the caller used."""
    visitor: Visitor = NOBODY
    ahead: timedelta = timedelta()
    """How far ``now`` is ahead of the server's own time."""
    providers: Providers = field(default_factory=lambda: Providers())
    checked: bool = False
    """Whether the payload of every event is verified against its description (for tests)."""
    started: list[str] = field(default_factory=list)
    """The jobs that were enqueued; the answer names the first one (``X-Job-ID``)."""
    _entries: list[AuditEntry] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)

    @property
    def tenant_id(self) -> UUID:
        assert self.principal.tenant_id is not None
        return self.principal.tenant_id

    @property
    def livemode(self) -> bool:
        return self.principal.livemode

    @property
    def cipher(self) -> TenantCipher:
        assert self.tenant_cipher is not None
        return self.tenant_cipher

    @property
    def server_now(self) -> datetime:
        """The server's own time, whatever a test clock says: for what happens between machines."""
        return self.now - self.ahead

    def inside(self, principal: Principal, cipher: TenantCipher) -> Context:
        """This call's world in another workspace, in the same transaction, which must be one that sees all of them.

        What it records and announces is written by its own :meth:`flush`.
        """
        assert principal.tenant_id is not None
        return replace(
            self,
            tx=self.tx.inside(principal.tenant_id, principal.livemode),
            principal=principal,
            tenant_cipher=cipher,
            actor=principal.key_id,
            _entries=[],
            _events=[],
        )

    def commit_to(self, entity_id: str) -> Callable[[str, Any], str]:
        """Commitments to private values: keyed hashes that prove a value later without showing it."""

        def commit(name: str, value: Any) -> str:
            raw = value if isinstance(value, bytes) else str(value).encode()
            return "mac:" + self.cipher.commitment(f"{entity_id}:{name}", raw)

        return commit

    def record(
        self,
        resource: Resource,
        row: Row,
        action: str,
        *,
        before: Row | None = None,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one audit entry about ``row`` as it is now.

        ``before`` is the row as it was: the entry then lists every changed column with both values. ``notes`` adds
        what the row does not hold. Private columns appear as commitments only.
        """
        entity_id = resource.wire_id(row["id"])
        commit = self.commit_to(entity_id)
        snapshot = resource.snapshot(row, commit)
        changes: dict[str, Any] = dict(notes or {})
        if before is not None:
            earlier = resource.snapshot(before, commit)
            changes |= {
                name: {"from": earlier.get(name), "to": value}
                for name, value in snapshot.items()
                if earlier.get(name) != value and name not in ("version", "updated_at")
            }
        self._entries.append(AuditEntry(resource.name, entity_id, action, self.actor, changes, snapshot))

    def announce(self, name: str, resource: Resource, key: UUID, data: Mapping[str, Any]) -> None:
        """Put an event into the outbox; ``data`` is what receivers get and holds no personal data."""
        self.announce_about(resource.name, resource.wire_id(key), name, data)

    def announce_about(self, entity_type: str, entity_id: str, name: str, data: Mapping[str, Any]) -> None:
        """Put an event about what is no record of its own into the outbox."""
        if self.checked:
            event_types.check(name, data)
        kind = self.principal.actor_type
        self._events.append(Event(name, entity_type, entity_id, data, actor_type=kind, actor_id=self.actor or None))

    async def enqueue(self, job: jobs.Job[jobs.A], arguments: jobs.A, *, delay: timedelta | None = None) -> str:
        """Have a background job run once this transaction has committed, ``delay`` later if given. Answers its id,
        which the caller gets as ``X-Job-ID``.
        """
        job_id = await jobs.enqueue(self.tx, job, arguments, self.now, delay)
        self.started.append(job_id)
        return job_id

    def note(self, entity_type: str, entity_id: str, action: str, changes: Mapping[str, Any]) -> None:
        """Write one audit entry about what is no record of its own; ``changes`` holds no personal data."""
        self._entries.append(AuditEntry(entity_type, entity_id, action, self.actor, changes, {}))

    async def flush(self) -> None:
        """Let subscribers act, then write what was recorded and announced; the pipeline calls this before commit."""
        seen = 0
        while seen < len(self._events):
            event = self._events[seen]
            seen += 1
            for subscriber in _subscribers.get(event.name, ()):
                await subscriber(self, event)
        entries, events = self._entries[:], self._events[:]
        self._entries.clear()
        self._events.clear()
        await ledger.write(self.tx, entries, events, self.now)

    @asynccontextmanager
    async def undoable(self) -> AsyncIterator[None]:
        """Work that is undone alone when it raises: its writes, audit entries and events."""
        entries, events = len(self._entries), len(self._events)
        try:
            async with self.tx.savepoint():
                yield
        except BaseException:
            del self._entries[entries:]
            del self._events[events:]
            raise

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """Work that is done for its answer only: nothing of the block remains."""
        try:
            async with self.undoable():
                yield
                raise _Undo
        except _Undo:
            pass

    async def wire(self, resource: Resource, rows: Sequence[Row], include: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Rows as wire objects with the asked-for expansions embedded."""
        objects = await resource.render(self, rows)
        if include:
            await resource.embed(self, rows, objects, include)
        return objects

    async def wire_one(
        self, resource: Resource, row: Row, include: Sequence[str] = (), exclude: Sequence[str] = ()
    ) -> dict[str, Any]:
        """One row with what a single record always embeds, and what was asked for besides."""
        wanted = [name for name in dict.fromkeys((*resource.embedded, *include)) if name not in exclude]
        return (await self.wire(resource, [row], wanted))[0]


class Elsewhere(Protocol):
    """Ways out of the caller's own workspace, which only public operations and schedules need."""

    @property
    def clock(self) -> Clock: ...

    @property
    def providers(self) -> Providers: ...

    def system(self) -> AbstractAsyncContextManager[Transaction]: ...

    def within(self, tenant_id: UUID, livemode: bool) -> AbstractAsyncContextManager[Context]: ...

    async def steps_within(self, tenant_id: UUID, livemode: bool) -> Steps: ...

    async def catch_up(self, tenant_id: UUID, moment: datetime) -> None: ...


class Steps:
    """For operations that talk to the outside world between their transactions (``own_transactions=True``).

    No transaction is open while a provider is asked: record the intent, ask, record the answer.
    """

    def __init__(
        self,
        opener: Callable[[], AbstractAsyncContextManager[Context]],
        principal: Principal,
        now: datetime,
        checks: Sequence[Check] = (),
        providers: Providers | None = None,
        origin: str = "",
        elsewhere: Elsewhere | None = None,
        visitor: Visitor = NOBODY,
    ) -> None:
        self._opener = opener
        self._elsewhere = elsewhere
        self.providers = providers or Providers()
        self.principal = principal
        self.now = now
        self.checks = checks
        """What this process depends on, ready to be asked."""
        self.origin = origin
        self.visitor = visitor

    def transaction(self) -> AbstractAsyncContextManager[Context]:
        """A context in a transaction of its own, which commits, ledger included, when the block ends."""
        return self._opener()

    def system(self) -> AbstractAsyncContextManager[Transaction]:
        """A read-only transaction that sees every workspace: to find whose record a public caller asks about."""
        assert self._elsewhere is not None
        return self._elsewhere.system()

    def within(self, tenant_id: UUID, livemode: bool) -> AbstractAsyncContextManager[Context]:
        """A context inside another workspace than the caller's, acting as the server itself (public operations)."""
        assert self._elsewhere is not None
        return self._elsewhere.within(tenant_id, livemode)

    async def catch_up(self, moment: datetime) -> None:
        """Do in the test mode of the caller's workspace, and nowhere else, what schedules would do at that time."""
        assert self._elsewhere is not None
        assert self.principal.tenant_id is not None
        await self._elsewhere.catch_up(self.principal.tenant_id, moment)

    async def inside(self, tenant_id: UUID, livemode: bool) -> Steps:
        """Steps inside another workspace than the caller's, acting as the server itself (public operations). Raises
        NotFound for an unknown workspace.
        """
        assert self._elsewhere is not None
        return await self._elsewhere.steps_within(tenant_id, livemode)

    async def run(self, work: Callable[[Context], Awaitable[T]]) -> T:
        """``work`` in a transaction of its own, again when the database chose it as the victim of a deadlock.

        Only this step is repeated, so nothing that was asked of the outside world before it is asked twice.
        """

        async def once() -> T:
            async with self.transaction() as ctx:
                return await work(ctx)

        return await Database.retrying(once)


def new_ref() -> str:
    """A trace id to quote to support."""
    return f"trace_{ids.token(16)}"
