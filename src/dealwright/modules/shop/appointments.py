"""The appointment operations (SalesThumb REST API, Appointments)."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from dealwright.kernel import ids
from dealwright.kernel.clock import iso_milliseconds
from dealwright.kernel.context import Context
from dealwright.kernel.errors import Conflict, InvalidTransition
from dealwright.kernel.operations import Reply
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.shop import customers, records, rules, vehicles
from dealwright.modules.shop.models import (
    AppointmentList,
    AppointmentPage,
    AppointmentPatch,
    AppointmentView,
    ById,
    ByIdIncluding,
    NewAppointment,
    page,
)
from dealwright.modules.shop.registry import shop_operation

_MOVES_IT: Final = frozenset({"scheduled_at", "duration_minutes", "vehicle_id", "bay_id", "technician_id"})
"""What decides whether it still fits into the calendar."""
_CLASHES: Final = {
    "vehicle": "this vehicle has another appointment then",
    "technician": "this technician has another appointment then",
    "bay": "this bay has another appointment then",
    "bays": "every bay has another appointment then",
}
STATUS_EVENTS: Final = tuple(f"appointment.{move.target}" for move in rules.APPOINTMENTS.moves)


def _announce(ctx: Context, name: str, row: Row, **more: Any) -> None:
    data = {
        "appointment_id": records.appointments.wire_id(row["id"]),
        "customer_id": records.customer_id(row["customer_id"]),
        "vehicle_id": records.vehicles.wire_id(row["vehicle_id"]) if row["vehicle_id"] else None,
        "status": row["status"],
        "service_type": row["service_type"],
        "scheduled_at": iso_milliseconds(row["scheduled_at"]),
        "duration_minutes": row["duration_minutes"],
        **more,
    }
    ctx.announce(name, records.appointments, row["id"], data)


async def _place(ctx: Context, appointment: Row, wanted_bay: UUID | None, usual: list[UUID]) -> UUID:
    """The bay for an appointment as it is going to be, under the shop's lock. Raises Conflict when it does not fit."""
    bays = [bay["id"] for bay in await records.all_bays(ctx)]
    need = rules.Need(appointment["vehicle_id"], appointment["technician_id"], wanted_bay, tuple(usual))
    meanwhile = await records.occupied(ctx, appointment["scheduled_at"], appointment["ends_at"], appointment["id"])
    found = rules.place(need, bays, meanwhile)
    if isinstance(found, rules.Clash):
        start = iso_milliseconds(appointment["scheduled_at"])
        raise Conflict(
            f"The appointment at {start} overlaps with another: {_CLASHES[found.what]}",
            code="conflict.overlapping_appointment",
        )
    return found


async def _technician(ctx: Context, technician_id: str | None) -> Record | None:
    return None if technician_id is None else await records.technicians.get(ctx.tx, technician_id)


async def _bay(ctx: Context, bay_id: str | None) -> UUID | None:
    if bay_id is None:
        return None
    key: UUID = (await records.bays.get(ctx.tx, bay_id))["id"]
    return key


@shop_operation(
    "appointments.list",
    "GET",
    "/appointments",
    scope="appointments:read",
    result=AppointmentPage,
    tool="list_appointments",
)
async def list_appointments(ctx: Context, params: AppointmentList) -> Reply:
    """List appointments, the newest booking first; by status, customer and when they take place."""
    filters = {
        "status": params.status,
        "of_customer": customers.filter_key(params.customer_id),
        "ends_after": params.ends_after,
        "starts_before": params.starts_before,
    }
    found = await records.appointment_list.onward(ctx.tx, params, filters)
    return Reply(page(await ctx.wire(records.appointments, found.rows, params.include or ()), found.pagination))


