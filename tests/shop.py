"""A caller of the SalesThumb API for the tests, and a shop with something in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.conftest import Workspace

JORDAN = {
    "name": "Jordan Rivera",
    "email": "jordan@example.com",
    "phone": "+15125550182",
    "notes": "Referred by Marcus.",
}
TESLA = {
    "year": 2022,
    "make": "Tesla",
    "model": "Model 3",
    "trim": "Long Range",
    "color": "Pearl White",
    "vin": "5YJ3E1EA4NF123456",
}
LINES = [
    {"description": "Ceramic window tint — full car (8 windows)", "quantity": 1, "unit_price_cents": 64900},
    {"description": "Windshield tint — Ceramic IR 70%", "quantity": 1, "unit_price_cents": 18000},
]


@dataclass
class Shop:
    """One key of one shop."""

    http: httpx.AsyncClient
    key: str
    key_id: str
    tenant_id: str

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"X-SalesThumb-Key": self.key, **options.pop("headers", {})}
        return await self.http.request(method, f"/v1{path}", headers=headers, **options)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.request("GET", path, params=query)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.request("POST", path, json=json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.request("PATCH", path, json=json, **options)

    async def delete(self, path: str) -> httpx.Response:
        return await self.request("DELETE", path)

    async def made(self, path: str, json: Any = None) -> Any:
        """What a POST that must succeed made."""
        response = await self.post(path, json)
        assert response.status_code == 201, response.text
        return response.json()

    async def customer(self, **members: Any) -> str:
        """The id of a new customer."""
        return str((await self.made("/customers", {"name": "Jordan Rivera", **members}))["id"])

    async def vehicle(self, customer: str, **members: Any) -> str:
        return str((await self.made("/vehicles", {"customer_id": customer, **TESLA, **members}))["id"])

    async def invoice(self, cents: int = 87940, **members: Any) -> str:
        line = {"description": "Tint", "quantity": 1, "unit_price_cents": cents}
        body = {"customer_id": await self.customer(), "line_items": [line], **members}
        return str((await self.made("/invoices", body))["id"])


async def open_shop(workspace: Workspace, **options: Any) -> Shop:
    """A key of the workspace for the SalesThumb API."""
    client = await workspace.key(brand="st", **options)
    return Shop(client.http, client.key, client.key_id, client.tenant_id)


@pytest.fixture
async def shop(workspace: Workspace) -> Shop:
    return await open_shop(workspace)


def refused(response: httpx.Response, status: int, code: str) -> str:
    """The message of an error that must have this status and code and the documented shape."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"code", "message", "status", "request_id"}
    assert (error["code"], error["status"]) == (code, status)
    assert error["request_id"].startswith("req_")
    return str(error["message"])
