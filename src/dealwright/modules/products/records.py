"""Products in the database: finding by filters and words, the wire object, and what higher modules ask for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, not_

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.ledger.history import activity_log
from dealwright.kernel.paging import List
from dealwright.kernel.resources import Resource, Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.search import Search
from dealwright.kernel.store.statements import given
from dealwright.modules.products import rules
from dealwright.modules.products.tables import products

_search: Final = Search(products)

listing: Final = List(
    products,
    {
        "status": lambda: products.c.status == given("status"),
        "not_archived": lambda: products.c.status != given("not_archived"),
        "type": lambda: products.c.type == given("type"),
        "category": lambda: products.c.category == given("category"),
        "family": lambda: products.c.family_id == given("family"),
        "bookable": lambda: products.c.requires_booking,
        "not_bookable": lambda: not_(products.c.requires_booking),
        "found": lambda: products.c.id == func.any(given("found")),
    },
)


def search_tokens(ctx: Context, product: Mapping[str, Any]) -> list[bytes]:
    """The index entries that a product is found by; keyed by tenant, see :mod:`dealwright.kernel.store.search`."""
    return sorted(ctx.cipher.blind("product", word) for word in rules.search_words(product))


async def render(ctx: Context, rows: Sequence[Row]) -> list[dict[str, Any]]:
    tenant = ids.encode("tenant", ctx.tenant_id)
    return [_wire(row, tenant) for row in rows]


def _wire(row: Row, tenant: str) -> dict[str, Any]:
    wire_id = ids.encode("prod", row["id"])
    return {
        "id": wire_id,
        "product_id": wire_id,
        "tenant_id": tenant,
        "name": row["name"],
        "description": row["description"],
        "sku": row["sku"],
        "type": row["type"],
        "price": rules.decimal_text(row["price"]),
        "price_type": row["price_type"],
        "billing_cycle": row["billing_cycle"],
        "pricing_model": row["pricing_model"],
        "cost": None if row["cost"] is None else rules.decimal_text(row["cost"]),
        "unit": row["unit"],
        "tax_rate": None if row["tax_rate"] is None else rules.decimal_text(row["tax_rate"]),
        "category": row["category"],
        "family_id": row["family_id"],
        "status": row["status"],
        "stock_quantity": row["stock_quantity"],
        "track_inventory": row["track_inventory"],
        "low_stock_threshold": row["low_stock_threshold"],
        "metadata": row["metadata"],
        "configuration_schema": row["configuration_schema"],
        "requires_booking": row["requires_booking"],
        "session_duration": row["session_duration"],
        "buffer_time": row["buffer_time"],
        "max_advance_days": row["max_advance_days"],
        "min_advance_hours": row["min_advance_hours"],
        "allow_staff_selection": row["allow_staff_selection"],
        "learn_more_url": row["learn_more_url"],
        "features": list(row["features"]),
        "version": row["version"],
        "created_at": clock.iso(row["created_at"]),
        "updated_at": clock.iso(row["updated_at"]),
    }


resource: Final = Resource("product", "prod", products, render, hidden=("search",))
activity_log(resource)


async def get(ctx: Context, product_id: str) -> Record:
    """The product's row; raises NotFound for unknown and deleted ones."""
    return await resource.get(ctx.tx, product_id)


async def lock(ctx: Context, product_id: str, expected_version: int | None) -> Record:
    """The product's row, held for a change; raises NotFound or StaleVersion."""
    return await resource.lock(ctx.tx, product_id, expected_version)


async def matching(ctx: Context, query: str) -> list[UUID]:
    """Ids of the newest products found by a text; empty when the text holds no word."""
    tokens = [ctx.cipher.blind("product", word) for word in rules.query_words(query)]
    return await _search.newest(ctx.tx, tokens)


async def by_ids(ctx: Context, keys: Sequence[UUID]) -> dict[UUID, Record]:
    """Rows by id, deleted ones included, in one statement."""
    return await resource.find_all(ctx.tx, keys)


OptionGroups = Callable[[Context, Row], Awaitable[list[dict[str, Any]]]]
"""The wire objects of the option groups of a product, in the order in which a buyer sees them."""

_option_groups: list[OptionGroups] = []


def offers_option_groups(source: OptionGroups) -> OptionGroups:
    """Register where the option groups of a product come from; for the higher module that keeps them."""
    _option_groups.append(source)
    return source


async def option_groups(ctx: Context, row: Row) -> list[dict[str, Any]]:
    """The option groups of a product from everybody who registered; empty when nobody did."""
    return [group for source in _option_groups for group in await source(ctx, row)]
