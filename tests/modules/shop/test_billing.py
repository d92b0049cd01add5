"""Vehicles, quotes, invoices and payments."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.shop import schedule
from dealwright.modules.shop.registry import shop_registry
from tests.conftest import TestClock
from tests.shop import LINES, TESLA, Shop, refused


async def quote(shop: Shop, *, to: str = "draft", **members: Any) -> Any:
    """A quote in a status."""
    body = {"customer_id": await shop.customer(), "line_items": LINES, "tax_cents": 5040, **members}
    made = await shop.made("/quotes", body)
    for status in {"draft": (), "sent": ("sent",), "accepted": ("sent", "accepted")}[to]:
        assert (await shop.patch(f"/quotes/{made['id']}", {"status": status})).status_code == 200
    return made


async def pay(shop: Shop, invoice: str, cents: int, **more: Any) -> Any:
    return await shop.post(f"/payments/{invoice}/record", {"amount_cents": cents, "method": "check", **more})


async def state(shop: Shop, invoice: str) -> tuple[str, int, int]:
    found = (await shop.get(f"/invoices/{invoice}")).json()
    assert found["subtotal_cents"] + found["tax_cents"] == found["total_cents"]
    assert found["balance_cents"] == found["total_cents"] - found["amount_paid_cents"] >= 0
    assert found["amount_paid_cents"] == sum(each["amount_cents"] for each in found["payments"])
    assert (found["status"] == "paid") == (found["balance_cents"] == 0) == (found["paid_at"] is not None)
    return found["status"], found["amount_paid_cents"], found["balance_cents"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"vin": "5YJ3E1EA4NF12345"}, 422),
        ({"vin": "5YJ3E1EA4NO123456"}, 422),
        ({"year": 1800}, 422),
        ({"year": 2150}, 422),
        ({"year": "old"}, 400),
        ({"make": None}, 400),
        ({"customer_id": "cus_nobody"}, 404),
    ],
)
async def test_bad_vehicles(shop: Shop, changes: Any, status: int) -> None:
    code = {400: "bad_request", 404: "not_found", 422: "unprocessable_entity"}[status]
    refused(await shop.post("/vehicles", {"customer_id": await shop.customer(), **TESLA, **changes}), status, code)


async def test_vehicles_are_read_changed_and_deleted(shop: Shop, services: Services, outbox: Any) -> None:
    owner = await shop.customer()
    path = f"/vehicles/{await shop.vehicle(owner, license_plate='ABC1234')}"
    changed = (await shop.patch(path, {"color": None, "vin": "1m8gdm9axkp042788", "year": 2021})).json()
    assert (changed["color"], changed["vin"], changed["vin_warning"]) == (None, "1M8GDM9AXKP042788", None)
    assert (changed["year"], changed["license_plate"]) == (2021, "ABC1234")
    assert (await shop.get(path)).json() == changed
    refused(await shop.patch(path, {"year": 2199}), 422, "unprocessable_entity")
    refused(await shop.delete(f"/customers/{owner}"), 422, "unprocessable_entity")
    async with services.database.system(read_only=True) as tx:
        raw = await tx.connection.fetchval("SELECT string_agg(to_jsonb(v)::text, '') FROM shop_vehicles v")
        said = await tx.connection.fetchval("SELECT string_agg(snapshot || changes, '') FROM audit_log")
    assert "1M8GDM9AXKP042788" not in raw + said
    assert "ABC1234" not in raw + said
    booking = {
        "customer_id": owner, "vehicle_id": changed["id"], "service_type": "Tint",
        "scheduled_at": "2026-06-10T09:00:00Z", "duration_minutes": 60,
    }  # fmt: skip
    appointment = await shop.made("/appointments", booking)
    assert "appointments" in refused(await shop.delete(path), 422, "unprocessable_entity")
    await shop.delete(f"/appointments/{appointment['id']}")
    assert (await shop.delete(path)).status_code == 204
    refused(await shop.get(path), 404, "not_found")
    assert (await shop.delete(f"/customers/{owner}")).status_code == 204
    refused(await shop.get(f"/customers/{owner}"), 404, "not_found")
    assert (await shop.get("/customers")).json()["data"] == []
    assert [name for name, _ in await outbox(shop)][-2:] == ["vehicle.deleted", "customer.deleted"]


async def test_nothing_is_hung_on_a_customer_who_is_being_deleted(shop: Shop) -> None:
    for _ in range(5):
        owner = await shop.customer()
        gone, *made = await asyncio.gather(
            shop.delete(f"/customers/{owner}"),
            *(shop.post("/vehicles", {"customer_id": owner, **TESLA}) for _ in range(4)),
        )
        statuses = {answer.status_code for answer in made}
        assert (gone.status_code, statuses) in ((204, {404}), (422, {201}), (422, {201, 404}))


async def test_a_quote_is_changed_until_it_is_accepted(shop: Shop) -> None:
    path = f"/quotes/{(await quote(shop))['id']}"
    changed = (await shop.patch(path, {"line_items": LINES[:1], "tax_cents": 100})).json()
    assert (changed["subtotal_cents"], changed["tax_cents"], changed["total_cents"]) == (64900, 100, 65000)
    assert (await shop.patch(path, {"tax_cents": 0})).json()["total_cents"] == 64900
    for wrong in ("accepted", "declined"):
        refused(await shop.patch(path, {"status": wrong}), 422, "unprocessable_entity")
    for wrong in ("converted", "expired", "nonsense"):
        refused(await shop.patch(path, {"status": wrong}), 422, "unprocessable_entity")
    await shop.patch(path, {"status": "sent", "tax_cents": 5})
    assert (await shop.patch(path, {"status": "accepted"})).json()["total_cents"] == 64905
    refused(await shop.patch(path, {"tax_cents": 0}), 422, "unprocessable_entity")
    refused(await shop.patch(path, {"status": "sent"}), 422, "unprocessable_entity")


async def test_only_an_accepted_quote_is_converted_and_once(shop: Shop, clock: TestClock) -> None:
    for status in ("draft", "sent"):
        other = await quote(shop, to=status)
        refused(await shop.post(f"/quotes/{other['id']}/convert-to-invoice"), 422, "unprocessable_entity")
    await shop.patch("/shop", {"invoice_due_days": 30})
    accepted = await quote(shop, to="accepted")
    path = f"/quotes/{accepted['id']}"
    answers = await asyncio.gather(*(shop.post(f"{path}/convert-to-invoice") for _ in range(20)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(422)) == (1, 19)
    invoice = next(answer for answer in answers if answer.status_code == 201).json()
    assert {name: invoice[name] for name in ("line_items", "subtotal_cents", "tax_cents", "total_cents")} == {
        name: accepted[name] for name in ("line_items", "subtotal_cents", "tax_cents", "total_cents")
    }
    due, made = (datetime.fromisoformat(invoice[name]) for name in ("due_at", "created_at"))
    assert due - made == timedelta(days=30)
    refused(await shop.delete(path), 422, "unprocessable_entity")
    refused(await shop.delete(f"/invoices/{invoice['id']}"), 422, "unprocessable_entity")


async def test_quotes_lapse(shop: Shop, services: Services, clock: TestClock, outbox: Any) -> None:
    refused(
        await shop.post("/quotes", {"customer_id": await shop.customer(), "line_items": LINES,
                                    "expires_at": "2020-01-01T00:00:00Z"}),
        422, "unprocessable_entity",
    )  # fmt: skip
    soon = (clock() + timedelta(hours=1)).isoformat()
    sent, accepted = [await quote(shop, to=status, expires_at=soon) for status in ("sent", "accepted")]
    path = f"/quotes/{sent['id']}"
    clock.offset += timedelta(hours=2)
    try:
        assert (await shop.get(path)).json()["status"] == "expired"
        listed = (await shop.get("/quotes", status="expired")).json()["data"]
        assert [each["id"] for each in listed] == [sent["id"]]
        assert (await shop.get("/quotes", status="sent")).json()["data"] == []
        refused(await shop.patch(path, {"status": "accepted"}), 422, "unprocessable_entity")
        refused(await shop.patch(path, {"expires_at": "2199-01-01T00:00:00Z"}), 422, "unprocessable_entity")
        await asyncio.gather(*(schedule.run(services.pipeline) for _ in range(3)))
        assert (await shop.get("/quotes", status="expired")).json()["data"] == listed
        assert [name for name, _ in await outbox(shop)].count("quote.expired") == 1
        assert (await shop.post(f"/quotes/{accepted['id']}/convert-to-invoice")).status_code == 201
    finally:
        clock.offset -= timedelta(hours=2)


async def test_invoices_become_overdue_once_for_each_due_date(
    shop: Shop, services: Services, clock: TestClock, outbox: Any
) -> None:
    invoice = await shop.invoice(due_at=(clock() - timedelta(hours=1)).isoformat())

    async def overdue() -> int:
        await schedule.run(services.pipeline)
        return [name for name, _ in await outbox(shop)].count("invoice.overdue")

    assert await overdue() == 1
    assert await overdue() == 1
    await shop.patch(f"/invoices/{invoice}", {"due_at": (clock() - timedelta(minutes=1)).isoformat()})
    assert await overdue() == 2
    await pay(shop, invoice, 87940)
    assert await overdue() == 2


async def test_payments_in_parts(shop: Shop, outbox: Any) -> None:
    invoice = await shop.invoice(10_000)
    refused(await pay(shop, invoice, 10_001), 422, "unprocessable_entity")
    refused(await pay(shop, invoice, 0), 422, "unprocessable_entity")
    refused(await pay(shop, invoice, -1), 422, "unprocessable_entity")
    refused(await shop.post(f"/payments/{invoice}/record", {"method": "cash"}), 400, "bad_request")
    refused(await shop.post(f"/payments/{invoice}/record", {"amount_cents": 5}), 400, "bad_request")
    refused(await pay(shop, invoice, 5, method="bitcoin"), 422, "unprocessable_entity")
    first = (await pay(shop, invoice, 4_000, reference="1042")).json()
    assert await state(shop, invoice) == ("partial", 4_000, 6_000)
    assert (await pay(shop, invoice, 6_000)).status_code == 201
    assert await state(shop, invoice) == ("paid", 10_000, 0)
    refused(await pay(shop, invoice, 1), 422, "unprocessable_entity")
    refused(await shop.patch(f"/invoices/{invoice}", {"status": "voided"}), 422, "unprocessable_entity")
    changed = (await shop.patch(f"/payments/{first['id']}", {"reference": None, "note": "re-issued"})).json()
    assert changed == {**first, "reference": None, "note": "re-issued"}
    assert (await shop.get(f"/payments/{first['id']}")).json() == changed
    assert (await shop.delete(f"/payments/{first['id']}")).status_code == 204
    assert await state(shop, invoice) == ("partial", 6_000, 4_000)
    names = [name for name, _ in await outbox(shop)]
    assert [name for name in names if name.startswith("invoice.")] == [
        "invoice.created", "invoice.partial", "invoice.paid", "invoice.updated",
    ]  # fmt: skip


async def test_drafts_and_voided_invoices_take_no_payment(shop: Shop, outbox: Any) -> None:
    draft = await shop.invoice(status="draft")
    refused(await pay(shop, draft, 100), 422, "unprocessable_entity")
    assert (await shop.patch(f"/invoices/{draft}", {"status": "unpaid"})).json()["status"] == "unpaid"
    assert (await pay(shop, draft, 100)).status_code == 201
    refused(await shop.delete(f"/invoices/{draft}"), 422, "unprocessable_entity")
    assert (await shop.patch(f"/invoices/{draft}", {"status": "voided"})).json()["status"] == "voided"
    refused(await pay(shop, draft, 100), 422, "unprocessable_entity")
    refused(await shop.patch(f"/invoices/{draft}", {"status": "unpaid"}), 422, "unprocessable_entity")
    refused(await shop.patch(f"/invoices/{draft}", {"status": "paid"}), 422, "unprocessable_entity")
    [payment] = (await shop.get("/payments", invoice_id=draft)).json()["data"]
    refused(await shop.delete(f"/payments/{payment['id']}"), 422, "unprocessable_entity")
    assert (await shop.delete(f"/invoices/{await shop.invoice()}")).status_code == 204
    assert "invoice.voided" in [name for name, _ in await outbox(shop)]


async def test_a_hundred_parallel_payments_never_overpay(shop: Shop) -> None:
    invoice = await shop.invoice(10_000)
    statuses = [answer.status_code for answer in await asyncio.gather(*(pay(shop, invoice, 300) for _ in range(100)))]
    assert (statuses.count(201), statuses.count(422)) == (33, 67)
    assert await state(shop, invoice) == ("partial", 9_900, 100)
    await pay(shop, invoice, 100)
    assert await state(shop, invoice) == ("paid", 10_000, 0)


async def test_every_event_that_was_announced_is_declared(shop: Shop, services: Services) -> None:
    declared = {name for operation in shop_registry for name in operation.events} | set(schedule.EVENTS)
    kinds = ("vehicle", "appointment", "shop_quote", "shop_invoice", "shop_payment")
    async with services.database.system(read_only=True) as tx:
        rows = await tx.connection.fetch("SELECT DISTINCT event FROM events WHERE entity_type = ANY($1)", list(kinds))
    assert {row["event"] for row in rows} <= declared


async def test_the_audit_trail_of_an_invoice_verifies(shop: Shop, services: Services) -> None:
    invoice = await shop.invoice(1_000, notes="gate code 4711")
    await pay(shop, invoice, 1_000, note="from Jordan")
    tenant = ids.decode("tenant", shop.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, False, read_only=True) as tx:
        rows = await tx.connection.fetch("SELECT entity_type, action, snapshot FROM audit_log ORDER BY id")
    assert [(row["entity_type"], row["action"]) for row in rows][-3:] == [
        ("shop_invoice", "invoice.created"), ("shop_payment", "payment.recorded"), ("shop_invoice", "invoice.settled"),
    ]  # fmt: skip
    assert not any("4711" in row["snapshot"] or "Jordan" in row["snapshot"] for row in rows)
