"""Line items and discounts of a deal (Salesbooth API, Deals)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.deals import records, rules, service
from dealwright.modules.deals.models import AddItem, ApplyDiscount, RemoveItem, UpdateItem
from dealwright.modules.deals.operations import reply
from dealwright.modules.deals.tables import deal_items
from dealwright.modules.deals.views import DealView
from dealwright.modules.products import records as products

_set_quantity: Final = Statement(
    update(deal_items)
    .where(in_scope(deal_items), deal_items.c.id == given("key"))
    .values(quantity=given("new_quantity"), line_total=given("new_total"))
)


async def _items(ctx: Context, deal: UUID) -> list[Any]:
    return list((await records.items_of(ctx, [deal]))[deal])


def _pick(items: Sequence[Row], item_id: str) -> Row:
    """The item of this id among a deal's; raises NotFound."""
    key = ids.decode("item", item_id)
    for item in items:
        if item["id"] == key:
            return item
    raise NotFound("This deal has no such line item")


@operation(
    "deals.add_item",
    "POST",
    "/deals",
    action="add_item",
    present=("id",),
    rest="/deals/{id}/items",
    scope="deals:write",
    result=DealView,
    status=201,
    events=("deal.item_added",),
    errors=(NotFound, Conflict),
    tool=("add_deal_item", "deals"),
    locking="optional",
    resource="deal",
)
async def add_item(ctx: Context, params: AddItem) -> Reply:
    """Add a product as a line item, at its own price unless ``unit_price`` says otherwise."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    service.require_editable(row)
    product = await products.get(ctx, params.product_id)
    items = await _items(ctx, row["id"])
    if len(items) >= rules.MOST_ITEMS:
        raise Conflict(f"A deal holds at most {rules.MOST_ITEMS} line items")
    item = service.new_item(
        ctx,
        row["id"],
        product,
        row["currency"],
        quantity=params.quantity,
        unit_price=params.unit_price,
        options=params.options,
    )
    await records.items.insert(ctx.tx, item)
    notes = {"item": service.item_note(item)}
    written = await service.reprice(ctx, row, [*items, item], "deal.item_added", notes=notes)
    service.announce_items(ctx, written, [item])
    return await reply(ctx, written)


@operation(
    "deals.update_item",
    "POST",
    "/deals",
    action="update_item",
    present=("id",),
    rest="/deals/{id}/items/{item_id}",
    scope="deals:write",
    result=DealView,
    events=("deal.item_updated",),
    errors=(NotFound, Conflict),
    tool=("update_deal_item", "deals"),
    locking="optional",
    resource="deal",
)
async def update_item(ctx: Context, params: UpdateItem) -> Reply:
    """Change the quantity of a line item."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    service.require_editable(row)
    items = await _items(ctx, row["id"])
    item = _pick(items, params.item_id)
    line = rules.line_total(params.quantity, item["unit_price"], item["discount"], row["currency"])
    changed = {**item, "quantity": params.quantity, "line_total": line}
    others = [changed if each["id"] == item["id"] else each for each in items]
    note = {"item": service.item_note(changed), "previous_quantity": item["quantity"]}
    written = await service.reprice(ctx, row, others, "deal.item_updated", notes=note)
    await ctx.tx.run(_set_quantity, key=item["id"], new_quantity=params.quantity, new_total=line)
    data = {
        "item_id": params.item_id,
        "quantity": params.quantity,
        "line_total": money.text(line, row["currency"]),
    }
    service.announce_about(ctx, written, "deal.item_updated", data)
    return await reply(ctx, written)


@operation(
    "deals.remove_item",
    "DELETE",
    "/deals",
    action="remove_item",
    present=("id",),
    rest="/deals/{id}/items/{item_id}",
    scope="deals:write",
    result=DealView,
    events=("deal.item_removed",),
    errors=(NotFound, Conflict),
    tool=("remove_deal_item", "deals"),
    locking="required",
    resource="deal",
)
async def remove_item(ctx: Context, params: RemoveItem) -> Reply:
    """Remove a line item from a deal."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    service.require_editable(row)
    items = await _items(ctx, row["id"])
    item = _pick(items, params.item_id)
    await records.items.delete(ctx.tx, item["id"])
    left = [each for each in items if each["id"] != item["id"]]
    written = await service.reprice(ctx, row, left, "deal.item_removed", notes={"item": service.item_note(item)})
    data = {"item_id": params.item_id, "product_id": ids.encode("prod", item["product_id"])}
    service.announce_about(ctx, written, "deal.item_removed", data)
    return await reply(ctx, written)


@operation(
    "deals.apply_discount",
    "POST",
    "/deals",
    action="apply_discount",
    present=("id",),
    rest="/deals/{id}/discounts",
    scope="deals:write",
    result=DealView,
    events=("deal.discount_applied",),
    errors=(NotFound, Conflict),
    tool=("apply_deal_discount", "deals"),
    locking="optional",
    resource="deal",
)
async def apply_discount(ctx: Context, params: ApplyDiscount) -> Reply:
    """Take a percentage or an amount off the whole deal, before tax; together discounts never exceed the subtotal."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    service.require_editable(row)
    if len(row["discounts"]) >= 20:
        raise Conflict("A deal holds at most 20 discounts")
    discount = service.discount_columns(params)
    items = await _items(ctx, row["id"])
    written = await service.reprice(ctx, row, items, "deal.discount_applied", discounts=[*row["discounts"], discount])
    service.announce_discounts(ctx, written, written["discounts"][-1:])
    return await reply(ctx, written)
