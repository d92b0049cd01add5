"""Deals in the database: loading, items, the wire object and what can be embedded in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update

from dealwright.kernel import clock, ids, money
from dealwright.kernel.context import Context
from dealwright.kernel.embedding import OWNER_ID, newest_of, referred_by
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import Records, in_scope
from dealwright.kernel.store.search import TextSearch
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.customers import records as customers
from dealwright.modules.deals.tables import deal_items, deals
from dealwright.modules.products import records as products

listing: Final = List(
    deals,
    {
        "status": lambda: deals.c.status == given("status"),
        "found": lambda: deals.c.id == func.any(given("found")),
        "not_ended": lambda: deals.c.status != func.all(given("not_ended")),
        "customer": lambda: deals.c.customer_id == given("customer"),
        "created_after": lambda: deals.c.created_at >= given("created_after"),
        "created_before": lambda: deals.c.created_at <= given("created_before"),
        "min_value": lambda: deals.c.total >= given("min_value"),
        "max_value": lambda: deals.c.total <= given("max_value"),
    },
)

_this = in_scope(deals) & (deals.c.id == given("key"))
_mirror_contract: Final = Statement(update(deals).where(_this).values(contract_status=given("status")))
_items_of: Final = Statement(
    select(deal_items)
    .where(in_scope(deal_items), deal_items.c.deal_id == func.any(given("deals")))
    .order_by(deal_items.c.deal_id, deal_items.c.id)
)

items: Final = Records(deal_items, "item")
search: Final = TextSearch(deals, "deal", ("title", "description"))


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    tenant = ids.encode("tenant", ctx.tenant_id)
    unnamed = {row["customer_id"] for row in rows if row["title"] is None and row["customer_id"] is not None}
    names = await customers.names(ctx, list(unnamed)) if unnamed else {}
    return [_wire(row, tenant, names) for row in rows]


def _wire(row: Row, tenant: str, names: Mapping[UUID, str]) -> dict[str, Any]:
    wire_id = ids.encode("deal", row["id"])
    currency = row["currency"]
    return {
        "id": wire_id,
        "deal_id": wire_id,
        "tenant_id": tenant,
        "number": row["number"],
        "version": row["version"],
        "customer_id": ids.encode("cust", row["customer_id"]) if row["customer_id"] else None,
        "title": row["title"] or names.get(row["customer_id"]) or f"Deal {row['number']}",
        "description": row["description"],
        "notes": row["notes"],
        "status": row["status"],
        "payment_status": row["payment_status"],
        "contract_status": row["contract_status"],
        "deal_type": row["deal_type"],
        "billing_cycle": row["billing_cycle"],
        "currency": currency,
        "presentation_currency": row["presentation_currency"],
        "settlement_currency": row["settlement_currency"],
        "tax_rate": rate_text(row["tax_rate"]),
        "discounts": [_discount(each, currency) for each in row["discounts"]],
        "subtotal": money.text(row["subtotal"], currency),
        "discount_total": money.text(row["discount_total"], currency),
        "tax_amount": money.text(row["tax_amount"], currency),
        "total": money.text(row["total"], currency),
        "terms": row["terms"],
        "metadata": row["metadata"],
        "outcome": row["outcome"],
        "template_id": ids.encode("dtpl", row["template_id"]) if row["template_id"] else None,
        "expires_at": clock.iso_or_none(row["expires_at"]),
        "signed_at": clock.iso_or_none(row["signed_at"]),
        "closed_at": clock.iso_or_none(row["closed_at"]),
        "fulfilled_at": clock.iso_or_none(row["fulfilled_at"]),
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


@lru_cache(maxsize=1024)
def rate_text(rate: Decimal) -> str:
    """A tax rate with at least four places: ``0.1000``."""
    whole, _, places = f"{rate:f}".partition(".")
    return f"{whole}.{places.rstrip('0'):0<4}"


def _discount(discount: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {
        "type": discount["type"],
        "value": float(discount["value"]),
        "code": discount.get("code"),
        "description": discount.get("description"),
        "amount": money.text(Decimal(discount["amount"]), currency),
    }


resource: Final = Resource(
    "deal",
    "deal",
    deals,
    render,
    private=("title", "description", "notes", "metadata", "outcome"),
    hidden=("search",),
    embedded=("line_items", "pricing"),
)
activity_log(resource)


def wire_item(row: Row, currency: str) -> dict[str, Any]:
    """A line item as callers see it."""
    item_id = items.wire_id(row["id"])
    return {
        "id": item_id,
        "item_id": item_id,
        "deal_id": ids.encode("deal", row["deal_id"]),
        "product_id": ids.encode("prod", row["product_id"]),
        "name": row["name"],
        "quantity": row["quantity"],
        "unit_price": money.text(row["unit_price"], currency),
        "discount": money.text(row["discount"], currency),
        "line_total": money.text(row["line_total"], currency),
        "options": row["options"],
        "configuration": row["configuration"],
        "accepted": row["accepted"],
    }


@resource.expands("line_items")
async def _embed_items(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    found = await items_of(ctx, [row["id"] for row in rows])
    return {row["id"]: [wire_item(item, row["currency"]) for item in found[row["id"]]] for row in rows}


@resource.expands("pricing")
async def _embed_pricing(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    return {row["id"]: pricing(row) for row in rows}


def pricing(row: Row) -> dict[str, Any]:
    """The structured totals of a deal."""
    currency = row["currency"]
    return {
        "currency": currency,
        "tax_rate": rate_text(row["tax_rate"]),
        "subtotal": money.structured(row["subtotal"], currency),
        "discount_total": money.structured(row["discount_total"], currency),
        "tax_amount": money.structured(row["tax_amount"], currency),
        "total": money.structured(row["total"], currency),
    }


resource.expands("customer")(referred_by("customer_id", customers.resource, customers.by_ids))


async def get(ctx: Context, deal_id: str) -> Record:
    """The deal's row; raises NotFound."""
    return await resource.get(ctx.tx, deal_id)


async def mirror_contract(ctx: Context, key: UUID, status: str | None) -> None:
    """Let a locked deal show the status of its contract.

    That changes nothing in the deal itself, so neither its version nor its audit trail: the contract has its own.
    """
    await ctx.tx.run(_mirror_contract, key=key, status=status)


async def lock(ctx: Context, deal_id: str, expected_version: int | None = None) -> Record:
    """The deal's row, held for a change; raises NotFound or StaleVersion."""
    return await resource.lock(ctx.tx, deal_id, expected_version)


async def by_ids(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, Record]:
    """Rows by id, deleted ones included, in one statement."""
    return await resource.find_all(ctx.tx, keys)


async def items_of(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, list[Record]]:
    """Line items by deal in the order they were added, in one statement."""
    found: dict[UUID, list[Record]] = defaultdict(list)
    for item in await ctx.tx.rows(_items_of, deals=list(keys)):
        found[item["deal_id"]].append(item)
    return found


customers.resource.expands("deals")(newest_of(resource, deals.c.customer_id == OWNER_ID))
products.resource.expands("deals")(
    newest_of(
        resource,
        deals.c.id.in_(select(deal_items.c.deal_id).where(in_scope(deal_items), deal_items.c.product_id == OWNER_ID)),
    )
)
