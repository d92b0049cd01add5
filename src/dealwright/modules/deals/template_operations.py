"""Deal templates, and the deals that become one or are made of one (Salesbooth API, Deal Templates and Deals)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound, invalid_field
from dealwright.kernel.fields import Deleted
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records, rules, templates
from dealwright.modules.deals.operations import reply
from dealwright.modules.deals.template_models import (
    DealFromTemplate,
    NewTemplate,
    SaveAsTemplate,
    SavedTemplate,
    TemplateItem,
    TemplateList,
    TemplatePage,
    TemplatePatch,
    TemplateRef,
    TemplateView,
    check_recurring,
)
from dealwright.modules.deals.views import DealView
from dealwright.modules.products import records as products


@operation(
    "deal_templates.list",
    "GET",
    "/deal-templates",
    scope="deals:read",
    result=TemplatePage,
    tool=("list_deal_templates", "templates"),
    resource="deal_template",
)
async def list_templates(ctx: Context, params: TemplateList) -> Reply:
    """List deal templates, newest first; ``search`` matches words of name and description."""
    filters: dict[str, Any] = {"status": params.status, "category": params.category}
    if params.search is not None:
        filters["found"] = await templates.search.matching(ctx.tx, ctx.cipher, params.search)
    page = await templates.listing.page(ctx.tx, params, filters)
    return Reply({"templates": await ctx.wire(templates.resource, page.rows), "pagination": page.pagination})


@operation(
    "deal_templates.get",
    "GET",
    "/deal-templates",
    present=("id",),
    scope="deals:read",
    result=TemplateView,
    errors=(NotFound,),
    tool=("get_deal_template", "templates"),
    resource="deal_template",
)
async def get_template(ctx: Context, params: TemplateRef) -> Reply:
    """Fetch one deal template."""
    return await _reply(ctx, await templates.resource.get(ctx.tx, params.id))


async def _reply(ctx: Context, row: Any, **more: Any) -> Reply:
    return Reply({**await ctx.wire_one(templates.resource, row), **more}, row["version"])


@operation(
    "deal_templates.create",
    "POST",
    "/deal-templates",
    scope="deals:write",
    result=TemplateView,
    status=201,
    tool=("create_deal_template", "templates"),
    resource="deal_template",
)
async def create_template(ctx: Context, params: NewTemplate) -> Reply:
    """Create a deal template from preset line items and default terms.

    Of ``default_terms``, currency, tax_rate, deal_type, billing_cycle, presentation_currency, settlement_currency and
    discounts become the deal's own; every other member becomes one of its terms.
    """
    default_terms = params.default_terms.stored()
    check_recurring(default_terms)
    row = await templates.create(
        ctx,
        {
            "name": params.name,
            "description": params.description,
            "category": params.category,
            "default_terms": default_terms,
            "line_items": await _items(ctx, params.line_items),
            "metadata": params.metadata,
        },
    )
    return await _reply(ctx, row)


async def _items(ctx: Context, wanted: Sequence[TemplateItem]) -> list[dict[str, Any]]:
    """Line items as a template keeps them. Raises InvalidFields for one whose product is unknown or archived."""
    keys = [_product(index, each.product_id) for index, each in enumerate(wanted)]
    found = await products.by_ids(ctx, keys)
    for index, key in enumerate(keys):
        if key not in found or found[key]["deleted_at"] is not None:
            raise _no_product(index, wanted[index].product_id)
    return [
        {**each.model_dump(), "unit_price": float(each.unit_price) if each.unit_price is not None else None}
        for each in wanted
    ]


def _product(index: int, product_id: str) -> Any:
    try:
        return products.resource.key(product_id)
    except NotFound:
        raise _no_product(index, product_id) from None


def _no_product(index: int, product_id: str) -> Exception:
    return invalid_field(f"line_items.{index}.product_id", "invalid", f"There is no product {product_id}")


@operation(
    "deal_templates.update",
    "PATCH",
    "/deal-templates",
    present=("id",),
    scope="deals:write",
    result=TemplateView,
    errors=(NotFound,),
    tool=("update_deal_template", "templates"),
    locking="optional",
    resource="deal_template",
)
async def update_template(ctx: Context, params: TemplatePatch) -> Reply:
    """Change some members of a deal template; ``line_items`` and ``default_terms`` are replaced as a whole."""
    row = await templates.resource.lock(ctx.tx, params.id, ctx.expected_version)
    changes = params.changes()
    if "default_terms" in changes:
        changes["default_terms"] = params.default_terms.stored()
        check_recurring(changes["default_terms"])
    if "line_items" in changes:
        changes["line_items"] = await _items(ctx, params.line_items)
    if {"name", "description"} & changes.keys():
        changes["search"] = templates.search.tokens(ctx.cipher, {**row, **changes})
    if not changes:
        return await _reply(ctx, row)
    written = await templates.resource.change(ctx.tx, row, changes, ctx.now)
    ctx.record(templates.resource, written, "deal_template.updated", before=row)
    return await _reply(ctx, written)


@operation(
    "deal_templates.delete",
    "DELETE",
    "/deal-templates",
    present=("id",),
    scope="deals:write",
    result=Deleted,
    errors=(NotFound,),
    tool=("delete_deal_template", "templates"),
    locking="optional",
    resource="deal_template",
)
async def delete_template(ctx: Context, params: TemplateRef) -> Reply:
    """Remove a deal template; deals that were made of it stay as they are."""
    row = await templates.resource.lock(ctx.tx, params.id, ctx.expected_version)
    ctx.record(templates.resource, row, "deal_template.deleted")
    await templates.resource.delete(ctx.tx, row["id"])
    return Reply({"deleted": True, "id": params.id})


@operation(
    "deal_templates.create_deal",
    "POST",
    "/deal-templates",
    action="create-deal",
    present=("id",),
    scope="deals:write",
    result=DealView,
    status=201,
    events=("deal.created", "deal.item_added", "deal.discount_applied"),
    errors=(NotFound, Conflict),
    tool=("create_deal_from_template", "templates"),
    resource="deal",
)
async def create_deal(ctx: Context, params: DealFromTemplate) -> Reply:
    """Make a draft deal of a template: its name as title, its items, its terms with ``overrides`` over them."""
    plan = await templates.plan(ctx, params.id, params.overrides.stored())
    sent = {}
    if params.customer_id is not None:
        sent["customer_id"] = (await customers.get(ctx, params.customer_id))["id"]
    return await reply(ctx, await templates.create_deal(ctx, plan, sent))


@operation(
    "deals.save_as_template",
    "POST",
    "/deals",
    action="save-as-template",
    present=("id",),
    scope="deals:write",
    result=SavedTemplate,
    status=201,
    errors=(NotFound,),
    tool=("save_deal_as_template", "templates"),
    resource="deal_template",
)
async def save_as_template(ctx: Context, params: SaveAsTemplate) -> Reply:
    """Make a template of a deal: its line items, discounts, terms, currency and tax rate, without its customer."""
    deal = await records.get(ctx, params.id)
    items = (await records.items_of(ctx, [deal["id"]]))[deal["id"]]
    row = await templates.create(
        ctx,
        {
            "name": params.name,
            "description": params.description,
            "default_terms": rules.template_of_deal(deal),
            "line_items": [
                {
                    "product_id": products.resource.wire_id(item["product_id"]),
                    "quantity": item["quantity"],
                    "unit_price": float(item["unit_price"]),
                    "name": item["name"],
                    "options": item["options"],
                }
                for item in items
            ],
        },
        notes={"source_deal_id": params.id},
    )
    return await _reply(ctx, row, source_deal_id=params.id)
