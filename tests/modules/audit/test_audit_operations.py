"""Reading, verifying and exporting the audit trail."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import asyncpg
import orjson
import pytest

from dealwright.app import Services
from tests.conftest import Client


async def test_list_verify_and_export(api: Client, other: Client) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Audited"})
    await api.patch(f"/deals?id={deal['id']}", {"tax_rate": 0.2}, version=1)
    of_deal = {"entity_type": "deal", "entity_id": deal["id"]}
    listed = await api.data("GET", "/audit", params=of_deal)
    assert [entry["action"] for entry in listed["audit_entries"]] == ["deal.updated", "deal.created"]
    assert listed["audit_entries"][0]["actor_type"] == "api_key"
    assert listed["audit_entries"][0]["changes"]["tax_rate"] == {"from": "0.000000", "to": "0.200000"}
    verified = await api.data("GET", "/audit", params={**of_deal, "action": "verify"})
    assert (verified["status"], verified["entries_checked"], verified["broken_at"]) == ("intact", 2, None)
    assert (await other.get("/audit", params=of_deal)).status_code == 404
    assert (await other.get("/audit", params={**of_deal, "action": "verify"})).status_code == 404

    exported = await api.data("GET", "/audit/export", params=of_deal)
    sealed = {name: value for name, value in exported.items() if name != "verification_hash"}
    digest = hashlib.sha256(orjson.dumps(sealed, option=orjson.OPT_SORT_KEYS)).hexdigest()
    assert exported["verification_hash"] == f"sha256:{digest}"
    assert [entry["action"] for entry in exported["audit_entries"]] == ["deal.created", "deal.updated"]


async def test_the_export_modes(api: Client) -> None:
    await api.data("POST", "/deals", json={"title": "A"})
    await api.data("POST", "/products", json={"name": "B", "price": 1})
    today = datetime.now(UTC).date().isoformat()
    days = await api.data("GET", "/audit/export", params={"start_date": today, "end_date": today})
    assert {entry["entity_type"] for entry in days["audit_entries"]} == {"deal", "product"}
    kinds = await api.data("GET", "/audit/export", params={"entity_type": "product"})
    assert len(kinds["audit_entries"]) == 1
    table = await api.get("/audit/export", params={"entity_type": "deal", "format": "csv"})
    assert table.headers["content-type"].startswith("text/csv")
    assert table.headers["x-verification-hash"] == "sha256:" + hashlib.sha256(table.content).hexdigest()
    for query in ({}, {"entity_id": "deal_1"}, {"start_date": today}, {"entity_type": "planet"}):
        assert (await api.get("/audit/export", params=query)).status_code == 400, query


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_log SET actor = 'key_somebodyelse' WHERE entity_id = $1 AND seq = 2",
        "UPDATE audit_log SET id = gen_random_uuid() WHERE entity_id = $1 AND seq = 2",
        "UPDATE audit_log SET changes = replace(changes, '0.2', '0.1') WHERE entity_id = $1 AND seq = 2",
        "UPDATE audit_log SET created_at = created_at + interval '1 second' WHERE entity_id = $1 AND seq = 2",
        "DELETE FROM audit_log WHERE entity_id = $1 AND seq = 2",
        "DELETE FROM audit_log WHERE entity_id = $1 AND seq = 3",
    ],
)
async def test_every_change_by_hand_is_found(api: Client, services: Services, tampering: str) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Audited"})
    for version, rate in ((1, 0.2), (2, 0.3)):
        await api.patch(f"/deals?id={deal['id']}", {"tax_rate": rate}, version=version)
    owner = await asyncpg.connect(services.database.dsn)
    try:
        await owner.execute(tampering, deal["id"])
    finally:
        await owner.close()
    query = {"entity_type": "deal", "entity_id": deal["id"], "action": "verify"}
    verified = await api.data("GET", "/audit", params=query)
    assert verified["status"] == "tampered"
    assert verified["broken_at"].startswith("audit_")
