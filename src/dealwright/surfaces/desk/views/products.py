"""Products: the list, one of them, adding and changing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.rates import fraction, percentage
from dealwright.surfaces.desk.visit import Visit

LABELS: Final = {
    "name": "Name",
    "price": "Price",
    "description": "Description",
    "sku": "SKU",
    "type": "Kind",
    "price_type": "Charged",
    "billing_cycle": "Billing cycle",
    "cost": "Cost",
    "unit": "Unit",
    "tax_rate": "Tax rate",
    "category": "Category",
    "status": "Status",
    "stock_quantity": "In stock",
    "track_inventory": "Track stock",
    "low_stock_threshold": "Low stock at",
    "requires_booking": "Needs a booking",
    "session_duration": "Session length",
}
TYPES: Final = [("product", "Product"), ("service", "Service"), ("subscription", "Subscription"), ("bundle", "Bundle")]
PRICE_TYPES: Final = [
    ("once_off", "Once"),
    ("recurring", "Regularly"),
    ("percentage", "As a percentage"),
    ("metered", "By use"),
]
CYCLES: Final = [("", "None"), ("monthly", "Monthly"), ("quarterly", "Quarterly"), ("annual", "Yearly")]
STATUSES: Final = [("active", "Active"), ("inactive", "Inactive"), ("archived", "Archived")]
PER_PAGE: Final = 25


def currency(visit: Visit) -> str:
    """Products have prices in the workspace's currency."""
    return visit.principal.settings.default_currency


@page("/products")
async def index(visit: Visit) -> Response:
    found = await visit.read(
        "products.list",
        search=visit.asked("q"),
        status=visit.asked("status"),
        type=visit.asked("type"),
        after=visit.asked("after"),
        before=visit.asked("before"),
        limit=PER_PAGE,
    )
    return visit.show("products.html", currency=currency(visit), types=TYPES, statuses=STATUSES, **found)


def _show_form(visit: Visit, product: Mapping[str, Any] | None, values: Mapping[str, str]) -> Response:
    return visit.show(
        "product_form.html",
        product=product,
        values=values,
        labels=LABELS,
        currency=currency(visit),
        types=TYPES,
        price_types=PRICE_TYPES,
        cycles=CYCLES,
        statuses=STATUSES,
    )


@page("/products/new")
async def new(visit: Visit) -> Response:
    return _show_form(visit, None, {**dict.fromkeys(LABELS, ""), "type": "product", "price_type": "once_off"})


@action("/products/new", again=new)
async def create(visit: Visit) -> Response:
    made = await visit.write("products.create", _as_fraction(visit.arguments("products.create", LABELS)))
    return visit.go(f"/products/{made['id']}", f"{made['name']} was added")


@page("/products/{id}")
async def show(visit: Visit) -> Response:
    product = await visit.read("products.get", id=visit.path["id"], include="deals")
    return visit.show("product.html", product=product, currency=currency(visit))


def _fields(product: Mapping[str, Any]) -> dict[str, str]:
    values = {name: _text(product[name]) for name in LABELS}
    return {**values, "tax_rate": percentage(product["tax_rate"]) if product["tax_rate"] else ""}


def _as_fraction(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the tax rate, which people type in percent, as the operation wants it."""
    if arguments.get("tax_rate") is not None:
        arguments["tax_rate"] = fraction(arguments["tax_rate"])
    return arguments


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else ""
    return "" if value is None else str(value)


@page("/products/{id}/edit")
async def edit(visit: Visit) -> Response:
    product = await visit.read("products.get", id=visit.path["id"])
    if visit.problem is not None and visit.problem.current is not None:
        product = visit.problem.current
        visit.merge(_fields(product))
    return _show_form(visit, product, _fields(product))


@action("/products/{id}/edit", again=edit)
async def save(visit: Visit) -> Response:
    product_id = visit.path["id"]
    if changes := _as_fraction(visit.changes("products.update", LABELS)):
        await visit.write("products.update", {"id": product_id, **changes}, visit.form.get("version"))
    return visit.go(f"/products/{product_id}", "Saved")


@action("/products/{id}/archive", again=show)
async def archive(visit: Visit) -> Response:
    product_id = visit.path["id"]
    visit.confirm(
        "Archive this product?",
        "It leaves the lists and cannot be added to deals any more. Deals that hold it stay as they are.",
        "Archive",
        f"/products/{product_id}",
    )
    await visit.write("products.delete", {"id": product_id}, visit.form.get("version"))
    return visit.go("/products", "The product was archived")
