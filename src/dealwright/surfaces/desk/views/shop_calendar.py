"""The shop's week: appointments as a calendar, one of them, booking and moving it on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel import clock
from dealwright.modules.shop.rules import APPOINTMENTS, FREES_ITS_BAY
from dealwright.surfaces.desk import week
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import shop_owners
from dealwright.surfaces.desk.visit import Visit, wrong_field

LABELS: Final = {
    "service_type": "What is to be done",
    "scheduled_at": "When",
    "duration_minutes": "How long",
    "vehicle_id": "Vehicle",
    "bay_id": "Bay",
    "technician_id": "Technician",
    "notes": "Notes for the technician",
}
_COLOURS: Final = 6
_MOST_PAGES: Final = 5
_FIRST_WEEK, _LAST_WEEK = date(1970, 1, 12), date(2199, 12, 16)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    date: date
    placed: Sequence[week.Placed]


def _day(visit: Visit) -> date:
    """The day that was asked for, today unless it is one of the calendar."""
    try:
        wanted = date.fromisoformat(visit.asked("day"))
    except ValueError:
        return today(visit)
    return min(max(wanted, _FIRST_WEEK), _LAST_WEEK)


def today(visit: Visit) -> date:
    return visit.local.at(visit.now + visit.principal.ahead).date()


@page("/shop/calendar")
async def calendar(visit: Visit) -> Response:
    day = _day(visit)
    days = week.week_of(day)
    since, until = week.bounds(days, visit.local.zone)
    shop = await visit.read("shop:shop.get")
    found, more = await _between(visit, since, until)
    standing = [each for each in found if each["status"] not in FREES_ITS_BAY]
    spans = [_span(each) for each in standing]
    per_day = {each: week.pieces(spans, each, visit.local.zone) for each in days}
    now = visit.local.at(visit.now + visit.principal.ahead)
    return visit.show(
        "shop_calendar.html",
        day=day,
        days=[Day(each, week.place(parts)) for each, parts in per_day.items()],
        hours=week.hours(part for parts in per_day.values() for part in parts),
        appointments=standing,
        called_off=[each for each in found if each["status"] in FREES_ITS_BAY],
        more=more,
        shop=shop,
        named=_named,
        colours={bay["id"]: number % _COLOURS for number, bay in enumerate(shop["bays"])},
        today=now.date(),
        minute=now.hour * 60 + now.minute,
        before=days[0] - timedelta(days=7),
        after=days[0] + timedelta(days=7),
        yesterday=day - timedelta(days=1),
        tomorrow=day + timedelta(days=1),
    )


async def _between(visit: Visit, since: datetime, until: datetime) -> tuple[list[dict[str, Any]], bool]:
    """What takes place between two instants, in order, and whether there is more than fits on a page."""
    found: list[dict[str, Any]] = []
    after = None
    for _ in range(_MOST_PAGES):
        listed = await visit.read(
            "shop:appointments.list",
            ends_after=clock.iso(since),
            starts_before=clock.iso(until),
            include=_embedded(visit),
            limit=100,
            after=after,
        )
        found += listed["data"]
        after = listed["pagination"]["next_cursor"]
        if after is None:
            break
    return sorted(found, key=lambda each: (each["scheduled_at"], each["id"])), after is not None


def _embedded(visit: Visit) -> str:
    names = {"customer": "shop:customers.list", "vehicle": "shop:vehicles.list"}
    return ",".join(name for name, operation in names.items() if visit.may(operation))


def _named(found: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """Bays or technicians to choose from."""
    return [(each["id"], each["name"]) for each in found]


def _span(appointment: Mapping[str, Any]) -> tuple[datetime, datetime]:
    start = clock.parse_iso(appointment["scheduled_at"])
    return start, start + timedelta(minutes=appointment["duration_minutes"])


# --- one appointment


def _path(visit: Visit) -> str:
    return f"/shop/appointments/{visit.path['id']}"


async def _one(visit: Visit) -> Any:
    return await visit.read("shop:appointments.get", id=visit.path["id"], include=_embedded(visit))


@page("/shop/appointments/{id}")
async def show(visit: Visit) -> Response:
    appointment = await _one(visit)
    shop = await visit.read("shop:shop.get")
    changeable = not APPOINTMENTS.is_final(appointment["status"])
    return visit.show(
        "shop_appointment.html",
        appointment=appointment,
        ends=clock.iso(_span(appointment)[1]),
        day=visit.local.at(appointment["scheduled_at"]).date(),
        moves=[move for move in APPOINTMENTS.moves_from(appointment["status"]) if move.target not in FREES_ITS_BAY],
        ways_off=[move for move in APPOINTMENTS.moves_from(appointment["status"]) if move.target in FREES_ITS_BAY],
        steps=("pending", "confirmed", "checked_in", "in_progress", "completed"),
        changeable=changeable,
        values=_fields(visit, appointment),
        labels=LABELS,
        named=_named,
        shop=shop,
        vehicles=await shop_owners.vehicles(visit, appointment["customer_id"]),
        owner=shop_owners.of_desk(appointment["customer_id"]),
    )


def _fields(visit: Visit, appointment: Mapping[str, Any]) -> dict[str, str]:
    plain = {name: str(appointment[name] or "") for name in LABELS}
    return {**plain, "scheduled_at": visit.local.field(appointment["scheduled_at"])}


@action("/shop/appointments/{id}/move", again=show)
async def move(visit: Visit) -> Response:
    status = visit.form.get("status")
    if status == "canceled":
        visit.confirm(
            "Cancel this appointment?", "Its bay is free again. It cannot be taken up again.", "Cancel it", _path(visit)
        )
    if status == "no_show":
        question = "Did the customer not come?"
        visit.confirm(question, "Its bay is free again, and the appointment is over.", "Not come", _path(visit))
    moved = await visit.write("shop:appointments.update", {"id": visit.path["id"], "status": status})
    return visit.go(_path(visit), f"{moved['service_type']}: {_SAID.get(status, 'changed')}")


_SAID: Final = {
    "confirmed": "confirmed",
    "checked_in": "checked in",
    "in_progress": "work has begun",
    "completed": "completed",
    "canceled": "cancelled",
    "no_show": "the customer did not come",
}


@action("/shop/appointments/{id}/edit", again=show)
async def save(visit: Visit) -> Response:
    if changes := visit.changes("shop:appointments.update", LABELS):
        await visit.write("shop:appointments.update", {"id": visit.path["id"], **changes})
    return visit.go(_path(visit), "Saved")


# --- booking


@page("/shop/appointments/new")
async def new(visit: Visit) -> Response:
    customer = visit.form.get("customer_id") or visit.asked("customer_id")
    if not customer:
        return await shop_owners.choose(visit, "/shop/appointments/new", "New appointment", "/shop/calendar")
    wanted = visit.asked("day") or (today(visit) + timedelta(days=1)).isoformat()
    values = {**dict.fromkeys(LABELS, ""), "scheduled_at": f"{wanted}T09:00", "duration_minutes": "120"}
    return visit.show(
        "shop_appointment_form.html",
        customer=await visit.read("shop:customers.get", id=customer),
        values=values,
        labels=LABELS,
        named=_named,
        shop=await visit.read("shop:shop.get"),
        vehicles=await shop_owners.vehicles(visit, customer),
    )


@action("/shop/appointments/new", again=new)
async def book(visit: Visit) -> Response:
    if not visit.form.get("customer_id"):
        raise wrong_field("customer_id", "Choose a customer")
    arguments = visit.arguments("shop:appointments.create", ("customer_id", *LABELS))
    made = await visit.write("shop:appointments.create", arguments)
    return visit.go(f"/shop/appointments/{made['id']}", "The appointment was booked")
