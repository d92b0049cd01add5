"""The OpenAPI document of the SalesThumb surface."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from dealwright.kernel.operations import registry
from dealwright.modules.shop.registry import shop_registry
from tests.shop import Shop

DOCUMENTED = {
    "GET /customers", "POST /customers", "GET /customers/{id}", "PATCH /customers/{id}",
    "GET /customers/{id}/vehicles", "POST /vehicles",
    "GET /appointments", "POST /appointments", "PATCH /appointments/{id}", "DELETE /appointments/{id}",
    "GET /quotes", "POST /quotes", "PATCH /quotes/{id}", "POST /quotes/{id}/convert-to-invoice",
    "GET /invoices", "POST /invoices", "GET /invoices/{id}", "PATCH /invoices/{id}",
    "GET /payments", "POST /payments/{id}/record",
    "GET /webhooks", "POST /webhooks", "DELETE /webhooks/{id}",
}  # fmt: skip


@pytest.fixture
async def document(app: Any, http: httpx.AsyncClient) -> Any:
    response = await http.get("/v1/openapi.json")
    assert response.status_code == 200
    return response.json()


def described(document: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {re.sub('{[a-z_]+}', '{id}', path)}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


async def test_every_documented_request_and_every_operation_is_described(document: Any) -> None:
    found = described(document)
    assert found.keys() >= DOCUMENTED
    assert {each["operationId"] for each in found.values()} == {operation.id for operation in shop_registry}
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/v1"}]


async def test_every_reference_leads_somewhere(document: Any) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [each for child in value.values() for each in references(child)]
        return [each for child in value for each in references(child)] if isinstance(value, list) else []

    for reference in references(document):
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


async def test_writes_take_an_idempotency_key(document: Any) -> None:
    for call, operation in described(document).items():
        headers = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
        assert headers == (["Idempotency-Key"] if call.startswith(("POST", "PATCH")) else []), call


async def test_both_apis_tools_fit_into_one_server(document: Any) -> None:
    ours = {operation.tool.name for operation in shop_registry if operation.tool is not None}
    theirs = {operation.tool.name for operation in registry if operation.tool is not None}
    assert len(ours) == len(shop_registry)
    assert not ours & theirs
    assert all(operation.tool.category == "shop" for operation in shop_registry if operation.tool is not None)


async def test_the_shops_operations_stay_out_of_the_other_api(http: httpx.AsyncClient, shop: Shop) -> None:
    document = (await http.get("/api/openapi.json")).json()
    assert not any(path.startswith(("/vehicles", "/appointments", "/bays")) for path in document["paths"])
