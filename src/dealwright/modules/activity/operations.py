"""The activity operations (Salesbooth API, Activity Feed and Activity Stream)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson

from dealwright.kernel import ids
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import NotFound, invalid_field
from dealwright.kernel.event_types import event_types
from dealwright.kernel.feed import sse
from dealwright.kernel.feed.feed import Feed, FeedEvent
from dealwright.kernel.fields import Deleted, Nothing
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.activity import records, rules
from dealwright.modules.activity.models import (
    ActivityList,
    ActivityPage,
    ActivityStream,
    Marked,
    MarkRead,
    NewRule,
    NotificationList,
    NotificationPage,
    Preferences,
    PreferencesView,
    RuleId,
    RuleList,
    RulePatch,
    RuleView,
)
from dealwright.modules.events.audience import OtherApis
from dealwright.modules.streams.rules import position_of, scope_of

HEARTBEAT_SECONDS: Final = 30
_beat: Final = sse.frame("heartbeat", "{}") + b": heartbeat\n\n"


def _seen(principal: Principal) -> frozenset[str] | None:
    """The kinds of events that the caller's scopes show; None: all."""
    seen = frozenset(kind.name for kind in event_types if grants(principal.scopes, scope_of(kind.name)))
    return None if len(seen) == len(event_types) else seen


@operation(
    "activity.list",
    "GET",
    "/activity",
    scope="deals:read",
    result=ActivityPage,
    tool=("list_activity", "notifications"),
)
async def list_activity(ctx: Context, params: ActivityList) -> Reply:
    """Browse what happened, newest first, as far as the key's scopes show it."""
    seen = _seen(ctx.principal)
    filters = {
        "event_type": params.event_type,
        "actor_type": params.actor_type,
        "entity_type": params.entity_type,
        "seen": None if seen is None else sorted(seen),
        "not_about": list(ctx.providers.get(OtherApis).kinds),
    }
    page = await records.feed.page(ctx.tx, params.paging(), filters)
    return Reply({"activities": [records.entry(row) for row in page.rows], "pagination": page.pagination})


@operation(
    "activity_stream.open",
    "GET",
    "/activity-stream",
    scope=None,
    result=None,
    own_transactions=True,
    media_types=(sse.MEDIA_TYPE,),
)
async def open_stream(steps: Steps, params: ActivityStream) -> Reply:
    """Receive new entries of the feed as they are written, as server-sent events named ``activity``.

    Made for EventSource, which comes back by itself with the id of the last frame. A heartbeat follows every 30
    seconds; after 60 minutes the stream ends and the browser opens the next one.
    """
    after = None
    if params.last_event_id is not None:
        after = await _place(steps, params.last_event_id)
    seen, elsewhere = _seen(steps.principal), steps.providers.get(OtherApis).kinds

    def render(events: Sequence[FeedEvent]) -> bytes:
        return b"".join(
            _frame(event)
            for event in events
            if event.entity_type not in elsewhere and (seen is None or event.name in seen)
        )

    manner = sse.Manner(
        opening=b"retry: %d\n: connected\n\n" % sse.RETRY_MILLISECONDS,
        heartbeat=_beat,
        every=HEARTBEAT_SECONDS,
        farewell=lambda reason, position: sse.json_frame("reconnect", {"reason": reason}, id=str(position)),
    )
    principal = steps.principal
    assert principal.tenant_id is not None
    room = (principal.tenant_id, principal.livemode)
    return Reply(
        None, media_type=sse.MEDIA_TYPE, stream=sse.flow(steps.providers.get(Feed), room, after, manner, render)
    )


async def _place(steps: Steps, last: str) -> int:
    """The position to go on after. Raises InvalidFields."""
    try:
        return position_of(last)
    except ValueError:
        async with steps.transaction() as ctx:
            position = await records.position_of(ctx.tx, last)
    if position is None:
        raise invalid_field("last_event_id", "invalid", "Last event id is not the id of an entry of the feed")
    return position


def _frame(event: FeedEvent) -> bytes:
    data = {
        "type": event.name,
        "entity_type": event.entity_type,
        "entity_id": event.entity_id,
        "actor_type": event.actor_type,
        "actor_id": event.actor_id,
        "summary": rules.summary(event.name),
        "created_at": event.created_at,
    }
    return sse.frame("activity", orjson.dumps(data), id=str(event.position))


@operation(
    "activity.list_notifications",
    "GET",
    "/activity",
    action="notifications",
    scope="deals:read",
    result=NotificationPage,
    tool=("list_notifications", "notifications"),
)
async def list_notifications(ctx: Context, params: NotificationList) -> Reply:
    """The notification inbox, newest first, with the number of unread ones."""
    filters = {"unread": True if params.unread else None}
    page = await records.inbox.page(ctx.tx, params.paging(), filters)
    return Reply(
        {
            "notifications": [records.notification(row) for row in page.rows],
            "unread_count": await records.unread(ctx.tx),
            "pagination": page.pagination,
        }
    )


