"""One deal: what is in it, what it costs, where it can go, who signed, what was paid, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.rates import fraction, percentage
from dealwright.surfaces.desk.views import customers
from dealwright.surfaces.desk.visit import Visit

LABELS: Final = {
    "title": "Title",
    "description": "Description",
    "notes": "Internal notes",
    "customer_id": "Customer",
    "currency": "Currency",
    "tax_rate": "Tax rate",
    "deal_type": "Kind",
    "billing_cycle": "Billing cycle",
    "expires_at": "Valid until",
}
TYPES: Final = [("one_time", "Once"), ("recurring", "Recurring")]
CYCLES: Final = [("", "None"), ("monthly", "Monthly"), ("quarterly", "Quarterly"), ("annual", "Yearly")]
EDITABLE: Final = ("draft", "in_progress", "partially_accepted")
"""Statuses in which a page offers to change what a deal is worth; the operations decide."""
_HISTORY: Final = 50


def _here(visit: Visit) -> str:
    return f"/deals/{visit.path['id']}"


@page("/deals/{id}")
async def show(visit: Visit) -> Response:
    deal_id = visit.path["id"]
    found = await visit.together(
        deal=("deals.get", {"id": deal_id, "include": "customer,signatures,activity_log"}),
        moves=("deals.valid_transitions", {"id": deal_id}),
        money=("payments.list", {"deal_id": deal_id}),
        products=("products.list", {"status": "active", "limit": 50, "search": visit.asked("product")}),
    )
    deal = found["deal"]
    found["moves"] = [each for each in found["moves"]["transitions"] if each["target"] != "cancelled"]
    cancellable = deal["status"] not in ("closed", "cancelled", "expired")
    return visit.show("deal.html", editable=deal["status"] in EDITABLE, cancellable=cancellable, **found)


@page("/deals/{id}/history")
async def history(visit: Visit) -> Response:
    deal_id, offset = visit.path["id"], visit.asked("offset")
    found = await visit.together(
        deal=("deals.get", {"id": deal_id}),
        audit=("deals.audit", {"id": deal_id, "limit": _HISTORY, "offset": offset}),
        verdict=("deals.verify_audit", {"id": deal_id}),
    )
    return visit.show("deal_history.html", **found)


@page("/deals/{id}/certificate.pdf")
async def certificate(visit: Visit) -> Response:
    outcome = await visit.run("deals.signing_certificate", {"id": visit.path["id"], "format": "pdf"})
    visit.expect(outcome)
    headers = {"Content-Disposition": 'attachment; filename="certificate.pdf"', "Cache-Control": "no-store"}
    return Response(outcome.data, headers=headers, media_type="application/pdf")


# --- its own fields


@page("/deals/{id}/edit")
async def edit(visit: Visit) -> Response:
    deal = await visit.read("deals.get", id=visit.path["id"], include="customer")
    if visit.problem is not None and visit.problem.current is not None:
        deal = {"customer": None, **visit.problem.current}
        visit.merge(_fields(visit, deal))
    values = _fields(visit, deal)
    known = await customers.choices(visit, visit.asked("customer"))
    if deal["customer_id"] and deal["customer_id"] not in dict(known):
        customer = deal.get("customer")
        known.insert(0, (deal["customer_id"], customers.label(customer) if customer else "The present customer"))
    return visit.show(
        "deal_form.html",
        deal=deal,
        values=values,
        labels=LABELS,
        types=TYPES,
        cycles=CYCLES,
        customers=known,
        editable=deal["status"] in EDITABLE,
    )


def _fields(visit: Visit, deal: Mapping[str, Any]) -> dict[str, str]:
    values = {name: deal[name] or "" for name in LABELS}
    values["expires_at"] = visit.local.field(deal["expires_at"])
    values["tax_rate"] = percentage(deal["tax_rate"])
    return values


@action("/deals/{id}/edit", again=edit)
async def save(visit: Visit) -> Response:
    changes = visit.changes("deals.update", LABELS)
    if "tax_rate" in changes:
        changes["tax_rate"] = fraction(visit.form.get("tax_rate"))
    if changes:
        await visit.write("deals.update", {"id": visit.path["id"], **changes}, visit.form.get("version"))
    return visit.go(_here(visit), "Saved")


# --- line items and discounts


@action("/deals/{id}/items", again=show)
async def add_item(visit: Visit) -> Response:
    arguments = visit.arguments("deals.add_item", ("product_id", "quantity", "unit_price"))
    await visit.write("deals.add_item", {"id": visit.path["id"], **_filled(arguments)})
    return visit.go(f"{_here(visit)}#items", "Added")


def _filled(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


@action("/deals/{id}/items/{item}/quantity", again=show)
async def change_item(visit: Visit) -> Response:
    arguments = {"id": visit.path["id"], "item_id": visit.path["item"], "quantity": visit.form.get("quantity")}
    await visit.write("deals.update_item", arguments)
    return visit.go(f"{_here(visit)}#items", "Quantity changed")


@action("/deals/{id}/items/{item}/remove", again=show)
async def remove_item(visit: Visit) -> Response:
    arguments = {"id": visit.path["id"], "item_id": visit.path["item"]}
    await visit.write("deals.remove_item", arguments, visit.form.get("version"))
    return visit.go(f"{_here(visit)}#items", "Line removed")


@action("/deals/{id}/discounts", again=show)
async def add_discount(visit: Visit) -> Response:
    arguments = visit.arguments("deals.apply_discount", ("type", "value", "description"))
    await visit.write("deals.apply_discount", {"id": visit.path["id"], **_filled(arguments)})
    return visit.go(_here(visit), "Discount given")


# --- where it goes


@action("/deals/{id}/move", again=show)
async def move(visit: Visit) -> Response:
    version = visit.form.get("version") or None
    moved = await visit.write(
        "deals.transition", visit.arguments("deals.transition", ("status",)) | _id(visit), version
    )
    there = visit.form.get("back")
    return visit.go(visit.inside(there) if there else _here(visit), f"{moved['title']} was moved")


def _id(visit: Visit) -> dict[str, str]:
    return {"id": visit.path["id"]}


@action("/deals/{id}/cancel", again=show)
async def cancel(visit: Visit) -> Response:
    visit.confirm(
        "Cancel this deal?",
        "A cancelled deal cannot be taken up again. What was paid stays booked until you refund it.",
        "Cancel the deal",
        _here(visit),
    )
    await visit.write("deals.transition", {**_id(visit), "status": "cancelled"})
    return visit.go(_here(visit), "The deal was cancelled")


# --- signatures


@action("/deals/{id}/sign", again=show)
async def sign(visit: Visit) -> Response:
    customer = visit.form.get("signer_customer_id")
    arguments = {**_id(visit), "consent_to_sign": "consent_to_sign" in visit.form}
    if customer:
        arguments |= {"signer_type": "customer", "signer_customer_id": customer}
    await visit.write("deals.sign", arguments)
    return visit.go(_here(visit), "Signed")


@action("/deals/{id}/unsign", again=show)
async def unsign(visit: Visit) -> Response:
    visit.confirm(
        "Take back the signatures?",
        "All signatures of this deal are removed, and it goes back to work. Whoever signed must sign again.",
        "Take them back",
        _here(visit),
    )
    await visit.write("deals.unsign", _id(visit))
    return visit.go(_here(visit), "The signatures were taken back")
