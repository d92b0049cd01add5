"""The shop's webhook subscriptions: endpoints of the webhooks module in the shop's wire form (SalesThumb REST API,
Webhooks).
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, StringConstraints
from pydantic_core import CoreSchema
from sqlalchemy import literal_column

from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.fields import Input, Patch, Wire
from dealwright.kernel.operations import Reply
from dealwright.kernel.paging import List, Onward, OnwardView
from dealwright.kernel.resources import Row
from dealwright.modules.shop import schedule
from dealwright.modules.shop.models import ById, InPath, Time, page
from dealwright.modules.shop.records import ShopResource, Wired
from dealwright.modules.shop.registry import shop_operation, shop_registry
from dealwright.modules.webhooks import endpoints
from dealwright.modules.webhooks.circuits import CLOSED
from dealwright.modules.webhooks.models import Url
from dealwright.modules.webhooks.records import HIDDEN, PRIVATE
from dealwright.modules.webhooks.rules import MOST_EVENTS
from dealwright.modules.webhooks.tables import SALESTHUMB, webhook_endpoints

PREFIX: Final = "whk"
ALL: Final = "*"
_GROUP: Final = "webhooks"

Status = Literal["active", "disabled"]


@cache
def event_names() -> tuple[str, ...]:
    """Every event that a subscription may name, once all operations are declared: those of the shop's records, made by
    an operation or by the clock.
    """
    named = {name for operation in shop_registry if operation.group != _GROUP for name in operation.events}
    return tuple(sorted(named | set(schedule.EVENTS)))


def _known(name: str) -> str:
    if name != ALL and name not in event_names():
        raise ValueError(f"{name} is not an event; ['*'] means all of them")
    return name


class _NamesAnEvent:
    """Says in the JSON Schema which events there are."""

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "enum": [ALL, *event_names()]}


EventName = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_known), _NamesAnEvent]
Events = Annotated[
    list[EventName],
    AfterValidator(lambda names: list(dict.fromkeys(names))),
    Field(min_length=1, max_length=MOST_EVENTS, description="names of events, or * for all of them"),
]
Label = Annotated[str, StringConstraints(max_length=255), Field(examples=["Production endpoint"])]


class NewSubscription(Input):
    url: Url
    label: Label | None = None
    events: Events


class SubscriptionPatch(Patch):
    id: InPath
    url: Url = ""
    label: Label | None = None
    events: Events = Field(default_factory=list)
    status: Status = "active"


class SubscriptionView(Wire):
    id: str
    url: str
    label: str | None
    events: list[str]
    status: Status
    created_at: Time


class NewSubscriptionView(SubscriptionView):
    signing_secret: Annotated[str, Field(description="signs every delivery; shown this once")]


class SubscriptionPage(Wire):
    data: list[SubscriptionView]
    pagination: OnwardView


def _wire(_: Context, row: Row) -> Wired:
    return {
        "id": subscriptions.wire_id(row["id"]),
        "url": row["url"],
        "label": row["description"],
        "events": list(row["events"]),
        "status": "active" if row["status"] == "active" else "disabled",
        "created_at": iso_milliseconds(row["created_at"]),
    }


_OURS: Final = webhook_endpoints.c.dialect == literal_column(f"'{SALESTHUMB}'")
subscriptions: Final = ShopResource(
    "shop_webhook", PREFIX, "Webhook", webhook_endpoints, _wire, private=PRIVATE, hidden=HIDDEN, only=_OURS
)
_list: Final = List(webhook_endpoints, {"ours": lambda: _OURS})


@shop_operation(
    "webhooks.list", "GET", "/webhooks", scope="webhooks:read", result=SubscriptionPage, tool="list_webhooks"
)
async def list_subscriptions(ctx: Context, params: Onward) -> Reply:
    """List the shop's webhook subscriptions, newest first; never their signing secrets."""
    found = await _list.onward(ctx.tx, params, {"ours": True})
    return Reply(page(await ctx.wire(subscriptions, found.rows), found.pagination))


@shop_operation(
    "webhooks.create",
    "POST",
    "/webhooks",
    scope="webhooks:write",
    result=NewSubscriptionView,
    status=201,
    tool="create_webhook",
)
async def create_subscription(ctx: Context, params: NewSubscription) -> Reply:
    """Subscribe an https address to events by name, or to all of them.

    The answer holds the signing secret, which is shown this once; whoever loses it makes a new subscription.
    """
    row, secret = await endpoints.create(
        ctx, subscriptions, SALESTHUMB, url=params.url, events=params.events, description=params.label
    )
    return Reply({**await ctx.wire_one(subscriptions, row), "signing_secret": secret})


@shop_operation(
    "webhooks.get", "GET", "/webhooks/{id}", scope="webhooks:read", result=SubscriptionView, tool="get_webhook"
)
async def get_subscription(ctx: Context, params: ById) -> Reply:
    """Retrieve one webhook subscription; never its signing secret."""
    return Reply(await ctx.wire_one(subscriptions, await subscriptions.get(ctx.tx, params.id)))


@shop_operation(
    "webhooks.update",
    "PATCH",
    "/webhooks/{id}",
    scope="webhooks:write",
    result=SubscriptionView,
    events=(CLOSED,),
    tool="update_webhook",
)
async def update_subscription(ctx: Context, params: SubscriptionPatch) -> Reply:
    """Change address, label or events of a subscription, disable it or activate it again.

    ``events`` replaces the whole list. A disabled subscription gets nothing, and nothing is kept for it; what was
    queued before waits until it is active again.
    """
    row = await subscriptions.lock(ctx.tx, params.id)
    if columns := params.changes():
        if "label" in columns:
            columns["description"] = columns.pop("label")
        if columns.get("status") == "disabled":
            columns["status"] = "paused"
        row = await endpoints.change(ctx, subscriptions, row, columns)
    return Reply(await ctx.wire_one(subscriptions, row))


@shop_operation(
    "webhooks.delete",
    "DELETE",
    "/webhooks/{id}",
    scope="webhooks:write",
    result=None,
    status=204,
    tool="delete_webhook",
)
async def delete_subscription(ctx: Context, params: ById) -> Reply:
    """Remove a subscription with everything that is still to be delivered to it."""
    row = await subscriptions.lock(ctx.tx, params.id)
    await endpoints.remove(ctx, subscriptions, row)
    return Reply(None)