@operation(
    "activity.mark_read",
    "POST",
    "/activity",
    action="mark_read",
    scope="deals:write",
    result=Marked,
    tool=("mark_notifications_read", "notifications"),
)
async def mark_read(ctx: Context, params: MarkRead) -> Reply:
    """Mark chosen notifications as read. Unknown ids are skipped; repeating the call is harmless."""
    keys = {ids.decode(rules.PREFIXES["notification"], each) for each in params.notification_ids}
    marked = await records.mark_read(ctx.tx, [key for key in keys if key is not None], ctx.now)
    return Reply({"marked": marked})


@operation(
    "activity.mark_all_read",
    "POST",
    "/activity",
    action="mark_all_read",
    scope="deals:write",
    result=Marked,
    tool=("mark_all_notifications_read", "notifications"),
)
async def mark_all_read(ctx: Context, params: Nothing) -> Reply:
    """Mark the whole inbox as read."""
    return Reply({"marked": await records.mark_read(ctx.tx, None, ctx.now)})


@operation(
    "activity.list_rules",
    "GET",
    "/activity",
    action="rules",
    scope="deals:read",
    result=RuleList,
    tool=("list_notification_rules", "notifications"),
)
async def list_rules(ctx: Context, params: Nothing) -> Reply:
    """The notification rules of the workspace, newest first."""
    return Reply({"rules": await ctx.wire(records.rule, await records.all_rules(ctx.tx))})


@operation(
    "activity.create_rule",
    "POST",
    "/activity",
    action="create_rule",
    scope="deals:write",
    result=RuleView,
    status=201,
    tool=("create_notification_rule", "notifications"),
)
async def create_rule(ctx: Context, params: NewRule) -> Reply:
    """Route matching events to a channel: the inbox, e-mail, or the webhook endpoints of the workspace.

    The channel webhook delivers to every active endpoint, whatever that one subscribed to.
    """
    key = ids.uuid7()
    row = await records.rule.insert(
        ctx.tx,
        {
            "id": key,
            "event_type": params.event_type,
            "channel": params.channel,
            "name": params.name,
            "is_active": True,
            "recipient": records.seal_recipient(ctx.cipher, key, params.recipient),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.rule, row, "notification_rule.created")
    return Reply(await ctx.wire_one(records.rule, row))


@operation(
    "activity.update_rule",
    "PATCH",
    "/activity",
    action="update_rule",
    rest="/activity/rules/{rule_id}",
    scope="deals:write",
    result=RuleView,
    errors=(NotFound,),
    tool=("update_notification_rule", "notifications"),
)
async def update_rule(ctx: Context, params: RulePatch) -> Reply:
    """Change a rule; members that are left out stay as they are."""
    row = await records.rule.lock(ctx.tx, params.rule_id, ctx.expected_version)
    changes = params.changes(besides=frozenset({"rule_id"}))
    if changes.get("recipient") is not None and changes.get("channel", row["channel"]) != "email":
        raise invalid_field("recipient", "invalid", "Recipient goes with the channel email")
    if "recipient" in changes:
        changes["recipient"] = records.seal_recipient(ctx.cipher, row["id"], changes["recipient"])
    elif changes.get("channel", "email") != "email":
        changes["recipient"] = None
    written = await records.rule.change(ctx.tx, row, changes, ctx.now)
    ctx.record(records.rule, written, "notification_rule.updated", before=row)
    return Reply(await ctx.wire_one(records.rule, written))


@operation(
    "activity.delete_rule",
    "DELETE",
    "/activity",
    action="delete_rule",
    rest="/activity/rules/{rule_id}",
    scope="deals:write",
    result=Deleted,
    errors=(NotFound,),
    tool=("delete_notification_rule", "notifications"),
)
async def delete_rule(ctx: Context, params: RuleId) -> Reply:
    """Remove a rule. What it brought into the inbox stays."""
    row = await records.rule.lock(ctx.tx, params.rule_id)
    await records.rule.delete(ctx.tx, row["id"])
    ctx.record(records.rule, row, "notification_rule.deleted")
    return Reply({"deleted": True, "id": params.rule_id})


@operation(
    "activity.get_preferences",
    "GET",
    "/activity",
    action="preferences",
    scope="deals:read",
    result=PreferencesView,
    tool=("get_notification_preferences", "notifications"),
)
async def get_preferences(ctx: Context, params: Nothing) -> Reply:
    """The channel switches of every kind of event that has some; the others are off."""
    return Reply(await records.preferences(ctx.tx))


@operation(
    "activity.update_preferences",
    "PUT",
    "/activity",
    action="preferences",
    scope="deals:write",
    result=PreferencesView,
    tool=("update_notification_preferences", "notifications"),
)
async def update_preferences(ctx: Context, params: Preferences) -> Reply:
    """Set channel switches by kind of event; kinds and switches that are left out keep their setting."""
    wanted = {name: switch.changes() for name, switch in params.switches().items()}
    if wanted:
        await records.set_preferences(ctx.tx, wanted, ctx.now)
        tenant = ids.encode("tenant", ctx.tenant_id)
        ctx.note("notification_preferences", tenant, "notification_preferences.updated", wanted)
    return Reply(await records.preferences(ctx.tx))
