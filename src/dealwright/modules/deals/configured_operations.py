"""A whole deal in one call, for agents (Salesbooth API, Deals, create-configured)."""

from __future__ import annotations

from typing import Any

from dealwright.kernel import ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate, NotFound
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.customers import operations as customer_operations
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records, service, templates
from dealwright.modules.deals.composing import items_for
from dealwright.modules.deals.models import ConfiguredDeal, InlineCustomer
from dealwright.modules.deals.operations import reply
from dealwright.modules.deals.views import ConfiguredView


@operation(
    "deals.create_configured",
    "POST",
    "/deals",
    action="create-configured",
    rest="/deals/create-configured",
    scope="agent:execute",
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
    plan = await templates.plan(ctx, params.template_id) if params.template_id is not None else templates.NOTHING
    sent = params.model_dump(include=params.model_fields_set & {"title", "currency", "tax_rate", "notes", "metadata"})
    values = {**plan.columns, **sent}
    currency = values["currency"] = values.get("currency") or ctx.principal.settings.default_currency
    customer = values["customer_id"] = await _customer(ctx, params)
    deal = values["id"] = ids.uuid7()
    listed = [item.model_dump() for item in params.items or []]
    items = await items_for(ctx, deal, listed or plan.items, currency)
    discounts = [service.discount_columns(each) for each in params.discounts] or plan.discounts
    row = await service.create(ctx, values, items, discounts)
    deal_id = records.resource.wire_id(deal)
    data = {
        "deal_id": deal_id,
        "saved_config_id": params.saved_config_id,
        "customer_id": ids.encode("cust", customer),
        "total": money.text(row["total"], currency),
        "currency": currency,
    }
    ctx.announce("deal.created_configured", records.resource, deal, data)
    service.announce_discounts(ctx, row, row["discounts"])
    return await reply(ctx, row, dry_run=False)
