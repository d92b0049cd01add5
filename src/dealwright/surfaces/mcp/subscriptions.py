"""Who wants to know when a resource changes, and telling them from the event feed.

Handshake era: ``resources/subscribe`` is kept for the key, and ``GET /mcp`` streams what has changed since the key was
last told, then what changes. From 2026-07-28 on, ``subscriptions/listen`` names what to hear, and its answer is the
stream.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from typing import Any, Final
from uuid import UUID

import mcp_types as types
import structlog
from mcp.server import ServerRequestContext
from mcp.server.subscriptions import ListenHandler, ResourceUpdated, ServerEvent
from mcp.shared.exceptions import MCPError
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from dealwright.kernel.clock import Clock
from dealwright.kernel.errors import DealwrightError, Unavailable
from dealwright.kernel.feed.feed import Feed, FeedEvent
from dealwright.kernel.store.database import Database
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.surfaces.mcp.caller import Caller, caller_of
from dealwright.surfaces.mcp.resources import Resources, not_found
from dealwright.surfaces.mcp.tables import mcp_subscriptions as table

log = structlog.get_logger("dealwright.mcp")

_MOST: Final = 1000
"""Subscriptions of one key."""
_MOST_STREAMS: Final = 1000
"""Open streams of one process."""
_AGAIN_SECONDS: Final = 2.0

_mine: Final = (in_scope(table)) & (table.c.key_id == given("key"))
_add: Final = Statement(insert(table).on_conflict_do_nothing(), columns=[column.name for column in table.columns])
_count: Final = Statement(select(func.count()).select_from(table).where(_mine))
_remove: Final = Statement(delete(table).where(_mine, table.c.uri == given("gone")))
_all: Final = Statement(select(table.c.uri, table.c.position).where(_mine))
_told: Final = Statement(
    update(table)
    .where(_mine, table.c.uri == func.any(given("uris")), table.c.position < given("upto"))
    .values(position=given("upto"))
)


class Subscriptions:
    """The subscriptions of all keys, and the streams of this process."""

    def __init__(self, database: Database, feed: Feed, resources: Resources, clock: Clock) -> None:
        self._database = database
        self._feed = feed
        self._resources = resources
        self._clock = clock
        self._streams: dict[object, Callable[[], object]] = {}

    async def subscribe(self, caller: Caller, uri: str, protocol: str) -> None:
        """Repeating it changes nothing. Raises MCPError: unknown uri, missing scope, too many."""
        found = self._resources.find(uri)
        if found is None:
            raise not_found(uri, protocol)
        self._resources.authorise(caller, found[0])
        tenant, livemode = _room(caller)
        key = caller.principal.key_id
        async with self._database.transaction(tenant, livemode) as tx:
            if await tx.value(_count, key=key) >= _MOST:
                raise MCPError(types.INVALID_PARAMS, f"A key can have {_MOST} subscriptions at most")
            await tx.run(
                _add,
                tenant_id=tenant,
                livemode=livemode,
                key_id=key,
                uri=uri,
                position=self._feed.head,
                created_at=self._clock(),
            )

    async def unsubscribe(self, caller: Caller, uri: str) -> None:
        async with self._database.transaction(*_room(caller)) as tx:
            await tx.run(_remove, key=caller.principal.key_id, gone=uri)

    async def updates(self, caller: Caller, after: int | None) -> AsyncGenerator[tuple[int, str], None]:
        """Position and uri of every change of what the key subscribed to: first each one once that it was not told of
        yet (or that lies behind ``after``), then as they come. Raises Unavailable.
        """
        tenant, livemode = _room(caller)
        subscribed = await self._subscribed(caller)
        seen = self._feed.head if after is None else after
        if after is None and subscribed:
            seen = min(seen, *subscribed.values())
        missed: dict[str, int] = {}
        while page := await self._feed.read(tenant, livemode, seen):
            seen = page[-1].position
            for event in page:
                for uri in self._changed(caller, event):
                    if uri in subscribed and (after is not None or event.position > subscribed[uri]):
                        missed[uri] = event.position
        for uri, position in sorted(missed.items(), key=lambda each: each[1]):
            yield position, uri
            await self._note(caller, [uri], position)
        async with contextlib.aclosing(self._feed.follow(tenant, livemode, seen)) as events:
            async for event in events:
                if not (changed := self._changed(caller, event)):
                    continue
                # Anew each time: the key may have subscribed or unsubscribed meanwhile, through any process.
                subscribed = await self._subscribed(caller)
                told = [uri for uri in changed if uri in subscribed]
                for uri in told:
                    yield event.position, uri
                await self._note(caller, told, event.position)

    def _changed(self, caller: Caller, event: FeedEvent) -> list[str]:
        return self._resources.changed(caller.principal, event.entity_type, event.entity_id)

    async def _subscribed(self, caller: Caller) -> dict[str, int]:
        async with self._database.transaction(*_room(caller), read_only=True) as tx:
            return {row["uri"]: row["position"] for row in await tx.rows(_all, key=caller.principal.key_id)}

    async def _note(self, caller: Caller, uris: list[str], position: int) -> None:
        if uris:
            async with self._database.transaction(*_room(caller)) as tx:
                await tx.run(_told, key=caller.principal.key_id, uris=uris, upto=position)

    @contextlib.contextmanager
    def stream(self, end: Callable[[], object]) -> Iterator[None]:
        """Counts an open stream; ``end`` lets its caller go. Raises Unavailable when there are too many."""
        if len(self._streams) >= _MOST_STREAMS:
            raise Unavailable("Too many open streams", retry_after=30)
        place = object()
        self._streams[place] = end
        try:
            yield
        finally:
            del self._streams[place]

    def end(self) -> None:
        """End every stream, as the process is about to stop; callers come back to another one by themselves."""
        for end in tuple(self._streams.values()):
            end()

    async def listen(
        self, ctx: ServerRequestContext[Any, Any], params: types.SubscriptionsListenRequestParams
    ) -> types.SubscriptionsListenResult:
        """``subscriptions/listen``: changes of the caller's workspace, as far as its scopes reach."""
        caller = caller_of(ctx)
        bus = _Bus(lambda hear: self._tell(caller, hear))
        handler = ListenHandler(bus)
        bus.on_end = handler.close
        try:
            with self.stream(handler.close):
                return await handler(ctx, params)
        except Unavailable as error:
            raise MCPError(types.INTERNAL_ERROR, error.message) from None

    async def _tell(self, caller: Caller, hear: Callable[[ServerEvent], None]) -> None:
        """Call ``hear`` with every change from now on, until the key is no longer good."""
        seen = self._feed.head
        while True:
            try:
                async with contextlib.aclosing(self._feed.follow(*_room(caller), seen)) as events:
                    async for event in events:
                        seen = event.position
                        if not await caller.holds():
                            return
                        for uri in self._changed(caller, event):
                            hear(ResourceUpdated(uri=uri))
            except DealwrightError as problem:
                log.info("mcp_stream_waits", problem=str(problem))
                await asyncio.sleep(_AGAIN_SECONDS)


class _Bus:
    """The SDK's view of one caller's changes: a task that follows the feed while somebody listens."""

    def __init__(self, tell: Callable[[Callable[[ServerEvent], None]], Awaitable[None]]) -> None:
        self._tell = tell
        self.on_end: Callable[[], None] = lambda: None

    async def publish(self, event: ServerEvent) -> None:
        """Nothing is published here: everything that happens is in the feed."""

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        async def follow() -> None:
            await self._tell(listener)
            self.on_end()

        task = asyncio.create_task(follow())

        def stop() -> None:
            task.cancel()

        return stop


def _room(caller: Caller) -> tuple[UUID, bool]:
    assert caller.principal.tenant_id is not None
    return caller.principal.tenant_id, caller.principal.livemode
