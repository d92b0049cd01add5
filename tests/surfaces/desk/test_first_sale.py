"""A sale from nothing to closed, by forms alone: no script runs here."""

from __future__ import annotations

import re

from tests.surfaces.desk.conftest import At, Person


async def a_product(person: Person, name: str = "Grinder", price: str = "250") -> None:
    await person.open("/products/new")
    await person.send("/products/new", name=name, price=price)
    assert f"<h1>{name}</h1>" in person.text


async def a_deal(person: Person, name: str = "Ada Lovelace") -> str:
    """Make a product, and a deal of two of it for a new customer; the path of the deal."""
    await a_product(person)
    await person.open("/deals/new")
    product = re.search(r'<option value="(prod_[^"]+)"', person.text)
    assert product is not None
    await person.send(
        "/deals/new",
        press="Make the deal",
        customer__name=name,
        customer__email="ada@example.com",
        items__1__product_id=product[1],
        items__1__quantity="2",
        tax_rate="10",
    )
    return person.path


async def test_from_nothing_to_closed(at_desk: At) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    assert "$550.00" in person.text
    await person.send(f"{deal}/discounts", type="percentage", value="10", description="First order")
    assert "$495.00" in person.text
    await person.send(f"{deal}/items/*/quantity", quantity="4")
    assert "$990.00" in person.text
    await person.send(f"{deal}/move", status="in_progress")
    await person.send(f"{deal}/move", press="Send for signature")
    assert "Out for signature" in person.text
    assert not person.can(f"{deal}/items/*/remove"), "what is out for signature cannot change"
    await person.send(f"{deal}/sign", consent_to_sign="1")
    assert "Awaiting payment" in person.text
    certificate = await person.http.get(f"{deal}/certificate.pdf")
    assert certificate.headers["content-type"] == "application/pdf"
    assert certificate.content.startswith(b"%PDF-")
    await person.send(f"{deal}/payments", amount="100")
    assert "Partly paid" in person.text
    await person.send(f"{deal}/payments/card")
    assert "This deal is closed" in person.text
    await person.open(f"{deal}/history")
    assert "The audit trail is whole" in person.text
    await person.open("/deals/board")
    assert "Ada Lovelace" in person.text


async def test_a_total_is_worked_out_without_making_the_deal(at_desk: At) -> None:
    person = await at_desk()
    await a_product(person)
    await person.open("/deals/new")
    product = re.search(r'<option value="(prod_[^"]+)"', person.text)
    assert product is not None
    line = {"items__0__product_id": product[1], "customer__name": "Bo", "customer__email": "bo@example.com"}
    await person.send("/deals/new", press="Work out the total", **line, items__0__quantity="3")
    assert "$750.00" in person.text
    assert person.form("/deals/new").fields["customer.name"] == "Bo", "what was typed stays"
    await person.open("/customers")
    assert "No customers yet" in person.text


async def test_a_move_that_is_not_possible_says_what_is_missing(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/deals/new")
    await person.send("/deals/new", press="Make the deal", title="Empty")
    deal = person.path
    await person.send(f"{deal}/move", status="in_progress")
    assert "at least one line item and a customer" in person.text
    assert "Send for signature" in person.text
    assert not any("Send for signature" in text for each in person.page.forms for _, _, text in each.buttons)


async def test_what_destroys_asks_first(at_desk: At) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    await person.send(f"{deal}/cancel")
    assert "Cancel this deal?" in person.text
    await person.send(f"{deal}/cancel")
    assert "This deal was cancelled" in person.text


async def test_more_lines_keep_what_was_typed(at_desk: At) -> None:
    person = await at_desk()
    await a_product(person)
    await person.open("/deals/new")
    await person.send("/deals/new", press="More lines", title="Long list", items__2__quantity="7")
    form = person.form("/deals/new")
    assert form.fields["title"] == "Long list"
    assert form.fields["items.2.quantity"] == "7"
    assert "items.4.quantity" in form.fields


async def test_money_is_held_until_its_conditions_are_met(at_desk: At) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    await person.send(f"{deal}/move", status="in_progress")
    await person.open(f"{deal}/parties")
    await person.send(f"{deal}/escrow", conditions__0__type="delivery")
    assert "Held" in person.text
    assert not person.can(f"{deal}/escrow/release"), "a condition is open"
    await person.send(f"{deal}/escrow/condition")
    await person.send(f"{deal}/escrow/release")
    assert "Release the money?" in person.text
    await person.send(f"{deal}/escrow/release")
    assert "Released" in person.text
    await person.open(deal)
    assert "This deal is closed" in person.text


async def test_a_share_is_given_and_taken_back(at_desk: At) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    await person.open(f"{deal}/parties")
    await person.send(f"{deal}/participants", 400, role="observer")
    assert 'id="agent_id-error"' in person.text
    await person.send(f"{deal}/participants", agent_id="partner.bot", role="co_agent", revenue_share="12.5")
    assert "partner.bot" in person.text
    assert "12.5 % shared" in person.text
    await person.send(f"{deal}/participants/*/remove")
    await person.send(f"{deal}/participants/*/remove")
    assert "0 % shared" in person.text
