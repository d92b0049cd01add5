"""Every request of the SalesThumb document, with ids replaced, and the documented answer to it."""

from __future__ import annotations

import re
from typing import Any

from tests.shop import JORDAN, LINES, TESLA, Shop

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
CUSTOMER = {"id", "name", "email", "phone", "notes", "created_at", "updated_at"}
VEHICLE = {"id", "customer_id", "year", "make", "model", "trim", "color", "vin", "license_plate", "created_at"}
APPOINTMENT = {
    "id", "customer_id", "vehicle_id", "status", "service_type", "scheduled_at", "duration_minutes", "notes",
    "created_at", "updated_at",
}  # fmt: skip
QUOTE = {
    "id", "customer_id", "vehicle_id", "status", "line_items", "subtotal_cents", "tax_cents", "total_cents",
    "expires_at", "created_at",
}  # fmt: skip
INVOICE = {
    "id", "quote_id", "customer_id", "status", "line_items", "subtotal_cents", "tax_cents", "total_cents",
    "amount_paid_cents", "balance_cents", "due_at", "paid_at", "created_at",
}  # fmt: skip
PAYMENT = {"id", "invoice_id", "amount_cents", "method", "reference", "note", "recorded_at", "created_at"}


def check(found: Any, members: set[str], prefix: str, *, additions: set[str] = frozenset()) -> None:  # type: ignore[assignment]
    """The documented members and the additions that docs/compatibility.md names, with their forms."""
    assert set(found) == members | additions
    assert found["id"].startswith(f"{prefix}_")
    for name, value in found.items():
        if name.endswith("_at") and value is not None:
            assert TIME.fullmatch(value), (name, value)
        if name.endswith("_cents"):
            assert isinstance(value, int)


def check_page(found: Any, limit: int = 20) -> list[Any]:
    assert set(found) == {"data", "pagination"}
    assert found["pagination"] == {"next_cursor": None, "has_more": False, "limit": limit}
    return list(found["data"])


