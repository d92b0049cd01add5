"""Any input gets an answer: the right category, a message that names the field or the cause, a ref, never a 5xx."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

import dealwright.app  # noqa: F401 - fills the registry
from dealwright.kernel import ids
from dealwright.kernel.operations import Operation, registry
from tests.conftest import Client
from tests.contract.calling import send
from tests.contract.samples import SAMPLES, arguments, subject

JSON = {"Content-Type": "application/json"}


def refused(response: httpx.Response, status: int = 400, code: str | None = None, says: str = "") -> dict[str, Any]:
    """The error of an answer that must be one, complete and of the right category."""
    assert response.status_code == status, response.text
    error: dict[str, Any] = response.json()
    categories = {404: "not_found", 409: "conflict", 412: "conflict", 428: "conflict"}
    assert error["error"] is True
    assert error["category"] == categories.get(status, "validation_error")
    assert code is None or error["code"] == code
    assert error["code"].startswith(error["category"])
    assert error["message"]
    assert says.casefold() in json.dumps(error, ensure_ascii=False).casefold(), error
    assert error["ref"].startswith("trace_")
    assert error["recovery"]["retryable"] is (status == 412)
    for leak in ("Traceback", "asyncpg", "pydantic", "SELECT", "sqlalchemy", "/src/"):
        assert leak not in response.text
    return error


def field(response: httpx.Response, name: str, code: str) -> str:
    """The sentence about one field of an answer that refuses exactly this one."""
    error = refused(response, 400, "validation_error.invalid_fields")
    assert list(error["details"]["fields"]) == [name], error
    assert error["details"]["fields"][name]["code"] == code
    sentence: str = error["details"]["fields"][name]["message"]
    assert sentence
    return sentence


# --- the body as a whole


@pytest.mark.parametrize(
    "body",
    [b"{", b"nonsense", b'{"name": }', b'{"name": "x",}', b"{'name': 'x'}", b"\x00", b"\xef\xbb\xbf{}", b'{"a": NaN}',
     b'{"a": Infinity}', b'{"a": 1e999}', b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b'{"a": "\\ud800"}',
     b'{"a": "\\udc00\\ud800"}', b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000,
     b'{"a":' * 2000 + b"1" + b"}" * 2000],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
async def test_a_body_that_is_no_json(api: Client, body: bytes) -> None:
    response = await api.post("/customers", content=body, headers=JSON)
    refused(response, 400, "validation_error.invalid_json", "JSON")


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b"null", b"1", b'"text"', b"true"])
async def test_a_body_that_is_no_object(api: Client, body: bytes) -> None:
    refused(await api.post("/customers", content=body, headers=JSON), 400, "validation_error.invalid_json", "object")


@pytest.mark.parametrize("levels", [65, 200, 500, 900, 1000])
@pytest.mark.parametrize("member", ["notes", "undeclared"])
async def test_values_nested_beyond_reason(api: Client, levels: int, member: str) -> None:
    body = f'{{"name": "x", "email": "x@example.com", "{member}": {"[" * levels}{"]" * levels}}}'
    response = await api.post("/customers", content=body.encode(), headers={**JSON, "Idempotency-Key": "k"})
    refused(response, 400, "validation_error.too_deep", "64 levels")


@pytest.mark.parametrize("body", [b"", b"  \n"])
async def test_an_empty_body_is_an_empty_object(api: Client, body: bytes) -> None:
    error = refused(await api.post("/customers", content=body, headers=JSON))
    assert set(error["details"]["fields"]) == {"name", "email"}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json"]
)
async def test_a_body_of_another_type(api: Client, kind: str) -> None:
    response = await api.post("/customers", content=b"name=x", headers={"Content-Type": kind})
    refused(response, 415, "validation_error.unsupported_media_type", kind)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json"]
)
async def test_types_that_are_json(api: Client, kind: str) -> None:
    body = json.dumps({"name": "x", "email": f"{uuid4().hex}@example.com"}).encode()
    assert (await api.post("/customers", content=body, headers={"Content-Type": kind})).status_code == 201


async def test_a_body_beyond_the_limit(api: Client) -> None:
    body = json.dumps({"name": "x", "email": "x@example.com", "notes": "n" * 1_048_577}).encode()
    refused(
        await api.post("/customers", content=body, headers=JSON), 413, "validation_error.payload_too_large", "1048576"
    )

    async def chunks() -> Any:
        for _ in range(100):
            yield b" " * 20_000

    refused(await api.post("/customers", content=chunks(), headers=JSON), 413, "validation_error.payload_too_large")


async def test_of_two_members_with_one_name_the_last_counts(api: Client) -> None:
    body = b'{"name": "First", "name": "Last", "email": "x@example.com"}'
    assert (await api.post("/customers", content=body, headers=JSON)).json()["data"]["name"] == "Last"


# --- where the request goes


@pytest.mark.parametrize("path", ["/nowhere", "/customers/x/y/z", "/customers//x", "/", "/Customers", "/%00"])
async def test_an_unknown_path(api: Client, path: str) -> None:
    refused(await api.get(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v2/customers", "/xpi/v1/customers", "/api/v1customers"])
async def test_the_base_is_part_of_the_path(api: Client, http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, headers={"X-API-Key": api.key})
    assert response.status_code == 404


@pytest.mark.parametrize(("method", "path", "allow"), [
    ("PUT", "/customers", {"GET", "POST", "PATCH", "DELETE"}), ("TRACE", "/customers", {"GET"}),
    ("FROB", "/customers", {"POST"}),
    ("POST", "/customers/cust_x", {"GET", "PATCH", "DELETE"}),
])  # fmt: skip
async def test_a_wrong_method_names_the_right_ones(api: Client, method: str, path: str, allow: set[str]) -> None:
    response = await api.request(method, path)
    refused(response, 405, "validation_error.method_not_allowed", method)
    assert allow <= set(response.headers["allow"].split(", "))


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/customers?action=merge"), ("GET", "/customers?action=frobnicate"),
    ("POST", "/deals?id=x&action=explode"), ("POST", "/deals?action=' OR 1=1"),
    ("DELETE", "/customers?id=x&action=now"),
])  # fmt: skip
async def test_an_unknown_action_runs_nothing(api: Client, outbox: Any, method: str, path: str) -> None:
    """Above all not the operation that needs none."""
    response = await api.request(method, path, json={"name": "x", "email": "x@example.com"})
    refused(response, 400, "validation_error.unknown_action", "action")
    assert await outbox(api) == []


async def test_an_action_is_chosen_by_name(probes: Client) -> None:
    assert (await probes.post("/probe?action=merge")).json()["data"] == {"merged": True}
    assert (await probes.post("/probe")).json()["data"]["count"] == 1
    refused(await probes.post("/probe?action=split"), 400, "validation_error.unknown_action", "merge")


# --- ids and cursors


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "wrong", ["x", "cust_", "cust_x", "CUST", "deal", "0", "-1", "cust_" + "z" * 26, "💥", "x" * 255, "a%2Fb"]
)
async def test_an_unknown_id(api: Client, method: str, wrong: str) -> None:
    key = ids.uuid7()
    texts = {"CUST": ids.encode("cust", key).upper(), "deal": ids.encode("deal", key)}
    params = {"id": texts.get(wrong, wrong)}
    response = await api.request(method, "/customers", params=params, json={}, headers={"If-Match": "1"})
    refused(response, 404, "not_found")


@pytest.mark.parametrize("wrong", ["", "x" * 256, "a\x00b"])
async def test_an_id_that_cannot_be_one(api: Client, wrong: str) -> None:
    field(
        await api.get("/customers", params={"id": wrong}),
        "id",
        {"": "required", "a\x00b": "invalid"}.get(wrong, "too_long"),
    )


@pytest.mark.parametrize("cursor", [
    "x", "cur_", "cur_x", "cur_!!!!", "cur_W10", "cur_e30", "cur_MQ", "cur_bnVsbA", "cur_WyJjcmVhdGVkX2F0Il0",
    "cur_WyJjcmVhdGVkX2F0IiwxXQ", "cur_WyJjcmVhdGVkX2F0IiwieCJd", "ü", "cur_" + "A" * 250,
])  # fmt: skip
@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
async def test_a_cursor_that_was_not_given_out(api: Client, name: str, cursor: str, sort: str) -> None:
    field(await api.get("/customers", params={name: cursor, "sort": sort}), name, "invalid")


async def test_a_cursor_of_another_order(api: Client) -> None:
    for _ in range(2):
        await SAMPLES["customers"](api)
    page = await api.data("GET", "/customers", params={"limit": 1})
    cursor = page["pagination"]["next_cursor"]
    said = field(await api.get("/customers", params={"after": cursor, "sort": "updated_at"}), "after", "invalid")
    assert "sort=created_at" in said


@pytest.mark.parametrize(("name", "value", "code"), [
    ("limit", "0", "out_of_range"), ("limit", "101", "out_of_range"), ("limit", "-1", "out_of_range"),
    ("limit", "abc", "invalid_type"), ("limit", "", "invalid_type"), ("limit", "1.5", "invalid_type"),
    ("limit", "9" * 30, "out_of_range"), ("limit", "9" * 200, "out_of_range"), ("limit", "NaN", "invalid_type"),
    ("limit", "9" * 5000, "out_of_range"),
    ("offset", "-1", "out_of_range"), ("offset", "1000001", "out_of_range"), ("offset", "1e3", "invalid_type"),
    ("sort", "name", "invalid_choice"), ("sort", "created_at; DROP TABLE customers", "invalid_choice"),
    ("format", "maximal", "invalid_choice"), ("status", "asleep", "invalid_choice"), ("status", "", "invalid_choice"),
    ("search", "", "required"), ("search", "x" * 201, "too_long"),
])  # fmt: skip
async def test_parameters_of_a_list(api: Client, name: str, value: str, code: str) -> None:
    response = await api.get("/customers", params={name: value})
    assert name in field(response, name, code).casefold() or code == "required"
    assert len(response.content) < 2000, "a message does not repeat what is long"


async def test_of_two_parameters_with_one_name_the_last_counts(api: Client) -> None:
    page = await api.data("GET", "/customers?limit=7&limit=9")
    assert page["pagination"]["limit"] == 9


# --- values


@pytest.mark.parametrize(("name", "value", "code"), [
    ("amount", -1, "out_of_range"), ("amount", "-0.01", "out_of_range"), ("amount", 1e15, "out_of_range"),
    ("amount", "NaN", "out_of_range"), ("amount", "Infinity", "out_of_range"), ("amount", "-Infinity", "out_of_range"),
    ("amount", True, "invalid"), ("amount", "ten", "invalid_type"), ("amount", [], "invalid_type"),
    ("amount", {}, "invalid_type"), ("amount", "", "invalid_type"), ("amount", "1e999999999999", "out_of_range"),
    ("amount", 10**30, "out_of_range"), ("amount", "9" * 5000, "out_of_range"), ("amount", "1,000.00", "invalid_type"),
    ("price", 0, "out_of_range"), ("price", False, "invalid"), ("price", "0.00001", "out_of_range"),
    ("number", 1e300, "out_of_range"), ("number", "sNaN", "out_of_range"),
    ("currency", "XXXX", "invalid_format"), ("currency", "usd", "invalid_format"), ("currency", "ZZZ", "invalid"),
    ("currency", "", "invalid_format"), ("currency", None, "invalid_type"), ("currency", 840, "invalid_type"),
    ("metadata", [], "invalid_type"), ("metadata", "{}", "invalid_type"),
    ("metadata", {"a": {"b": {"c": {}}}}, "invalid"), ("metadata", {"a": [[[1]]]}, "invalid"),
    ("metadata", {str(n): n for n in range(201)}, "invalid"),
    ("at", "yesterday", "invalid"), ("at", 5, "invalid"), ("at", "2026-02-30T00:00:00Z", "invalid"),
    ("at", "0001-01-01T00:00:00+14:00", "invalid"), ("at", "9999-12-31T23:59:59-14:00", "invalid"),
    ("at", "", "invalid"),
    ("name", "", "required"), ("name", "   ", "required"), ("name", "x" * 256, "too_long"), ("name", 5, "invalid_type"),
    ("name", ["x"], "invalid_type"), ("name", "a\u0000b", "invalid"), ("tags", 5, "invalid_type"),
    ("flag", "perhaps", "invalid_type"), ("flag", [], "invalid_type"),
], ids=lambda value: repr(value)[:40])  # fmt: skip
async def test_values_of_every_kind(probes: Client, name: str, value: Any, code: str) -> None:
    response = await probes.post("/probe", {name: value})
    assert name in field(response, name, code).casefold()
    assert len(response.content) < 2000


@pytest.mark.parametrize("value", ["2147483648", "-2147483649", "true", "abc", "1.5", "", "9" * 4301])
async def test_whole_numbers_that_no_column_holds(probes: Client, value: str) -> None:
    refused(await probes.post("/probe", {}, params={"count": value}), 400, "validation_error.invalid_fields", "count")


@pytest.mark.parametrize(
    "amount", [0, "0", -0.0, 0.1 + 0.2, "999999999999.99", "1e3", " 5 ", "0." + "0" * 400 + "1", "1e-400"]
)
async def test_amounts_that_are_amounts(probes: Client, amount: Any) -> None:
    response = await probes.post("/probe", {"amount": amount})
    assert response.status_code == 200, response.text
    kept = response.json()["data"]["amount"]
    assert len(kept) <= 17 and not kept.startswith("-"), kept


async def test_every_bad_field_is_named_at_once(probes: Client) -> None:
    bad = {"amount": -1, "currency": "ZZZ", "at": "never", "name": "", "metadata": 1}
    error = refused(await probes.post("/probe", bad))
    assert set(error["details"]["fields"]) == set(bad)


async def test_undeclared_members_are_dropped(probes: Client) -> None:
    response = await probes.post("/probe", {"tenant_id": "x", "version": 9, "livemode": True, "__proto__": {}, "": 1})
    assert response.status_code == 200
    assert {"tenant_id", "version", "__proto__"}.isdisjoint(response.json()["data"])


@pytest.mark.parametrize("body", [
    {"na\u0000me": "x"}, {"metadata": {"a": "\u0000"}}, {"metadata": {"\u0000": 1}},
    {"tags": ["x", "\u0000"]}, {"undeclared": "\u0000"},
])  # fmt: skip
async def test_a_nul_anywhere_is_refused_by_the_name_of_its_field(probes: Client, body: dict[str, Any]) -> None:
    error = refused(await probes.post("/probe", body), 400, "validation_error.invalid_fields", "NUL")
    [name] = error["details"]["fields"]
    assert name.startswith(next(iter(body)).replace("\0", "\ufffd"))


@pytest.mark.parametrize("query", ["search=%ff", "search=%ed%a0%80", "%ff=1", "search=%c0%80"])
async def test_a_query_that_is_not_utf8(api: Client, query: str) -> None:
    refused(await api.get(f"/customers?{query}"), 400, "validation_error.invalid_request", "UTF-8")


@pytest.mark.parametrize("query", ["search=%00", "search=a%00b"])
async def test_a_nul_in_the_query(api: Client, query: str) -> None:
    field(await api.get(f"/customers?{query}"), "search", "invalid")


@pytest.mark.parametrize(
    "query", ["&", "&&=&", "=", "=x", "%", "search=%", "search=%zz", "a=b=c", "search=+", "?", "search=x" * 50]
)
async def test_queries_that_are_only_odd(api: Client, query: str) -> None:
    response = await api.get(f"/customers?{query}")
    assert response.status_code in (200, 400)


# --- headers


@pytest.mark.parametrize("value", ["x", 'W/"x"', '"', "-1", "1.0", "1, 2", '"1", "2"', "", "9" * 10, "W/1", "½"])
async def test_a_version_that_is_none(api: Client, value: str) -> None:
    record = await SAMPLES["customers"](api)
    response = await api.request(
        "PATCH", "/customers", params={"id": record}, json={}, headers={b"If-Match": value.encode("latin-1")}
    )
    refused(response, 400, "validation_error.invalid_if_match", "If-Match")


@pytest.mark.parametrize("name", ["Authorization", "X-API-Key", "If-Match", "Idempotency-Key", "Content-Type"])
async def test_a_header_that_decides_something_is_sent_once(api: Client, http: httpx.AsyncClient, name: str) -> None:
    values = {"If-Match": "1", "Content-Type": "application/json"}
    headers = [("X-API-Key" if name != "X-API-Key" else "Accept", api.key)] + [(name, values.get(name, api.key))] * 2
    response = await http.post("/api/v1/customers", headers=headers, content=b"{}")
    refused(response, 400, "validation_error.repeated_header", name)


# --- every operation

NASTY: list[Any] = [
    "\U0001f4a5" * 40, "x" * 20_000, -1, 10**30, 1e308, True, None, [], [[]], {}, {"a": {"b": {"c": {"d": 1}}}},
    "0001-01-01T00:00:00+14:00", "9999-12-31", "NaN", "cust_" + "0" * 26, "' OR 1=1 --", "2147483648",
    "1e-400", "\u202e",
]  # fmt: skip


@pytest.mark.parametrize(
    "operation", [each for each in registry if "secret_key" in each.auth], ids=lambda each: each.id
)
async def test_no_value_of_any_parameter_breaks_an_operation(operation: Operation, api: Client) -> None:
    record = await SAMPLES[subject(operation)](api) if subject(operation) in SAMPLES else "x"
    call = await arguments(operation, api, record)
    for name in operation.input.model_fields:
        for value in NASTY:
            response = await send(api, operation, {**call, name: value})
            assert response.status_code < 500, f"{name}={str(value)[:50]}: {response.text}"
            assert response.status_code not in (401, 405, 415)
            if response.status_code >= 400:
                error = response.json()
                assert error["message"] and error["ref"] and error["category"]
                assert error["code"] != "validation_error.unstorable_value", (
                    f"{name}={str(value)[:50]} is not validated"
                )
                assert len(response.content) < 4000 or "data" in error
