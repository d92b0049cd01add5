"""Appointments, bays and technicians."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.conftest import Workspace
from tests.shop import Shop, open_shop, refused

NINE, TEN, ELEVEN = (f"2026-06-10T{hour}:00:00.000Z" for hour in ("09", "10", "11"))


async def book(shop: Shop, customer: str, at: str = NINE, minutes: int = 60, **more: Any) -> Any:
    body = {"customer_id": customer, "service_type": "Tint", "scheduled_at": at, "duration_minutes": minutes, **more}
    return await shop.post("/appointments", body)


async def booked(shop: Shop, customer: str, at: str = NINE, minutes: int = 60, **more: Any) -> Any:
    response = await book(shop, customer, at, minutes, **more)
    assert response.status_code == 201, response.text
    return response.json()


async def test_a_new_shop_has_one_bay(shop: Shop) -> None:
    settings = (await shop.get("/shop")).json()
    assert [bay["name"] for bay in settings["bays"]] == ["Bay 1"]
    assert settings["invoice_due_days"] == 14
    customer = await shop.customer()
    await booked(shop, customer)
    for at, minutes in ((NINE, 60), ("2026-06-10T09:59:00Z", 1), ("2026-06-10T08:00:00Z", 61), (NINE, 1)):
        assert "overlaps" in refused(await book(shop, customer, at, minutes), 422, "unprocessable_entity")
    await booked(shop, customer, TEN)
    await booked(shop, customer, "2026-06-10T08:00:00Z")


async def test_a_vehicle_is_in_one_place(shop: Shop) -> None:
    customer = await shop.customer()
    vehicle = await shop.vehicle(customer)
    await shop.made("/bays", {"name": "Bay 2"})
    await booked(shop, customer, vehicle_id=vehicle)
    message = refused(await book(shop, customer, vehicle_id=vehicle), 422, "unprocessable_entity")
    assert "vehicle" in message
    await booked(shop, customer, vehicle_id=await shop.vehicle(customer))


async def test_a_technician_is_in_one_place_and_prefers_the_primary_bay(shop: Shop) -> None:
    second = (await shop.made("/bays", {"name": "Bay 2"}))["id"]
    await shop.made("/bays", {"name": "Bay 3"})
    tech = (await shop.made("/technicians", {"name": "Dana Cole", "primary_bay_id": second}))["id"]
    customer = await shop.customer()
    assert (await booked(shop, customer, technician_id=tech))["bay_id"] == second
    assert "technician" in refused(await book(shop, customer, technician_id=tech), 422, "unprocessable_entity")
    assert (await booked(shop, customer))["bay_id"] != second
    message = refused(await book(shop, customer, bay_id=second), 422, "unprocessable_entity")
    assert "this bay" in message


async def test_canceled_and_no_show_free_the_bay(shop: Shop) -> None:
    customer = await shop.customer()
    for way in ("canceled", "no_show"):
        appointment = await booked(shop, customer)
        refused(await book(shop, customer), 422, "unprocessable_entity")
        assert (await shop.patch(f"/appointments/{appointment['id']}", {"status": way})).json()["status"] == way
    last = await booked(shop, customer)
    await shop.delete(f"/appointments/{last['id']}")
    await booked(shop, customer)


async def test_the_lifecycle(shop: Shop, outbox: Any) -> None:
    path = f"/appointments/{(await booked(shop, await shop.customer()))['id']}"
    refused(await shop.patch(path, {"status": "in_progress"}), 422, "unprocessable_entity")
    refused(await shop.patch(path, {"status": "asleep"}), 422, "unprocessable_entity")
    for status in ("confirmed", "checked_in", "in_progress", "completed"):
        assert (await shop.patch(path, {"status": status})).json()["status"] == status
        assert (await shop.patch(path, {"status": status})).status_code == 200, "said twice is said once"
    refused(await shop.patch(path, {"status": "canceled"}), 422, "unprocessable_entity")
    refused(await shop.patch(path, {"scheduled_at": TEN}), 422, "unprocessable_entity")
    assert (await shop.patch(path, {"notes": "35% front"})).json()["notes"] == "35% front"
    assert [name for name, _ in await outbox(shop)] == [
        "customer.created", "appointment.created", "appointment.confirmed", "appointment.checked_in",
        "appointment.in_progress", "appointment.completed", "appointment.updated",
    ]  # fmt: skip


async def test_rescheduling_must_fit(shop: Shop) -> None:
    customer = await shop.customer()
    first = await booked(shop, customer, NINE)
    await booked(shop, customer, TEN)
    path = f"/appointments/{first['id']}"
    refused(await shop.patch(path, {"scheduled_at": TEN}), 422, "unprocessable_entity")
    refused(await shop.patch(path, {"duration_minutes": 61}), 422, "unprocessable_entity")
    moved = (await shop.patch(path, {"scheduled_at": "2026-06-10T08:30:00Z", "duration_minutes": 90})).json()
    assert (moved["scheduled_at"], moved["duration_minutes"]) == ("2026-06-10T08:30:00.000Z", 90)
    await shop.made("/bays", {"name": "Bay 2"})
    assert (await shop.patch(path, {"scheduled_at": TEN})).json()["bay_id"] != first["bay_id"]


async def test_an_appointment_of_many_days_holds_its_bay(shop: Shop) -> None:
    customer = await shop.customer()
    await booked(shop, customer, "2026-06-08T08:00:00Z", 4 * 24 * 60)
    refused(await book(shop, customer), 422, "unprocessable_entity")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"service_type": None}, 400),
        ({"scheduled_at": "tomorrow"}, 422),
        ({"scheduled_at": "9999-12-31T23:59:59Z"}, 422),
        ({"duration_minutes": 0}, 422),
        ({"duration_minutes": 10_000_000}, 422),
        ({"duration_minutes": "long"}, 400),
        ({"customer_id": "cus_nobody"}, 404),
        ({"vehicle_id": "veh_nothing"}, 404),
        ({"bay_id": "bay_none"}, 404),
        ({"technician_id": "tec_none"}, 404),
    ],
)
async def test_bad_bookings(shop: Shop, changes: Any, status: int) -> None:
    code = {400: "bad_request", 404: "not_found", 422: "unprocessable_entity"}[status]
    body = {
        "customer_id": await shop.customer(), "service_type": "Tint", "scheduled_at": NINE, "duration_minutes": 60,
        **changes,
    }  # fmt: skip
    refused(await shop.post("/appointments", body), status, code)


async def test_a_vehicle_of_somebody_else(shop: Shop) -> None:
    vehicle = await shop.vehicle(await shop.customer())
    refused(await book(shop, await shop.customer(), vehicle_id=vehicle), 422, "unprocessable_entity")


async def test_two_hundred_bookings_of_one_hour_make_one(shop: Shop) -> None:
    assert (await shop.get("/shop")).status_code == 200, "it has its row before the rush"
    customer = await shop.customer()
    answers = await asyncio.gather(*(book(shop, customer) for _ in range(200)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(201), statuses.count(422)) == (1, 199)
    assert len((await shop.get("/appointments", limit=100)).json()["data"]) == 1


async def test_moves_into_the_same_hour_leave_one_there(shop: Shop) -> None:
    customer = await shop.customer()
    made = [await booked(shop, customer, f"2026-07-{day:02}T09:00:00Z") for day in range(1, 21)]
    moves = (shop.patch(f"/appointments/{each['id']}", {"scheduled_at": ELEVEN}) for each in made)
    statuses = [answer.status_code for answer in await asyncio.gather(*moves)]
    assert (statuses.count(200), statuses.count(422)) == (1, 19)


async def test_as_many_as_there_are_bays(shop: Shop) -> None:
    for number in (2, 3):
        await shop.made("/bays", {"name": f"Bay {number}"})
    customer = await shop.customer()
    answers = await asyncio.gather(*(book(shop, customer) for _ in range(40)))
    taken = [answer.json()["bay_id"] for answer in answers if answer.status_code == 201]
    assert len(taken) == len(set(taken)) == 3


async def test_bays_and_technicians_are_set_up(shop: Shop) -> None:
    [first] = (await shop.get("/shop")).json()["bays"]
    refused(await shop.delete(f"/bays/{first['id']}"), 422, "unprocessable_entity")
    second = await shop.made("/bays", {"name": "Wrap bay"})
    assert (await shop.patch(f"/bays/{second['id']}", {"name": "Wraps"})).json()["name"] == "Wraps"
    customer = await shop.customer()
    ahead = await booked(shop, customer, "2198-06-10T09:00:00Z", bay_id=second["id"])
    refused(await shop.delete(f"/bays/{second['id']}"), 422, "unprocessable_entity")
    await shop.delete(f"/appointments/{ahead['id']}")
    assert (await shop.delete(f"/bays/{second['id']}")).status_code == 204
    refused(await shop.delete(f"/bays/{second['id']}"), 404, "not_found")
    refused(await book(shop, customer, bay_id=second["id"]), 404, "not_found")
    tech = await shop.made("/technicians", {"name": "Dana Cole"})
    path = f"/technicians/{tech['id']}"
    changed = (await shop.patch(path, {"name": "Dana Cruz", "primary_bay_id": first["id"]})).json()
    assert (changed["name"], changed["primary_bay_id"]) == ("Dana Cruz", first["id"])
    assert (await shop.patch(path, {"primary_bay_id": None})).json()["primary_bay_id"] is None
    assert (await shop.get("/shop")).json()["technicians"] == [{**changed, "primary_bay_id": None}]
    assert (await shop.delete(path)).status_code == 204
    assert (await shop.get("/shop")).json()["technicians"] == []
    assert (await shop.patch("/shop", {"invoice_due_days": 30})).json()["invoice_due_days"] == 30


async def test_what_takes_place_between_two_instants(shop: Shop) -> None:
    customer = await shop.customer()
    first, second = await booked(shop, customer), await booked(shop, customer, TEN, 120)

    async def between(since: str, until: str) -> list[str]:
        listed = (await shop.get("/appointments", ends_after=since, starts_before=until)).json()
        return [each["id"] for each in listed["data"]]

    assert await between(NINE, TEN) == [first["id"]], "one that starts when the window ends is not in it"
    assert await between(TEN, ELEVEN) == [second["id"]], "nor one that ends when it starts"
    assert await between(NINE, ELEVEN) == [second["id"], first["id"]]
    await shop.patch(f"/appointments/{first['id']}", {"status": "canceled"})
    assert await between(NINE, TEN) == [first["id"]], "what was called off is told, too"
    refused(await shop.get("/appointments", ends_after="yesterday"), 400, "bad_request")


async def test_customer_and_vehicle_are_embedded_for_who_may_read_them(shop: Shop, workspace: Workspace) -> None:
    customer = await shop.customer()
    vehicle = await shop.vehicle(customer)
    made = await booked(shop, customer, vehicle_id=vehicle)
    [listed] = (await shop.get("/appointments", include="customer,vehicle")).json()["data"]
    one = (await shop.get(f"/appointments/{made['id']}", include="customer,vehicle")).json()
    assert listed == one
    assert one["customer"]["id"] == customer
    assert one["vehicle"]["id"] == vehicle
    assert "customer" not in (await shop.get(f"/appointments/{made['id']}")).json()
    refused(await shop.get("/appointments", include="invoices"), 400, "bad_request")
    clerk = await open_shop(workspace, scopes=["appointments:read"])
    assert (await clerk.get("/appointments")).status_code == 200
    assert (await clerk.get("/appointments", include="customer")).status_code == 403
    assert (await clerk.get("/appointments", include="vehicle")).status_code == 403
