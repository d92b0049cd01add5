"""What a shop sets up: its terms, its bays, its technicians. These operations are additions to the documented API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict
from dealwright.kernel.fields import Nothing
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.modules.shop import records, tables
from dealwright.modules.shop.models import (
    BayPatch,
    BayView,
    ById,
    NewBay,
    NewTechnician,
    ShopPatch,
    ShopView,
    TechnicianPatch,
    TechnicianView,
)
from dealwright.modules.shop.registry import shop_operation


async def _view(ctx: Context, row: Row) -> dict[str, Any]:
    return {
        **await ctx.wire_one(records.shop, row),
        "bays": await ctx.wire(records.bays, await records.all_bays(ctx)),
        "technicians": await ctx.wire(records.technicians, await records.all_technicians(ctx)),
    }


@shop_operation(
    "shop.get", "GET", "/shop", scope="shop:read", result=ShopView, tool="get_settings", own_transactions=True
)
async def get_shop(steps: Steps, params: Nothing) -> Reply:
    """The shop's terms, bays and technicians. A new shop has one bay."""
    async with steps.transaction() as ctx:
        return Reply(await _view(ctx, await records.lock_shop(ctx)))


@shop_operation("shop.update", "PATCH", "/shop", scope="shop:write", result=ShopView, tool="update_settings")
async def update_shop(ctx: Context, params: ShopPatch) -> Reply:
    """Change the shop's terms."""
    row = await records.lock_shop(ctx)
    if changes := params.changes():
        written = await records.shop.change(ctx.tx, row, changes, ctx.now)
        ctx.record(records.shop, written, "shop.updated", before=row)
        row = written
    return Reply(await _view(ctx, row))


@shop_operation("bays.create", "POST", "/bays", scope="shop:write", result=BayView, status=201, tool="create_bay")
async def create_bay(ctx: Context, params: NewBay) -> Reply:
    """Add a bay: one more appointment fits into every hour."""
    await records.lock_shop(ctx)
    return Reply(await ctx.wire_one(records.bays, await records.add_bay(ctx, params.name)))


@shop_operation("bays.update", "PATCH", "/bays/{id}", scope="shop:write", result=BayView, tool="update_bay")
async def update_bay(ctx: Context, params: BayPatch) -> Reply:
    """Rename a bay."""
    row = await records.bays.lock(ctx.tx, params.id)
    if changes := params.changes():
        written = await records.bays.change(ctx.tx, row, changes, ctx.now)
        ctx.record(records.bays, written, "bay.updated", before=row)
        row = written
    return Reply(await ctx.wire_one(records.bays, row))


@shop_operation(
    "bays.delete",
    "DELETE",
    "/bays/{id}",
    scope="shop:write",
    result=None,
    status=204,
    errors=(Conflict,),
    tool="delete_bay",
)
async def delete_bay(ctx: Context, params: ById) -> Reply:
    """Close a bay that has no appointment ahead. The last bay stays."""
    await records.lock_shop(ctx)
    row = await records.bays.lock(ctx.tx, params.id)
    if len(await records.all_bays(ctx)) == 1:
        raise Conflict("A shop needs at least one bay", code="conflict.last_bay")
    if await records.is_booked(ctx, row["id"]):
        raise Conflict("This bay has appointments ahead and cannot be closed", code="conflict.in_use")
    written = await records.bays.change(ctx.tx, row, {"deleted_at": ctx.now}, ctx.now)
    ctx.record(records.bays, written, "bay.deleted", before=row)
    return Reply(None)


async def _bay_key(ctx: Context, bay_id: str | None) -> UUID | None:
    if bay_id is None:
        return None
    key: UUID = (await records.bays.hold(ctx, bay_id))["id"]
    return key


@shop_operation(
    "technicians.create",
    "POST",
    "/technicians",
    scope="shop:write",
    result=TechnicianView,
    status=201,
    tool="create_technician",
)
async def create_technician(ctx: Context, params: NewTechnician) -> Reply:
    """Add a technician, who can then be booked for one appointment at a time."""
    key = ids.uuid7()
    row = await records.technicians.insert(
        ctx.tx,
        {
            "id": key,
            "sealed": records.sealed(ctx, tables.technicians, key, {"name": params.name}),
            "primary_bay_id": await _bay_key(ctx, params.primary_bay_id),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.technicians, row, "technician.created")
    return Reply(await ctx.wire_one(records.technicians, row))


@shop_operation(
    "technicians.update",
    "PATCH",
    "/technicians/{id}",
    scope="shop:write",
    result=TechnicianView,
    tool="update_technician",
)
async def update_technician(ctx: Context, params: TechnicianPatch) -> Reply:
    """Change a technician's name or primary bay."""
    changes = params.changes()
    columns: dict[str, Any] = {}
    if "primary_bay_id" in changes:
        columns["primary_bay_id"] = await _bay_key(ctx, params.primary_bay_id)
    row = await records.technicians.lock(ctx.tx, params.id)
    if "name" in changes:
        columns["sealed"] = records.sealed(ctx, tables.technicians, row["id"], {"name": params.name})
    if columns:
        written = await records.technicians.change(ctx.tx, row, columns, ctx.now)
        ctx.record(records.technicians, written, "technician.updated", before=row)
        row = written
    return Reply(await ctx.wire_one(records.technicians, row))


@shop_operation(
    "technicians.delete",
    "DELETE",
    "/technicians/{id}",
    scope="shop:write",
    result=None,
    status=204,
    tool="delete_technician",
)
async def delete_technician(ctx: Context, params: ById) -> Reply:
    """Take a technician off the calendar; past and booked appointments keep the name's id."""
    row = await records.technicians.lock(ctx.tx, params.id)
    written = await records.technicians.change(ctx.tx, row, {"deleted_at": ctx.now}, ctx.now)
    ctx.record(records.technicians, written, "technician.deleted", before=row)
    return Reply(None)
