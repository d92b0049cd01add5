"""From events to notifications: part of placing the events, so that each event is looked at exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from asyncpg import Record
from sqlalchemy import select

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import RawStatement, Statement, given
from dealwright.modules.activity import records
from dealwright.modules.activity.tables import notifications
from dealwright.modules.messages import queue as messages
from dealwright.modules.messages.rules import Content
from dealwright.modules.webhooks import queue as webhooks
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.rules import patterns_of

KIND: Final = "notification"

_wanted: Final = RawStatement(
    """
    WITH event AS (
        SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::text[], $5::text[])
        AS event(tenant_id, livemode, id, name, patterns)
    )
    SELECT event.id AS event_id, rule.channel, rule.id AS rule_id, rule.recipient IS NOT NULL AS addressed
    FROM event JOIN notification_rules rule
      ON rule.tenant_id = event.tenant_id AND rule.livemode = event.livemode AND rule.is_active
     AND rule.event_type = ANY(string_to_array(event.patterns, ' '))
    UNION ALL
    SELECT event.id, switch.channel, NULL, false
    FROM event JOIN notification_preferences p
      ON p.tenant_id = event.tenant_id AND p.livemode = event.livemode AND p.event_type = event.name
    CROSS JOIN LATERAL (VALUES ('email', p.email), ('webhook', p.webhook), ('in_app', p.in_app))
                       AS switch(channel, is_on)
    WHERE switch.is_on
    """,
    ("tenants", "modes", "events", "names", "patterns"),
)
_add: Final = RawStatement(
    """
    INSERT INTO notifications (tenant_id, livemode, id, event_id, event_type, entity_type, entity_id, channel,
                               created_at)
    SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                         $8::text[], $9::timestamptz[])
    """,
    ("tenants", "modes", "ids", "events", "names", "entity_types", "entities", "channels", "times"),
)
_notification: Final = Statement(
    select(notifications).where(in_scope(notifications), notifications.c.id == given("key"))
)


async def fan_out(dialects: Dialects, tx: Transaction, events: Sequence[Record]) -> None:
    """Write the notifications that rules and preferences ask for, and queue what goes out of the house.

    An event gets one notification on each channel, however many rules ask for it. E-mail goes once to the workspace's
    own address and once for each rule that has an address. The deliveries of webhook endpoints are queued here as well,
    those that rules ask for together with those that endpoints subscribed to, so that their order holds.
    """
    found = await _notify(tx, events)
    asked = {row["event_id"] for row in found if row["channel"] == "webhook"}
    await webhooks.fan_out(dialects, tx, events, list(asked))


async def _notify(tx: Transaction, events: Sequence[Record]) -> list[Record]:
    """Write the notifications; answers which event is wanted on which channel."""
    by_id = {event["id"]: event for event in events}
    found = await tx.rows(
        _wanted,
        **webhooks.columns(events, tenants="tenant_id", modes="livemode", events="id", names="event"),
        patterns=[" ".join(patterns_of(event["event"])) for event in events],
    )
    if not found:
        return found
    made = {pair: ids.uuid7() for pair in sorted({(row["event_id"], row["channel"]) for row in found})}
    rows = [by_id[event] for event, _ in made]
    await tx.run(
        _add,
        **webhooks.columns(
            rows,
            tenants="tenant_id",
            modes="livemode",
            events="id",
            names="event",
            entity_types="entity_type",
            entities="entity_id",
            times="created_at",
        ),
        ids=list(made.values()),
        channels=[channel for _, channel in made],
    )
    await _queue_mail(tx, found, by_id, made)
    return found


async def _queue_mail(tx: Transaction, found: Sequence[Row], by_id: dict[Any, Record], made: dict[Any, Any]) -> None:
    mails = {
        (row["event_id"], row["rule_id"] if row["addressed"] else None) for row in found if row["channel"] == "email"
    }
    await messages.queue_composed(
        tx,
        KIND,
        [
            {
                "tenant_id": by_id[event]["tenant_id"],
                "livemode": by_id[event]["livemode"],
                "notification_id": made[event, "email"],
                "rule_id": rule,
            }
            for event, rule in mails
        ],
    )


@messages.composes(KIND)
async def compose(ctx: Context, message: Row) -> Content | None:
    """The e-mail about a notification; None when there is no address, or the rule is gone or no longer active."""
    notification = await ctx.tx.row(_notification, key=message["notification_id"])
    if notification is None:
        return None
    to = ctx.principal.settings.notification_email
    if message["rule_id"] is not None:
        rule = await records.rule.find(ctx.tx, message["rule_id"])
        to = records.open_recipient(ctx.cipher, rule) if rule is not None and rule["is_active"] else None
    if to is None:
        return None
    wire = records.notification(notification)
    return Content(to=to, subject=wire["title"], text=f"{wire['message']}\n\n{wire['created_at']}\n")
