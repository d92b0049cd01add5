"""The three steps over HTTP."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.modules.imports import running
from tests.conftest import Client, TestClock, Workspace

CUSTOMERS = (
    "Full Name;Email;Land;Phone\r\n"
    "Jane Smith;jane@example.com;AU;0412 345 678\r\n"
    '"Groß, Jürgen";j.gross@example.com;DE;\r\n'
    "Nobody;not an address;XXX;\r\n"
)
MAPPING = {"Full Name": "name", "Email": "email", "Land": "country", "Phone": "phone"}


async def parse(api: Client, text: str | bytes, entity: str = "customers", **options: Any) -> httpx.Response:
    file = {"file": ("list.csv", text.encode() if isinstance(text, str) else text)}
    return await api.post("/import", files=file, data={"entity": entity}, **options)


async def parsed(api: Client, text: str | bytes, entity: str = "customers") -> dict[str, Any]:
    response = await parse(api, text, entity)
    assert response.status_code == 200, response.text
    return dict(response.json()["data"])


async def step(api: Client, action: str, body: dict[str, Any]) -> httpx.Response:
    return await api.post(f"/import?action={action}", body)


async def test_three_steps(api: Client, outbox: Any) -> None:
    found = await parsed(api, CUSTOMERS.encode("cp1252"))
    assert (found["row_count"], found["encoding"], found["delimiter"]) == (3, "cp1252", ";")
    assert found["mapping"] == {"Full Name": "name", "Email": "email", "Phone": "phone"}
    assert found["unmapped"] == ["Land"]
    assert found["preview"][1]["Full Name"] == "Groß, Jürgen"
    body = {"import_id": found["import_id"], "mapping": MAPPING}
    checked = (await step(api, "validate", body)).json()["data"]
    assert (checked["valid"], checked["valid_rows"], checked["error_rows"]) == (False, 2, 1)
    assert [(each["row"], each["line"], each["field"], each["column"]) for each in checked["errors"]] == [
        (3, 4, "email", "Email"),
        (3, 4, "country", "Land"),
    ]
    refused = await step(api, "execute", {"import_id": found["import_id"]})
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict.invalid_state")
    assert (await api.data("GET", "/customers"))["pagination"]["total"] == 0
    done = await step(api, "execute", {"import_id": found["import_id"], "skip_invalid": True})
    data = done.json()["data"]
    assert (done.status_code, data["status"]) == (200, "executed")
    assert (data["entity"], data["imported"], data["skipped"], data["failed"]) == ("customers", 2, 1, 0)
    listed = (await api.data("GET", "/customers?search=gross"))["customers"]
    assert [each["name"] for each in listed] == ["Groß, Jürgen"]
    assert (await api.data("GET", "/customers?search=jane"))["customers"][0]["phone"] == "+61412345678"
    assert [name for name, _ in await outbox(api)] == ["customer.created"] * 2
    again = await step(api, "execute", {"import_id": found["import_id"], "skip_invalid": True})
    assert again.status_code == 409


async def test_the_audit_trail_of_imported_customers_holds(api: Client) -> None:
    found = await parsed(api, "name,email\n" + "".join(f"N{each},n{each}@example.com\n" for each in range(3)))
    body = {"import_id": found["import_id"], "mapping": {"name": "name", "email": "email"}}
    await step(api, "execute", body)
    for customer in (await api.data("GET", "/customers"))["customers"]:
        query = f"entity_type=customer&entity_id={customer['id']}"
        assert (await api.data("GET", f"/audit?{query}"))["pagination"]["total"] == 1
        assert (await api.data("GET", f"/audit?action=verify&{query}"))["status"] == "intact"


async def test_duplicates_in_the_file_and_in_the_workspace(api: Client) -> None:
    await api.data("POST", "/customers", json={"name": "Jane", "email": "jane@example.com"})
    text = "name,email\nA,a@example.com\nB,A@example.com\nC,JANE@example.com\nD,d@example.com,,\nE,e@example.com,x\n"
    found = await parsed(api, text)
    body = {"import_id": found["import_id"], "mapping": found["mapping"]}
    checked = (await step(api, "validate", body)).json()["data"]
    assert [(each["row"], each["field"], each["code"], each["message"]) for each in checked["errors"]] == [
        (2, "email", "not_unique", "Email is the same as in row 1"),
        (3, "email", "not_unique", "Email is already taken"),
        (5, None, "invalid", "The row has 1 more cells than the header"),
    ]
    assert checked["valid_rows"] == 2


async def test_one_failure_leaves_nothing_behind(api: Client, outbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dealwright.modules.imports.checking.AT_ONCE", 2)
    text = "name,email\n" + "".join(f"N{each},n{each}@example.com\n" for each in range(5)) + "bad,bad\n"
    found = await parsed(api, text)
    response = await step(api, "execute", {"import_id": found["import_id"], "mapping": found["mapping"]})
    assert response.status_code == 409
    assert response.json()["details"]["error_rows"] == 1
    assert (await api.data("GET", "/customers"))["pagination"]["total"] == 0
    assert await outbox(api) == []
    assert (await api.data("GET", f"/import?id={found['import_id']}"))["status"] == "parsed"


async def test_products(api: Client) -> None:
    text = (
        "Product Name,Unit Price,SKU,VAT,Stock,Track inventory\n"
        '=HYPERLINK("http://evil"),9.90,A-1,0.1,5,yes\n"Plan, large",1.005,,,,\nFree,-1,,,,\n'
    )
    found = await parsed(api, text, "products")
    assert found["required_fields"] == ["name", "price"]
    body = {"import_id": found["import_id"], "mapping": found["mapping"], "skip_invalid": True}
    checked = (await step(api, "validate", body)).json()["data"]
    assert [(each["row"], each["field"], each["code"]) for each in checked["errors"]] == [(3, "price", "out_of_range")]
    done = (await step(api, "execute", body)).json()["data"]
    assert (done["imported"], done["skipped"]) == (2, 1)
    products = (await api.data("GET", "/products"))["products"]
    names = {each["name"]: each for each in products}
    formula = names['=HYPERLINK("http://evil")']
    assert (formula["price"], formula["stock_quantity"], formula["track_inventory"]) == ("9.90", 5, True)


async def test_mappings_that_cannot_be(api: Client) -> None:
    found = await parsed(api, "name,email,other\nA,a@example.com,x\n")
    wrong = {"name": "email", "email": "email", "nowhere": "name", "other": "salary"}
    response = await step(api, "validate", {"import_id": found["import_id"], "mapping": wrong})
    assert response.status_code == 400
    assert set(response.json()["details"]["fields"]) == {
        *("mapping.email", "mapping.nowhere", "mapping.other", "mapping.name")
    }
    unmapped = await step(api, "execute", {"import_id": found["import_id"]})
    assert unmapped.status_code == 409


@pytest.mark.parametrize(
    ("content", "entity", "field"),
    [(b"", "customers", "file"), (b"name,email\n", "customers", "file"), (b"a,b\n1,2\n", "deals", "entity")],
)
async def test_what_is_no_import(api: Client, content: bytes, entity: str, field: str) -> None:
    response = await parse(api, content, entity)
    assert response.status_code == 400
    assert list(response.json()["details"]["fields"]) == [field]


async def test_requests_without_a_proper_file(api: Client, services: Services) -> None:
    for options in ({"json": {"entity": "customers"}}, {"json": {"entity": "customers", "file": "name,email"}}):
        response = await api.post("/import", **options)
        assert list(response.json()["details"]["fields"]) == ["file"]
    garbled = await api.post("/import", content=b"x", headers={"content-type": "multipart/form-data; boundary=b"})
    assert garbled.status_code == 400
    nameless = await api.post("/import", content=b"x", headers={"content-type": "multipart/form-data"})
    assert nameless.json()["code"] == "validation_error.invalid_form"
    elsewhere = await api.post("/customers", files={"file": ("x.csv", b"x")})
    assert elsewhere.status_code == 415
    large = await parse(api, b"x" * (services.settings.max_upload_bytes + 100_000))
    assert (large.status_code, large.json()["code"]) == (413, "validation_error.file_too_large")


async def test_each_entity_needs_its_scope(workspace: Workspace) -> None:
    seller = await workspace.key(scopes=["products:write"])
    assert (await parse(seller, "name,price\nA,1\n", "products")).status_code == 200
    refused = await parse(seller, "name,email\nA,a@example.com\n")
    assert (refused.status_code, refused.json()["details"]["required_scope"]) == (403, "customers:write")
    reader = await workspace.key(scopes=["customers:read"])
    assert (await parse(reader, "name,email\nA,a@example.com\n")).status_code == 403


async def test_a_file_waits_for_a_day(api: Client, clock: TestClock, services: Services) -> None:
    found = await parsed(api, "name,email\nA,a@example.com\n")
    clock.offset += timedelta(hours=25)
    try:
        body = {"import_id": found["import_id"], "mapping": found["mapping"]}
        assert (await step(api, "validate", body)).status_code == 404
        assert await running.forget(services.pipeline) >= 1
    finally:
        clock.offset -= timedelta(hours=25)
    assert (await api.get(f"/import?id={found['import_id']}")).status_code == 404


async def test_two_executions_at_once_write_once(api: Client) -> None:
    found = await parsed(api, "name,email\nA,a@example.com\n")
    body = {"import_id": found["import_id"], "mapping": found["mapping"]}
    answers = await asyncio.gather(*(step(api, "execute", body) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 409, 409]
    assert (await api.data("GET", "/customers"))["pagination"]["total"] == 1


async def _ended(api: Client, import_id: str) -> tuple[dict[str, Any], list[int]]:
    seen = []
    async with asyncio.timeout(60):
        while True:
            found = await api.data("GET", f"/import?id={import_id}")
            seen.append(found["processed"])
            if found["status"] != "executing":
                return found, seen
            await asyncio.sleep(0.05)


async def test_many_rows_are_written_in_the_background(
    working_room: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_TELL_SECONDS", 0)
    api = await working_room.key()
    count = running.AT_ONCE_UP_TO + 500
    text = "name,email\n" + "".join(f"N{each},n{each}@example.com\n" for each in range(count)) + "bad,bad\n"
    found = await parsed(api, text)
    body = {"import_id": found["import_id"], "mapping": found["mapping"]}
    begun = await step(api, "execute", body)
    assert begun.status_code == 202
    assert begun.headers["x-job-id"].startswith("job_")
    ended, seen = await _ended(api, found["import_id"])
    assert (ended["status"], ended["imported"], ended["failed"]) == ("failed", 0, 1)
    assert (await api.data("GET", "/customers"))["customers"] == []
    await step(api, "execute", {**body, "skip_invalid": True})
    ended, more = await _ended(api, found["import_id"])
    assert (ended["status"], ended["imported"], ended["skipped"]) == ("executed", count, 1)
    assert any(0 < each < count for each in seen + more), "its progress was to be seen while it ran"
