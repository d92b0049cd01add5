"""What the dashboard shows, for whom, and how old it may be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel.clock import utc_now
from dealwright.modules.dashboard import operations
from tests.conftest import Client, SignIn, TestClock, Workspace
from tests.contract.samples import SAMPLES


@pytest.fixture
def later(clock: TestClock) -> Iterator[Any]:
    before = clock.offset

    def move(**by: float) -> None:
        clock.offset += timedelta(**by)

    yield move
    clock.offset = before


async def stats(client: Client) -> Any:
    return await client.data("GET", "/dashboard-stats")


async def sold(api: Client, price: float, currency: str = "USD") -> str:
    product = await api.data("POST", "/products", json={"name": "Plan", "price": price})
    deal = await api.data("POST", "/deals", json={"status": "in_progress", "currency": currency, "title": "Sale"})
    await api.data("POST", f"/deals?id={deal['id']}&action=add_item", json={"product_id": product["id"], "quantity": 1})
    return str(deal["id"])


async def pay(api: Client, deal: str, amount: float) -> None:
    await api.data("POST", "/payments?action=record-manual", json={"deal_id": deal, "amount": amount})


async def test_an_empty_workspace(api: Client) -> None:
    found = await stats(api)
    assert found["counts"] == {"customers": 0, "deals": 0, "products": 0, "contracts": 0}
    assert found["pipeline"] == {
        "total_value": 0, "avg_deal_size": 0, "win_rate": 0, "currency": "USD", "by_currency": [],
        "by_status": [],
    }  # fmt: skip
    assert len(found["revenue_series"]) == 30
    assert found["attention"] == {"expiring_deals": [], "expiring_contracts": [], "stale_deals": []}


async def test_a_seeded_workspace(api: Client) -> None:
    await api.data("POST", "/sandbox/seed")
    found = await stats(api)
    assert found["counts"] == {"customers": 5, "deals": 8, "products": 10, "contracts": 1}
    assert found["pipeline"]["currency"] == "AUD", "the one in which the deals are"
    assert found["pipeline"]["win_rate"] == 0.6, "three were paid, two were cancelled"
    listed = (await api.data("GET", "/deals"))["deals"]
    worth = sum(float(each["total"]) for each in listed if each["status"] != "cancelled")
    assert found["pipeline"]["total_value"] == pytest.approx(worth)
    assert found["pipeline"]["avg_deal_size"] == pytest.approx(worth / 8, abs=0.01)
    assert found["attention"]["stale_deals"], "some were left alone for weeks"
    ages = [each["updated_at"] for each in found["attention"]["stale_deals"]]
    assert ages == sorted(ages)


async def test_contracts_are_named_to_those_who_may_read_them(workspace: Workspace) -> None:
    api, narrow = await workspace.key(), await workspace.key(scopes=["deals:read"])
    soon = (utc_now() + timedelta(days=10)).date().isoformat()
    customer = await api.data("POST", "/customers", json={"name": "Ada", "email": "ada@example.com"})
    body = {
        "title": "Care plan",
        "value": 100,
        "customer_id": customer["id"],
        "start_date": "2026-01-01",
        "end_date": soon,
    }
    contract = await api.data("POST", "/contracts", json=body)
    await api.data("POST", f"/contracts?id={contract['id']}&action=sign", json={})
    named = [each["id"] for each in (await stats(api))["attention"]["expiring_contracts"]]
    assert named == [contract["id"]]
    assert (await stats(narrow))["attention"]["expiring_contracts"] == []


async def test_revenue_is_what_came_in(api: Client) -> None:
    for price in (100, 50):
        await pay(api, await sold(api, price), price)
    await pay(api, await sold(api, 70, "EUR"), 70)
    found = await stats(api)
    assert found["revenue_series"][-1]["total"] == 150
    assert found["revenue_series"][-1]["count"] == 2
    assert [each["total"] for each in found["revenue_series"][:-1]] == [0] * 29
    assert found["pipeline"]["by_currency"] == [
        {"currency": "EUR", "total_value": 70, "deals": 1}, {"currency": "USD", "total_value": 150, "deals": 2},
    ]  # fmt: skip
    assert found["pipeline"]["by_status"] == [{"status": "closed", "total_value": 150, "deals": 2}]
    assert found["pipeline"]["win_rate"] == 1


async def test_what_wants_attention(api: Client, later: Any, clock: TestClock) -> None:
    soon, far = [(clock() + timedelta(days=days)).isoformat() for days in (20, 40)]
    first, _, lapsed = [
        (await api.data("POST", "/deals", json={"title": title, "expires_at": at}))["id"]
        for title, at in (("Soon", soon), ("Far", far), ("Past", (clock() + timedelta(days=1)).isoformat()))
    ]
    contract = await SAMPLES["contracts"](api)
    assert (await stats(api))["attention"]["expiring_deals"][0]["id"] == lapsed
    later(days=15)
    found = (await stats(api))["attention"]
    assert [(each["id"], each["title"]) for each in found["expiring_deals"]] == [(first, "Soon")]
    assert {each["title"] for each in found["stale_deals"]} >= {"Soon", "Far"}
    assert contract.startswith("contract_")


async def test_figures_are_kept_for_two_minutes(api: Client, later: Any, services: Services) -> None:
    await sold(api, 10)
    first = await stats(api)
    await sold(api, 10)
    before = services.database.statements
    assert await stats(api) == first
    assert services.database.statements == before, "nothing is asked again"
    later(minutes=1.9)
    assert await stats(api) == first
    later(minutes=0.2)
    assert (await stats(api))["counts"]["deals"] == 2


async def test_a_handful_of_statements_however_much_there_is(api: Client, services: Services) -> None:
    await api.data("POST", "/sandbox/seed")
    before = services.database.statements
    await stats(api)
    assert services.database.statements - before <= 5


async def test_everybody_sees_the_figures_of_their_own(
    workspace: Workspace, api: Client, other: Client, sign_in: SignIn
) -> None:
    await sold(api, 10)
    live = await workspace.key("live")
    for client, deals in ((api, 1), (other, 0), (live, 0), (await sign_in("viewer", workspace), 1)):
        for _ in range(2):
            assert (await stats(client))["counts"]["deals"] == deals
    assert len(operations._kept) <= operations._MOST_KEPT
