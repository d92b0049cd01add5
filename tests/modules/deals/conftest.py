"""Customers, products and deals to work with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Client


@pytest.fixture
async def customer(api: Client) -> dict[str, Any]:
    return await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})


@pytest.fixture
async def product(api: Client) -> dict[str, Any]:
    return await api.data("POST", "/products", json={"name": "Pro Plan", "price": 99.00, "type": "service"})
