"""Customers: the list, one of them, adding and changing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.visit import Refused, Visit

LABELS: Final = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "company": "Company",
    "address": "Address",
    "city": "City",
    "state": "State or region",
    "zip": "Postal code",
    "country": "Country",
    "notes": "Notes",
    "status": "Status",
}
STATUSES: Final = ("active", "inactive", "archived")
PER_PAGE: Final = 25


@page("/customers")
async def index(visit: Visit) -> Response:
    found = await visit.read(
        "customers.list",
        search=visit.asked("q"),
        status=visit.asked("status"),
        after=visit.asked("after"),
        before=visit.asked("before"),
        limit=PER_PAGE,
    )
    return visit.show("customers.html", **found)


@page("/customers/new")
async def new(visit: Visit) -> Response:
    return visit.show("customer_form.html", customer=None, values=dict.fromkeys(LABELS, ""), labels=LABELS)


@action("/customers/new", again=new)
async def create(visit: Visit) -> Response:
    arguments = visit.arguments("customers.create", [name for name in LABELS if name != "status"])
    made = await visit.write("customers.create", arguments)
    return visit.go(f"/customers/{made['id']}", f"{made['name']} was added")


@page("/customers/{id}")
async def show(visit: Visit) -> Response:
    customer = await visit.read("customers.get", id=visit.path["id"])
    if visit.may("deals.list"):
        deals = await visit.read("deals.list", customer_id=customer["id"], limit=10)
    else:
        deals = None
    return visit.show("customer.html", customer=customer, deals=deals)


def _fields(customer: Mapping[str, Any]) -> dict[str, str]:
    return {name: customer[name] or "" for name in LABELS}


@page("/customers/{id}/edit")
async def edit(visit: Visit) -> Response:
    customer = await visit.read("customers.get", id=visit.path["id"])
    if visit.problem is not None and visit.problem.current is not None:
        customer = visit.problem.current
        visit.merge(_fields(customer))
    return visit.show("customer_form.html", customer=customer, values=_fields(customer), labels=LABELS)


@action("/customers/{id}/edit", again=edit)
async def save(visit: Visit) -> Response:
    customer_id = visit.path["id"]
    if changes := visit.changes("customers.update", LABELS):
        await visit.write("customers.update", {"id": customer_id, **changes}, visit.form.get("version"))
    return visit.go(f"/customers/{customer_id}", "Saved")


@action("/customers/{id}/archive", again=show)
async def archive(visit: Visit) -> Response:
    customer_id = visit.path["id"]
    visit.confirm(
        "Archive this customer?",
        "They leave the lists; their deals stay as they are. You can bring them back by editing their status.",
        "Archive",
        f"/customers/{customer_id}",
    )
    await visit.write("customers.delete", {"id": customer_id}, visit.form.get("version"))
    return visit.go("/customers", "The customer was archived")


async def choices(visit: Visit, search: str = "") -> list[tuple[str, str]]:
    """Customers to choose from: ids and what they are called."""
    try:
        found = await visit.read("customers.list", search=search, limit=50)
    except Refused as refusal:
        if refusal.problem.status == 403:
            return []
        raise
    return [(each["id"], label(each)) for each in found["customers"]]


def label(customer: Mapping[str, Any]) -> str:
    return " · ".join(filter(None, (customer["name"], customer["company"] or customer["email"])))
