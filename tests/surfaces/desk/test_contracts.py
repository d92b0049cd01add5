"""Contracts at the desk: drawn up, signed, renewed and ended by forms alone."""

from __future__ import annotations

import re

from tests.conftest import Workspace
from tests.surfaces.desk.conftest import At, Person
from tests.surfaces.desk.test_first_sale import a_deal


async def a_contract(person: Person, **fields: str) -> str:
    """Draw up a contract of a year with a new customer; its path."""
    await person.open("/customers/new")
    await person.send("/customers/new", name="Grace Hopper", email="grace@example.com")
    customer = person.path.rpartition("/")[2]
    await person.open("/contracts/new")
    values = {"title": "Care plan", "customer_id": customer, "value": "1200", "end_date": "2199-12-31", **fields}
    await person.send("/contracts/new", **values)
    return person.path


async def test_a_contract_is_signed_renewed_and_ended(at_desk: At) -> None:
    person = await at_desk()
    contract = await a_contract(person, renewal_type="auto", renewal_terms__notice_days="14")
    assert "$1,200.00" in person.text
    assert not person.can(f"{contract}/activate"), "a draft is signed first"
    await person.send(f"{contract}/sign", 400)
    assert "consent" in person.text.lower()
    await person.send(f"{contract}/sign", consent_to_sign="1")
    assert "The contract is signed" in person.text
    certificate = await person.http.get(f"{contract}/certificate.pdf")
    assert certificate.content.startswith(b"%PDF-")
    paper = await person.http.get(f"{contract}/contract.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    await person.send(f"{contract}/activate")
    assert "In force" in person.text
    await person.send(f"{contract}/renew", 400, end_date="2020-01-01")
    assert 'id="end_date-error"' in person.text
    await person.send(f"{contract}/renew", end_date="2200-12-31", value="1300")
    assert "Renewed until Dec 31, 2200" in person.text
    assert "$1,300.00" in person.text
    await person.send(f"{contract}/opt-out")
    assert "Let it end?" in person.text
    await person.send(f"{contract}/opt-out")
    assert "The renewal was declined" in person.text
    await person.send(f"{contract}/terminate", reason="Moved away")
    assert "Terminate this contract?" in person.text
    await person.send(f"{contract}/terminate")
    assert "The contract was terminated" in person.text
    await person.open(f"{contract}/history")
    assert "The audit trail is whole" in person.text


async def test_a_contract_of_a_deal_takes_over_what_the_deal_says(at_desk: At) -> None:
    person = await at_desk()
    deal = await a_deal(person)
    link = next(each for each in person.page.links if each.startswith("/contracts/new?deal_id="))
    await person.open(link)
    await person.send("/contracts/new", title="Ada's contract")
    assert "<h1>Ada&#39;s contract</h1>" in person.text
    assert "Grinder" in person.text
    assert "$550.00" in person.text
    assert deal in person.page.links


async def test_a_draft_can_wait_for_two_signatures(at_desk: At) -> None:
    person = await at_desk()
    contract = await a_contract(person)
    # The form's boxes bear one name; both are marked at first.
    form = person.form(f"{contract}/signers")
    body = [("csrf_token", form.fields["csrf_token"]), ("signers", "customer"), ("signers", "user")]
    sent = await person.http.post(form.action, content="&".join(f"{name}={value}" for name, value in body))
    assert sent.status_code == 303
    await person.open(contract)
    await person.send(f"{contract}/sign", consent_to_sign="1")
    assert "another signature is needed" in person.text
    await person.send(f"{contract}/sign", signer_customer_id="", consent_to_sign="1")
    assert "The contract is signed" in person.text


async def test_two_people_on_one_contract_merge(at_desk: At, workspace: Workspace) -> None:
    first, second = await at_desk("owner", workspace), await at_desk("member", workspace)
    contract = await a_contract(first, renewal_terms__max_renewals="3")
    await first.open(f"{contract}/edit")
    await second.open(f"{contract}/edit")
    await first.send(f"{contract}/edit", value="1500", renewal_terms__period_months="6")
    await second.send(f"{contract}/edit", 412, value="1400", payment_terms="net 30")
    assert "Somebody else saved this meanwhile" in second.text
    form = second.form(f"{contract}/edit")
    assert form.fields["value"] == "1400"
    assert form.fields["renewal_terms.period_months"] == "6"
    take = re.search(r'name="take.value" value="([^"]+)"', second.text)
    assert take is not None
    await second.send(f"{contract}/edit", **{"take.value": take[1]})
    assert "$1,500.00" in second.text
    assert "net 30" in second.text
    await second.open(f"{contract}/edit")
    assert second.form(f"{contract}/edit").fields["renewal_terms.max_renewals"] == "3"


async def test_contracts_are_found_and_drafts_deleted(at_desk: At) -> None:
    person = await at_desk()
    contract = await a_contract(person, contract_number="CTR-7")
    for query, there in (
        ("q=care", True),
        ("q=nothing", False),
        ("status=active", False),
        ("renewal_type=manual", True),
    ):
        await person.open(f"/contracts?{query}")
        assert (contract in person.page.links) is there, query
    await person.open(contract)
    await person.send(f"{contract}/delete")
    assert "Delete this draft?" in person.text
    await person.send(f"{contract}/delete")
    assert "The draft was deleted" in person.text
    await person.open(contract, 404)


async def test_what_was_signed_is_not_offered_for_change(at_desk: At) -> None:
    person = await at_desk()
    contract = await a_contract(person)
    await person.send(f"{contract}/sign", consent_to_sign="1")
    await person.open(f"{contract}/edit")
    assert "value" not in person.form(f"{contract}/edit").fields
    await person.send(f"{contract}/edit", notes="Filed in the blue folder", renewal_terms__notice_days="10")
    assert "Filed in the blue folder" in person.text
