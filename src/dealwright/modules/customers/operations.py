"""The customer operations (Salesbooth API, Customers)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from dealwright.kernel import clock, ids
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Duplicate
from dealwright.kernel.fields import Deleted
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.store.database import Record
from dealwright.modules.customers import records, rules
from dealwright.modules.customers.models import (
    CustomerGet,
    CustomerId,
    CustomerList,
    CustomerPage,
    CustomerPatch,
    CustomerView,
    NewCustomer,
)


@operation(
    "customers.list",
    "GET",
    "/customers",
    scope="customers:read",
    result=CustomerPage,
    tool=("search_customers", "customers"),
    tool_arguments={"query": "search"},
    shaped=True,
    resource="customer",
)
async def list_customers(ctx: Context, params: CustomerList) -> Reply:
    """List or search customers.

    ``search`` finds by name, company, email or phone through blind indexes; every word must match a word or the
    beginning of one. Archived customers appear only with ``status=archived``.
    """
    filters: dict[str, Any] = {"status": params.status}
    if params.status is None:
        filters["not_archived"] = "archived"
    if params.search is not None:
        filters["found"] = await records.matching(ctx, params.search)
    page = await records.listing.page(ctx.tx, params, filters)
    found = await ctx.wire(records.resource, page.rows, params.include or ())
    return Reply({"customers": found, "pagination": page.pagination})


@operation(
    "customers.get",
    "GET",
    "/customers",
    present=("id",),
    scope="customers:read",
    result=CustomerView,
    tool=("get_customer", "customers"),
    shaped=True,
    resource="customer",
)
async def get_customer(ctx: Context, params: CustomerGet) -> Reply:
    """Fetch one customer; the ETag header carries the version for the next write."""
    row = await records.get(ctx, params.id)
    return Reply(await ctx.wire_one(records.resource, row, params.include or ()), row["version"])


@operation(
    "customers.create",
    "POST",
    "/customers",
    scope="customers:write",
    result=CustomerView,
    status=201,
    events=("customer.created",),
    errors=(Duplicate,),
    tool=("create_customer", "customers"),
    resource="customer",
)
async def create_customer(ctx: Context, params: NewCustomer) -> Reply:
    """Create a customer. The email must be new in the workspace."""
    row = await create(ctx, params.model_dump())
    return Reply(await ctx.wire_one(records.resource, row), row["version"])


async def create(ctx: Context, customer: dict[str, Any]) -> dict[str, Any]:
    """Write a new customer from validated members; also used by deals. Raises Duplicate."""
    row = await records.resource.insert(ctx.tx, _new_row(ctx, customer))
    _tell_created(ctx, row)
    return row


async def create_many(ctx: Context, customers: Sequence[dict[str, Any]]) -> None:
    """Write new customers from validated members, as :func:`create` does, in a few statements. Raises Duplicate."""
    rows = await asyncio.to_thread(lambda: [_new_row(ctx, customer) for customer in customers])
    for row in await records.resource.insert_many(ctx.tx, rows):
        _tell_created(ctx, row)


def _new_row(ctx: Context, customer: dict[str, Any]) -> dict[str, Any]:
    key = ids.uuid7()
    return {
        "id": key,
        **records.seal(ctx, key, customer),
        "company": customer.get("company"),
        "country": customer.get("country"),
        "status": customer.get("status", "active"),
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }


def _tell_created(ctx: Context, row: dict[str, Any]) -> None:
    ctx.record(records.resource, row, "customer.created")
    data = {
        "id": records.resource.wire_id(row["id"]),
        "company": row["company"],
        "status": row["status"],
        "created_at": clock.iso(ctx.now),
    }
    ctx.announce("customer.created", records.resource, row["id"], data)


@operation(
    "customers.update",
    "PATCH",
    "/customers",
    present=("id",),
    scope="customers:write",
    result=CustomerView,
    events=("customer.updated",),
    errors=(Duplicate,),
    tool=("update_customer", "customers"),
    locking="required",
    resource="customer",
)
async def update_customer(ctx: Context, params: CustomerPatch) -> Reply:
    """Change some members of a customer; members that are left out stay as they are."""
    row = await records.lock(ctx, params.id, ctx.expected_version)
    written = await change(ctx, row, params.changes())
    return Reply(await ctx.wire_one(records.resource, written), written["version"])


async def change(ctx: Context, row: Record, changes: dict[str, Any]) -> Record:
    """Apply validated changes to a locked row. Raises Duplicate."""
    columns: dict[str, Any] = {name: changes[name] for name in ("company", "country", "status") if name in changes}
    if any(name in changes for name in (*rules.PERSONAL, "company")):
        personal = {**records.open_sealed(ctx, row), "company": row["company"], **changes}
        columns |= records.seal(ctx, row["id"], personal)
    written = await records.resource.change(ctx.tx, row, columns, ctx.now)
    ctx.record(records.resource, written, "customer.updated", before=row, notes={"changed_fields": sorted(changes)})
    data = {
        "id": records.resource.wire_id(row["id"]),
        "changed_fields": sorted(changes),
        "version": written["version"],
        "updated_at": clock.iso(ctx.now),
    }
    ctx.announce("customer.updated", records.resource, row["id"], data)
    return written


@operation(
    "customers.delete",
    "DELETE",
    "/customers",
    present=("id",),
    scope="customers:write",
    result=Deleted,
    events=("customer.deleted",),
    tool=("delete_customer", "customers"),
    locking="required",
    resource="customer",
)
async def delete_customer(ctx: Context, params: CustomerId) -> Reply:
    """Archive a customer: reads answer 404 and lists leave it out unless ``status=archived`` is asked for.

    Deals, contracts and payments keep their link, and the email becomes free again.
    """
    await archive(ctx, await records.lock(ctx, params.id, ctx.expected_version))
    return Reply({"deleted": True, "id": params.id})


async def archive(ctx: Context, row: Record) -> None:
    """Take a locked customer out of lists and reads."""
    gone = {"status": "archived", "deleted_at": ctx.now}
    written = await records.resource.change(ctx.tx, row, gone, ctx.now)
    ctx.record(records.resource, written, "customer.deleted", before=row)
    data = {"id": records.resource.wire_id(row["id"]), "erased": False, "deleted_at": clock.iso(ctx.now)}
    ctx.announce("customer.deleted", records.resource, row["id"], data)
