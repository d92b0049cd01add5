"""The shop's customers: the customers module's own records in the shop's wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import exists, select

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, NotFound, invalid_field
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.kernel.store.records import in_scope
from dealwright.kernel.store.statements import Statement, given
from dealwright.modules.customers import operations as shared
from dealwright.modules.customers import records as customers
from dealwright.modules.customers.tables import customers as table
from dealwright.modules.shop import tables
from dealwright.modules.shop.models import (
    ById,
    NewShopCustomer,
    ShopCustomerList,
    ShopCustomerPage,
    ShopCustomerPatch,
    ShopCustomerView,
    page,
)
from dealwright.modules.shop.records import appointments, customer_id, invoices, plain_uuid, quotes, require_scope
from dealwright.modules.shop.registry import shop_operation

_hold: Final = Statement(
    select(table)
    .where(in_scope(table), table.c.id == given("key"), table.c.deleted_at.is_(None))
    .with_for_update(read=True)
)
_used: Final = Statement(
    select(
        *(
            exists().where(in_scope(each), each.c.customer_id == given("key"))
            for each in (tables.vehicles, tables.appointments, tables.quotes, tables.invoices)
        )
    )
)
_USES: Final = ("vehicles", "appointments", "quotes", "invoices")


def missing(text: str) -> NotFound:
    return NotFound(f"Customer {text[:100]} not found.")


def key_of(text: str) -> UUID:
    """The UUID behind ``cus_…``, ``cust_…`` (as the same customer is called by the Salesbooth API) or a bare UUID."""
    key = plain_uuid(text) or ids.decode("cus", text) or ids.decode("cust", text)
    if key is None:
        raise missing(text)
    return key


def filter_key(text: str | None) -> UUID | None:
    """The customer that a list is filtered by. Raises InvalidFields for a text that is no such id."""
    try:
        return key_of(text) if text is not None else None
    except NotFound:
        raise invalid_field("customer_id", "invalid", "customer_id is not the id of a customer") from None


async def hold(ctx: Context, text: str) -> Record:
    """The customer's row, kept as it is until the transaction ends, so that nothing is hung on a deleted one."""
    row = await ctx.tx.row(_hold, key=key_of(text))
    if row is None:
        raise missing(text)
    return row


async def get(ctx: Context, text: str) -> Record:
    try:
        return await customers.get(ctx, ids.encode("cust", key_of(text)))
    except NotFound:
        raise missing(text) from None


async def _lock(ctx: Context, text: str) -> Record:
    try:
        return await customers.lock(ctx, ids.encode("cust", key_of(text)), None)
    except NotFound:
        raise missing(text) from None


def wire(ctx: Context, row: Row) -> dict[str, Any]:
    personal = customers.open_sealed(ctx, row)
    return {
        "id": customer_id(row["id"]),
        **{name: personal[name] for name in ("name", "email", "phone", "notes")},
        "created_at": iso_milliseconds(row["created_at"]),
        "updated_at": iso_milliseconds(row["updated_at"]),
    }


async def _owners(ctx: Context, rows: Sequence[Row]) -> Mapping[UUID, Any]:
    """For records of customers, those customers, by the record's id."""
    require_scope(ctx, "customers:read")
    found = await customers.by_ids(ctx, list({row["customer_id"] for row in rows}))
    wired = {key: wire(ctx, row) for key, row in found.items()}
    return {row["id"]: wired.get(row["customer_id"]) for row in rows}


for _kind in (appointments, quotes, invoices):
    _kind.expands("customer")(_owners)


@shop_operation(
    "customers.list", "GET", "/customers", scope="customers:read", result=ShopCustomerPage, tool="list_customers"
)
async def list_customers(ctx: Context, params: ShopCustomerList) -> Reply:
    """List the shop's customers, newest first.

    ``search`` finds by name, email or phone, also by how they begin.
    """
    filters: dict[str, Any] = {"not_archived": "archived"}
    if params.search is not None:
        filters["found"] = await customers.matching(ctx, params.search)
    found = await customers.listing.onward(ctx.tx, params, filters)
    return Reply(page([wire(ctx, row) for row in found.rows], found.pagination))


@shop_operation(
    "customers.create",
    "POST",
    "/customers",
    scope="customers:write",
    result=ShopCustomerView,
    status=201,
    events=("customer.created",),
    tool="create_customer",
)
async def create_customer(ctx: Context, params: NewShopCustomer) -> Reply:
    """Create a customer. Only the name is needed; an email must be new in the shop."""
    return Reply(wire(ctx, await shared.create(ctx, params.model_dump())))


@shop_operation(
    "customers.get", "GET", "/customers/{id}", scope="customers:read", result=ShopCustomerView, tool="get_customer"
)
async def get_customer(ctx: Context, params: ById) -> Reply:
    """Retrieve one customer."""
    return Reply(wire(ctx, await get(ctx, params.id)))


@shop_operation(
    "customers.update",
    "PATCH",
    "/customers/{id}",
    scope="customers:write",
    result=ShopCustomerView,
    events=("customer.updated",),
    tool="update_customer",
)
async def update_customer(ctx: Context, params: ShopCustomerPatch) -> Reply:
    """Change some fields of a customer; those that are left out stay as they are."""
    row = await _lock(ctx, params.id)
    if changes := params.changes():
        row = await shared.change(ctx, row, changes)
    return Reply(wire(ctx, row))


@shop_operation(
    "customers.delete",
    "DELETE",
    "/customers/{id}",
    scope="customers:write",
    result=None,
    status=204,
    events=("customer.deleted",),
    errors=(Conflict,),
    tool="delete_customer",
)
async def delete_customer(ctx: Context, params: ById) -> Reply:
    """Delete a customer who has no vehicle, appointment, quote or invoice."""
    row = await _lock(ctx, params.id)
    used = await ctx.tx.row(_used, key=row["id"])
    assert used is not None
    if any(used):
        found = ", ".join(name for name, has in zip(_USES, used, strict=True) if has)
        raise Conflict(f"This customer has {found} and cannot be deleted", code="conflict.in_use")
    await shared.archive(ctx, row)
    return Reply(None)
