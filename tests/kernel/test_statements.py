"""How many statements the main operations execute: constant, whatever the number of records."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from dealwright.app import Services
from tests.conftest import Client

Count = Callable[[Callable[[], Awaitable[Any]]], Awaitable[int]]


@pytest.fixture
def statements(services: Services) -> Count:
    """``await statements(lambda: api.get(…))`` → how many were executed; BEGIN and COMMIT do not count."""

    async def count(call: Callable[[], Awaitable[Any]]) -> int:
        counts = []
        for _ in range(4):
            await asyncio.sleep(0.02)  # for what the last call left to do in the background
            before = services.database.statements
            response = await call()
            assert response.is_success, response.text
            counts.append(services.database.statements - before)
        return min(counts)

    return count


def customer(number: int) -> dict[str, str]:
    return {"name": f"Jane {number}", "email": f"jane{number}@example.com"}


@pytest.fixture
async def filled(api: Client) -> Client:
    """Fifty customers, and fifty deals with three items each."""
    product = await api.data("POST", "/products", json={"name": "Widget", "price": 5})
    for number in range(50):
        made = await api.data("POST", "/customers", json=customer(number))
        deal = await api.data("POST", "/deals", json={"customer_id": made["id"]})
        for _ in range(3):
            path = f"/deals?id={deal['id']}&action=add_item"
            await api.data("POST", path, json={"product_id": product["id"], "quantity": 1})
    return api


async def test_a_customer_is_written_with_its_ledger_in_two(api: Client, statements: Count) -> None:
    numbers = iter(range(10))
    assert await statements(lambda: api.post("/customers", customer(next(numbers)))) <= 2


async def test_an_idempotency_key_costs_two_more(api: Client, statements: Count) -> None:
    numbers = iter(range(10))

    async def create() -> Any:
        number = next(numbers)
        return await api.post("/customers", customer(number), headers={"Idempotency-Key": str(number)})

    assert await statements(create) <= 4


async def test_a_customer_is_read_in_one(api: Client, statements: Count) -> None:
    made = await api.data("POST", "/customers", json=customer(0))
    assert await statements(lambda: api.get(f"/customers?id={made['id']}")) == 1


async def test_a_customer_is_changed_in_three(api: Client, statements: Count) -> None:
    made = await api.data("POST", "/customers", json=customer(0))
    call = lambda: api.patch(f"/customers?id={made['id']}", {"company": "x"}, version="*")  # noqa: E731
    assert await statements(call) <= 3


async def test_a_deal_is_written_in_a_handful(api: Client, statements: Count) -> None:
    made = await api.data("POST", "/customers", json=customer(0))
    assert await statements(lambda: api.post("/deals", {"customer_id": made["id"]})) <= 6


LISTS = [
    *("/customers", "/customers?include=activity_log", "/customers?search=jane", "/customers?sort=updated_at"),
    *("/deals", "/deals?include=customer", "/deals?include=line_items,customer", "/products"),
]


async def test_a_list_of_fifty_takes_as_many_as_a_list_of_two(filled: Client, statements: Count) -> None:
    for path in LISTS:
        mark = "&" if "?" in path else "?"
        two = await statements(partial(filled.get, f"{path}{mark}limit=2"))
        fifty = await statements(partial(filled.get, f"{path}{mark}limit=50"))
        assert fifty <= two <= 5, path
