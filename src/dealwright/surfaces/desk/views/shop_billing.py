"""The shop's quotes and invoices: lists, one of them, making them and moving them on. Amounts are US dollars."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final, get_args

from starlette.responses import Response

from dealwright.modules.shop.billing import INVOICES, QUOTES, InvoiceStatus, Method, QuoteStatus
from dealwright.surfaces.desk import lines
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import shop_owners
from dealwright.surfaces.desk.visit import Refused, Visit

CURRENCY: Final = "USD"
METHODS: Final = {"card": "Card", "cash": "Cash", "check": "Cheque", "ach": "Bank transfer", "other": "Another way"}
assert METHODS.keys() == set(get_args(Method))
PER_PAGE: Final = 25
_LINES: Final = "line_items"
_AS_TYPED: Final = {"unit_price_cents": "unit_price", "tax_cents": "tax", "amount_cents": "amount"}
"""Fields of the operations in cents, and the fields of the page in dollars."""


def cents(dollars: str) -> Any:
    """``18.5`` → 1850; what is no number of cents is left for the operation to refuse."""
    try:
        exact = Decimal(dollars) * 100
        return int(exact) if exact == exact.to_integral_value() else dollars
    except (InvalidOperation, ValueError, OverflowError):
        return dollars


def dollars(visit: Visit, amount: int) -> str:
    """``$18.50``, from cents."""
    return visit.local.money(Decimal(amount) / 100, CURRENCY)


def _with_owner(visit: Visit) -> str | None:
    return "customer" if visit.may("shop:customers.list") else None


async def _index(visit: Visit, kind: str, statuses: tuple[str, ...]) -> Response:
    found = await visit.read(
        f"shop:{kind}.list",
        status=visit.asked("status"),
        customer_id=visit.asked("customer_id"),
        after=visit.asked("after"),
        include=_with_owner(visit),
        limit=PER_PAGE,
    )
    return visit.show(
        f"shop_{kind}.html",
        records=found["data"],
        pagination=found["pagination"],
        statuses=statuses,
        filtered=bool(visit.asked("status") or visit.asked("customer_id")),
        dollars=dollars,
    )


def _id(visit: Visit) -> dict[str, str]:
    return {"id": visit.path["id"]}


# --- quotes


@page("/shop/quotes")
async def quotes(visit: Visit) -> Response:
    return await _index(visit, "quotes", get_args(QuoteStatus))


@page("/shop/quotes/{id}")
async def quote(visit: Visit) -> Response:
    embedded = ",".join(
        name
        for name, needs in (("customer", "shop:customers.list"), ("vehicle", "shop:vehicles.list"))
        if visit.may(needs)
    )
    found = await visit.read("shop:quotes.get", **_id(visit), include=embedded)
    moves = [move for move in QUOTES.moves_from(found["status"]) if move.requestable]
    return visit.show(
        "shop_quote.html",
        quote=found,
        moves=moves,
        convertible=QUOTES.move(found["status"], "converted") is not None,
        vehicle_name=shop_owners.name_of,
        dollars=dollars,
    )


@page("/shop/quotes/new")
async def new_quote(visit: Visit) -> Response:
    customer = visit.form.get("customer_id") or visit.asked("customer_id")
    if not customer:
        return await shop_owners.choose(visit, "/shop/quotes/new", "New quote", "/shop/quotes")
    return visit.show(
        "shop_quote_form.html",
        customer=await visit.read("shop:customers.get", id=customer),
        vehicles=await shop_owners.vehicles(visit, customer),
        lines=lines.shown(visit.form, _LINES, "description", more=visit.form.get("do") == "more"),
    )


@action("/shop/quotes/new", again=new_quote)
async def create_quote(visit: Visit) -> Response:
    if visit.form.get("do") == "more":
        return await new_quote(visit)
    numbers = lines.filled(visit.form, _LINES, "description")
    arguments = {
        **visit.arguments("shop:quotes.create", ("customer_id", "vehicle_id", "expires_at")),
        "tax_cents": cents(visit.form.get("tax") or "0"),
        _LINES: [
            {
                "description": each["description"],
                "quantity": each.get("quantity", "1"),
                "unit_price_cents": cents(each.get("unit_price", "")),
            }
            for each in lines.read(visit.form, _LINES, numbers, ("description", "quantity", "unit_price"))
        ],
    }
    try:
        made = await visit.write("shop:quotes.create", arguments)
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, _LINES, numbers, _AS_TYPED)) from None
    return visit.go(f"/shop/quotes/{made['id']}", "The quote was made")


@action("/shop/quotes/{id}/move", again=quote)
async def move_quote(visit: Visit) -> Response:
    status = visit.form.get("status")
    if status == "declined":
        question = "Did the customer decline?"
        visit.confirm(question, "A declined quote is over.", "Declined", f"/shop/quotes/{visit.path['id']}")
    await visit.write("shop:quotes.update", {**_id(visit), "status": status})
    return visit.go(f"/shop/quotes/{visit.path['id']}", f"The quote is {status}")


@action("/shop/quotes/{id}/convert", again=quote)
async def convert(visit: Visit) -> Response:
    made = await visit.write("shop:quotes.convert_to_invoice", _id(visit))
    return visit.go(f"/shop/invoices/{made['id']}", "The invoice was made")


@action("/shop/quotes/{id}/delete", again=quote)
async def delete_quote(visit: Visit) -> Response:
    there = f"/shop/quotes/{visit.path['id']}"
    visit.confirm("Delete this quote?", "It is gone for good.", "Delete", there)
    await visit.write("shop:quotes.delete", _id(visit))
    return visit.go("/shop/quotes", "The quote was deleted")


# --- invoices


@page("/shop/invoices")
async def invoices(visit: Visit) -> Response:
    return await _index(visit, "invoices", get_args(InvoiceStatus))


@page("/shop/invoices/{id}")
async def invoice(visit: Visit) -> Response:
    found = await visit.read("shop:invoices.get", **_id(visit), include=_with_owner(visit))
    moves = {move.target: move.label for move in INVOICES.moves_from(found["status"]) if move.requestable}
    return visit.show(
        "shop_invoice.html",
        invoice=found,
        moves=moves,
        payable=found["status"] in ("unpaid", "partial"),
        methods=METHODS,
        balance=f"{Decimal(found['balance_cents']) / 100:.2f}",
        dollars=dollars,
    )


@action("/shop/invoices/{id}/payments", again=invoice)
async def pay(visit: Visit) -> Response:
    typed = {name: text for name in ("reference", "note") if (text := visit.form.get(name))}
    arguments = {
        "invoice_id": visit.path["id"],
        "amount_cents": cents(visit.form.get("amount")),
        "method": visit.form.get("method"),
        **typed,
    }
    try:
        await visit.write("shop:payments.record", arguments)
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, _LINES, (), _AS_TYPED)) from None
    return visit.go(f"/shop/invoices/{visit.path['id']}", "The payment was booked")


@action("/shop/invoices/{id}/issue", again=invoice)
async def issue(visit: Visit) -> Response:
    await visit.write("shop:invoices.update", {**_id(visit), "status": "unpaid"})
    return visit.go(f"/shop/invoices/{visit.path['id']}", "The invoice was issued")


@action("/shop/invoices/{id}/void", again=invoice)
async def void(visit: Visit) -> Response:
    there = f"/shop/invoices/{visit.path['id']}"
    visit.confirm("Void this invoice?", "Nothing is owed any more. A voided invoice stays so.", "Void it", there)
    await visit.write("shop:invoices.update", {**_id(visit), "status": "voided"})
    return visit.go(there, "The invoice was voided")
