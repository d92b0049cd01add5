"""Checking signatures: in public, offline with OpenSSL, and after the database was changed by hand."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.deals import certificates, records
from dealwright.modules.signing import integrity, papers
from tests.conftest import Client
from tests.modules.signing.conftest import ByHand, deal_out_for_signature

SCRIPT = Path(__file__).parents[3] / "docs" / "verify-a-deal.sh"


async def verification(http: httpx.AsyncClient, deal: dict[str, Any]) -> dict[str, Any]:
    response = await http.get("/api/v1/deals/verify", params={"id": deal["id"]})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]["verification"]
    return found


async def certificate_of(api: Client, deal: dict[str, Any]) -> dict[str, Any]:
    answer = await api.data("GET", "/deals", params={"id": deal["id"], "action": "signing_certificate"})
    found: dict[str, Any] = answer["certificate"]
    return found


async def tampering(outbox: Any, api: Client) -> list[dict[str, Any]]:
    return [data for name, data in await outbox(api) if name == "contract.tamper_detected"]


async def test_anybody_can_verify_and_learns_nothing_else(
    http: httpx.AsyncClient, deal: dict[str, Any], api: Client, other: Client
) -> None:
    before = await verification(http, deal)
    assert before["status"] == "unsigned"
    assert before["deal_hash"] == {"stored": None, "current": None, "matches": False}
    assert before["signature"] is None
    signed = await api.data("POST", f"/deals?id={deal['id']}&action=sign", json={})
    found = await verification(http, deal)
    digest = signed["signature"]["deal_hash"]
    note = found.pop("verification_note")
    assert "public key" in note
    assert found == {
        "deal_id": deal["id"],
        "status": "verified",
        "message": "Deal signature is valid and data is unmodified",
        "deal_hash": {"stored": digest, "current": digest, "matches": True},
        "signature": {"valid": True, "signature_algorithm": "ed25519", "signed_at": signed["signed_at"]},
        "verification_method": "public_key",
    }
    with_a_key = await other.data("GET", "/deals/verify", params={"id": deal["id"]})
    assert with_a_key["verification"]["status"] == "verified", "also for callers of other workspaces"
    for query, status in (
        ({}, 400),
        ({"id": deal["id"], "contract_id": "contract_x"}, 400),
        ({"id": "deal_x"}, 404),
        ({"id": ids.encode("deal", ids.uuid7())}, 404),
        ({"contract_id": "contract_x"}, 404),
    ):
        assert (await http.get("/api/v1/deals/verify", params=query)).status_code == status, query


async def test_the_hash_cannot_be_guessed_from_the_content(api: Client, signed: dict[str, Any]) -> None:
    """The public hash would tell a price to whoever knows the rest; a random member of the content prevents that."""
    content = json.loads(base64.b64decode((await certificate_of(api, signed))["signed_content"]))
    assert len(content["salt"]) == 32


async def test_an_edit_after_signing_is_reported_once(
    http: httpx.AsyncClient, api: Client, signed: dict[str, Any], outbox: Any
) -> None:
    for name, value in (("notes", "called back"), ("metadata", {"crm": 7})):
        version = (await api.data("GET", f"/deals?id={signed['id']}"))["version"]
        assert (await api.patch(f"/deals?id={signed['id']}", {name: value}, version=version)).status_code == 200
        assert (await verification(http, signed))["status"] == "verified", f"{name} is nobody else's"
    version = (await api.data("GET", f"/deals?id={signed['id']}"))["version"]
    assert (await api.patch(f"/deals?id={signed['id']}", {"title": "Cheaper"}, version=version)).status_code == 200
    for _ in range(3):
        found = await verification(http, signed)
    assert found["status"] == "tampered"
    assert found["deal_hash"]["stored"] != found["deal_hash"]["current"]
    assert found["deal_hash"]["matches"] is False
    assert found["signature"]["valid"] is True, "the signature itself still holds for what was signed"
    [event] = await tampering(outbox, api)
    assert event["id"] == event["deal_id"] == signed["id"]
    assert event["stored_hash"] == found["deal_hash"]["stored"]
    assert event["current_hash"] == found["deal_hash"]["current"]
    assert (await certificate_of(api, signed))["status"] == "tampered"
    assert (await api.patch(f"/deals?id={signed['id']}", {"title": "Pro Plan, two seats"}, version="*")).is_success
    assert (await verification(http, signed))["status"] == "verified", "changed back, it is what was signed"


async def test_a_scan_finds_what_nobody_asked_about(
    services: Services, api: Client, signed: dict[str, Any], by_hand: ByHand, outbox: Any
) -> None:
    await integrity.scan(services.pipeline)
    assert await tampering(outbox, api) == []
    await by_hand("UPDATE deals SET title = 'Other' WHERE id = $1", ids.decode("deal", signed["id"]))
    assert await integrity.scan(services.pipeline) >= 1
    await integrity.scan(services.pipeline)
    [event] = await tampering(outbox, api)
    assert event["id"] == signed["id"]


SIGNED_COLUMNS = {
    "customer_id": "NULL",
    "title": "overlay(title PLACING 'x' FROM 1 FOR 1)",
    "description": "'.'",
    "deal_type": "'recurring'",
    "billing_cycle": "'annual'",
    "currency": "'EUR'",
    "presentation_currency": "'EUR'",
    "settlement_currency": "'EUR'",
    "discounts": "jsonb_set(discounts, '{0,code}', '\"TEM\"')",
    "tax_rate": "tax_rate + 0.000001",
    "subtotal": "subtotal + 0.0001, total = total + 0.0001",
    "tax_amount": "tax_amount - 0.0001, total = total - 0.0001",
    "discount_total": "discount_total + 0.0001, total = total - 0.0001",
    "terms": "jsonb_set(terms, '{payment_terms,due_date}', '\"2026-04-31\"')",
    "number": "number + 1",
}
SIGNED_ITEM_COLUMNS = {
    "name": "name || '.'",
    "quantity": "quantity + 1",
    "unit_price": "unit_price + 0.0001",
    "discount": "discount + 0.0001",
    "line_total": "line_total - 0.0001",
    "options": "jsonb_set(options, '{seats}', '3')",
    "configuration": "'{}'",
    "accepted": "false",
}
SIGNATURE_COLUMNS = {
    "signer_type": "'user'",
    "signer_id": "signer_id || '0'",
    "signer_customer_id": "NULL",
    "consented": "NOT consented",
    "actor": "actor || '0'",
    "content_hash": "overlay(content_hash PLACING 'x' FROM 1 FOR 1)",
    "sealed_content": "set_byte(sealed_content, 40, 255 - get_byte(sealed_content, 40))",
    "signature": "set_byte(signature, 5, 255 - get_byte(signature, 5))",
    "created_at": "created_at + interval '1 microsecond'",
    "removed_at": "now()",
}


async def test_one_byte_changed_by_hand_anywhere_is_found(
    services: Services, http: httpx.AsyncClient, api: Client
) -> None:
    deal = await deal_out_for_signature(api)
    body = {"signer_customer_id": deal["customer_id"], "consent_to_sign": True}
    await api.data("POST", f"/deals?id={deal['id']}&action=sign", json=body)
    key = ids.decode("deal", deal["id"])
    changes = [
        *(("deals", "id", *each) for each in SIGNED_COLUMNS.items()),
        *(("deal_items", "deal_id", *each) for each in SIGNED_ITEM_COLUMNS.items()),
        *(("signatures", "entity_id", *each) for each in SIGNATURE_COLUMNS.items()),
    ]
    connection = await asyncpg.connect(services.database.dsn)
    try:
        for table, of, column, value in changes:
            kept = await connection.fetchrow(f"SELECT * FROM {table} WHERE {of} = $1", key)
            await connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {of} = $1", key)
            found = await verification(http, deal)
            assert found["status"] == "tampered", f"{table}.{column}"
            names = [name for name in dict(kept) if name not in ("id", "tenant_id", "livemode")]
            back = ", ".join(f"{name} = ${number}" for number, name in enumerate(names, start=2))
            await connection.execute(f"UPDATE {table} SET {back} WHERE {of} = $1", key, *(kept[name] for name in names))
            assert (await verification(http, deal))["status"] == "verified", f"{table}.{column} as it was"
        await connection.execute("DELETE FROM signatures WHERE entity_id = $1", key)
    finally:
        await connection.close()
    assert (await verification(http, deal))["status"] == "tampered", "a signed deal without its signature"


async def test_the_audit_chain_names_the_entry_that_was_changed(
    api: Client, signed: dict[str, Any], by_hand: ByHand
) -> None:
    path = f"/deals?id={signed['id']}"
    assert (await api.data("GET", f"{path}&action=verify_audit"))["status"] == "intact"
    trail = (await api.data("GET", f"{path}&action=audit"))["audit_entries"]
    [entry] = [each for each in trail if each["action"] == "deal.signature_added"]
    await by_hand(
        "UPDATE audit_log SET changes = replace(changes, '\"consent', '\"Consent') || ' ' WHERE id = $1",
        ids.decode("audit", entry["id"]),
    )
    verdict = await api.data("GET", f"{path}&action=verify_audit")
    assert (verdict["status"], verdict["first_broken_entry"]) == ("tampered", entry["id"])
    verdict = await api.data(
        "GET", "/audit", params={"action": "verify", "entity_type": "deal", "entity_id": signed["id"]}
    )
    assert (verdict["status"], verdict["broken_at"]) == ("tampered", entry["id"])


# --- offline


async def test_the_certificate_proves_itself(http: httpx.AsyncClient, api: Client, signed: dict[str, Any]) -> None:
    certificate = await certificate_of(api, signed)
    content = base64.b64decode(certificate["signed_content"])
    assert hashlib.sha256(content).hexdigest() == certificate["deal_hash"] == signed["signature"]["deal_hash"]
    agreed = json.loads(content)
    assert (agreed["total"], agreed["currency"], agreed["title"]) == ("988.0200", "USD", "Pro Plan, two seats")
    assert "notes" not in agreed
    [one] = certificate["signatures"]
    key = load_der_public_key(base64.b64decode(one["public_key"]))
    assert isinstance(key, Ed25519PublicKey)
    statement = base64.b64decode(one["signed_statement"])
    key.verify(base64.b64decode(one["signature"]), statement)
    said = json.loads(statement)
    assert (said["content_hash"], said["signer_id"]) == (certificate["deal_hash"], one["signer_id"])
    assert (said["key_id"], said["consent_to_sign"]) == (certificate["key_id"], True)
    response = await http.get("/api/v1/tenant/public-key", params={"key_id": certificate["key_id"]})
    assert response.json()["data"]["public_key"] == certificate["public_key"] == one["public_key"]
    assert certificate["verification_url"].endswith(f"/api/v1/deals/verify?id={signed['id']}")
    unsigned = await api.data("POST", "/deals", json={"title": "x"})
    refused = await api.get("/deals", params={"id": unsigned["id"], "action": "signing_certificate"})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")


def run_script(certificate: Path, public_key: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(SCRIPT), str(certificate), str(public_key)], capture_output=True, text=True, timeout=60, check=False
    )


async def test_openssl_and_the_published_key_are_enough(
    http: httpx.AsyncClient, api: Client, other: Client, deal: dict[str, Any], tmp_path: Path
) -> None:
    wanted = [{"signer_type": "api_key"}, {"signer_type": "customer"}]
    await api.data("POST", f"/deals?id={deal['id']}&action=request_signatures", json={"signers": wanted})
    await api.data("POST", f"/deals?id={deal['id']}&action=sign", json={})
    body = {"signer_customer_id": deal["customer_id"], "consent_to_sign": True}
    await api.data("POST", f"/deals?id={deal['id']}&action=sign", json=body)
    response = await api.get("/deals", params={"id": deal["id"], "action": "signing_certificate"})
    certificate = tmp_path / "certificate.json"
    certificate.write_bytes(response.content)
    key = (await http.get("/api/v1/tenant/public-key", params={"tenant_id": api.tenant_id})).json()["data"]
    public_key = tmp_path / "public-key.pem"
    public_key.write_text(key["public_key_pem"])
    checked = run_script(certificate, public_key)
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout + checked.stderr
    assert checked.stdout.endswith("VERIFIED: 2 signature(s)\n")
    certificate.write_text(json.dumps(response.json(), indent=2))
    assert run_script(certificate, public_key).returncode == 0, "however it is laid out"

    def altered(change: Any) -> str:
        data = json.loads(response.content)
        change(data["data"]["certificate"])
        certificate.write_text(json.dumps(data))
        found = run_script(certificate, public_key)
        assert found.returncode == 1, found.stdout
        return found.stdout

    def cheaper(one: dict[str, Any]) -> None:
        content = base64.b64decode(one["signed_content"]).replace(b"988.0200", b"988.0100")
        one["signed_content"] = base64.b64encode(content).decode()

    def cheaper_and_rehashed(one: dict[str, Any]) -> None:
        cheaper(one)
        one["deal_hash"] = hashlib.sha256(base64.b64decode(one["signed_content"])).hexdigest()

    def another_signer(one: dict[str, Any]) -> None:
        said = base64.b64decode(one["signatures"][1]["signed_statement"]).replace(b"customer", b"curtomer")
        one["signatures"][1]["signed_statement"] = base64.b64encode(said).decode()

    assert "BROKEN: the agreement" in altered(cheaper)
    assert "is for another agreement" in altered(cheaper_and_rehashed)
    assert "signature 2 was not made with this key" in altered(another_signer)
    assert "no signature" in altered(lambda one: one.update(signatures=[]))
    certificate.write_bytes(response.content)
    stranger = await http.get("/api/v1/tenant/public-key", params={"tenant_id": other.tenant_id})
    public_key.write_text(stranger.json()["data"]["public_key_pem"])
    assert "signature 1 was not made with this key" in run_script(certificate, public_key).stdout


async def test_the_certificate_as_a_document(api: Client, signed: dict[str, Any]) -> None:
    response = await api.get("/deals", params={"id": signed["id"], "action": "signing_certificate", "format": "pdf"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert signed["id"] in response.headers["content-disposition"]
    assert response.content.startswith(b"%PDF-")
    refused = await api.get("/deals", params={"id": signed["id"], "action": "signing_certificate", "format": "doc"})
    assert refused.status_code == 400


async def test_what_the_document_says_is_never_markup(services: Services, api: Client) -> None:
    nasty = '#panic("x") $ \\ ] } *_ <a> “é” 日本語 ' + "x" * 150
    deal = await deal_out_for_signature(api, title=nasty, description='#import "@preview/x:1.0.0"\n= H')
    await api.data("POST", f"/deals?id={deal['id']}&action=sign", json={})
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.pipeline.within(tenant, False) as ctx:
        certificate, content = await certificates.of(ctx, await records.get(ctx, deal["id"]))
        said = await certificates.document(ctx, certificate, content)
        now = ctx.now
    assert (said["title"], said["livemode"]) == (nasty, False)
    assert len(papers.pages(papers.CERTIFICATE, said, now)) >= 1
