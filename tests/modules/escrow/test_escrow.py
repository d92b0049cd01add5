"""Escrow: held, fulfilled, released or refunded, exactly once, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.ledger import verification
from tests.conftest import Client
from tests.jobs import run_jobs
from tests.modules.escrow.conftest import CONDITIONS, Vault, make_vault


async def names(outbox: Any, vault: Vault) -> list[str]:
    return [name for name, _ in await outbox(vault.api)]


async def test_the_money_is_held_under_conditions(vault: Vault, outbox: Any) -> None:
    response = await vault.act("escrow", conditions=CONDITIONS, expires_in=1209600)
    assert response.status_code == 201
    escrow = response.json()["data"]
    assert escrow["id"] == escrow["escrow_id"]
    assert (escrow["status"], escrow["amount"], escrow["currency"]) == ("held", "2500.00", "USD")
    first, second = escrow["conditions"]
    assert first["condition_id"].startswith("cond_")
    assert (first["type"], first["config"], first["fulfilled"]) == ("delivery", {"tracking_required": True}, False)
    assert (second["type"], second["config"]) == ("approval", {})
    assert {**await vault.escrow(), "client_secret": None} == escrow
    assert await vault.book() == [("requires_capture", "2500.00")]
    deal = await vault.deal()
    assert (deal["status"], deal["payment_status"]) == ("in_progress", "unpaid"), "nothing is paid yet"
    name, data = (await outbox(vault.api))[-1]
    assert name == "escrow.created"
    assert data == {
        "id": escrow["id"],
        "deal_id": vault.deal_id,
        "amount": "2500.00",
        "currency": "USD",
        "release_condition": "delivery",
        "expires_at": escrow["expires_at"],
    }


async def test_release_takes_the_money_and_closes_the_deal(vault: Vault, outbox: Any) -> None:
    escrow = await vault.create()
    early = await vault.act("release_escrow")
    assert (early.status_code, early.json()["code"]) == (409, "conflict.conditions_unmet")
    assert [each["type"] for each in early.json()["details"]["open_conditions"]] == ["delivery", "approval"]
    await vault.fulfill(escrow)
    response = await vault.act("release_escrow")
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    assert (data["deal_id"], data["status"]) == (vault.deal_id, "closed")
    assert (data["escrow"]["status"], data["escrow"]["amount"]) == ("released", "2500.00")
    assert data["escrow"]["released_at"] is not None
    assert await vault.book() == [("succeeded", "2500.00")]
    deal = await vault.deal()
    assert (deal["status"], deal["payment_status"]) == ("closed", "paid")
    counted = Counter(await names(outbox, vault))
    for name in ("escrow.created", "escrow.released", "deal.closed", "payment.received", "deal.payment_received"):
        assert counted[name] == 1, name
    assert counted["escrow.condition_fulfilled"] == 2
    again = await vault.act("release_escrow")
    assert (again.status_code, again.json()["code"]) == (409, "conflict.escrow_not_active")


async def test_a_refund_lets_go_and_leaves_the_deal(vault: Vault, outbox: Any) -> None:
    await vault.create()
    data = (await vault.act("refund_escrow", reason="condition_failed")).json()["data"]
    assert (data["escrow"]["status"], data["escrow"]["refund_reason"]) == ("refunded", "condition_failed")
    assert data["status"] == "in_progress"
    assert await vault.book() == [("canceled", "2500.00")]
    name, told = (await outbox(vault.api))[-1]
    assert (name, told["reason"], told["amount"]) == ("escrow.refunded", "condition_failed", "2500.00")
    assert (await vault.act("refund_escrow")).json()["code"] == "conflict.escrow_not_active"
    assert (await vault.create())["status"] == "held", "the money may be held again"


async def test_fulfilling_twice_is_harmless(vault: Vault, outbox: Any) -> None:
    escrow = await vault.create()
    first = escrow["conditions"][0]["condition_id"]
    response = await vault.act("fulfill_condition", condition_id=first, met_by="logistics_system")
    data = response.json()["data"]
    assert (data["condition"]["fulfilled"], data["condition"]["met_by"]) == (True, "logistics_system")
    assert data["all_conditions_met"] is False
    again = await vault.act("fulfill_condition", condition_id=first, met_by="somebody else")
    assert again.json()["data"] == data
    told = [data for name, data in await outbox(vault.api) if name == "escrow.condition_fulfilled"]
    assert [(each["condition_id"], each["met_by"], each["remaining_conditions"]) for each in told] == [
        (first, "logistics_system", 1)
    ]
    assert (await vault.act("fulfill_condition", condition_id="cond_unknown")).status_code == 404


async def test_conditions_met_at_once_are_all_kept(vault: Vault) -> None:
    escrow = await vault.create(conditions=[{"type": f"step_{number}"} for number in range(8)])
    answers = await asyncio.gather(
        *(vault.act("fulfill_condition", condition_id=each["condition_id"]) for each in escrow["conditions"])
    )
    assert {each.status_code for each in answers} == {200}
    assert sum(each.json()["data"]["all_conditions_met"] for each in answers) == 1
    assert all(each["fulfilled"] for each in (await vault.escrow())["conditions"])


# --- two at once


@pytest.mark.parametrize("action", ["release_escrow", "refund_escrow"])
async def test_of_callers_at_once_one_wins(vault: Vault, outbox: Any, action: str) -> None:
    await vault.ready()
    answers = await asyncio.gather(*(vault.act(action) for _ in range(6)))
    assert Counter(each.status_code for each in answers) == {200: 1, 409: 5}
    assert len(await vault.book()) == 1
    told = Counter(await names(outbox, vault))
    assert told["escrow.released"] + told["escrow.refunded"] == 1


async def test_of_a_release_and_a_refund_exactly_one_happens(api: Client, services: Services, outbox: Any) -> None:
    vaults = [await make_vault(api, services, price=10) for _ in range(6)]
    for each in vaults:
        await each.ready()

    async def race(vault: Vault) -> tuple[str, str]:
        pair = await asyncio.gather(*(vault.act(action) for action in ("release_escrow", "refund_escrow")))
        assert sorted(each.status_code for each in pair) == [200, 409], [each.text for each in pair]
        return (await vault.escrow())["status"], (await vault.deal())["payment_status"]

    ended = await asyncio.gather(*(race(each) for each in vaults))
    assert set(ended) <= {("released", "paid"), ("refunded", "unpaid")}
    book = Counter(status for status, _ in await vaults[0].book())
    assert book["succeeded"] == sum(status == "released" for status, _ in ended)
    assert book["canceled"] == sum(status == "refunded" for status, _ in ended)


async def test_of_two_escrows_at_once_one_is_made(vault: Vault) -> None:
    answers = await asyncio.gather(*(vault.act("escrow", conditions=CONDITIONS) for _ in range(4)))
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 3}
    assert {each.json().get("code") for each in answers if each.status_code == 409} == {"conflict.escrow_exists"}
    assert await vault.book() == [("requires_capture", "2500.00")]


# --- when the provider is of another mind


async def test_a_declined_card_leaves_no_escrow(vault: Vault, outbox: Any) -> None:
    refused = await vault.act("escrow", conditions=CONDITIONS, payment_method="pm_card_chargeDeclined")
    assert (refused.status_code, refused.json()["code"]) == (402, "billing.payment_failed")
    escrow = await vault.escrow()
    assert (escrow["status"], escrow["failure_reason"]) == ("failed", "card_declined")
    assert (await names(outbox, vault))[-1] == "deal.payment_failed"
    assert (await vault.create())["status"] == "held"
    refused = await vault.act("release_escrow", conditions=CONDITIONS)
    assert refused.status_code == 409


async def test_an_unknown_method_is_the_callers_mistake(vault: Vault) -> None:
    refused = await vault.act("escrow", conditions=CONDITIONS, payment_method="pm_unknown")
    assert (refused.status_code, list(refused.json()["details"]["fields"])) == (400, ["payment_method"])
    assert (await vault.escrow())["status"] == "failed"


async def test_a_lost_answer_leaves_it_pending_until_asked_again(vault: Vault) -> None:
    lost = await vault.act("escrow", conditions=CONDITIONS, payment_method="pm_sandbox_lostAnswer")
    assert lost.status_code == 503
    assert (await vault.escrow())["status"] == "pending"
    other = await vault.act("escrow", conditions=[{"type": "other"}])
    assert other.json()["code"] == "conflict.escrow_exists"
    again = await vault.act("escrow", conditions=CONDITIONS, payment_method="pm_sandbox_lostAnswer")
    assert again.status_code == 201
    assert again.json()["data"]["status"] == "held"
    assert await vault.book() == [("requires_capture", "2500.00")], "asked twice, held once"


@pytest.mark.parametrize(("action", "end"), [("release_escrow", "released"), ("refund_escrow", "refunded")])
async def test_a_lost_end_is_found_by_the_next_call(vault: Vault, outbox: Any, action: str, end: str) -> None:
    await vault.ready(payment_method="pm_sandbox_lostCapture")
    assert (await vault.act(action)).status_code == 503
    assert (await vault.escrow())["status"] == {"released": "releasing", "refunded": "refunding"}[end]
    opposite = {"release_escrow": "refund_escrow", "refund_escrow": "release_escrow"}[action]
    assert (await vault.act(opposite)).status_code == 409
    answer = await vault.act(action)
    assert answer.json()["data"]["escrow"]["status"] == end, answer.text
    assert Counter(await names(outbox, vault))[f"escrow.{end}"] == 1


async def test_a_lost_end_is_found_by_the_clock(vault: Vault, moved: Any, outbox: Any) -> None:
    await vault.ready(payment_method="pm_sandbox_lostCapture")
    assert (await vault.act("release_escrow")).status_code == 503
    await vault.later(moved, minutes=2)
    assert (await vault.escrow())["status"] == "released"
    assert (await vault.deal())["status"] == "closed"
    assert Counter(await names(outbox, vault))["deal.closed"] == 1


async def test_a_hold_that_is_delayed_is_held_later(vault: Vault, moved: Any) -> None:
    escrow = await vault.create(payment_method="pm_sandbox_delayed")
    assert (escrow["status"], escrow["client_secret"] is not None) == ("pending", True)
    assert (await vault.act("release_escrow")).status_code == 409
    await vault.later(moved, minutes=2)
    assert (await vault.escrow())["status"] == "held"


async def test_money_in_escrow_is_not_charged_by_confirm(vault: Vault) -> None:
    await vault.create()
    paid = await vault.api.data("GET", f"/payments?deal_id={vault.deal_id}")
    [payment] = paid["payments"]
    assert payment["status"] == "requires_capture"
    body = {"payment_intent_id": payment["payment_intent_id"]}
    refused = await vault.api.post("/payments?action=confirm", body)
    assert refused.status_code == 409
    assert await vault.book() == [("requires_capture", "2500.00")]
    manual = await vault.api.post("/payments?action=record-manual", {"deal_id": vault.deal_id, "amount": 1})
    assert manual.status_code == 409, "the sum is spoken for"


async def test_released_money_can_be_paid_back(vault: Vault) -> None:
    await vault.ready()
    await vault.act("release_escrow")
    [payment] = (await vault.api.data("GET", f"/payments?deal_id={vault.deal_id}"))["payments"]
    body = {"payment_intent_id": payment["payment_intent_id"]}
    await vault.api.data("POST", "/payments?action=refund", json=body)
    assert (await vault.deal())["payment_status"] == "refunded"


# --- the deal around it


@pytest.mark.parametrize("status", ["draft", "cancelled"])
async def test_some_deals_have_no_escrow(api: Client, services: Services, status: str) -> None:
    vault = await make_vault(api, services, status="draft")
    if status == "cancelled":
        await vault.cancel()
    refused = await vault.act("escrow", conditions=CONDITIONS)
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await api.get(f"/deals?id={vault.deal_id}&action=escrow")).status_code == 404


async def test_bad_input_is_named(vault: Vault) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({}, "conditions"),
        ({"conditions": []}, "conditions"),
        ({"conditions": [{}]}, "conditions.0.type"),
        ({"conditions": CONDITIONS, "amount": 0}, "amount"),
        ({"conditions": CONDITIONS, "amount": 2500.01}, "amount"),
        ({"conditions": CONDITIONS, "currency": "XXX"}, "currency"),
        ({"conditions": CONDITIONS, "currency": "EUR"}, "currency"),
        ({"conditions": CONDITIONS, "expires_in": 5}, "expires_in"),
    ]
    for body, field in cases:
        response = await vault.act("escrow", **body)
        assert response.status_code == 400, response.text
        assert list(response.json()["details"]["fields"]) == [field]
    assert (await vault.act("refund_escrow", reason="whim")).status_code == 400


async def test_if_match_is_honoured(vault: Vault) -> None:
    stale = await vault.act("escrow", headers={"If-Match": "1"}, conditions=CONDITIONS)
    assert stale.status_code == 412
    fresh = await vault.act("escrow", headers={"If-Match": "2"}, conditions=CONDITIONS)
    assert fresh.status_code == 201


async def test_a_part_in_escrow_closes_the_deal_partially_paid(vault: Vault) -> None:
    await vault.ready(amount=1000)
    data = (await vault.act("release_escrow")).json()["data"]
    assert (data["status"], data["escrow"]["amount"]) == ("closed", "1000.00")
    assert (await vault.deal())["payment_status"] == "partially_paid"


async def test_a_deal_that_shrank_takes_no_more_than_it_is_worth(vault: Vault) -> None:
    await vault.ready()
    path = f"/deals?id={vault.deal_id}"
    await vault.api.data("POST", f"{path}&action=apply_discount", json={"type": "fixed", "value": 1})
    assert (await vault.act("release_escrow")).status_code == 409
    assert (await vault.act("refund_escrow")).status_code == 200


@pytest.mark.parametrize("held", [True, False])
async def test_cancelling_the_deal_gives_the_money_back(vault: Vault, outbox: Any, held: bool) -> None:
    await vault.create(payment_method="pm_card_visa" if held else "pm_sandbox_lostCapture")
    await vault.cancel()
    assert (await vault.escrow())["status"] == "refunding"
    for _ in range(2):
        await run_jobs(vault.services)
        if held:
            break
        await vault.act("refund_escrow")
    escrow = await vault.escrow()
    assert (escrow["status"], escrow["refund_reason"]) == ("refunded", "deal_cancelled")
    assert await vault.book() == [("canceled", "2500.00")]
    assert Counter(await names(outbox, vault))["escrow.refunded"] == 1


async def test_a_deal_whose_money_is_being_taken_is_not_cancelled(vault: Vault) -> None:
    await vault.ready(payment_method="pm_sandbox_lostCapture")
    assert (await vault.act("release_escrow")).status_code == 503
    refused = await vault.api.delete(f"/deals?id={vault.deal_id}", version="*")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.escrow_not_active")
    assert (await vault.deal())["status"] == "in_progress"


async def test_an_escrow_is_embedded_on_request(vault: Vault) -> None:
    path = f"/deals?id={vault.deal_id}&include=escrow"
    assert (await vault.api.data("GET", path))["escrow"] is None
    escrow = await vault.create()
    assert (await vault.api.data("GET", path))["escrow"]["id"] == escrow["id"]


async def test_the_trail_of_an_escrow_is_whole(vault: Vault) -> None:
    escrow = await vault.ready()
    await vault.act("release_escrow")
    tenant = ids.decode("tenant", vault.api.tenant_id)
    assert tenant is not None
    async with vault.services.pipeline.within(tenant, livemode=False) as ctx:
        assert (await verification.verify(ctx, "escrow", escrow["id"])).status == "intact"
        entries, _ = await verification.page(ctx, "escrow", escrow["id"], 50, 0)
    actions = [each["action"] for each in entries]
    assert actions == ["escrow.asked", "escrow.held", *["escrow.condition_fulfilled"] * 2, "escrow.releasing",
                       "escrow.released"]  # fmt: skip


# --- time


async def test_an_escrow_whose_time_is_over_is_given_back(vault: Vault, moved: Any, outbox: Any) -> None:
    await vault.ready(expires_in=3600)
    await vault.later(moved, minutes=59)
    assert (await vault.escrow())["status"] == "held"
    await vault.later(moved, minutes=2)
    escrow = await vault.escrow()
    assert (escrow["status"], escrow["refund_reason"]) == ("expired", "expired")
    assert await vault.book() == [("canceled", "2500.00")]
    name, data = (await outbox(vault.api))[-2]
    assert (name, data["reason"]) == ("escrow.refunded", "expired")
    assert (await vault.act("release_escrow")).status_code == 409


async def test_a_hold_that_runs_out_is_made_anew(vault: Vault, moved: Any, outbox: Any) -> None:
    escrow = await vault.ready(expires_in=30 * 86400)
    await vault.later(moved, days=5.5)
    assert (await vault.escrow())["hold_expires_at"] == escrow["hold_expires_at"]
    await vault.later(moved, days=1)
    renewed = await vault.escrow()
    assert renewed["status"] == "held"
    assert renewed["hold_expires_at"] > escrow["hold_expires_at"]
    assert renewed["payment_id"] != escrow["payment_id"]
    assert await vault.book() == [("canceled", "2500.00"), ("requires_capture", "2500.00")]
    told = [name for name in await names(outbox, vault) if "reauthoriz" in name]
    assert told == ["escrow.reauthorization_pending", "escrow.reauthorized"]
    await vault.later(moved, days=3)
    assert (await vault.act("release_escrow")).status_code == 200
    assert await vault.book() == [("canceled", "2500.00"), ("succeeded", "2500.00")]


async def test_a_hold_is_made_anew_once_on_a_test_clock(vault: Vault) -> None:
    """The provider goes by the server's time, the escrow by the workspace's."""
    await vault.create(expires_in=30 * 86_400)
    await vault.api.data("POST", "/test-clock", expect=201, json={})
    for step in ({"days": 7}, {"minutes": 5}, {"minutes": 5}):
        await vault.api.data("POST", "/test-clock?action=advance", json=step)
        await run_jobs(vault.services)
        assert [status for status, _ in await vault.book()] == ["canceled", "requires_capture"]


async def test_a_hold_that_cannot_be_made_anew_lapses(vault: Vault, moved: Any, outbox: Any) -> None:
    await vault.ready(expires_in=30 * 86400, payment_method="pm_sandbox_once")
    await vault.later(moved, days=6.5)
    told = [(name, data) for name, data in await outbox(vault.api) if "reauthoriz" in name]
    assert [name for name, _ in told] == ["escrow.reauthorization_pending", "escrow.reauthorization_failed"]
    assert told[-1][1]["failure_reason"] == "authentication_required"
    assert (await vault.escrow())["status"] == "held", "the first hold still stands"
    await vault.later(moved, hours=13)
    escrow = await vault.escrow()
    assert (escrow["status"], escrow["refund_reason"]) == ("expired", "expired")
    assert Counter(await names(outbox, vault))["escrow.refunded"] == 1


async def test_a_short_escrow_needs_no_second_hold(vault: Vault, moved: Any) -> None:
    await vault.create(expires_in=int(timedelta(days=7).total_seconds()) - 60)
    await vault.later(moved, days=6.5)
    assert len(await vault.book()) == 1
