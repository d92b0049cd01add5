"""A program that mypy accepts, with the types that it must find."""

from decimal import Decimal
from typing import assert_type

from dealwright_client import AsyncDealwright, Dealwright


def blocking(client: Dealwright) -> None:
    customer = client.customers.create(name="Jane", email="jane@example.com")
    assert_type(customer["id"], str)
    assert_type(customer["version"], int)
    for deal in client.deals.iterate(status="closed"):
        assert_type(deal["total"], str)
    client.products.create(name="Plan", price=Decimal("9.90"))
    client.customers.update(customer["id"], notes=None, if_match=customer["version"])


async def asynchronous(client: AsyncDealwright) -> None:
    page = await client.products.list(limit=10)
    assert_type(page["pagination"]["next_cursor"], str | None)
    async for customer in client.customers.iterate(search="jane"):
        assert_type(customer["email"], str | None)
