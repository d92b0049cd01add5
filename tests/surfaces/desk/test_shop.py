"""The shop at the desk: its week, its quotes and invoices, vehicles and owners, by forms alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dealwright.kernel.access.roles import Role
from tests.conftest import Services, Workspace
from tests.surfaces.desk.conftest import At, Person
from tests.surfaces.desk.test_pages import cost, crawl, whole

_DAY = (datetime.now(UTC) + timedelta(days=7)).date()


async def an_owner(person: Person) -> str:
    """A customer with a vehicle; the path of their page in the shop."""
    await person.open("/customers/new")
    await person.send("/customers/new", name="Jordan Rivera", email="jordan@example.com")
    owner = "/shop/owners/" + person.path.rpartition("/")[2].replace("cust_", "cus_")
    await person.open(owner)
    await person.send(f"{owner}/vehicles", year="2022", make="Tesla", model="Model 3", license_plate="ABC 123")
    assert "2022 Tesla Model 3 · ABC 123 was added" in person.text
    return owner


async def an_appointment(person: Person, owner: str, hour: int = 9, **fields: str) -> str:
    await person.open(f"/shop/appointments/new?customer_id={owner.rpartition('/')[2]}")
    values = {"service_type": "Ceramic tint", "scheduled_at": f"{_DAY}T{hour:02}:00", "duration_minutes": "120"}
    await person.send("/shop/appointments/new", **values, **fields)
    return person.path


async def a_quote(person: Person, owner: str) -> str:
    await person.open(f"/shop/quotes/new?customer_id={owner.rpartition('/')[2]}")
    lines = {"line_items__1__description": "Windshield tint", "line_items__1__unit_price": "180.50"}
    await person.send("/shop/quotes/new", press="Make the quote", **lines, tax="14.44")
    return person.path


async def test_an_appointment_from_booking_to_done(at_desk: At) -> None:
    person = await at_desk()
    owner = await an_owner(person)
    await person.open("/shop/appointments/new")
    assert "For whom?" in person.text
    appointment = await an_appointment(person, owner)
    assert "Pending" in person.text
    await person.open(f"/shop/calendar?day={_DAY}")
    assert appointment in person.page.links
    assert "Jordan Rivera" in person.text
    assert "<foreignObject" in person.text
    steps = {
        "confirmed": "confirmed",
        "checked_in": "checked in",
        "in_progress": "work has begun",
        "completed": "completed",
    }
    for status, said in steps.items():
        await person.open(appointment)
        await person.send(f"{appointment}/move", status=status)
        assert f"Ceramic tint: {said}" in person.text
    assert not person.can(f"{appointment}/move")
    await person.open(owner)
    assert appointment in person.page.links


async def test_what_clashes_is_said_and_what_was_typed_stays(at_desk: At) -> None:
    person = await at_desk()
    owner = await an_owner(person)
    appointment = await an_appointment(person, owner)
    await person.open(f"/shop/appointments/new?customer_id={owner.rpartition('/')[2]}")
    taken = {"service_type": "Detail", "scheduled_at": f"{_DAY}T10:00", "duration_minutes": "60"}
    await person.send("/shop/appointments/new", 409, **taken)
    assert "overlaps with another" in person.text
    assert person.form("/shop/appointments/new").fields["service_type"] == "Detail"
    await person.send("/shop/appointments/new", scheduled_at=f"{_DAY}T11:00")
    await person.open(appointment)
    await person.send(f"{appointment}/edit", service_type="Carbon tint", notes="Mind the antenna")
    assert "<h1>Carbon tint</h1>" in person.text
    assert "Mind the antenna" in person.text
    await person.send(f"{appointment}/move", status="canceled")
    assert "Cancel this appointment?" in person.text
    await person.send(f"{appointment}/move")
    assert "It was cancelled" in person.text
    await person.open(f"/shop/calendar?day={_DAY}")
    assert "1 called off this week" in person.text


async def test_a_quote_becomes_an_invoice_that_is_paid(at_desk: At) -> None:
    person = await at_desk()
    owner = await an_owner(person)
    await person.open(f"/shop/quotes/new?customer_id={owner.rpartition('/')[2]}")
    wrong = {"line_items__1__description": "Tint", "line_items__1__unit_price": "1.234"}
    await person.send("/shop/quotes/new", 400, press="Make the quote", **wrong)
    assert 'id="line_items.1.unit_price-error"' in person.text
    quote = await a_quote(person, owner)
    assert "$194.94" in person.text
    await person.send(f"{quote}/move", status="sent")
    await person.send(f"{quote}/move", status="accepted")
    await person.send(f"{quote}/convert")
    invoice = person.path
    assert invoice.startswith("/shop/invoices/inv_")
    await person.send(f"{invoice}/payments", amount="100", method="cash")
    assert "$94.94 open" in person.text
    await person.send(f"{invoice}/payments", 409, amount="500")
    assert 'role="alert"' in person.text
    await person.send(f"{invoice}/payments", 400, amount="1.234")
    assert 'id="amount-error"' in person.text
    await person.send(f"{invoice}/payments", amount="94.94", method="check", reference="No. 12")
    assert "Paid" in person.text
    assert not person.can(f"{invoice}/payments")
    assert not person.can(f"{invoice}/void")
    await person.open("/shop/invoices?status=paid")
    assert invoice in person.page.links


async def test_an_invoice_is_voided_and_a_quote_declined_only_after_a_second_word(at_desk: At) -> None:
    person = await at_desk()
    owner = await an_owner(person)
    quote = await a_quote(person, owner)
    await person.send(f"{quote}/move", status="sent")
    await person.send(f"{quote}/move", status="declined")
    assert "Did the customer decline?" in person.text
    await person.open(quote)
    await person.send(f"{quote}/move", status="accepted")
    await person.send(f"{quote}/convert")
    invoice = person.path
    await person.send(f"{invoice}/void")
    assert "Void this invoice?" in person.text
    await person.send(f"{invoice}/void")
    assert "The invoice was voided" in person.text


@pytest.mark.parametrize("role", ["owner", "member", "viewer"])
async def test_every_page_of_the_shop_is_whole(at_desk: At, workspace: Workspace, role: Role) -> None:
    owner = await at_desk("owner", workspace)
    jordan = await an_owner(owner)
    await an_appointment(owner, jordan)
    await a_quote(owner, jordan)
    somebody = await at_desk(role, workspace)
    pages = {**await crawl(somebody, f"/shop/calendar?day={_DAY}"), **await crawl(somebody, jordan)}
    for kind, page in pages.items():
        whole(page)
        if role == "viewer" and kind.startswith("/shop"):
            offered = {form.action for form in page.page.forms if form.method == "post"}
            assert not {each for each in offered if each.startswith("/shop")}, kind
            assert not {link for link in page.page.links if link.startswith("/shop") and "/new" in link}, kind
        if role == "member" and kind.startswith("/shop/appointments/*"):
            assert page.can("/shop/appointments/*/move")
    assert {"/shop/calendar", "/shop/appointments/*", "/shop/owners/*", "/shop/vehicles/*"} <= pages.keys()


async def test_the_shop_is_in_the_navigation_of_workspaces_that_have_one(at_desk: At, workspace: Workspace) -> None:
    person = await at_desk("owner", workspace)
    await person.open("/")
    assert "/shop/calendar" not in person.page.links
    await workspace.key(brand="st")
    await person.open("/")
    assert "/shop/calendar" in person.page.links


async def test_the_api_of_the_shop_takes_no_cookie(at_desk: At, workspace: Workspace) -> None:
    person = await at_desk("owner", workspace)
    await person.open("/shop/calendar")
    assert (await person.http.get("/v1/appointments")).status_code == 401
    assert (await person.http.post("/v1/customers", json={"name": "x"})).status_code == 401


async def test_the_calendar_runs_a_small_number_of_statements(at_desk: At, services: Services) -> None:
    person = await at_desk()
    owner = await an_owner(person)
    await an_appointment(person, owner)
    few = await cost(services, person, f"/shop/calendar?day={_DAY}")
    for hour in (12, 15, 18):
        await an_appointment(person, owner, hour)
    assert await cost(services, person, f"/shop/calendar?day={_DAY}") == few
    assert few <= 16
