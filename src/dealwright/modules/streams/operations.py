"""The event stream (Salesbooth API, Real-Time Events)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field
from sqlalchemy import select

from dealwright.kernel import ids
from dealwright.kernel.access.keys import signing_hash
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import InsufficientScope, NotFound, invalid_field
from dealwright.kernel.event_types import event_types
from dealwright.kernel.feed import sse
from dealwright.kernel.feed.feed import Feed, FeedEvent
from dealwright.kernel.fields import Csv, Identifier, InHeader, Input
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records as deals
from dealwright.modules.deals.tables import deals as deals_table
from dealwright.modules.streams import rules

HEARTBEAT_SECONDS: Final = 15
_REMEMBERED: Final = 4096
"""Signed frames that are kept, because many clients of one key get the same ones."""

_deals_of: Final = Statement(
    select(deals_table.c.id).where(in_scope(deals_table), deals_table.c.customer_id == given("customer"))
)


def _known(names: list[str]) -> list[str]:
    for name in names:
        if name not in event_types:
            raise ValueError(f"{name[:100]} is not the name of an event")
    return names


def _stream_id(text: str) -> str:
    rules.position_of(text)
    return text


class EventStream(Input):
    events: Annotated[
        Csv | None, AfterValidator(lambda names: names and _known(names)), Field(description="all when left out")
    ] = None
    deal_id: Annotated[Identifier | None, Field(description="only events of this deal")] = None
    customer_id: Annotated[Identifier | None, Field(description="only events of this customer and its deals")] = None
    last_event_id: Annotated[
        Identifier | None,
        InHeader("Last-Event-ID"),
        AfterValidator(lambda text: text and _stream_id(text)),
        Field(description="go on after this id (seq:1234)"),
    ] = None


class _Frames:
    """Signed frames by event and key: many streams of one key send the same bytes."""

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def of(self, event: FeedEvent, key: bytes) -> bytes:
        made = self._made.get((event.id, key))
        if made is None:
            data = rules.signed(event.data, event.created_at, key)
            made = self._made[event.id, key] = sse.frame(event.name, data, id=rules.event_id(event.position))
            if len(self._made) > _REMEMBERED:
                self._made.popitem(last=False)
        return made


_frames: Final = _Frames()
_beat: Final = sse.frame("heartbeat", "comment") + b": heartbeat\n\n"


@operation(
    "events.stream",
    "GET",
    "/events/stream",
    scope=None,
    result=None,
    errors=(NotFound, InsufficientScope),
    own_transactions=True,
    media_types=(sse.MEDIA_TYPE,),
)
async def stream_events(steps: Steps, params: EventStream) -> Reply:
    """Receive events as they happen, as server-sent events.

    The first frame is ``connected``; a heartbeat follows every 15 seconds. Each event has an id (``seq:1234``) after
    which a later stream goes on. A stream lasts 60 minutes; its last frame is ``reconnect``. ``_signature`` is
    ``sha256=`` and the hex HMAC-SHA256 of the event's data without that member, as JSON with sorted keys and no white
    space, under the hex SHA-256 of the API key.
    """
    wanted = _wanted(steps.principal, params.events)
    async with steps.transaction() as ctx:
        about = await _about(ctx, params)
        key = await _signing_key(ctx)
    feed = steps.providers.get(Feed)
    after = None if params.last_event_id is None else rules.position_of(params.last_event_id)
    if after is not None and after > feed.head:
        await feed.look()
        if after > feed.head:
            raise invalid_field("last_event_id", "invalid", "Last event id names an event that has not happened yet")

    def render(events: Sequence[FeedEvent]) -> bytes:
        return b"".join(
            _frames.of(event, key)
            for event in events
            if event.name in wanted and about.concerns(event.entity_type, event.entity_id, event.data)
        )

    opening = {
        "status": "connected",
        "connection_id": f"conn_{ids.token(24)}",
        "heartbeat_interval": HEARTBEAT_SECONDS,
    }
    manner = sse.Manner(
        opening=sse.json_frame("connected", opening, retry=sse.RETRY_MILLISECONDS),
        heartbeat=_beat,
        every=HEARTBEAT_SECONDS,
        farewell=_farewell,
    )
    principal = steps.principal
    assert principal.tenant_id is not None
    stream = sse.flow(feed, (principal.tenant_id, principal.livemode), after, manner, render)
    return Reply(None, media_type=sse.MEDIA_TYPE, stream=stream)


def _farewell(reason: str, position: int) -> bytes:
    return sse.json_frame("reconnect", {"reason": reason, "last_event_id": rules.event_id(position)})


def _wanted(principal: Principal, names: list[str] | None) -> frozenset[str]:
    """The names of the events that this stream sends. Raises InsufficientScope when none of those asked for may be."""
    asked = names or [kind.name for kind in event_types]
    granted = {scope: grants(principal.scopes, scope) for scope in {rules.scope_of(name) for name in asked}}
    seen = rules.seen_with(asked, granted)
    if names and not seen:
        raise InsufficientScope(rules.scope_of(names[0]), "events.stream")
    return seen


async def _about(ctx: Context, params: EventStream) -> rules.About:
    """Raises NotFound for an unknown deal or customer."""
    if params.deal_id is not None:
        await deals.resource.get(ctx.tx, params.deal_id)
    theirs: list[str] = []
    if params.customer_id is not None:
        customer = await customers.get(ctx, params.customer_id)
        found = await ctx.tx.rows(_deals_of, customer=customer["id"])
        theirs = [deals.resource.wire_id(row["id"]) for row in found]
    return rules.About(params.deal_id, params.customer_id, theirs)


async def _signing_key(ctx: Context) -> bytes:
    """The hex SHA-256 of the caller's API key; a signed-in person's stream is signed with a key of the server's."""
    found: Any = await signing_hash(ctx.tx, ctx.principal.key_id)
    return found if found is not None else ctx.cipher.commitment("event-stream", ctx.principal.key_id.encode()).encode()
