"""A whole deal in one call, for agents (Salesbooth API, Deals, create-configured)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.customers import operations as customer_operations
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records, service
from dealwright.modules.deals.item_operations import announce_discounts, discount_columns
from dealwright.modules.deals.models import ConfiguredDeal, ConfiguredItem, InlineCustomer
from dealwright.modules.deals.operations import reply
from dealwright.modules.deals.views import ConfiguredView
from dealwright.modules.products import records as products


@operation(
    "deals.create_configured",
    "POST",
    "/deals",
    action="create-configured",
    rest="/deals/create-configured",
    scope="agent:execute",
    auth=("secret_key",),
    result=ConfiguredView,
    status=201,
    events=("deal.created_configured", "deal.created", "deal.discount_applied", "customer.created"),
    errors=(NotFound,),
    tool=("create_configured_deal", "execution"),
    resource="deal",
)
async def create_configured(ctx: Context, params: ConfiguredDeal) -> Reply:
    """Create customer, deal, items and discounts in one transaction, or only check and price them (``dry_run``).

    An inline customer is matched by email and created when new. A dry run answers 200, without ids, and saves nothing.
    """
    if params.saved_config_id is not None:
        raise NotFound("There is no saved configuration with this id")
    if params.template_id is not None:
        raise NotFound("There is no deal template with this id")
    if not params.dry_run:
        return await _create(ctx, params)
    answer: Reply | None = None
    async with ctx.rehearsal():
        answer = await _create(ctx, params)
    assert answer is not None
    deal = {**answer.data, "id": None, "deal_id": None, "number": None, "dry_run": True}
    deal["line_items"] = [{**item, "id": None, "item_id": None, "deal_id": None} for item in deal["line_items"]]
    if params.customer_id is None and (found := await _known(ctx, params.customer)) is None:
        deal["customer_id"] = None
    elif params.customer_id is None:
        deal["customer_id"] = found
    return Reply(deal, status=200)


async def _known(ctx: Context, customer: InlineCustomer | None) -> str | None:
    row = await customers.find_by_email(ctx, customer.email) if customer is not None else None
    return customers.resource.wire_id(row["id"]) if row is not None else None


async def _customer(ctx: Context, params: ConfiguredDeal) -> Any:
    if params.customer_id is not None:
        return (await customers.get(ctx, params.customer_id))["id"]
    assert params.customer is not None
    row = await customers.find_by_email(ctx, params.customer.email)
    if row is not None:
        return row["id"]
    try:
        async with ctx.tx.savepoint():
            return (await customer_operations.create(ctx, params.customer.model_dump()))["id"]
    except Duplicate:  # somebody else was quicker
        row = await customers.find_by_email(ctx, params.customer.email)
        assert row is not None
        return row["id"]


async def _create(ctx: Context, params: ConfiguredDeal) -> Reply:
    currency = params.currency or ctx.principal.settings.default_currency
    customer = await _customer(ctx, params)
    deal = ids.uuid7()
    items = await _items(ctx, deal, params.items or [], currency)
    values = {
        "id": deal,
        "customer_id": customer,
        "title": params.title,
        "currency": currency,
        "tax_rate": params.tax_rate,
        "notes": params.notes,
        "metadata": params.metadata,
    }
    row = await service.create(ctx, values, items, [discount_columns(each) for each in params.discounts])
    deal_id = records.resource.wire_id(deal)
    data = {
        "deal_id": deal_id,
        "saved_config_id": params.saved_config_id,
        "customer_id": ids.encode("cust", customer),
        "total": money.text(row["total"], currency),
        "currency": currency,
    }
    ctx.announce("deal.created_configured", records.resource, deal, data)
    announce_discounts(ctx, row, row["discounts"])
    return await reply(ctx, row, dry_run=False)


async def _items(ctx: Context, deal: Any, wanted: list[ConfiguredItem], currency: str) -> list[dict[str, Any]]:
    keys = [products.resource.key(item.product_id) for item in wanted]
    found = await products.by_ids(ctx, keys)
    items = []
    for key, item in zip(keys, wanted, strict=True):
        product = found.get(key)
        if product is None or product["deleted_at"] is not None:
            raise NotFound(f"There is no product {item.product_id}")
        items.append(
            service.new_item(
                ctx,
                deal,
                product,
                currency,
                quantity=item.quantity,
                unit_price=item.unit_price,
                name=item.name,
                options=item.options,
                configuration=item.configuration.model_dump() if item.configuration is not None else None,
            )
        )
    return items
