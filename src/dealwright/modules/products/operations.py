"""The product operations (Salesbooth API, Products). No event exists for products; the audit trail has every write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import invalid_field
from dealwright.kernel.fields import Deleted
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.products import records, rules
from dealwright.modules.products.models import (
    NewProduct,
    ProductGet,
    ProductId,
    ProductList,
    ProductOptions,
    ProductPage,
    ProductPatch,
    ProductView,
)


@operation(
    "products.list",
    "GET",
    "/products",
    scope="products:read",
    result=ProductPage,
    tool=("list_products", "products"),
    shaped=True,
    resource="product",
)
async def list_products(ctx: Context, params: ProductList) -> Reply:
    """List, filter and search the catalogue.

    ``search`` finds by name, SKU or description: every word must be a word of the product or the beginning of one
    (in descriptions from four letters on). Archived products appear only with ``status=archived``.
    """
    filters: dict[str, Any] = {
        "status": params.status,
        "not_archived": "archived" if params.status is None else None,
        "type": params.type,
        "category": params.category,
        "family": params.family,
    }
    if params.requires_booking is not None:
        filters["bookable" if params.requires_booking == "1" else "not_bookable"] = True
    if params.search is not None:
        filters["found"] = await records.matching(ctx, params.search)
    page = await records.listing.page(ctx.tx, params, filters)
    found = await ctx.wire(records.resource, page.rows, params.include or ())
    return Reply({"products": found, "pagination": page.pagination})


@operation(
    "products.get",
    "GET",
    "/products",
    present=("id",),
    scope="products:read",
    result=ProductView,
    tool=("get_product", "products"),
    shaped=True,
    resource="product",
)
async def get_product(ctx: Context, params: ProductGet) -> Reply:
    """Fetch one product; the ETag header carries the version for the next write.

    Decimals are fixed-point strings with at least two places: a price of 999 is ``999.00``, a tax rate of ten percent
    ``0.10``.
    """
    row = await records.get(ctx, params.id)
    return Reply(await ctx.wire_one(records.resource, row, params.include or ()), row["version"])


@operation(
    "products.options",
    "GET",
    "/products",
    action="options",
    present=("id",),
    scope="products:read",
    result=ProductOptions,
    tool=("get_product_options", "products"),
    resource="product",
)
async def get_product_options(ctx: Context, params: ProductId) -> Reply:
    """What of a product can be configured: its JSON schema, and the option groups linked to it."""
    row = await records.get(ctx, params.id)
    return Reply(
        {
            "product_id": params.id,
            "configuration_schema": row["configuration_schema"],
            "option_groups": await records.option_groups(ctx, row),
        }
    )


@operation(
    "products.create",
    "POST",
    "/products",
    scope="products:write",
    result=ProductView,
    status=201,
    tool=("create_product", "products"),
    resource="product",
)
async def create_product(ctx: Context, params: NewProduct) -> Reply:
    """Add a product to the catalogue.

    A recurring price needs ``billing_cycle``. Amounts are kept with four places, tax rates with six, half-even.
    """
    row = await create(ctx, params.model_dump())
    return Reply(await ctx.wire_one(records.resource, row), row["version"])


async def create(ctx: Context, product: dict[str, Any]) -> dict[str, Any]:
    """Write a new product from the complete validated members of :class:`NewProduct`."""
    row = await records.resource.insert(ctx.tx, _new_row(ctx, product))
    ctx.record(records.resource, row, "product.created")
    return row


async def create_many(ctx: Context, products: Sequence[dict[str, Any]]) -> None:
    """Write new products from complete validated members, as :func:`create` does, in a few statements."""
    for row in await records.resource.insert_many(ctx.tx, [_new_row(ctx, product) for product in products]):
        ctx.record(records.resource, row, "product.created")


def _new_row(ctx: Context, product: dict[str, Any]) -> dict[str, Any]:
    return {
        **product,
        "id": ids.uuid7(),
        "search": records.search_tokens(ctx, product),
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }


@operation(
    "products.update",
    "PATCH",
    "/products",
    present=("id",),
    scope="products:write",
    result=ProductView,
    tool=("update_product", "products"),
    locking="required",
    resource="product",
)
async def update_product(ctx: Context, params: ProductPatch) -> Reply:
    """Change some members of a product; members that are left out stay as they are.

    Line items that already stand on deals keep the price that they were made with.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    written = await change(ctx, row, params.changes())
    return Reply(await ctx.wire_one(records.resource, written), written["version"])


async def change(ctx: Context, row: Record, changes: dict[str, Any]) -> Record:
    """Apply validated changes to a locked row. Raises InvalidFields when the result recurs without a billing cycle.

    A write that takes counted stock to or below its threshold says so in the audit entry (``low_stock``).
    """
    after = {**row, **changes}
    if rules.lacks_billing_cycle(after["price_type"], after["billing_cycle"]):
        raise invalid_field("billing_cycle", "required", "Billing cycle is required when price_type is recurring")
    columns = dict(changes)
    if any(name in changes for name in rules.FOUND_BY):
        columns["search"] = records.search_tokens(ctx, after)
    written = await records.resource.change(ctx.tx, row, columns, ctx.now)
    notes: dict[str, Any] = {"changed_fields": sorted(changes)}
    if rules.became_low(row, written):
        notes["low_stock"] = {name: written[name] for name in ("stock_quantity", "low_stock_threshold")}
    ctx.record(records.resource, written, "product.updated", before=row, notes=notes)
    return written


@operation(
    "products.delete",
    "DELETE",
    "/products",
    present=("id",),
    scope="products:write",
    result=Deleted,
    tool=("delete_product", "products"),
    locking="required",
    resource="product",
)
async def delete_product(ctx: Context, params: ProductId) -> Reply:
    """Archive a product: reads answer 404 and lists leave it out unless ``status=archived`` is asked for.

    Line items, bookings and contracts keep their link.
    """
    row = await records.lock(ctx, params.id, ctx.expected_version)
    gone = {"status": "archived", "deleted_at": ctx.now}
    written = await records.resource.change(ctx.tx, row, gone, ctx.now)
    ctx.record(records.resource, written, "product.deleted", before=row)
    return Reply({"deleted": True, "id": params.id})