@shop_operation(
    "appointments.create",
    "POST",
    "/appointments",
    scope="appointments:write",
    result=AppointmentView,
    status=201,
    events=("appointment.created",),
    errors=(Conflict,),
    tool="create_appointment",
)
async def create_appointment(ctx: Context, params: NewAppointment) -> Reply:
    """Book an appointment.

    It needs one bay of the shop, its vehicle and its technician for its whole window; one may end when another starts.
    """
    customer = await customers.hold(ctx, params.customer_id)
    await records.lock_shop(ctx)
    technician = await _technician(ctx, params.technician_id)
    appointment: dict[str, Any] = {
        "id": ids.uuid7(),
        "customer_id": customer["id"],
        "vehicle_id": await vehicles.owned(ctx, params.vehicle_id, customer["id"]),
        "technician_id": technician["id"] if technician else None,
        "status": "pending",
        "service_type": params.service_type,
        "scheduled_at": params.scheduled_at,
        "ends_at": rules.end_of(params.scheduled_at, params.duration_minutes),
        "duration_minutes": params.duration_minutes,
        "notes": params.notes,
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    usual = [technician["primary_bay_id"]] if technician else []
    bay = await _place(ctx, appointment, await _bay(ctx, params.bay_id), usual)
    row = await records.appointments.insert(ctx.tx, {**appointment, "bay_id": bay})
    ctx.record(records.appointments, row, "appointment.created")
    _announce(ctx, "appointment.created", row)
    return Reply(await ctx.wire_one(records.appointments, row))


@shop_operation(
    "appointments.get",
    "GET",
    "/appointments/{id}",
    scope="appointments:read",
    result=AppointmentView,
    tool="get_appointment",
)
async def get_appointment(ctx: Context, params: ByIdIncluding) -> Reply:
    """Retrieve one appointment."""
    row = await records.appointments.get(ctx.tx, params.id)
    return Reply(await ctx.wire_one(records.appointments, row, params.include or ()))


@shop_operation(
    "appointments.update",
    "PATCH",
    "/appointments/{id}",
    scope="appointments:write",
    result=AppointmentView,
    events=("appointment.updated", *dict.fromkeys(STATUS_EVENTS)),
    errors=(Conflict, InvalidTransition),
    tool="update_appointment",
)
async def update_appointment(ctx: Context, params: AppointmentPatch) -> Reply:
    """Advance an appointment's status, reschedule it, or change what is to be done.

    Statuses follow pending → confirmed → checked_in → in_progress → completed; canceled is reached from each of the
    first four, no_show from the first two. An appointment that is over keeps its time; only its notes change.
    """
    changes = params.changes()
    if _MOVES_IT & changes.keys():
        await records.lock_shop(ctx)
    row = await records.appointments.lock(ctx.tx, params.id)
    columns = {name: value for name, value in changes.items() if name not in ("vehicle_id", "bay_id", "technician_id")}
    status: rules.AppointmentStatus = changes.get("status", row["status"])
    if status != row["status"] and rules.APPOINTMENTS.move(row["status"], status) is None:
        raise InvalidTransition(f"An appointment that is {row['status']} cannot become {status}")
    if rules.APPOINTMENTS.is_final(row["status"]) and changes.keys() - {"notes", "status"}:
        raise Conflict(f"An appointment that is {row['status']} cannot be changed any more")
    if "vehicle_id" in changes:
        columns["vehicle_id"] = await vehicles.owned(ctx, params.vehicle_id, row["customer_id"])
    if "technician_id" in changes:
        technician = await _technician(ctx, params.technician_id)
        columns["technician_id"] = technician["id"] if technician else None
    if _MOVES_IT & changes.keys():
        start = changes.get("scheduled_at", row["scheduled_at"])
        columns["ends_at"] = rules.end_of(start, changes.get("duration_minutes", row["duration_minutes"]))
        if status not in rules.FREES_ITS_BAY:
            wanted = await _bay(ctx, changes.get("bay_id"))
            columns["bay_id"] = await _place(ctx, {**row, **columns}, wanted, [row["bay_id"]])
    changed = {name: value for name, value in columns.items() if value != row[name]}
    if changed:
        written = await records.appointments.change(ctx.tx, row, changed, ctx.now)
        ctx.record(records.appointments, written, "appointment.updated", before=row)
        if named := sorted(changed.keys() - {"status", "ends_at"}):
            _announce(ctx, "appointment.updated", written, changed_fields=named)
        if "status" in changed:
            _announce(ctx, f"appointment.{status}", written)
        row = written
    return Reply(await ctx.wire_one(records.appointments, row))


@shop_operation(
    "appointments.delete",
    "DELETE",
    "/appointments/{id}",
    scope="appointments:write",
    result=None,
    status=204,
    events=("appointment.deleted",),
    tool="delete_appointment",
)
async def delete_appointment(ctx: Context, params: ById) -> Reply:
    """Cancel an appointment and delete it for good."""
    row = await records.appointments.lock(ctx.tx, params.id)
    await records.appointments.delete(ctx.tx, row["id"])
    ctx.record(records.appointments, row, "appointment.deleted")
    _announce(ctx, "appointment.deleted", row)
    return Reply(None)
