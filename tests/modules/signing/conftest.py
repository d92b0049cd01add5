"""Deals that are ready to be signed, and hands that change the database by force."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from dealwright.app import Services
from tests.conftest import Client

ByHand = Callable[..., Awaitable[None]]


async def deal_out_for_signature(api: Client, **members: Any) -> dict[str, Any]:
    """A deal of one customer with one item of 2 × 499.00 and a discount of 10 %, in pending_signature."""
    person = {"name": "Jane Smith", "email": f"{uuid.uuid4().hex}@example.com", "company": "Acme Corp"}
    customer = await api.data("POST", "/customers", json=person)
    product = await api.data("POST", "/products", json={"name": "Pro Plan", "price": 499, "type": "service"})
    new = {"customer_id": customer["id"], "title": "Pro Plan, two seats", "currency": "USD", "tax_rate": 0.1}
    deal = await api.data("POST", "/deals", json={**new, "status": "in_progress", **members})
    path = f"/deals?id={deal['id']}"
    item = {"product_id": product["id"], "quantity": 2, "options": {"seats": 2, "term": "12 months"}}
    await api.data("POST", f"{path}&action=add_item", json=item)
    await api.data("POST", f"{path}&action=apply_discount", json={"type": "percentage", "value": 10, "code": "TEN"})
    terms = {"terms_schema_version": "1.0", "payment_terms": {"type": "net", "due_date": "2026-04-30"}}
    await api.data("POST", f"{path}&action=set-terms", json={"terms": terms})
    moved: dict[str, Any] = await api.data("POST", f"{path}&action=transition&status=pending_signature")
    return moved


@pytest.fixture
async def deal(api: Client) -> dict[str, Any]:
    return await deal_out_for_signature(api)


@pytest.fixture
async def signed(api: Client, deal: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await api.data(
        "POST",
        f"/deals?id={deal['id']}&action=sign",
        json={"signer_customer_id": deal["customer_id"], "consent_to_sign": True},
    )
    return answer


@pytest.fixture
def by_hand(services: Services) -> ByHand:
    """``await by_hand("UPDATE …", *arguments)`` as the owner of the database, past every rule."""

    async def run(sql: str, *arguments: Any) -> None:
        connection = await asyncpg.connect(services.database.dsn)
        try:
            assert (await connection.execute(sql, *arguments)) != "UPDATE 0"
        finally:
            await connection.close()

    return run
