"""Signing a deal over HTTP: who may, what it does, taking it back, several signers, time running out."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.modules.deals.signing import expire_signature_requests
from tests.conftest import Client, TestClock, Workspace
from tests.modules.signing.conftest import deal_out_for_signature


def at(deal: dict[str, Any], action: str) -> str:
    return f"/deals?id={deal['id']}&action={action}"


async def verification(api: Client, deal: dict[str, Any]) -> dict[str, Any]:
    """As anybody sees it: without a key."""
    response = await api.http.get("/api/v1/deals/verify", params={"id": deal["id"]})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]["verification"]
    return found


async def test_the_documented_call_signs_and_moves_on(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    response = await api.post(at(deal, "sign"), {"consent_to_sign": True}, headers={"If-Match": str(deal["version"])})
    assert response.status_code == 200, response.text
    data = response.json()["data"]
    assert data["id"] == data["deal_id"] == deal["id"]
    assert data["status"] == "pending_payment"
    assert data["signed_at"] == data["signature"]["signed_at"] is not None
    assert data["signature"]["signature_algorithm"] == "ed25519"
    assert (data["signature"]["signer_type"], data["signature"]["signer_id"]) == ("api_key", api.key_id)
    assert len(data["signature"]["deal_hash"]) == 64
    assert response.headers["etag"] == f'W/"{data["version"]}"'
    after = await api.data("GET", f"/deals?id={deal['id']}&include=signatures")
    assert (after["status"], after["signed_at"], after["version"]) == (
        "pending_payment",
        data["signed_at"],
        data["version"],
    )
    assert [each["signer_id"] for each in after["signatures"]] == [api.key_id]
    events = (await outbox(api))[-2:]
    assert [name for name, _ in events] == ["deal.signature_added", "deal.status_changed"]
    assert events[0][1] == {
        "deal_id": deal["id"],
        "signer_type": "api_key",
        "signer_id": api.key_id,
        "signature_id": data["signature"]["id"],
        "signature_algorithm": "ed25519",
        "key_id": data["signature"]["key_id"],
        "signed_at": data["signed_at"],
    }
    assert events[1][1]["new_status"] == "pending_payment"
    assert (await verification(api, deal))["status"] == "verified"
    trail = await api.data("GET", at(deal, "audit"))
    assert [each["action"] for each in trail["audit_entries"]][-2:] == ["deal.signature_added", "deal.status_changed"]


async def test_a_paid_deal_closes_when_it_is_signed(api: Client, deal: dict[str, Any]) -> None:
    paid = {"deal_id": deal["id"], "amount": float(deal["total"]), "payment_method": "bank_transfer"}
    response = await api.post("/payments?action=record-manual", paid)
    assert response.is_success, response.text
    done = await api.data("POST", at(deal, "sign"), json={})
    assert done["status"] == "closed"
    assert (await verification(api, deal))["status"] == "verified"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"signer_type": "customer", "consent_to_sign": True}, 400, "signer_customer_id"),
        ({"signer_type": "user"}, 400, "consent_to_sign"),
        ({"signer_type": "user", "consent_to_sign": False}, 400, "consent_to_sign"),
        ({"signer_type": "user", "consent_to_sign": ""}, 400, "consent_to_sign"),
        ({"signer_type": "robot"}, 400, "signer_type"),
        ({"signer_type": "user", "signer_id": "jane@example.com", "consent_to_sign": True}, 400, "signer_id"),
        ({"signer_customer_id": "cust_x", "consent_to_sign": True}, 404, None),
        ({"signer_type": "agent"}, 403, None),
        ({"signer_type": "api_key", "signer_id": "key_other"}, 400, "signer_id"),
    ],
)
async def test_who_may_not_sign(
    api: Client, deal: dict[str, Any], body: dict[str, Any], status: int, field: str | None
) -> None:
    response = await api.post(at(deal, "sign"), body)
    assert response.status_code == status, response.text
    if field is not None:
        assert field in response.json()["details"]["fields"]
    assert (await api.data("GET", f"/deals?id={deal['id']}"))["version"] == deal["version"]


async def test_a_customer_signs_their_own_deal_only(api: Client, deal: dict[str, Any]) -> None:
    stranger = await api.data("POST", "/customers", json={"name": "Bob", "email": "bob@example.com"})
    body = {"signer_customer_id": stranger["id"], "consent_to_sign": True}
    refused = await api.post(at(deal, "sign"), body)
    assert (refused.status_code, refused.json()["code"]) == (403, "authorization_error.forbidden")
    body = {"signer_customer_id": deal["customer_id"]}
    assert "consent_to_sign" in (await api.post(at(deal, "sign"), body)).json()["details"]["fields"]
    done = await api.data("POST", at(deal, "sign"), json={**body, "consent_to_sign": True})
    assert (done["signature"]["signer_type"], done["signature"]["signer_id"]) == ("customer", deal["customer_id"])


async def test_an_agents_key_signs_as_an_agent(workspace: Workspace, api: Client, deal: dict[str, Any]) -> None:
    agent = await workspace.key(is_agent=True, scopes=["deals:sign"])
    done = await agent.data("POST", at(deal, "sign"), json={})
    assert (done["signature"]["signer_type"], done["signature"]["signer_id"]) == ("agent", agent.key_id)


async def test_signing_needs_its_scope(workspace: Workspace, deal: dict[str, Any]) -> None:
    writer = await workspace.key(scopes=["deals:write", "deals:read"])
    refused = await writer.post(at(deal, "sign"), {"consent_to_sign": True})
    assert (refused.status_code, refused.json()["details"]["required_scope"]) == (403, "deals:sign")


async def test_only_what_is_out_for_signature_is_signed(api: Client, other: Client, deal: dict[str, Any]) -> None:
    draft = await api.data("POST", "/deals", json={"title": "Draft"})
    refused = await api.post(at(draft, "sign"), {})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert refused.json()["details"]["current_status"] == "draft"
    assert (await other.post(at(deal, "sign"), {})).status_code == 404
    stale = await api.post(at(deal, "sign"), {}, headers={"If-Match": "1"})
    assert stale.status_code == 412
    await api.data("POST", at(deal, "sign"), json={})
    assert (await api.post(at(deal, "sign"), {})).status_code == 409


async def test_unsigning_returns_the_deal_to_work(api: Client, signed: dict[str, Any], outbox: Any) -> None:
    answer = await api.data("POST", at(signed, "unsign"), json={"reason": "Terms need revision"})
    assert (answer["status"], answer["signed_at"], answer["signatures"]) == ("in_progress", None, [])
    assert (await verification(api, signed))["status"] == "unsigned"
    events = [data for name, data in await outbox(api) if name == "deal.unsigned"]
    assert [(each["signer_type"], each["reason"]) for each in events] == [("customer", "Terms need revision")]
    trail = await api.data("GET", at(signed, "audit"))
    [entry] = [each for each in trail["audit_entries"] if each["action"] == "deal.unsigned"]
    assert entry["changes"]["reason"] == "Terms need revision"
    assert (await api.post(at(signed, "unsign"), {})).status_code == 409
    for status in ("pending_signature", "pending_payment", "closed"):
        await api.data("POST", f"{at(signed, 'transition')}&status={status}")
    assert (await api.post(at(signed, "unsign"), {})).status_code == 409


async def test_a_deal_can_be_signed_anew(api: Client, signed: dict[str, Any]) -> None:
    await api.data("POST", at(signed, "unsign"), json={})
    item = (await api.data("GET", f"/deals?id={signed['id']}"))["line_items"][0]
    await api.data("POST", f"{at(signed, 'update_item')}&item_id={item['id']}", json={"quantity": 3})
    await api.data("POST", f"{at(signed, 'transition')}&status=pending_signature")
    again = await api.data("POST", at(signed, "sign"), json={})
    assert again["signature"]["deal_hash"] != signed["signature"]["deal_hash"]
    assert (await verification(api, signed))["status"] == "verified"


async def test_several_signers_are_waited_for(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    wanted = [
        {"signer_type": "customer", "signer_id": deal["customer_id"]},
        {"signer_type": "user", "signer_id": "usr_ceo"},
        {"signer_type": "api_key"},
    ]
    asked = await api.data("POST", at(deal, "request_signatures"), json={"signers": wanted, "expires_in": 3600})
    assert asked["due_at"] is not None
    assert asked["signers"][2] == {"signer_type": "api_key", "signer_id": None}
    stranger = await api.post(
        at(deal, "sign"), {"signer_type": "user", "signer_id": "usr_intern", "consent_to_sign": True}
    )
    assert stranger.status_code == 403
    first = await api.data("POST", at(deal, "sign"), json={})
    assert (first["status"], first["signed_at"]) == ("awaiting_signatures", None)
    assert (await verification(api, deal))["status"] == "verified", "as far as it is signed"
    twice = await api.post(at(deal, "sign"), {})
    assert (twice.status_code, twice.json()["code"]) == (409, "conflict.duplicate")
    body = {"signer_customer_id": deal["customer_id"], "consent_to_sign": True}
    assert (await api.data("POST", at(deal, "sign"), json=body))["status"] == "awaiting_signatures"
    late = await api.post(at(deal, "request_signatures"), {"signers": []})
    assert late.status_code == 409
    body = {"signer_type": "user", "signer_id": "usr_ceo", "consent_to_sign": True}
    last = await api.data("POST", at(deal, "sign"), json=body)
    assert (last["status"], last["signed_at"] is not None) == ("pending_payment", True)
    statuses = [data["new_status"] for name, data in await outbox(api) if name == "deal.status_changed"]
    assert statuses[-2:] == ["awaiting_signatures", "pending_payment"]
    certificate = (await api.data("GET", at(deal, "signing_certificate")))["certificate"]
    assert [each["signer_type"] for each in certificate["signatures"]] == ["api_key", "customer", "user"]
    # One of them takes it back: the others' signatures stay, and the deal waits for that one again.
    only = {"signer_type": "user", "signer_id": "usr_ceo"}
    left = await api.data("POST", at(deal, "unsign"), json=only)
    assert (left["status"], len(left["signatures"])) == ("pending_signature", 2)
    assert (await api.post(at(deal, "unsign"), only)).status_code == 409
    assert (await api.data("POST", at(deal, "sign"), json=body))["status"] == "pending_payment"


async def test_a_later_signature_never_covers_other_content(api: Client, deal: dict[str, Any]) -> None:
    wanted = [{"signer_type": "api_key"}, {"signer_type": "user"}]
    await api.data("POST", at(deal, "request_signatures"), json={"signers": wanted})
    first = await api.data("POST", at(deal, "sign"), json={})
    edited = await api.patch(f"/deals?id={deal['id']}", {"title": "Other"}, version=first["version"])
    assert edited.status_code == 200
    body = {"signer_type": "user", "signer_id": "usr_1", "consent_to_sign": True}
    refused = await api.post(at(deal, "sign"), body)
    assert refused.status_code == 409
    assert "unsign" in refused.json()["recovery"]["hint"]


async def test_a_deal_that_may_change_again_loses_its_signatures(
    api: Client, deal: dict[str, Any], outbox: Any
) -> None:
    await api.data("POST", at(deal, "request_signatures"), json={"signers": [{"signer_type": "api_key"}] * 2})
    await api.data("POST", at(deal, "sign"), json={})
    cancelled = await api.data("POST", f"{at(deal, 'transition')}&status=cancelled")
    assert cancelled["status"] == "cancelled"
    assert (await api.post(at(deal, "unsign"), {})).status_code == 409, "what is over stays as it was"
    version = (await api.data("GET", f"/deals?id={deal['id']}"))["version"]
    assert (await api.delete(f"/deals?id={deal['id']}", version=version)).json()["data"]["deleted"] is True
    assert (await api.http.get("/api/v1/deals/verify", params={"id": deal["id"]})).status_code == 404


async def test_two_signatures_at_once_make_one(api: Client, deal: dict[str, Any], outbox: Any) -> None:
    answers = await asyncio.gather(*(api.post(at(deal, "sign"), {}) for _ in range(6)))
    assert sorted(each.status_code for each in answers) == [200] + [409] * 5
    assert [name for name, _ in await outbox(api)].count("deal.signature_added") == 1


async def test_two_signers_at_once_both_sign(api: Client, deal: dict[str, Any]) -> None:
    wanted = [{"signer_type": "user", "signer_id": f"usr_{number}"} for number in range(4)]
    await api.data("POST", at(deal, "request_signatures"), json={"signers": wanted})
    answers = await asyncio.gather(
        *(api.post(at(deal, "sign"), {**each, "consent_to_sign": True}) for each in wanted for _ in range(2))
    )
    assert sorted(each.status_code for each in answers) == [200] * 4 + [409] * 4
    after = await api.data("GET", f"/deals?id={deal['id']}&include=signatures")
    assert (after["status"], len(after["signatures"])) == ("pending_payment", 4)
    assert (await verification(api, deal))["status"] == "verified"


async def test_an_edit_is_before_or_after_a_signature_never_in_between(api: Client) -> None:
    for _ in range(5):
        deal = await deal_out_for_signature(api)
        path = f"/deals?id={deal['id']}"
        edit, signature = await asyncio.gather(
            api.patch(path, {"title": "Edited"}, version="*"), api.post(at(deal, "sign"), {})
        )
        assert (edit.status_code, signature.status_code) == (200, 200)
        first = edit.json()["data"]["version"] < signature.json()["data"]["version"]
        assert (await verification(api, deal))["status"] == ("verified" if first else "tampered")


async def test_a_first_key_is_made_once(services: Services, api: Client) -> None:
    deals = [await deal_out_for_signature(api) for _ in range(4)]
    answers = await asyncio.gather(*(api.data("POST", at(deal, "sign"), json={}) for deal in deals))
    assert len({each["signature"]["key_id"] for each in answers}) == 1


async def test_signatures_that_do_not_come_time_out_once(
    services: Services, api: Client, clock: TestClock, outbox: Any
) -> None:
    deal = await deal_out_for_signature(api)
    other = await deal_out_for_signature(api)
    wanted = [{"signer_type": "user", "signer_id": "usr_1"}, {"signer_type": "api_key"}]
    await api.data("POST", at(deal, "request_signatures"), json={"signers": wanted, "expires_in": 7200})
    await api.data("POST", at(deal, "sign"), json={})

    async def run() -> None:
        await asyncio.gather(*(expire_signature_requests(services.pipeline) for _ in range(3)))

    await run()
    assert "deal.signature_timeout" not in [name for name, _ in await outbox(api)]
    try:
        clock.offset = timedelta(hours=3)
        await run()
        await run()
        [data] = [data for name, data in await outbox(api) if name == "deal.signature_timeout"]
        assert data["deal_id"] == deal["id"]
        assert data["pending_signers"] == [{"signer_type": "user", "signer_id": "usr_1"}]
        clock.offset = timedelta(days=31)
        await run()
        data = [data for name, data in await outbox(api) if name == "deal.signature_timeout"][-1]
        assert data["deal_id"] == other["id"]
        assert data["pending_signers"] == [{"signer_type": "customer", "signer_id": other["customer_id"]}]
    finally:
        clock.offset = timedelta()
    body = {"signer_type": "user", "signer_id": "usr_1", "consent_to_sign": True}
    assert (await api.data("POST", at(deal, "sign"), json=body))["status"] == "pending_payment", "late is not never"
