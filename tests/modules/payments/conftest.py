"""A deal worth 1099.00 and short ways to pay it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.conftest import Client


@dataclass
class Till:
    """The payment operations of one deal."""

    api: Client
    deal_id: str

    async def act(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return await self.api.post("/payments", body, params={"action": action}, headers=headers or {})

    async def open(self, **body: Any) -> dict[str, Any]:
        response = await self.act("create-intent", deal_id=self.deal_id, **body)
        assert response.status_code == 201, response.text
        return response.json()["data"]

    async def confirm(self, intent: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.act("confirm", payment_intent_id=intent["payment_intent_id"], **body)

    async def pay(self, **body: Any) -> dict[str, Any]:
        """A payment that succeeded: the intent."""
        intent = await self.open(**body)
        response = await self.confirm(intent)
        assert response.status_code == 200, response.text
        assert response.json()["data"]["status"] == "succeeded"
        return intent

    async def refund(self, intent: dict[str, Any], **body: Any) -> httpx.Response:
        return await self.act("refund", payment_intent_id=intent["payment_intent_id"], **body)

    async def state(self) -> dict[str, Any]:
        return await self.api.data("GET", "/payments", params={"deal_id": self.deal_id})

    async def deal(self) -> dict[str, Any]:
        return await self.api.data("GET", "/deals", params={"id": self.deal_id})


async def make_till(api: Client, price: float = 1099.00, *, status: str = "in_progress", currency: str = "USD") -> Till:
    customer = await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})
    product = await api.data("POST", "/products", json={"name": "Pro Plan", "price": price, "type": "service"})
    deal = await api.data(
        "POST", "/deals", json={"customer_id": customer["id"], "currency": currency, "status": status}
    )
    item = {"product_id": product["id"], "quantity": 1, "unit_price": price}
    await api.data("POST", f"/deals?id={deal['id']}&action=add_item", json=item, expect=201)
    return Till(api, deal["id"])


@pytest.fixture
async def till(api: Client) -> Till:
    return await make_till(api)
