"""Forms: errors beside their fields, two people on one record, and forms that are not ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.surfaces.desk.forms import Form, merge
from tests.conftest import Workspace
from tests.surfaces.desk.conftest import At, Person


async def a_customer(person: Person, name: str = "Ada") -> str:
    await person.open("/customers/new")
    await person.send("/customers/new", name=name, email="ada@example.com", city="London")
    return person.path


async def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/customers/new")
    await person.send("/customers/new", 400, name="", email="nonsense", city="Z<ü>rich", country="xx1")
    for name in ("name", "email", "country"):
        assert re.search(rf'id="{name}-error"', person.text), name
        assert re.search(rf'name="{name}"[^>]*aria-invalid="true"[^>]*aria-describedby="{name}-error"', person.text)
    assert 'id="city-error"' not in person.text
    assert person.form("/customers/new").fields["city"] == "Z<ü>rich"
    await person.send("/customers/new", name="Zoë", email="zoe@example.com", country="CH")
    assert "Zoë was added" in person.text


async def test_a_wrong_line_of_a_new_deal_is_named_where_it_stands(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/products/new")
    await person.send("/products/new", name="Grinder", price="1")
    product = person.path.rpartition("/")[2]
    await person.open("/deals/new")
    lines = {"items__2__product_id": product, "items__2__quantity": "0"}
    who = {"customer__name": "Ada", "customer__email": "nonsense"}
    await person.send("/deals/new", 400, press="Make the deal", **lines, **who)
    assert 'id="items.2.quantity-error"' in person.text
    assert 'id="customer.email-error"' in person.text
    assert person.form("/deals/new").fields["items.2.product_id"] == product


async def test_the_second_of_two_people_sees_what_changed_and_merges(at_desk: At, workspace: Workspace) -> None:
    first, second = await at_desk("owner", workspace), await at_desk("member", workspace)
    path = await a_customer(first)
    await first.open(f"{path}/edit")
    await second.open(f"{path}/edit")
    await first.send(f"{path}/edit", name="Ada King", city="Ockham")
    await second.send(f"{path}/edit", 412, name="Ada Byron", phone="+447911123456")
    assert "Somebody else saved this meanwhile" in second.text
    form = second.form(f"{path}/edit")
    assert form.fields["name"] == "Ada Byron", "both changed it: one's own is kept until they choose"
    assert form.fields["city"] == "Ockham", "only the other one changed it"
    assert form.fields["phone"] == "+447911123456"
    assert "Take theirs: <b>Ada King</b>" in second.text
    await second.send(f"{path}/edit", take__name="Ada King")
    for part in ("<h1>Ada King</h1>", "Ockham", "+447911123456"):
        assert part in second.text


async def test_saving_without_a_change_writes_nothing(at_desk: At) -> None:
    person = await at_desk()
    path = await a_customer(person)
    await person.open(f"{path}/edit")
    version = person.form(f"{path}/edit").fields["version"]
    await person.send(f"{path}/edit")
    await person.open(f"{path}/edit")
    assert person.form(f"{path}/edit").fields["version"] == version


@pytest.mark.parametrize("token", [None, "", "x" * 64])
async def test_a_form_without_the_sessions_token_is_refused(at_desk: At, token: str | None) -> None:
    person = await at_desk()
    await person.open("/customers/new")
    await person.send("/customers/new", 403, name="Ada", email="ada@example.com", csrf_token=token)
    await person.open("/customers")
    assert "No customers yet" in person.text


async def test_a_form_of_another_site_is_refused(at_desk: At) -> None:
    person = await at_desk()
    await person.open("/customers/new")
    fields = {**person.form("/customers/new").fields, "name": "Ada", "email": "ada@example.com"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = await person.http.post("/customers/new", data=fields, headers=headers)
        assert refused.status_code == 403


async def test_what_is_no_form_is_refused(at_desk: At) -> None:
    person = await at_desk()
    for body in (b"\xff\xfe=1", b"&".join(b"a%d=1" % number for number in range(600))):
        assert (await person.http.post("/customers/new", content=body)).status_code == 400
    assert (await person.http.post("/customers/new", content=b"a" * 2_000_000)).status_code == 413


def test_taking_theirs_replaces_ones_own() -> None:
    form = Form([("name", "Mine"), ("take.name", "Theirs"), ("notes", "a\r\nb")])
    assert form.get("name") == "Theirs"
    assert form.get("notes") == "a\nb"


values = st.sampled_from(["", "a", "b", "c"])
records = st.fixed_dictionaries({"x": values, "y": values})


@given(records, records, records)
def test_a_merge_loses_nobodys_change(base: dict[str, str], yours: dict[str, str], theirs: dict[str, str]) -> None:
    found = merge(base, yours, theirs)
    clashing = {each.name for each in found.clashes}
    for name in base:
        mine_changed, theirs_changed = yours[name] != base[name], theirs[name] != base[name]
        if mine_changed and theirs_changed and yours[name] != theirs[name]:
            assert name in clashing
        if mine_changed:
            assert found.values[name] == yours[name]
        elif theirs_changed:
            assert found.values[name] == found.taken[name] == theirs[name]
        else:
            assert found.values[name] == base[name]


@given(records, records)
def test_a_merge_with_oneself_changes_nothing(base: dict[str, str], yours: dict[str, str]) -> None:
    found = merge(base, yours, base)
    assert found.values == yours
    assert not found.taken
    assert not found.clashes
