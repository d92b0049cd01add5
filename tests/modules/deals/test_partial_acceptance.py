"""Accepting some items: what counts, what is declined, and the deal about the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.deals import rules
from tests.conftest import Client

PRICES = (100.00, 250.00, 30.00)


@pytest.fixture
async def deal(api: Client, customer: dict[str, Any], product: dict[str, Any]) -> dict[str, Any]:
    """Three items of 100, 250 and 30, less 10 % and less 20, with 10 % tax."""
    made = await api.data("POST", "/deals", json={"customer_id": customer["id"], "title": "All", "tax_rate": 0.1})
    path = f"/deals?id={made['id']}"
    for price in PRICES:
        await api.data("POST", f"{path}&action=add_item", json={"product_id": product["id"], "unit_price": price})
    await api.data("POST", f"{path}&action=apply_discount", json={"type": "percentage", "value": 10})
    await api.data("POST", f"{path}&action=apply_discount", json={"type": "fixed", "value": 20})
    return await api.data("POST", f"{path}&action=transition&status=in_progress")


def ids_of(deal: dict[str, Any]) -> list[str]:
    return [item["id"] for item in deal["line_items"]]


async def accept(api: Client, deal: dict[str, Any], **body: Any) -> Any:
    return await api.post(f"/deals?id={deal['id']}&action=partial_accept", body)


async def test_totals_cover_what_was_accepted(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    first, second, third = ids_of(deal)
    response = await accept(api, deal, accepted_items=[first, second], rejected_items=[third])
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    assert (data["status"], data["declined_deal_id"]) == ("partially_accepted", None)
    assert (data["accepted_items"], data["rejected_items"]) == ([first, second], [third])
    now = await api.data("GET", f"/deals?id={deal['id']}")
    assert response.headers["etag"] == f'W/"{now["version"]}"'
    assert [item["accepted"] for item in now["line_items"]] == [True, True, False]
    assert (now["subtotal"], now["discount_total"], now["total"]) == ("350.00", "55.00", "324.50")
    events = (await outbox(api))[-2:]
    assert [name for name, _ in events] == ["deal.status_changed", "deal.partially_accepted"]
    assert events[1][1] == {
        "deal_id": deal["id"],
        "accepted_items": [first, second],
        "rejected_items": [third],
        "declined_deal_id": None,
    }


async def test_what_is_declined_becomes_a_deal_of_its_own(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    first, *_ = ids_of(deal)
    data = (await accept(api, deal, accepted_items=[first], create_declined_deal=True)).json()["data"]
    declined = await api.data("GET", f"/deals?id={data['declined_deal_id']}")
    assert (declined["status"], declined["customer_id"], declined["title"]) == ("draft", deal["customer_id"], "All")
    assert [item["line_total"] for item in declined["line_items"]] == ["250.00", "30.00"]
    assert [item["accepted"] for item in declined["line_items"]] == [None, None]
    assert (declined["subtotal"], declined["discount_total"]) == ("280.00", "28.00"), "the amount stays behind"
    names = [name for name, _ in await outbox(api)]
    assert names[-6:] == [
        "deal.status_changed",
        "deal.created",
        "deal.item_added",
        "deal.item_added",
        "deal.discount_applied",
        "deal.partially_accepted",
    ]


async def test_declined_items_stay_out_of_every_later_total(
    api: Client, deal: dict[str, Any], product: dict[str, Any]
) -> None:
    first, *_ = ids_of(deal)
    await accept(api, deal, accepted_items=[first])
    path = f"/deals?id={deal['id']}"
    more = await api.data("POST", f"{path}&action=add_item", json={"product_id": product["id"], "unit_price": 50})
    assert more["subtotal"] == "150.00"
    await api.data("POST", f"{path}&action=transition&status=in_progress")
    again = await accept(api, deal, accepted_items=[more["line_items"][-1]["id"]])
    assert again.json()["data"]["rejected_items"] == [first], "what was declined before is not asked about again"


@pytest.mark.parametrize(
    ("accepted", "rejected"), [([], []), (["item_unknown"], []), ([0], [0]), ([0], ["item_unknown"])]
)
async def test_lists_that_make_no_sense(
    api: Client, deal: dict[str, Any], accepted: list[Any], rejected: list[Any]
) -> None:
    there = ids_of(deal)
    named = {
        "accepted_items": [there[each] if isinstance(each, int) else each for each in accepted],
        "rejected_items": [there[each] if isinstance(each, int) else each for each in rejected],
    }
    response = await accept(api, deal, **named)
    assert response.status_code == 400
    assert "accepted_items" in response.json()["details"]["fields"]


async def test_a_draft_is_not_accepted(api: Client, product: dict[str, Any]) -> None:
    made = await api.data("POST", "/deals", json={})
    made = await api.data("POST", f"/deals?id={made['id']}&action=add_item", json={"product_id": product["id"]})
    response = await accept(api, made, accepted_items=ids_of(made))
    assert (response.status_code, response.json()["category"]) == (409, "conflict")


prices = st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=8)


@given(prices=prices, data=st.data(), percent=st.integers(0, 100))
def test_accepted_and_declined_together_are_the_whole(prices: list[Decimal], data: Any, percent: int) -> None:
    names = [f"item_{number}" for number in range(len(prices))]
    accepted = data.draw(st.lists(st.sampled_from(names), unique=True, min_size=1))
    declined = rules.declined_items(names, accepted, [])
    assert sorted([*accepted, *declined]) == sorted(names)
    worth = dict(zip(names, prices, strict=True))
    discounts = [{"type": "percentage", "value": percent}, {"type": "fixed", "value": 5}]

    def total(of: list[str], less: list[dict[str, Any]]) -> rules.Totals:
        return rules.totals([worth[each] for each in of], less, Decimal("0.1"), "USD")

    kept, left = total(accepted, discounts), total(declined, rules.discounts_of_declined(discounts))
    whole = total(names, discounts)
    assert kept.subtotal + left.subtotal == whole.subtotal
    assert kept.total >= 0 and left.total >= 0
    assert left.discount_total <= left.subtotal
    assert [each["type"] for each in rules.discounts_of_declined(discounts)] == ["percentage"]
