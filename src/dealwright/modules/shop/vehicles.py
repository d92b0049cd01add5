"""The vehicle operations (SalesThumb REST API, Vehicles)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, invalid_field
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.modules.shop import customers, records, rules, tables
from dealwright.modules.shop.models import (
    ById,
    NewVehicle,
    VehicleList,
    VehiclePage,
    VehiclePatch,
    VehicleView,
    page,
)
from dealwright.modules.shop.registry import shop_operation

_PRIVATE = frozenset({"vin", "license_plate"})


def _check_year(ctx: Context, year: int) -> None:
    if not rules.is_model_year(year, ctx.now):
        raise invalid_field("year", "out_of_range", f"Year: {year} is not a model year up to {ctx.now.year + 2}")


def _facts(row: Row) -> dict[str, Any]:
    return {"vehicle_id": records.vehicles.wire_id(row["id"]), "customer_id": records.customer_id(row["customer_id"])}


async def owned(ctx: Context, vehicle_id: str | None, customer: UUID) -> UUID | None:
    """The vehicle, which must be the customer's. Raises NotFound or Conflict."""
    if vehicle_id is None:
        return None
    vehicle = await records.vehicles.hold(ctx, vehicle_id)
    if vehicle["customer_id"] != customer:
        raise Conflict("This vehicle belongs to another customer", code="conflict.other_customers_vehicle")
    key: UUID = vehicle["id"]
    return key


@shop_operation(
    "vehicles.list",
    "GET",
    "/customers/{customer_id}/vehicles",
    scope="vehicles:read",
    result=VehiclePage,
    tool="list_vehicles",
)
async def list_vehicles(ctx: Context, params: VehicleList) -> Reply:
    """List the vehicles of a customer, newest first."""
    owner = await customers.get(ctx, params.customer_id)
    found = await records.vehicle_list.onward(ctx.tx, params, {"of_customer": owner["id"]})
    return Reply(page(await ctx.wire(records.vehicles, found.rows), found.pagination))


@shop_operation(
    "vehicles.create",
    "POST",
    "/vehicles",
    scope="vehicles:write",
    result=VehicleView,
    status=201,
    events=("vehicle.created",),
    tool="create_vehicle",
)
async def create_vehicle(ctx: Context, params: NewVehicle) -> Reply:
    """Add a vehicle to a customer."""
    _check_year(ctx, params.year)
    owner = await customers.hold(ctx, params.customer_id)
    key = ids.uuid7()
    row = await records.vehicles.insert(
        ctx.tx,
        {
            **params.model_dump(exclude={"customer_id", *_PRIVATE}),
            "id": key,
            "customer_id": owner["id"],
            "sealed": records.sealed(ctx, tables.vehicles, key, params.model_dump(include=set(_PRIVATE))),
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.vehicles, row, "vehicle.created")
    said = {name: row[name] for name in ("year", "make", "model")}
    data = {**_facts(row), **said, "created_at": iso_milliseconds(ctx.now)}
    ctx.announce("vehicle.created", records.vehicles, key, data)
    return Reply(await ctx.wire_one(records.vehicles, row))


@shop_operation("vehicles.get", "GET", "/vehicles/{id}", scope="vehicles:read", result=VehicleView, tool="get_vehicle")
async def get_vehicle(ctx: Context, params: ById) -> Reply:
    """Retrieve one vehicle."""
    return Reply(await ctx.wire_one(records.vehicles, await records.vehicles.get(ctx.tx, params.id)))


@shop_operation(
    "vehicles.update",
    "PATCH",
    "/vehicles/{id}",
    scope="vehicles:write",
    result=VehicleView,
    events=("vehicle.updated",),
    tool="update_vehicle",
)
async def update_vehicle(ctx: Context, params: VehiclePatch) -> Reply:
    """Change some fields of a vehicle; those that are left out stay as they are."""
    changes = params.changes()
    if "year" in changes:
        _check_year(ctx, params.year)
    row = await records.vehicles.lock(ctx.tx, params.id)
    if changes:
        columns = {name: value for name, value in changes.items() if name not in _PRIVATE}
        if private := {name: value for name, value in changes.items() if name in _PRIVATE}:
            kept = {**records.opened(ctx, tables.vehicles, row), **private}
            columns["sealed"] = records.sealed(ctx, tables.vehicles, row["id"], kept)
        written = await records.vehicles.change(ctx.tx, row, columns, ctx.now)
        ctx.record(records.vehicles, written, "vehicle.updated", before=row)
        data = {**_facts(row), "changed_fields": sorted(changes), "updated_at": iso_milliseconds(ctx.now)}
        ctx.announce("vehicle.updated", records.vehicles, row["id"], data)
        row = written
    return Reply(await ctx.wire_one(records.vehicles, row))


@shop_operation(
    "vehicles.delete",
    "DELETE",
    "/vehicles/{id}",
    scope="vehicles:write",
    result=None,
    status=204,
    events=("vehicle.deleted",),
    errors=(Conflict,),
    tool="delete_vehicle",
)
async def delete_vehicle(ctx: Context, params: ById) -> Reply:
    """Delete a vehicle that has no appointment and no quote."""
    row = await records.vehicles.lock(ctx.tx, params.id)
    await records.vehicles.delete(ctx.tx, row["id"])
    ctx.record(records.vehicles, row, "vehicle.deleted")
    ctx.announce("vehicle.deleted", records.vehicles, row["id"], _facts(row))
    return Reply(None)
