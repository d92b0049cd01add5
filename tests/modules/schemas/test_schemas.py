"""Published schemas."""

from __future__ import annotations

import httpx

from dealwright.modules.deals.rules import MACHINE


async def test_the_state_machine_is_the_one_that_is_enforced(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/schema/state-machine?entity=deals")
    assert response.status_code == 200
    assert "max-age" in response.headers["cache-control"]
    data = response.json()["data"]
    assert data["schema_version"] == "1.0.0"
    assert data["deals"]["states"] == list(MACHINE.states)
    assert len(data["deals"]["transitions"]) == len(MACHINE.moves)
    sent = next(
        move
        for move in data["deals"]["transitions"]
        if (move["from"], move["to"]) == ("in_progress", "pending_signature")
    )
    assert sent == {
        "from": "in_progress",
        "to": "pending_signature",
        "action": "send_for_signature",
        "conditions": ["has_product", "has_customer"],
    }
    assert (await http.get("/api/v1/schema/state-machine?entity=planets")).status_code == 400


async def test_the_deal_terms_schema_is_draft_07(http: httpx.AsyncClient) -> None:
    schema = (await http.get("/api/v1/schema/deal-terms")).json()["data"]
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["title"] == "DealTerms"
    assert schema["required"] == ["price", "currency"]
    assert schema["properties"]["price"]["minimum"] == 0
    assert schema["properties"]["discount_percent"]["maximum"] == 100
    assert {"immediate", "net_30", "net_60"} <= set(schema["properties"]["payment_terms"]["enum"])


async def test_thirty_a_minute_per_address(http: httpx.AsyncClient) -> None:
    statuses = [(await http.get("/api/v1/schema/deal-terms")).status_code for _ in range(31)]
    assert statuses[-1] == 429