async def test_customers(shop: Shop) -> None:
    response = await shop.post("/customers", JORDAN)
    assert response.status_code == 201
    jordan = response.json()
    check(jordan, CUSTOMER, "cus")
    assert {name: jordan[name] for name in JORDAN} == JORDAN
    assert check_page((await shop.get("/customers", limit=25)).json(), 25) == [jordan]
    assert (await shop.get(f"/customers/{jordan['id']}")).json() == jordan
    changes = {"phone": "+15125550199", "notes": "Prefers text over email."}
    response = await shop.patch(f"/customers/{jordan['id']}", changes)
    assert response.status_code == 200
    changed = response.json()
    assert changed == {**jordan, **changes, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > jordan["updated_at"]


async def test_vehicles(shop: Shop) -> None:
    owner = await shop.customer()
    response = await shop.post("/vehicles", {"customer_id": owner, **TESLA})
    assert response.status_code == 201
    tesla = response.json()
    check(tesla, VEHICLE, "veh", additions={"vin_warning"})
    assert tesla["customer_id"] == owner
    assert {name: tesla[name] for name in TESLA} == TESLA
    assert tesla["license_plate"] is None
    assert "check digit" in tesla["vin_warning"], "the document's own sample fails the check"
    assert check_page((await shop.get(f"/customers/{owner}/vehicles")).json()) == [tesla]


async def test_appointments(shop: Shop, outbox: Any) -> None:
    owner = await shop.customer()
    body = {
        "customer_id": owner,
        "vehicle_id": await shop.vehicle(owner),
        "service_type": "Ceramic tint — full car",
        "scheduled_at": "2026-06-10T09:00:00.000Z",
        "duration_minutes": 240,
        "notes": "Customer wants 35% on front, 20% rear.",
    }
    response = await shop.post("/appointments", body)
    assert response.status_code == 201
    booked = response.json()
    check(booked, APPOINTMENT, "apt", additions={"bay_id", "technician_id"})
    assert {name: booked[name] for name in body} == body
    assert booked["status"] == "pending"
    response = await shop.patch(f"/appointments/{booked['id']}", {"status": "confirmed"})
    assert response.status_code == 200
    confirmed = response.json()
    assert confirmed == {**booked, "status": "confirmed", "updated_at": confirmed["updated_at"]}
    assert check_page((await shop.get("/appointments", status="confirmed", limit=10)).json(), 10) == [confirmed]
    response = await shop.delete(f"/appointments/{booked['id']}")
    assert (response.status_code, response.content) == (204, b"")
    assert (await shop.get(f"/appointments/{booked['id']}")).status_code == 404
    assert [name for name, _ in await outbox(shop)] == [
        "customer.created", "vehicle.created", "appointment.created", "appointment.confirmed", "appointment.deleted",
    ]  # fmt: skip


async def test_a_quote_becomes_an_invoice_becomes_paid(shop: Shop, outbox: Any) -> None:
    owner = await shop.customer()
    body = {
        "customer_id": owner,
        "vehicle_id": await shop.vehicle(owner),
        "line_items": LINES,
        "tax_cents": 5040,
        "expires_at": "2199-06-25T00:00:00.000Z",
    }
    response = await shop.post("/quotes", body)
    assert response.status_code == 201
    quote = response.json()
    check(quote, QUOTE, "quo")
    assert {name: quote[name] for name in body} == body
    assert (quote["status"], quote["subtotal_cents"], quote["total_cents"]) == ("draft", 82900, 87940)
    path = f"/quotes/{quote['id']}"
    sent = (await shop.patch(path, {"status": "sent"})).json()
    assert sent == {**quote, "status": "sent"}
    assert (await shop.patch(path, {"status": "accepted"})).json()["status"] == "accepted"
    assert [each["id"] for each in check_page((await shop.get("/quotes", status="accepted")).json())] == [quote["id"]]

    response = await shop.post(f"{path}/convert-to-invoice")
    assert response.status_code == 201
    invoice = response.json()
    check(invoice, INVOICE, "inv", additions={"notes", "voided_at"})
    assert (invoice["quote_id"], invoice["customer_id"], invoice["status"]) == (quote["id"], owner, "unpaid")
    assert (invoice["total_cents"], invoice["amount_paid_cents"], invoice["balance_cents"]) == (87940, 0, 87940)
    assert invoice["line_items"] == LINES
    assert (await shop.get(path)).json()["status"] == "converted"
    assert check_page((await shop.get("/invoices", customer_id=owner, status="unpaid")).json()) == [invoice]
    assert (await shop.get(f"/invoices/{invoice['id']}")).json() == {**invoice, "payments": []}

    body = {
        "amount_cents": 87940,
        "method": "cash",
        "recorded_at": "2026-06-10T11:30:00.000Z",
        "note": "Customer paid in full at pickup.",
    }
    response = await shop.post(f"/payments/{invoice['id']}/record", body)
    assert response.status_code == 201
    payment = response.json()
    check(payment, PAYMENT, "pay")
    assert payment == {**payment, **body, "invoice_id": invoice["id"], "reference": None}
    assert check_page((await shop.get("/payments", invoice_id=invoice["id"])).json()) == [payment]
    paid = (await shop.get(f"/invoices/{invoice['id']}")).json()
    assert (paid["status"], paid["balance_cents"], paid["payments"]) == ("paid", 0, [payment])
    assert paid["paid_at"] is not None
    events = await outbox(shop)
    assert [name for name, _ in events] == [
        "customer.created", "vehicle.created", "quote.created", "quote.sent", "quote.accepted", "invoice.created",
        "quote.converted", "payment.created", "payment.recorded", "invoice.paid",
    ]  # fmt: skip
    assert events[-1][1] == {
        "invoice_id": invoice["id"], "customer_id": owner, "total_cents": 87940, "paid_at": paid["paid_at"],
    }  # fmt: skip


async def test_invoices_made_directly(shop: Shop) -> None:
    body = {"customer_id": await shop.customer(), "line_items": LINES, "tax_cents": 5040}
    response = await shop.post("/invoices", body, headers={"Idempotency-Key": "550e8400-e29b-41d4-a716-446655440000"})
    assert response.status_code == 201
    invoice = response.json()
    check(invoice, INVOICE, "inv", additions={"notes", "voided_at"})
    assert (invoice["quote_id"], invoice["status"], invoice["due_at"]) == (None, "unpaid", None)
    path = f"/invoices/{invoice['id']}"
    changed = (await shop.patch(path, {"due_at": "2026-06-10T00:00:00.000Z", "notes": "Net 14"})).json()
    assert (changed["due_at"], changed["notes"]) == ("2026-06-10T00:00:00.000Z", "Net 14")
    voided = (await shop.patch(path, {"status": "voided"})).json()
    assert (voided["status"], voided["balance_cents"]) == ("voided", 87940)
    assert voided["voided_at"] is not None
