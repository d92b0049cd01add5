"""The commands for the SalesThumb API: its keys, and the demonstration shop."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from tests.surfaces.cli.conftest import Machine, Server


def test_keys_and_the_demonstration_shop(machine: Machine, started: Callable[..., Server]) -> None:
    wrong = machine.run("keys", "create", "--workspace", "Tint", "--api", "salesthumb", "--kind", "publishable")
    assert wrong.returncode == 1
    assert "no publishable keys" in wrong.stderr
    told = machine.run("seed", "--shop")
    assert "a week of" in told.stdout, told.stderr
    assert "nothing was added" in machine.run("seed", "--shop").stdout
    create = ("keys", "create", "--workspace", "Meridian Tint & Film", "--api", "salesthumb")
    reader = machine.json(*create, "--scopes", "read-only")["key"]
    live = machine.json(*create, "--env", "live")["key"]
    assert reader.startswith("st_test_")
    assert live.startswith("st_live_")
    base = f"http://127.0.0.1:{started().port}/v1"

    def get(path: str, key: str) -> httpx.Response:
        return httpx.get(f"{base}{path}", headers={"X-SalesThumb-Key": key}, timeout=10)

    customers = get("/customers?limit=100", reader).json()["data"]
    assert len(customers) == 10
    statuses = {each["status"] for each in get("/appointments?limit=100", reader).json()["data"]}
    assert statuses >= {"confirmed", "completed", "no_show", "canceled"}
    invoices = get("/invoices?limit=100", reader).json()["data"]
    assert {each["status"] for each in invoices} >= {"paid", "partial", "unpaid"}
    assert all(each["total_cents"] - each["amount_paid_cents"] == each["balance_cents"] for each in invoices)
    assert {each["status"] for each in get("/quotes?limit=100", reader).json()["data"]} >= {
        "accepted", "declined", "expired", "converted",
    }  # fmt: skip
    refused = httpx.post(f"{base}/customers", headers={"X-SalesThumb-Key": reader}, json={"name": "Jo"})
    assert refused.status_code == 403
    assert get("/customers", live).json()["data"] == []
