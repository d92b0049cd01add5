"""Contracts over HTTP: create, read, list, change, delete, and where else they show up."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.conftest import Client, Workspace
from tests.modules.contracts.conftest import act, customer_of, new_contract, read
from tests.modules.signing.conftest import deal_out_for_signature


async def test_the_documented_contract(api: Client, draft: dict[str, Any]) -> None:
    assert draft["id"] == draft["contract_id"]
    assert draft["id"].startswith("contract_")
    sample = {
        "title": "Annual Support Agreement",
        "value": "12000.00",
        "currency": "AUD",
        "start_date": "2030-04-01",
        "end_date": "2031-03-31",
        "payment_terms": "net30",
    }
    assert sample.items() <= draft.items()
    assert (draft["status"], draft["version"], draft["renewal_type"]) == ("draft", 1, "auto")
    assert draft["deal_id"] is draft["contract_number"] is draft["signed_at"] is draft["renewal_terms"] is None
    response = await api.get("/contracts", params={"id": draft["id"]})
    assert response.headers["etag"] == 'W/"1"'
    assert response.json()["data"] == draft


async def test_what_is_missing_is_named_at_once(api: Client) -> None:
    error = (await api.post("/contracts", {"title": "Support"})).json()
    assert error["code"] == "validation_error.invalid_fields"
    assert set(error["details"]["fields"]) == {"customer_id", "value", "start_date", "end_date"}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"value": -1}, "value"),
        ({"value": True}, "value"),
        ({"end_date": "2030-04-01"}, "end_date"),
        ({"end_date": "2030-03-01"}, "end_date"),
        ({"start_date": "1 April"}, "start_date"),
        ({"start_date": "2030-4-1"}, "start_date"),
        ({"start_date": 1900000000}, "start_date"),
        ({"start_date": "2030-02-30"}, "start_date"),
        ({"currency": "XXZ"}, "currency"),
        ({"renewal_type": "sometimes"}, "renewal_type"),
        ({"renewal_terms": {"period_months": 0}}, "renewal_terms"),
        ({"renewal_terms": {"notice_days": "soon"}}, "renewal_terms"),
        ({"renewal_terms": {"price_adjustment_percent": -101}}, "renewal_terms"),
        ({"renewal_terms": [12]}, "renewal_terms"),
        ({"title": ""}, "title"),
        ({"contract_number": "x" * 256}, "contract_number"),
    ],
)
async def test_what_is_wrong_is_named(api: Client, members: dict[str, Any], field: str) -> None:
    good = {"customer_id": await customer_of(api), "title": "Support", "value": 1}
    dates = {"start_date": "2030-04-01", "end_date": "2031-03-31"}
    response = await api.post("/contracts", {**good, **dates, **members})
    assert response.status_code == 400, response.text
    assert field in response.json()["details"]["fields"]


async def test_renewal_terms_are_free_beside_the_known_keys(api: Client) -> None:
    terms = {"period_months": "12", "price_adjustment_percent": 2.5, "index": {"name": "CPI", "cap": 5}}
    made = await new_contract(api, renewal_terms=terms)
    assert made["renewal_terms"] == {**terms, "period_months": 12}


async def test_a_deal_becomes_a_contract(api: Client) -> None:
    deal = await deal_out_for_signature(api)
    made = await api.data("POST", "/contracts", 201, json={"deal_id": deal["id"], "payment_terms": "net30"})
    today = datetime.now(UTC).date()
    assert (made["deal_id"], made["customer_id"], made["title"]) == (deal["id"], deal["customer_id"], deal["title"])
    assert (made["value"], made["currency"], made["payment_terms"]) == (deal["total"], "USD", "net30")
    assert made["start_date"] == today.isoformat()
    assert made["end_date"] in ((today.replace(year=today.year + 1)).isoformat(), f"{today.year + 1}-02-28")
    more = await read(api, made, include="line_items,terms,deal,customer")
    assert more["line_items"] == deal["line_items"] or more["line_items"][0]["line_total"] == "998.00"
    assert more["terms"]["payment_terms"] == {"type": "net", "due_date": "2026-04-30"}
    assert more["deal"]["id"] == deal["id"]
    assert more["deal"]["contract_status"] == "draft"
    assert more["customer"]["name"] == "Jane Smith"


async def test_what_is_sent_wins_over_the_deal(api: Client) -> None:
    deal = await deal_out_for_signature(api)
    sent = {"title": "Support", "value": 500, "currency": "AUD", "start_date": "2031-01-31", "end_date": "2031-06-30"}
    other = await customer_of(api)
    made = await api.data("POST", "/contracts", json={"deal_id": deal["id"], **sent, "customer_id": other})
    assert {**sent, "value": "500.00", "customer_id": other}.items() <= made.items()
    refused = await api.post("/contracts", {"deal_id": deal["id"], "currency": "AUD"})
    assert refused.status_code == 400, "the deal's total is in another currency"
    late = await api.post("/contracts", {"deal_id": deal["id"], "end_date": "2020-01-01"})
    assert "end_date" in late.json()["details"]["fields"]


async def test_dates_and_terms_of_a_deal_are_taken_over(api: Client) -> None:
    deal = await api.data("POST", "/deals", json={"customer_id": await customer_of(api)})
    terms = {
        "terms_schema_version": "1.0",
        "payment_terms": "net_30",
        "start_date": "2031-05-01",
        "end_date": "2032-04-30",
    }
    await api.data("POST", f"/deals?id={deal['id']}&action=set-terms", json={"terms": terms})
    made = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    assert (made["start_date"], made["end_date"]) == ("2031-05-01", "2032-04-30")
    assert made["payment_terms"] == "net_30"
    assert made["title"] == f"Deal {deal['number']}", "a name is personal and stays with the customer"


async def test_deals_that_give_no_contract(api: Client) -> None:
    nobody = await api.data("POST", "/deals", json={"title": "Nobody's"})
    assert "customer_id" in (await api.post("/contracts", {"deal_id": nobody["id"]})).json()["details"]["fields"]
    await api.delete(f"/deals?id={nobody['id']}", version=1)
    gone = await api.post("/contracts", {"deal_id": nobody["id"], "customer_id": await customer_of(api)})
    assert (gone.status_code, gone.json()["code"]) == (409, "conflict.invalid_state")


async def test_a_number_is_the_workspaces_own(api: Client, other: Client) -> None:
    number = "CTR-2030-001"
    first = await new_contract(api, contract_number=number)
    twin = await api.post("/contracts", {**_members(first), "contract_number": number})
    assert (twin.status_code, twin.json()["code"]) == (409, "conflict.duplicate")
    assert "contract_number" in twin.json()["details"]["fields"]
    await new_contract(other, contract_number=number)
    second = await new_contract(api)
    taken = await api.patch(f"/contracts?id={second['id']}", {"contract_number": number}, version=1)
    assert taken.status_code == 409
    await api.delete(f"/contracts?id={first['id']}", version=1)
    assert (await api.patch(f"/contracts?id={second['id']}", {"contract_number": number}, version=1)).is_success


def _members(contract: dict[str, Any]) -> dict[str, Any]:
    return {name: contract[name] for name in ("customer_id", "title", "value", "start_date", "end_date")}


async def test_lists_filter_page_and_shape(api: Client, services: Any) -> None:
    mine = await customer_of(api)
    made = [await new_contract(api, customer_id=mine, title=f"Number {index}") for index in range(3)]
    manual = await new_contract(api, renewal_type="manual", contract_number="CTR-77/b")
    assert await _ids(api) == [each["id"] for each in (manual, *reversed(made))]
    assert await _ids(api, customer_id=mine) == [each["id"] for each in reversed(made)]
    assert await _ids(api, customer_id="cust_unknown") == []
    assert await _ids(api, renewal_type="manual") == [manual["id"]]
    assert await _ids(api, search="ctr-77") == [manual["id"]]
    assert await _ids(api, search="numb 2") == [made[2]["id"]]
    await act(api, made[0], "sign")
    assert await _ids(api, status="signed") == [made[0]["id"]]
    first = await api.data("GET", "/contracts", params={"limit": 2})
    assert first["pagination"]["total"] == 4
    rest = await api.data("GET", "/contracts", params={"limit": 2, "after": first["pagination"]["next_cursor"]})
    assert [each["id"] for each in rest["contracts"]] == [made[1]["id"], made[0]["id"]]
    updated = await api.data("GET", "/contracts", params={"sort": "updated_at", "limit": 1})
    assert updated["contracts"][0]["id"] == made[0]["id"]
    minimal = await api.data("GET", "/contracts", params={"format": "minimal", "limit": 1})
    assert set(minimal["contracts"][0]) == {"contract_id", "status", "updated_at"}
    assert set(await read(api, manual, fields="contract_id,status,title,value")) == {
        *("id", "contract_id", "status", "title", "value")
    }
    logged = await api.data("GET", "/contracts", params={"include": "activity_log", "limit": 1})
    assert logged["contracts"][0]["activity_log"][0]["action"] == "contract.created"
    for bad in ({"limit": 101}, {"status": "open"}, {"expiring_soon": 0}, {"expiring_soon": "x"}, {"include": "moon"}):
        assert (await api.get("/contracts", params=bad)).status_code == 400, bad


async def _ids(api: Client, **query: Any) -> list[str]:
    return [each["id"] for each in (await api.data("GET", "/contracts", params=query))["contracts"]]


async def test_what_expires_soon_is_still_running(api: Client) -> None:
    today = datetime.now(UTC).date()

    async def ending(days: int, *actions: str) -> str:
        dates = {"start_date": (today - timedelta(days=300)).isoformat()}
        made = await new_contract(api, **dates, end_date=(today + timedelta(days=days)).isoformat())
        for action in actions:
            await act(api, made, action)
        return str(made["id"])

    soon = await ending(30, "sign", "activate")
    last_day = await ending(0, "sign")
    await ending(31, "sign", "activate")
    await ending(10)
    await ending(10, "sign", "terminate")
    await ending(-1, "sign")
    assert await _ids(api, expiring_soon=30) == [last_day, soon]
    assert len(await _ids(api, expiring_soon=36500)) == 3


async def test_a_draft_changes_freely_and_other_states_do_not(api: Client, draft: dict[str, Any]) -> None:
    path = f"/contracts?id={draft['id']}"
    other = await customer_of(api)
    changes = {
        "title": "Annual SaaS Agreement (Revised)",
        "payment_terms": None,
        "end_date": "2031-01-31",
        "value": 10.5,
        "customer_id": other,
        "contract_number": "CTR-1",
        "id": "contract_x",
        "version": 99,
        "signed_at": "2020-01-01T00:00:00Z",
    }
    changed = (await api.patch(path, changes, version=1)).json()["data"]
    assert changed["version"] == 2
    assert changed["signed_at"] is None
    assert {"value": "10.50", "customer_id": other, "end_date": "2031-01-31", "payment_terms": None}.items() <= (
        changed.items()
    )
    for bad in ({"end_date": "2030-03-31"}, {"title": None}, {"value": -1}, {"start_date": "2031-01-31"}):
        assert (await api.patch(path, bad, version=2)).status_code == 400, bad
    assert (await api.patch(path, {"customer_id": "cust_x"}, version=2)).status_code == 404
    await act(api, draft, "sign")
    for name in ("title", "description", "value", "currency", "start_date", "end_date", "payment_terms"):
        new = {"value": 1, "currency": "USD", "start_date": "2030-01-01", "end_date": "2032-01-01"}.get(name, "new")
        refused = await api.patch(path, {name: new}, version=3)
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state"), name
    free = {
        "notes": "called",
        "renewal_type": "manual",
        "renewal_terms": {"notice_days": 5},
        "contract_number": "CTR-2",
    }
    free["value"] = "10.50"  # what is already so is no change
    assert (await api.patch(path, free, version=3)).json()["data"]["version"] == 4


async def test_versions_are_compared(api: Client, draft: dict[str, Any]) -> None:
    path = f"/contracts?id={draft['id']}"
    for call in (api.patch(path, {"title": "x"}), api.delete(path)):
        missing = await call
        assert (missing.status_code, missing.json()["code"]) == (428, "conflict.version_required")
    for call in (api.patch(path, {"title": "x"}, version=7), api.delete(path, version=7)):
        stale = await call
        assert (stale.status_code, stale.json()["code"]) == (412, "conflict.stale_version")
        assert stale.json()["data"]["version"] == 1
    assert (await api.post(f"{path}&action=sign", {}, headers={"If-Match": "7"})).status_code == 412


async def test_a_status_is_written_through_the_machine(api: Client, draft: dict[str, Any], outbox: Any) -> None:
    path = f"/contracts?id={draft['id']}"
    assert (await api.patch(path, {"status": "draft", "notes": "same"}, version="*")).is_success
    for status in ("signed", "active", "expired", "terminated"):
        refused = await api.patch(path, {"status": status}, version="*")
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_transition"), status
    await act(api, draft, "sign")
    assert (await api.patch(path, {"status": "active"}, version="*")).json()["data"]["activated_at"] is not None
    assert (await api.patch(path, {"status": "expired"}, version="*")).status_code == 409
    done = (await api.patch(path, {"status": "terminated", "notes": "by PATCH"}, version="*")).json()["data"]
    assert (done["status"], done["notes"]) == ("terminated", "by PATCH")
    assert (await api.patch(path, {"status": "active"}, version="*")).status_code == 409
    fired = [name for name, _ in await outbox(api) if name.startswith("contract.")]
    assert fired == ["contract.signed", "contract.activated", "contract.terminated"]


async def test_only_drafts_are_deleted(api: Client, draft: dict[str, Any], active: dict[str, Any]) -> None:
    path = f"/contracts?id={active['id']}"
    refused = await api.delete(path, version="*")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert "terminate" in refused.json()["recovery"]["hint"]
    await act(api, active, "terminate")
    assert (await api.delete(path, version="*")).status_code == 409
    other = await new_contract(api)
    assert (await api.delete(f"/contracts?id={other['id']}", version=1)).json()["data"] == {
        "deleted": True,
        "id": other["id"],
    }
    assert (await api.get(f"/contracts?id={other['id']}")).status_code == 404
    trail = await api.data("GET", "/audit", params={"entity_type": "contract", "entity_id": other["id"]})
    assert [each["action"] for each in trail["audit_entries"]] == ["contract.deleted", "contract.created"]


async def test_a_deal_shows_how_its_contract_stands(api: Client) -> None:
    deal = await deal_out_for_signature(api)
    before = await api.data("GET", f"/deals?id={deal['id']}")
    first = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    await act(api, first, "sign")
    shown = await api.data("GET", f"/deals?id={deal['id']}&include=contracts")
    assert (shown["contract_status"], shown["version"]) == ("signed", before["version"])
    assert [each["id"] for each in shown["contracts"]] == [first["id"]]
    second = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["contract_status"] == "draft", "the newest contract's"
    await api.delete(f"/contracts?id={second['id']}", version="*")
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["contract_status"] == "signed"
    await act(api, first, "terminate")
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["contract_status"] == "terminated"


async def test_customers_search_batch_and_mcp_know_contracts(api: Client, workspace: Workspace) -> None:
    word = uuid.uuid4().hex
    made = await new_contract(api, title=f"Agreement {word}", contract_number=f"N-{word}")
    owner = await api.data("GET", "/customers", params={"id": made["customer_id"], "include": "contracts"})
    assert owner["contracts"] == [made]
    found = await api.data("GET", "/search", params={"q": word, "types": "contracts"})
    assert [(each["type"], each["id"], each["label"]) for each in found["results"]] == [
        ("contract", made["id"], f"Agreement {word} · N-{word}")
    ]
    only_deals = await workspace.key(scopes=["deals:read"])
    assert (await only_deals.data("GET", "/search", params={"q": word}))["total"] == 0
    steps = [
        {"method": "POST", "resource": "contracts", "body": _members(made)},
        {"method": "PATCH", "resource": "contracts", "id": made["id"], "body": {"notes": "in a batch"}, "version": 1},
        {"method": "GET", "resource": "contracts", "body": {"customer_id": made["customer_id"]}},
    ]
    done = await api.data("POST", "/batch", json={"operations": steps})
    assert [each["status"] for each in done["results"]] == [201, 200, 200]
    assert len(done["results"][2]["data"]["contracts"]) == 2
    tools = await api.data("GET", "/tools", params={"category": "contracts"})
    assert "sign_contract" in str(tools)


async def test_a_customer_who_is_gone_keeps_its_contracts(api: Client, active: dict[str, Any]) -> None:
    await api.delete(f"/customers?id={active['customer_id']}", version=1)
    assert (await read(api, active))["customer_id"] == active["customer_id"]
    refused = await api.post("/contracts", {**_members(active), "title": "Another"})
    assert refused.status_code == 404
