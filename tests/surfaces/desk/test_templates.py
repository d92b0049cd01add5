"""Deal templates at the desk."""

from __future__ import annotations

from tests.conftest import Workspace
from tests.surfaces.desk.conftest import At, Person
from tests.surfaces.desk.test_first_sale import a_deal


async def a_template(person: Person, deal: str) -> str:
    """Save a deal as a template; its path."""
    await person.open(deal)
    await person.send(f"{deal}/template", name="Two grinders")
    return person.path


async def test_a_deal_becomes_a_template_and_that_a_deal(at_desk: At) -> None:
    person = await at_desk()
    template = await a_template(person, await a_deal(person))
    assert "<h1>Two grinders</h1>" in person.text
    await person.send(f"{template}/deal")
    assert person.path.startswith("/deals/deal_")
    assert "$550.00" in person.text


async def test_a_template_is_made_and_changed_line_by_line(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/products/new")
    await person.send("/products/new", name="Grinder", price="250")
    product = person.path.rpartition("/")[2]
    await person.open("/templates/new")
    await person.send("/templates/new", press="More lines", name="Starter", line_items__4__product_id=product)
    form = person.form("/templates/new")
    assert form.fields["line_items.4.product_id"] == product
    assert "line_items.6.quantity" in form.fields
    await person.send("/templates/new", 400, line_items__4__quantity="0")
    assert 'id="line_items.4.quantity-error"' in person.text
    await person.send("/templates/new", line_items__4__quantity="3", default_terms__tax_rate="10")
    template = person.path
    assert "as listed" in person.text
    assert "10%" in person.text
    await person.open(f"{template}/edit")
    await person.send(f"{template}/edit", line_items__0__unit_price="200", default_terms__discounts__0__value="5")
    assert "$200.00" in person.text
    assert "5 %" in person.text
    await person.open("/templates?q=start")
    assert template in person.page.links
    await person.open(template)
    await person.send(f"{template}/delete")
    await person.send(f"{template}/delete")
    assert "No templates yet" in person.text


async def test_line_items_are_merged_as_a_whole(at_desk: At, workspace: Workspace) -> None:
    first, second = await at_desk("owner", workspace), await at_desk("member", workspace)
    template = await a_template(first, await a_deal(first))
    await first.open(f"{template}/edit")
    await second.open(f"{template}/edit")
    await first.send(f"{template}/edit", line_items__0__quantity="5")
    await second.send(f"{template}/edit", 412, name="Grinders")
    form = second.form(f"{template}/edit")
    assert form.fields["name"] == "Grinders"
    assert form.fields["line_items.0.quantity"] == "5", "only the other one changed the lines"
    await second.send(f"{template}/edit")
    assert "<h1>Grinders</h1>" in second.text
    assert ">5<" in second.text
