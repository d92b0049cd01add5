"""Signing contracts, certificates, and everything that shows that a contract was changed by hand."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.contracts import documents, records
from dealwright.modules.signing import integrity, papers
from tests.conftest import Client
from tests.modules.contracts.conftest import act, customer_of, new_contract, read
from tests.modules.signing.conftest import ByHand, deal_out_for_signature
from tests.modules.signing.test_verifying import run_script


async def verification(http: httpx.AsyncClient, contract: dict[str, Any]) -> dict[str, Any]:
    response = await http.get("/api/v1/deals/verify", params={"contract_id": contract["id"]})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]["verification"]
    return found


async def certificate_of(api: Client, contract: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await read(api, contract, action="signing_certificate"))["certificate"]
    return found


async def tampering(outbox: Any, api: Client) -> list[dict[str, Any]]:
    return [data for name, data in await outbox(api) if name == "contract.tamper_detected"]


async def test_the_customer_signs(api: Client, draft: dict[str, Any], outbox: Any) -> None:
    who = {"signer_customer_id": draft["customer_id"]}
    refused = await act(api, draft, "sign", 400, **who)
    assert "consent_to_sign" in refused["details"]["fields"]
    signed = await act(api, draft, "sign", **who, consent_to_sign=True)
    assert (signed["status"], signed["signed_by"], signed["version"]) == ("signed", "customer", 2)
    assert signed["signature"]["algorithm"] == "ed25519"
    assert len(base64.b64decode(signed["signature"]["value"])) == 64
    assert signed["signature"]["content_hash"].startswith("sha256:")
    [(name, event)] = [each for each in await outbox(api) if each[0].startswith("contract.")]
    assert (name, event) == (
        "contract.signed",
        {
            "id": draft["id"],
            "deal_id": None,
            "customer_id": draft["customer_id"],
            "signed_by": "customer",
            "signed_at": signed["signed_at"],
            "signature_method": "ed25519",
        },
    )
    again = await act(api, draft, "sign", 409)
    assert again["code"] == "conflict.invalid_transition"


async def test_nobody_signs_for_somebody_elses_customer(api: Client, draft: dict[str, Any]) -> None:
    stranger = await customer_of(api)
    refused = await act(api, draft, "sign", 403, signer_customer_id=stranger, consent_to_sign=True)
    assert refused["code"] == "authorization_error.forbidden"
    await act(api, draft, "sign", 404, signer_customer_id="cust_x", consent_to_sign=True)
    await act(api, draft, "sign", 403, signer_type="agent")
    await act(api, draft, "sign", 400, signer_id="somebody")


async def test_several_signers(api: Client, draft: dict[str, Any], http: httpx.AsyncClient, outbox: Any) -> None:
    signers = [{"signer_type": "customer"}, {"signer_type": "user", "signer_id": "usr_1"}]
    await act(api, draft, "request_signatures", 403, signers=[{"signer_type": "customer", "signer_id": "cust_x"}])
    asked = await act(api, draft, "request_signatures", signers=signers)
    assert asked["signers"] == [{"signer_type": "customer", "signer_id": None}, signers[1]]
    customer = {"signer_customer_id": draft["customer_id"], "consent_to_sign": True}
    waiting = await act(api, draft, "sign", 403)
    assert len(waiting["details"]["waiting_for"]) == 2
    first = await act(api, draft, "sign", **customer)
    assert (first["status"], first["signed_at"]) == ("draft", None)
    assert (await act(api, draft, "sign", 409, **customer))["code"] == "conflict.duplicate"
    assert len((await read(api, draft, include="signatures"))["signatures"]) == 1
    revised = await api.patch(f"/contracts?id={draft['id']}", {"value": 11000}, version="*")
    assert revised.is_success
    assert (await read(api, draft, include="signatures"))["signatures"] == [], "what was signed has changed"
    await act(api, draft, "sign", **customer)
    last = await act(api, draft, "sign", signer_type="user", signer_id="usr_1", consent_to_sign=True)
    assert (last["status"], last["signed_by"]) == ("signed", "user")
    assert (await verification(http, draft))["status"] == "verified"
    assert [data["signed_by"] for name, data in await outbox(api) if name == "contract.signed"] == [
        *("customer", "customer", "user")
    ]
    await act(api, draft, "request_signatures", 409, signers=[])


async def test_two_who_sign_at_once_leave_one_signature(api: Client, draft: dict[str, Any], outbox: Any) -> None:
    path = f"/contracts?id={draft['id']}&action=sign"
    statuses = sorted([each.status_code for each in await asyncio.gather(*(api.post(path, {}) for _ in range(4)))])
    assert statuses == [200, 409, 409, 409]
    assert len([name for name, _ in await outbox(api) if name == "contract.signed"]) == 1


async def test_a_certificate_proves_itself(api: Client) -> None:
    deal = await deal_out_for_signature(api)
    draft = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    assert (await api.get(f"/contracts?id={draft['id']}&action=signing_certificate")).status_code == 409
    signed = await act(api, draft, "sign", signer_customer_id=deal["customer_id"], consent_to_sign=True)
    found = await certificate_of(api, signed)
    content = base64.b64decode(found["signed_content"])
    assert (
        found["content_hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}" == signed["signature"]["content_hash"]
    )
    agreed = json.loads(content)
    assert (agreed["format"], agreed["contract_id"], agreed["value"]) == (
        *("dealwright.contract.1", draft["id"], "988.0200"),
    )
    assert agreed["schedule"]["line_items"][0]["name"] == "Pro Plan"
    [signature] = found["signatures"]
    key: Any = load_der_public_key(base64.b64decode(found["public_key"]))
    key.verify(base64.b64decode(found["signature"]), base64.b64decode(signature["signed_statement"]))
    said = json.loads(base64.b64decode(signature["signed_statement"]))
    assert (said["entity_type"], said["entity_id"]) == ("contract", draft["id"])
    assert f"sha256:{said['content_hash']}" == found["content_hash"]
    assert (found["signed_by"], found["signer_id"], found["deal_id"]) == ("customer", deal["customer_id"], deal["id"])
    trail = await read(api, draft, action="audit")
    assert found["audit_entry_hash"] in [each["entry_hash"] for each in trail["audit_entries"]]
    assert found["verification_url"].endswith(f"/api/v1/deals/verify?contract_id={draft['id']}")
    printed = await api.get(f"/contracts?id={draft['id']}&action=signing_certificate&format=pdf")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF-")


async def test_openssl_proves_a_contract(
    http: httpx.AsyncClient, api: Client, draft: dict[str, Any], tmp_path: Path
) -> None:
    signers = [{"signer_type": "api_key"}, {"signer_type": "customer"}]
    await act(api, draft, "request_signatures", signers=signers)
    await act(api, draft, "sign")
    await act(api, draft, "sign", signer_customer_id=draft["customer_id"], consent_to_sign=True)
    response = await api.get("/contracts", params={"id": draft["id"], "action": "signing_certificate"})
    certificate, public_key = tmp_path / "certificate.json", tmp_path / "public-key.pem"
    certificate.write_bytes(response.content)
    key = (await http.get("/api/v1/tenant/public-key", params={"tenant_id": api.tenant_id})).json()["data"]
    public_key.write_text(key["public_key_pem"])
    checked = run_script(certificate, public_key)
    assert checked.stdout.endswith("VERIFIED: 2 signature(s)\n"), checked.stdout + checked.stderr
    said = response.json()["data"]["certificate"]["signed_content"]
    cheaper = base64.b64encode(base64.b64decode(said).replace(b"12000.0000", b"11000.0000")).decode()
    certificate.write_bytes(response.content.replace(said.encode(), cheaper.encode()))
    assert "BROKEN: the agreement" in run_script(certificate, public_key).stdout


async def test_anybody_can_verify(http: httpx.AsyncClient, api: Client, draft: dict[str, Any]) -> None:
    assert (await verification(http, draft))["status"] == "unsigned"
    signed = await act(api, draft, "sign")
    found = await verification(http, draft)
    digest = signed["signature"]["content_hash"].removeprefix("sha256:")
    assert (found["contract_id"], found["status"]) == (draft["id"], "verified")
    assert found["deal_hash"] == {"stored": digest, "current": digest, "matches": True}
    assert "deal_id" not in found
    assert "12000" not in str(found)


async def test_what_is_not_signed_may_change(http: httpx.AsyncClient, api: Client, signed: dict[str, Any]) -> None:
    changes = {"notes": "x", "contract_number": "N-1", "renewal_type": "manual", "renewal_terms": {"period_months": 6}}
    assert (await api.patch(f"/contracts?id={signed['id']}", changes, version="*")).is_success
    await act(api, signed, "activate")
    await act(api, signed, "renew", value=99)
    assert (await act(api, signed, "renew"))["end_date"] == "2032-03-31"
    assert (await verification(http, signed))["status"] == "verified", "a renewal is no change of what was signed"
    assert (await read(api, signed, action="verify_audit"))["status"] == "intact"
    content = json.loads(base64.b64decode((await certificate_of(api, signed))["signed_content"]))
    assert (content["end_date"], content["value"]) == ("2031-03-31", "12000.0000")


SIGNED_COLUMNS = {
    "customer_id": "gen_random_uuid()",
    "title": "overlay(title PLACING 'x' FROM 1 FOR 1)",
    "description": "'more'",
    "value": "value + 0.0001",
    "currency": "'USD'",
    "start_date": "start_date + 1",
    "end_date": "end_date + 1",
    "payment_terms": "'net31'",
    "schedule": "'{}'",
    "deal_id": "gen_random_uuid()",
}


@pytest.mark.parametrize("column", sorted(SIGNED_COLUMNS))
async def test_a_byte_changed_by_hand_is_found(
    services: Services,
    http: httpx.AsyncClient,
    api: Client,
    signed: dict[str, Any],
    by_hand: ByHand,
    outbox: Any,
    column: str,
) -> None:
    key = ids.decode("contract", signed["id"])
    assert (await read(api, signed, action="verify_audit"))["status"] == "intact"
    await by_hand(f"UPDATE contracts SET {column} = {SIGNED_COLUMNS[column]} WHERE id = $1", key)
    found = await verification(http, signed)
    assert found["status"] == "tampered"
    assert found["signature"]["valid"] is True
    trail = (await read(api, signed, action="audit"))["audit_entries"]
    verdict = await read(api, signed, action="verify_audit")
    assert (verdict["status"], verdict["valid"], verdict["entries_checked"]) == ("tampered", False, 2)
    assert verdict["first_broken_entry"] == trail[-1]["id"], "the entry that says otherwise"
    for _ in range(2):
        await read(api, signed, action="verify_audit")
        await verification(http, signed)
        await integrity.scan(services.pipeline)
    [event] = await tampering(outbox, api)
    assert event["contract_id"] == event["id"] == signed["id"]
    assert event["stored_hash"] != event["current_hash"]


@pytest.mark.parametrize("column", ["status", "renewal_type", "signed_at", "contract_number", "activated_at"])
async def test_what_no_signature_covers_is_found_by_the_trail(
    api: Client, signed: dict[str, Any], by_hand: ByHand, outbox: Any, column: str
) -> None:
    new = {"status": "'active'", "renewal_type": "'none'", "contract_number": "'forged'"}.get(column, "now()")
    await by_hand(f"UPDATE contracts SET {column} = {new} WHERE id = $1", ids.decode("contract", signed["id"]))
    trail = (await read(api, signed, action="audit"))["audit_entries"]
    verdict = await read(api, signed, action="verify_audit")
    assert (verdict["status"], verdict["first_broken_entry"]) == ("tampered", trail[-1]["id"])
    whole = {"entity_type": "contract", "entity_id": signed["id"], "action": "verify"}
    assert (await api.data("GET", "/audit", params=whole))["broken_at"] == trail[-1]["id"]
    [event] = await tampering(outbox, api)
    assert event["audit_entry_id"] == trail[-1]["id"]


async def test_a_write_meanwhile_is_no_tampering(api: Client, signed: dict[str, Any], outbox: Any) -> None:
    path = f"/contracts?id={signed['id']}"

    async def write() -> None:
        for number in range(15):
            assert (await api.patch(path, {"contract_number": f"N-{number}"}, version="*")).is_success

    async def look() -> None:
        whole = {"entity_type": "contract", "entity_id": signed["id"], "action": "verify"}
        for _ in range(15):
            assert (await read(api, signed, action="verify_audit"))["status"] == "intact"
            assert (await api.data("GET", "/audit", params=whole))["status"] == "intact"

    await asyncio.gather(write(), look(), look())
    assert await tampering(outbox, api) == []


async def test_a_scan_finds_what_nobody_asked_about(
    services: Services, api: Client, signed: dict[str, Any], by_hand: ByHand, outbox: Any
) -> None:
    await by_hand("UPDATE contracts SET value = 1 WHERE id = $1", ids.decode("contract", signed["id"]))
    await integrity.scan(services.pipeline)
    await integrity.scan(services.pipeline)
    [event] = await tampering(outbox, api)
    assert (event["id"], event["entity_type"]) == (signed["id"], "contract")


async def test_a_forged_trail_is_found(api: Client, signed: dict[str, Any], by_hand: ByHand, outbox: Any) -> None:
    trail = (await read(api, signed, action="audit"))["audit_entries"]
    await by_hand("UPDATE audit_log SET actor = 'key_other' WHERE entity_id = $1 AND seq = 1", signed["id"])
    verdict = await read(api, signed, action="verify_audit")
    assert (verdict["status"], verdict["first_broken_entry"]) == ("tampered", trail[0]["id"])
    [event] = await tampering(outbox, api)
    assert event["stored_hash"] == event["current_hash"], "the signed content itself is whole"


async def test_renewals_made_up_by_hand_are_found(
    http: httpx.AsyncClient, api: Client, active: dict[str, Any], by_hand: ByHand
) -> None:
    await act(api, active, "renew")
    await by_hand(
        "UPDATE contract_renewals SET previous_value = 1 WHERE contract_id = $1", ids.decode("contract", active["id"])
    )
    assert (await verification(http, active))["status"] == "tampered"


async def test_what_the_documents_say_is_never_markup(services: Services, api: Client) -> None:
    nasty = '#panic("x") $ \\ ] } *_ <a> “é” 日本語 ' + "x" * 150
    deal = await deal_out_for_signature(api)
    members = {"deal_id": deal["id"], "title": nasty, "description": '#import "@preview/x:1.0.0"\n= H'}
    contract = await api.data("POST", "/contracts", json={**members, "payment_terms": nasty[:200]})
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    for signed in (False, True):
        if signed:
            await act(api, contract, "sign")
        async with services.pipeline.within(tenant, False) as ctx:
            row = await records.get(ctx, contract["id"])
            said = await documents.printed_contract(ctx, row)
            assert (said["title"], said["livemode"], bool(said["signatures"])) == (nasty, False, signed)
            assert len(papers.pages(documents.CONTRACT, said, ctx.now)) >= 1
            if signed:
                printed = await documents.printed_certificate(ctx, *await documents.certificate(ctx, row))
                assert len(papers.pages(papers.CERTIFICATE, printed, ctx.now)) >= 1


_STEPS = ["sign", "activate", "terminate"]


@pytest.mark.parametrize("action", [None, *_STEPS])
async def test_a_contract_is_printed_in_every_state(api: Client, action: str | None) -> None:
    contract = await new_contract(api, description="Support for the platform.", contract_number="CTR-1")
    for each in _STEPS[: _STEPS.index(action) + 1 if action else 0]:
        await act(api, contract, each)
    response = await api.get(f"/contracts?id={contract['id']}&action=document")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/pdf"
    assert contract["id"] in response.headers["content-disposition"]
    assert response.content.startswith(b"%PDF-")
