"""A new deal in one flow: customer, line items, discount and terms on one page, made in one transaction."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk import lines
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.rates import fraction, percentage
from dealwright.surfaces.desk.views import customers, products
from dealwright.surfaces.desk.visit import Refused, Visit

_OF_CUSTOMER: Final = {name: f"customer.{name}" for name in ("name", "email", "company")}


@page("/deals/new")
async def new(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, preview: Any = None) -> Response:
    known = await visit.read("products.list", status="active", limit=100)
    workspace = await visit.find("tenant_settings.get") or {}
    found = await customers.choices(visit)
    chosen = visit.form.get("customer_id") or visit.asked("customer_id")
    if chosen and chosen not in dict(found):
        found.insert(0, (chosen, customers.label(await visit.read("customers.get", id=chosen))))
    return visit.show(
        "new_deal.html",
        customers=found,
        chosen=chosen,
        products=known["products"],
        lines=lines.shown(visit.form, "items", "product_id", more=visit.form.get("do") == "more"),
        preview=preview,
        tax_rate=percentage(workspace.get("default_tax_rate") or "0"),
        currency=products.currency(visit),
    )


@action("/deals/new", again=new)
async def create(visit: Visit) -> Response:
    do = visit.form.get("do")
    if do == "more":
        return await _show(visit)
    numbers = lines.filled(visit.form, "items", "product_id")
    arguments = _arguments(visit, numbers)
    try:
        if do == "preview":
            return await _show(visit, await visit.write("deals.create_configured", {**arguments, "dry_run": True}))
        if numbers:
            made = await visit.write("deals.create_configured", arguments)
        else:
            made = await _without_items(visit, arguments)
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, "items", numbers, _OF_CUSTOMER)) from None
    if do == "send":
        await visit.write("deals.transition", {"id": made["id"], "status": "in_progress"})
        await visit.write("deals.transition", {"id": made["id"], "status": "pending_signature"})
        return visit.go(f"/deals/{made['id']}", "The deal is out for signature")
    return visit.go(f"/deals/{made['id']}", "The deal was made")


async def _without_items(visit: Visit, arguments: dict[str, Any]) -> Any:
    """A deal to be filled later."""
    arguments = {name: value for name, value in arguments.items() if name not in ("items", "discounts")}
    inline = arguments.pop("customer", None)
    if inline is not None:
        arguments["customer_id"] = (await visit.write("customers.create", inline))["id"]
    return await visit.write("deals.create", arguments)


def _arguments(visit: Visit, numbers: list[int]) -> dict[str, Any]:
    form = visit.form
    arguments: dict[str, Any] = {name: form.get(name) for name in ("title", "notes", "currency") if form.get(name)}
    if form.get("tax_rate"):
        arguments["tax_rate"] = fraction(form.get("tax_rate"))
    if form.get("customer.name") or form.get("customer.email"):
        inline = {name: form.get(f"customer.{name}") for name in ("name", "email", "company")}
        arguments["customer"] = {name: value for name, value in inline.items() if value}
    elif form.get("customer_id"):
        arguments["customer_id"] = form.get("customer_id")
    arguments["items"] = lines.read(form, "items", numbers, ("product_id", "quantity", "unit_price"))
    if form.get("discounts.0.value"):
        arguments["discounts"] = [{name: form.get(f"discounts.0.{name}") for name in ("type", "value")}]
    return arguments
