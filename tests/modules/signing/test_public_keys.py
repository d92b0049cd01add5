"""Public keys, DID documents and rotation."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import asyncpg
import base58
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from dealwright.kernel.crypto import Keyring
from dealwright.modules.signing import keys
from dealwright.modules.signing.models import DidView
from tests.conftest import SECRET, Client
from tests.modules.signing.conftest import ByHand, deal_out_for_signature


async def public_key(http: httpx.AsyncClient, **query: str) -> dict[str, Any]:
    response = await http.get("/api/v1/tenant/public-key", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()["data"]
    return found


def raw(key: Any) -> bytes:
    assert isinstance(key, Ed25519PublicKey)
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


async def test_one_key_in_every_spelling(http: httpx.AsyncClient, api: Client) -> None:
    found = await public_key(http, tenant_id=api.tenant_id)
    assert found["tenant_id"] == api.tenant_id
    assert found["key_id"].startswith("key_")
    assert (found["algorithm"], found["key_version"], found["status"]) == ("ed25519", 1, "active")
    assert found["public_key"].startswith("MCowBQYDK2VwAyEA")
    of_der = raw(load_der_public_key(base64.b64decode(found["public_key"])))
    of_pem = raw(load_pem_public_key(found["public_key_pem"].encode()))
    jwk = found["public_key_jwk"]
    assert (jwk["kty"], jwk["crv"], jwk["kid"]) == ("OKP", "Ed25519", found["key_id"])
    assert of_der == of_pem == base64.urlsafe_b64decode(jwk["x"] + "=")
    for form, member in (("raw", "public_key"), ("pem", "public_key_pem"), ("jwk", "public_key_jwk")):
        one = await public_key(http, tenant_id=api.tenant_id, format=form)
        assert {name for name in one if name.startswith("public_key")} == {member}
        assert one[member] == found[member]
    assert await public_key(http, key_id=found["key_id"]) == found
    assert await public_key(http, key_id=found["key_id"], tenant_id=api.tenant_id) == found
    own = await api.data("GET", "/tenant/public-key", params={"tenant_id": "_current"})
    assert own == found


async def test_bad_questions(http: httpx.AsyncClient, api: Client, other: Client) -> None:
    key = await public_key(http, tenant_id=api.tenant_id)
    for query, status in (
        ({}, 400),
        ({"tenant_id": api.tenant_id, "format": "der"}, 400),
        ({"tenant_id": "tenant_x"}, 404),
        ({"tenant_id": ids.encode("tenant", ids.uuid7())}, 404),
        ({"key_id": "key_x"}, 404),
        ({"key_id": api.key_id}, 404),
        ({"key_id": key["key_id"], "tenant_id": other.tenant_id}, 404),
    ):
        assert (await http.get("/api/v1/tenant/public-key", params=query)).status_code == status, query
    refused = await http.get("/api/v1/tenant/public-key", params={"tenant_id": "_current"})
    assert (refused.status_code, refused.json()["code"]) == (401, "authentication_error.session_required")


async def test_a_rotated_key_stays_published_and_what_it_signed_valid(
    http: httpx.AsyncClient, api: Client, signed: dict[str, Any], services: Services
) -> None:
    first = await public_key(http, tenant_id=api.tenant_id)
    rotated = await api.data("POST", "/tenant/public-key?action=rotate")
    assert (rotated["key_version"], rotated["status"]) == (2, "active")
    assert rotated["public_key"] != first["public_key"]
    assert (await public_key(http, tenant_id=api.tenant_id))["key_id"] == rotated["key_id"]
    old = await public_key(http, key_id=first["key_id"])
    assert (old["status"], old["public_key"]) == ("rotated", first["public_key"])
    assert old["rotated_at"] is not None
    every = await public_key(http, tenant_id=api.tenant_id, include_rotated="")
    assert [(each["key_version"], each["status"]) for each in every["keys"]] == [(2, "active"), (1, "rotated")]
    response = await http.get("/api/v1/deals/verify", params={"id": signed["id"]})
    assert response.json()["data"]["verification"]["status"] == "verified"
    another = await deal_out_for_signature(api)
    again = await api.data("POST", f"/deals?id={another['id']}&action=sign", json={})
    assert again["signature"]["key_id"] == rotated["key_id"]
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, False) as tx:
        actions = await tx.connection.fetch("SELECT action, actor FROM audit_log WHERE entity_type = 'signing_key'")
    assert [tuple(each) for each in actions] == [("signing_key.rotated", api.key_id)]


async def test_rotations_at_once_leave_one_active_key(http: httpx.AsyncClient, api: Client) -> None:
    answers = await asyncio.gather(*(api.post("/tenant/public-key?action=rotate") for _ in range(5)))
    assert {each.status_code for each in answers} <= {200, 409}
    every = (await public_key(http, tenant_id=api.tenant_id, include_rotated=""))["keys"]
    assert [each["status"] for each in every] == ["active"] + ["rotated"] * (len(every) - 1)
    assert [each["key_version"] for each in every] == list(range(len(every), 0, -1))
    assert len(every) == 1 + sum(each.status_code == 200 for each in answers)


async def test_the_did_document_carries_the_same_keys(http: httpx.AsyncClient, api: Client) -> None:
    await api.data("POST", "/tenant/public-key?action=rotate")
    response = await http.get("/api/v1/did-document", params={"tenant_id": api.tenant_id})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/did+json"
    document = response.json()
    DidView.model_validate(document)
    did = document["id"]
    assert did.startswith("did:web:localhost%3A")
    assert did.endswith(f":{api.tenant_id}")
    assert [each["id"] for each in document["verificationMethod"]] == [f"{did}#key-2", f"{did}#key-1"]
    assert document["authentication"] == [f"{did}#key-2"]
    every = (await public_key(http, tenant_id=api.tenant_id, include_rotated=""))["keys"]
    for method, key in zip(document["verificationMethod"], every, strict=True):
        assert (method["type"], method["controller"]) == ("Ed25519VerificationKey2020", did)
        assert method["publicKeyMultibase"].startswith("z6Mk")
        decoded = base58.b58decode(method["publicKeyMultibase"][1:])
        assert decoded == b"\xed\x01" + raw(load_der_public_key(base64.b64decode(key["public_key"])))
    resolved = await http.get(f"/{api.tenant_id}/did.json")
    assert (resolved.status_code, resolved.json()) == (200, document), "where did:web looks for it"
    own = await api.get("/did-document")
    assert own.json() == document
    assert (await http.get("/api/v1/did-document")).status_code == 400
    assert (await http.get("/api/v1/did-document", params={"tenant_id": "tenant_x"})).status_code == 404


async def test_the_private_half_is_sealed_and_checked(services: Services, api: Client, by_hand: ByHand) -> None:
    tenant = ids.decode("tenant", api.tenant_id)
    keyring = Keyring(SECRET.encode())
    async with services.database.system() as tx:
        await keys.make_missing(tx, keyring, utc_now())
        row = await tx.connection.fetchrow("SELECT * FROM signing_keys WHERE tenant_id = $1", tenant)
        assert tenant is not None
        seed = keys.seed(keyring.tenant(tenant), row)
        assert seed not in bytes(row["sealed_private_key"])
        assert await keys.problems(tx, keyring, at_most=1) == []
    await by_hand(
        "UPDATE signing_keys SET sealed_private_key = overlay(sealed_private_key PLACING '\\x00000000' FROM 20) "
        "WHERE tenant_id = $1",
        tenant,
    )
    async with services.database.system() as tx:
        assert any(api.tenant_id in problem for problem in await keys.problems(tx, keyring))
    connection = await asyncpg.connect(services.database.dsn)
    try:
        count, wrong = await keys.examine(connection, keyring)
    finally:
        await connection.close()
    assert count >= len(wrong) >= 1
    deal = await deal_out_for_signature(api)
    assert (await api.post(f"/deals?id={deal['id']}&action=sign", {})).status_code == 500
    await by_hand("DELETE FROM signing_keys WHERE tenant_id = $1", tenant)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE signing_keys SET public_key = public_key",
        "DELETE FROM signing_keys",
        "UPDATE signatures SET content_hash = content_hash",
        "UPDATE signatures SET created_at = now()",
        "UPDATE credentials SET document = document",
        "DELETE FROM credentials",
    ],
)
async def test_the_serving_role_cannot_rewrite_evidence(services: Services, api: Client, sql: str) -> None:
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with services.database.transaction(tenant, False) as tx:
            await tx.connection.execute(sql)
