"""Vehicles and their owners: the shop's customers with what they drive, have booked and owe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import customers
from dealwright.surfaces.desk.visit import Visit

LABELS: Final = {
    "year": "Year",
    "make": "Make",
    "model": "Model",
    "trim": "Trim",
    "color": "Colour",
    "license_plate": "Plate",
    "vin": "VIN",
}
PER_PAGE: Final = 25
_LATEST: Final = 10


def of_desk(customer_id: str) -> str:
    """What the shop's customer is called everywhere else: the same record has an id in each API."""
    return customer_id.replace("cus_", "cust_", 1)


def name_of(vehicle: Mapping[str, Any]) -> str:
    """``2022 Tesla Model 3 · ABC 123``."""
    car = " ".join(str(vehicle[name]) for name in ("year", "make", "model", "trim") if vehicle[name])
    return f"{car} · {vehicle['license_plate']}" if vehicle["license_plate"] else car


async def vehicles(visit: Visit, customer_id: str) -> list[tuple[str, str]]:
    """A customer's vehicles to choose from."""
    if not visit.may("shop:vehicles.list"):
        return []
    found = await visit.read("shop:vehicles.list", customer_id=customer_id, limit=100)
    return [(each["id"], name_of(each)) for each in found["data"]]


async def choose(visit: Visit, to: str, title_of: str, back: str) -> Response:
    """The first step of what is made for a customer: whom."""
    known = await customers.choices(visit)
    return visit.show("shop_choose.html", to=to, title_of=title_of, back=back, customers=known)


@page("/shop/owners")
async def index(visit: Visit) -> Response:
    found = await visit.read("shop:customers.list", search=visit.asked("q"), after=visit.asked("after"), limit=PER_PAGE)
    return visit.show("shop_owners.html", owners=found["data"], pagination=found["pagination"])


@page("/shop/owners/{id}")
async def owner(visit: Visit) -> Response:
    about = {"customer_id": visit.path["id"], "limit": _LATEST}
    found = await visit.together(
        owner=("shop:customers.get", {"id": visit.path["id"]}),
        vehicles=("shop:vehicles.list", {**about, "limit": 100}),
        appointments=("shop:appointments.list", about),
        quotes=("shop:quotes.list", about),
        invoices=("shop:invoices.list", about),
    )
    return visit.show("shop_owner.html", labels=LABELS, name_of=name_of, desk_id=of_desk(found["owner"]["id"]), **found)


@action("/shop/owners/{id}/vehicles", again=owner)
async def add_vehicle(visit: Visit) -> Response:
    arguments = {**visit.arguments("shop:vehicles.create", LABELS), "customer_id": visit.path["id"]}
    made = await visit.write("shop:vehicles.create", arguments)
    return visit.go(f"/shop/owners/{visit.path['id']}", f"{name_of(made)} was added")


@page("/shop/vehicles/{id}")
async def vehicle(visit: Visit) -> Response:
    found = await visit.read("shop:vehicles.get", id=visit.path["id"])
    about = {"customer_id": found["customer_id"], "limit": 100}
    others = await visit.together(
        owner=("shop:customers.get", {"id": found["customer_id"]}),
        appointments=("shop:appointments.list", about),
    )
    booked = [each for each in (others["appointments"] or {"data": []})["data"] if each["vehicle_id"] == found["id"]]
    values = {name: str(found[name] or "") for name in LABELS}
    return visit.show(
        "shop_vehicle.html",
        vehicle=found,
        owner=others["owner"],
        booked=booked,
        name=name_of(found),
        labels=LABELS,
        values=values,
    )


@action("/shop/vehicles/{id}/edit", again=vehicle)
async def save_vehicle(visit: Visit) -> Response:
    if changes := visit.changes("shop:vehicles.update", LABELS):
        await visit.write("shop:vehicles.update", {"id": visit.path["id"], **changes})
    return visit.go(f"/shop/vehicles/{visit.path['id']}", "Saved")


@action("/shop/vehicles/{id}/delete", again=vehicle)
async def delete_vehicle(visit: Visit) -> Response:
    there = f"/shop/vehicles/{visit.path['id']}"
    found = await visit.read("shop:vehicles.get", id=visit.path["id"])
    visit.confirm("Delete this vehicle?", "One that has appointments or quotes stays.", "Delete", there)
    await visit.write("shop:vehicles.delete", {"id": visit.path["id"]})
    return visit.go(f"/shop/owners/{found['customer_id']}", f"{name_of(found)} was deleted")
