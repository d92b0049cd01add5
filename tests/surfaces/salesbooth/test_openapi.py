"""The OpenAPI document: valid, complete, and true to the registry."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from dealwright.kernel.operations import registry
from dealwright.surfaces.describing import spelling
from dealwright.surfaces.routing import Router
from dealwright.surfaces.salesbooth import openapi


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.build(registry)


def entry(document: dict[str, Any], operation_id: str) -> dict[str, Any]:
    operation = registry[operation_id]
    found: dict[str, Any] = document["paths"][operation.route.rest][operation.route.method.lower()]
    return found


def test_it_is_valid(document: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(json.loads(json.dumps(document))).validate()


def test_every_operation_is_in_it_once_and_its_path_leads_back_to_it(document: dict[str, Any]) -> None:
    router = Router(registry)
    ids = []
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            ids.append(described["operationId"])
            filled = path
            for parameter in described["parameters"]:
                if parameter["in"] == "path":
                    filled = filled.replace(f"{{{parameter['name']}}}", "x")
            assert "{" not in filled, f"{path} has a parameter that is not described"
            operation, _ = router.resolve(method.upper(), filled, {}, {})
            assert operation.id == described["operationId"]
    assert sorted(ids) == sorted(each.id for each in registry)


def test_the_documented_spelling_leads_to_the_operation_too() -> None:
    router = Router(registry)
    for operation in registry:
        method, _, target = spelling.query_style(operation).partition(" ")
        path, _, query = target.partition("?")
        for name in spelling.in_path(path):
            path = path.replace(f"{{{name}}}", "x")
        pairs = dict(each.split("=", 1) for each in query.split("&")) if query else {}
        found, _ = router.resolve(method, path, pairs, spelling.body_selector(operation))
        assert found.id == operation.id


def test_an_entry_says_everything(document: dict[str, Any]) -> None:
    update = entry(document, "customers.update")
    assert update["x-wire"] == "PATCH /customers?id={id}"
    assert update["x-scope"] == "customers:write"
    assert update["x-events"] == ["customer.updated"]
    assert update["x-mcp-tool"] == {"name": "update_customer", "category": "customers"}
    assert update["tags"] == ["customers"]
    parameters = {each["name"]: each for each in update["parameters"]}
    assert parameters["id"]["in"] == "path"
    assert parameters["If-Match"]["required"] is True
    assert "Idempotency-Key" not in parameters
    assert {"400", "401", "403", "404", "409", "412", "413", "415", "428", "429", "500", "503"} < set(
        update["responses"]
    )
    body = document["components"]["schemas"][
        update["requestBody"]["content"]["application/json"]["schema"]["$ref"][21:]
    ]
    assert "id" not in body["properties"]
    assert "default" not in body["properties"]["name"], "an absent member of a patch has no default"


def test_a_creation_may_be_replayed(document: dict[str, Any]) -> None:
    create = entry(document, "customers.create")
    assert {"200", "201"} < set(create["responses"])
    assert "Idempotency-Replayed" in create["responses"]["200"]["headers"]
    assert "Idempotency-Key" in {each["name"] for each in create["parameters"]}
    assert "conflict.duplicate" in create["responses"]["409"]["description"]


def test_public_operations_need_no_key(document: dict[str, Any]) -> None:
    assert entry(document, "health.check")["security"] == []
    assert "security" not in entry(document, "customers.list")
    schemes = document["components"]["securitySchemes"]
    assert schemes["ApiKey"]["name"] == "X-API-Key"


def test_shaped_answers_promise_the_id_only(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["ShapedCustomerView"]["required"] == ["id"]
    assert schemas["ShapedCustomerPage"]["properties"]["customers"]["items"] == {
        "$ref": "#/components/schemas/ShapedCustomerView"
    }
    assert "name" in schemas["CustomerView"]["required"]


def test_a_query_parameter_is_never_null(document: dict[str, Any]) -> None:
    for methods in document["paths"].values():
        for described in methods.values():
            for parameter in described["parameters"]:
                assert '"null"' not in json.dumps(parameter["schema"]), (described["operationId"], parameter["name"])


def test_bounds_are_in_the_words_of_json_schema(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for member, each in schema.get("properties", {}).items():
            assert not {"ge", "gt", "le", "lt"} & set(each), f"{name}.{member}"


def test_component_names_show_no_module_paths(document: dict[str, Any]) -> None:
    assert not [name for name in document["components"]["schemas"] if "__" in name]


def test_nothing_in_it_is_unused(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for name in document["components"]["schemas"]:
        assert f'"#/components/schemas/{name}"' in text, name


def test_two_operations_cannot_share_a_path() -> None:
    twin = registry["customers.create"]
    with pytest.raises(ValueError, match=r"customers\.create"):
        openapi.build([twin, twin])


async def test_it_is_served_with_a_tag_and_packed(http: httpx.AsyncClient, document: dict[str, Any]) -> None:
    response = await http.get("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "max-age" in response.headers["cache-control"]
    assert response.json()["paths"].keys() == document["paths"].keys()
    assert response.json()["servers"] == [{"url": "/api/v1"}]

    again = await http.get("/api/openapi.json", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert again.content == b""

    async with http.stream("GET", "/api/openapi.json", headers={"Accept-Encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        content = b"".join([part async for part in packed.aiter_raw()])
    assert gzip.decompress(content) == response.content

    head = await http.head("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert head.content == b""
    assert head.headers["content-length"] == str(len(response.content))

    wrong = await http.post("/api/openapi.json")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]
    assert wrong.json()["code"] == "validation_error.method_not_allowed"


async def test_the_index_leads_to_it(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/api")
    assert response.status_code == 200
    index = response.json()["data"]
    assert index["name"] == "Salesbooth API"
    assert index["version"] == "1.0.0"
    assert index["base_url"] == "http://testserver/api/v1"
    assert (await http.get(index["openapi_spec"])).status_code == 200
    assert (await http.get(index["documentation"])).status_code == 200
    assert set(index["endpoints"]) == {each.group for each in registry}
    assert index["endpoints"]["deals"]["operations"]["deals.transition"] == "POST /deals?id={id}&action=transition"


@pytest.mark.parametrize("host", ["evil.example.com/path", "a b", "<script>", "x" * 300, "host:port", ""])
async def test_a_host_header_that_is_no_host_goes_nowhere(http: httpx.AsyncClient, host: str) -> None:
    response = await http.get("/api/v1/api", headers={"Host": host})
    assert response.json()["data"]["base_url"] == "http://localhost/api/v1"
