"""Verifiable credentials, checked with libraries other than the one that issues them."""

from __future__ import annotations

import asyncio
import base64
import copy
import hashlib
import json
from datetime import timedelta
from typing import Any

import base58
import httpx
import jwt
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dealwright.kernel import ids
from dealwright.kernel.clock import parse_iso
from dealwright.modules.signing import credentials
from tests.conftest import Client, TestClock
from tests.modules.signing.conftest import ByHand


@pytest.fixture
async def closed(api: Client, signed: dict[str, Any]) -> dict[str, Any]:
    moved: dict[str, Any] = await api.data("POST", f"/deals?id={signed['id']}&action=transition&status=closed")
    return moved


async def credential_of(api: Client, deal: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = await api.data("GET", "/deals", params={"id": deal["id"], "action": "credential"})
    return found


async def checked(http: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    response = await http.post("/api/v1/verify", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


async def published_key(http: httpx.AsyncClient, method: str) -> Ed25519PublicKey:
    """The key that a proof names, from the DID document of its issuer."""
    tenant = method.partition("#")[0].rpartition(":")[2]
    document = (await http.get("/api/v1/did-document", params={"tenant_id": tenant})).json()
    [found] = [each for each in document["verificationMethod"] if each["id"] == method]
    return Ed25519PublicKey.from_public_bytes(base58.b58decode(found["publicKeyMultibase"][1:])[2:])


def sorted_json(value: Any) -> bytes:
    """Canonical JSON for what has no numbers but small whole ones: enough for these documents, by other means."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


async def test_a_closed_deal_is_attested_once(api: Client, closed: dict[str, Any], outbox: Any) -> None:
    answers = await asyncio.gather(*(credential_of(api, closed) for _ in range(4)))
    first = answers[0]
    assert all(each == first for each in answers)
    document = first["credential"]
    assert first["status"] == "active"
    assert first["credential_id"] == document["id"]
    assert document["id"].startswith("vc_")
    assert document["@context"][0] == "https://www.w3.org/2018/credentials/v1"
    assert document["type"] == ["VerifiableCredential", "DealCredential"]
    assert document["issuer"].startswith("did:web:")
    assert document["issuer"].endswith(api.tenant_id)
    subject = document["credentialSubject"]
    assert (subject["deal_id"], subject["status"], subject["livemode"]) == (closed["id"], "closed", False)
    assert len(subject["deal_hash"]) == 64
    [event] = [data for name, data in await outbox(api) if name == "credential.issued"]
    assert event == {
        "credential_id": document["id"],
        "deal_id": closed["id"],
        "type": "DealCredential",
        "issued_at": document["issuanceDate"],
        "expires_at": document["expirationDate"],
    }
    trail = await api.data("GET", f"/deals?id={closed['id']}&action=audit")
    assert [each["action"] for each in trail["audit_entries"]].count("deal.credential_issued") == 1


async def test_only_a_closed_deal_is_attested(api: Client, other: Client, signed: dict[str, Any]) -> None:
    path = f"/deals?id={signed['id']}"
    refused = await api.get(f"{path}&action=credential")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await other.get(f"{path}&action=credential")).status_code == 404
    assert (await api.post(f"{path}&action=revoke_credential", {})).status_code == 404


async def test_the_json_form_verifies_elsewhere(http: httpx.AsyncClient, api: Client, closed: dict[str, Any]) -> None:
    document = (await credential_of(api, closed))["credential"]
    proof = document["proof"]
    assert (proof["type"], proof["cryptosuite"]) == ("DataIntegrityProof", "eddsa-jcs-2022")
    assert proof["proofPurpose"] == "assertionMethod"
    key = await published_key(http, proof["verificationMethod"])
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    digest = hashlib.sha256(sorted_json(options)).digest() + hashlib.sha256(sorted_json(unsecured)).digest()
    assert proof["proofValue"].startswith("z")
    signature = base58.b58decode(proof["proofValue"][1:])
    key.verify(signature, digest)
    unsecured["credentialSubject"] = {**unsecured["credentialSubject"], "total": "1000000.00"}
    forged = hashlib.sha256(sorted_json(options)).digest() + hashlib.sha256(sorted_json(unsecured)).digest()
    with pytest.raises(InvalidSignature):
        key.verify(signature, forged)


async def test_the_jwt_form_verifies_elsewhere(http: httpx.AsyncClient, api: Client, closed: dict[str, Any]) -> None:
    found = await credential_of(api, closed)
    header = jwt.get_unverified_header(found["jwt"])
    assert header["alg"] == "EdDSA"
    key = await published_key(http, header["kid"])
    claims = jwt.decode(found["jwt"], key, algorithms=["EdDSA"])
    document = found["credential"]
    assert (claims["iss"], claims["jti"]) == (document["issuer"], document["id"])
    assert claims["vc"]["credentialSubject"] == document["credentialSubject"]
    assert claims["exp"] - claims["nbf"] == 365 * 86_400


async def test_the_test_vector_of_the_cryptosuite() -> None:
    """W3C, Data Integrity EdDSA Cryptosuites v1.0, appendix: representation eddsa-jcs-2022."""
    contexts = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
    public = base58.b58decode("6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")[2:]
    seed = base58.b58decode("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
    method = "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2#z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
    document = {
        "@context": contexts,
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    }
    proven = credentials.prove(document, method, parse_iso("2023-02-24T23:36:38Z"), seed)
    assert proven["proof"]["proofValue"] == (
        "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
    )
    assert credentials.proof_holds(proven, public)


async def test_anybody_may_ask_whether_it_is_valid(
    http: httpx.AsyncClient, api: Client, other: Client, closed: dict[str, Any]
) -> None:
    found = await credential_of(api, closed)
    document = found["credential"]
    expected = {
        "valid": True,
        "credential_id": document["id"],
        "deal_id": closed["id"],
        "issued_at": document["issuanceDate"],
        "expires_at": document["expirationDate"],
        "revoked": False,
        "livemode": False,
        "reason": None,
    }
    assert await checked(http, credential=document) == expected
    assert await checked(http, jwt=found["jwt"]) == expected
    assert await other.data("POST", "/verify", json={"credential": document}) == expected, "whoever asks"
    reordered = dict(reversed(document.items()))
    assert (await checked(http, credential=reordered))["valid"] is True


async def test_forgeries_are_told(http: httpx.AsyncClient, api: Client, closed: dict[str, Any]) -> None:
    found = await credential_of(api, closed)
    document = found["credential"]

    def altered(*path: str, value: Any) -> dict[str, Any]:
        made = copy.deepcopy(document)
        here = made
        for name in path[:-1]:
            here = here[name]
        here[path[-1]] = value
        return made

    for forged in (
        altered("credentialSubject", "total", value="1000000.00"),
        altered("issuer", value="did:web:elsewhere.example:tenant_x"),
        altered("expirationDate", value="2099-01-01T00:00:00Z"),
        altered("proof", "verificationMethod", value="did:web:x#key-1"),
        altered("proof", "proofValue", value="z" + "1" * 64),
        altered("proof", "proofValue", value="zIO0l"),
        altered("proof", "proofValue", value="z" + "2" * 100_000),
        altered("proof", value=None),
        altered("credentialSubject", "total", value=2**63),
        {**document, "more": {"deep": [1.5, None, True]}},
    ):
        verdict = await checked(http, credential=forged)
        assert (verdict["valid"], verdict["reason"]) == (False, "invalid_signature")
        assert verdict["deal_id"] is None
    head, body, signature = found["jwt"].split(".")
    other_body = base64.urlsafe_b64encode(base64.urlsafe_b64decode(body + "==").replace(b"988.02", b"988.03")).rstrip(
        b"="
    )
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (
        f"{head}.{other_body.decode()}.{signature}",
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
    ):
        verdict = await checked(http, jwt=forged)
        assert (verdict["valid"], verdict["reason"]) == (False, "invalid_signature")
    for nobody in ({"id": "vc_x"}, {}, {"id": 7}, {**document, "id": ids.encode("vc", ids.uuid7())}):
        verdict = await checked(http, credential=nobody)
        assert (verdict["valid"], verdict["reason"]) == (False, "unknown_credential")
    for nobody in ("", "a.b.c", "x", "..", f"{head}.{base64.urlsafe_b64encode(b'[]').decode()}.x"):
        assert (await checked(http, jwt=nobody))["reason"] == "unknown_credential"
    for body_ in ({}, {"credential": "text"}, {"credential": [1]}, {"credential": document, "jwt": "x"}):
        refused = await http.post("/api/v1/verify", json=body_)
        assert (refused.status_code, list(refused.json()["details"]["fields"])) == (400, ["credential"]), body_


async def test_a_revoked_credential_is_invalid_and_listed(
    http: httpx.AsyncClient, api: Client, other: Client, closed: dict[str, Any]
) -> None:
    found = await credential_of(api, closed)
    path = f"/deals?id={closed['id']}&action=revoke_credential"
    assert (await api.post(path, {"reason": "boredom"})).status_code == 400
    assert (await other.post(path, {})).status_code == 404
    answers = await asyncio.gather(*(api.post(path, {"reason": "superseded"}) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    [revoked] = [each.json()["data"] for each in answers if each.status_code == 200]
    assert revoked["credential_id"] == found["credential_id"]
    assert (revoked["status"], revoked["reason"], revoked["deal_id"]) == ("revoked", "superseded", closed["id"])
    for body in ({"credential": found["credential"]}, {"jwt": found["jwt"]}):
        verdict = await checked(http, **body)
        assert (verdict["valid"], verdict["revoked"], verdict["reason"]) == (False, True, "revoked")
    again = await credential_of(api, closed)
    assert (again["status"], again["credential"]) == ("revoked", found["credential"])
    status = httpx.URL(found["credential"]["credentialStatus"]["id"])
    response = await http.get(status.path, params=status.params)
    assert response.status_code == 200
    listed = response.json()["data"]
    assert listed["revocations"] == [
        {"credential_id": found["credential_id"], "revoked_at": revoked["revoked_at"], "reason": "superseded"}
    ]
    assert listed["updated_at"]
    of_issuer = await http.get("/api/v1/trust/revocations", params={"tenant_id": api.tenant_id})
    assert [each["credential_id"] for each in of_issuer.json()["data"]["revocations"]] == [found["credential_id"]]
    everything = (await http.get("/api/v1/trust/revocations", params={"limit": 1})).json()["data"]
    assert len(everything["revocations"]) == 1
    for nobody in ({"tenant_id": other.tenant_id}, {"credential_id": "vc_x"}, {"tenant_id": "x"}):
        listed = (await http.get("/api/v1/trust/revocations", params=nobody)).json()["data"]
        assert (listed["revocations"], listed["has_more"]) == ([], False)


async def test_a_credential_is_valid_for_a_year(
    http: httpx.AsyncClient, api: Client, closed: dict[str, Any], clock: TestClock
) -> None:
    found = await credential_of(api, closed)
    try:
        clock.offset = timedelta(days=366)
        verdict = await checked(http, credential=found["credential"])
        assert (verdict["valid"], verdict["reason"]) == (False, "expired")
        assert (await credential_of(api, closed))["status"] == "expired"
    finally:
        clock.offset = timedelta()


async def test_a_key_that_was_rotated_still_vouches(
    http: httpx.AsyncClient, api: Client, closed: dict[str, Any]
) -> None:
    found = await credential_of(api, closed)
    await api.data("POST", "/tenant/public-key?action=rotate")
    assert (await checked(http, credential=found["credential"]))["valid"] is True
    key = await published_key(http, found["credential"]["proof"]["verificationMethod"])
    assert jwt.decode(found["jwt"], key, algorithms=["EdDSA"])["jti"] == found["credential_id"]


async def test_a_record_changed_by_hand_does_not_lend_its_validity(
    http: httpx.AsyncClient, api: Client, closed: dict[str, Any], by_hand: ByHand
) -> None:
    found = await credential_of(api, closed)
    forged = {**found["credential"], "credentialSubject": {"deal_id": closed["id"], "status": "closed"}}
    key = ids.decode("vc", found["credential_id"])
    await by_hand("UPDATE credentials SET document = $1 WHERE id = $2", json.dumps(forged), key)
    assert (await checked(http, credential=forged))["reason"] == "invalid_signature"
