"""What HTTP asks of the surface: methods, paths, encodings, headers, bodies that never end."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from dealwright.app import Application
from tests.conftest import Client, Workspace

JANE = {"name": "Jane Smith", "email": "jane@example.com"}


async def raw(app: Application, method: str, path: bytes, *messages: dict[str, Any], **headers: str) -> dict[str, Any]:
    """Send a request as the server would hand it on, without a client in between that would mend it."""
    from urllib.parse import unquote

    target, _, query = path.partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "path": unquote(target.decode("ascii")),
        "raw_path": target,
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 4711),
        "scheme": "http",
    }
    waiting = list(messages) or [{"type": "http.request", "body": b""}]
    answer: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.update(status=message["status"], headers=dict(message["headers"]))
        else:
            answer["body"] = answer.get("body", b"") + message.get("body", b"")

    await app(scope, receive, send)
    return answer


async def test_head_is_get_without_the_body(api: Client) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    for path in ("/customers", f"/customers/{jane['id']}", f"/customers?id={jane['id']}"):
        get = await api.get(path)
        head = await api.request("HEAD", path)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("content-length", "content-type", "etag"):
            assert head.headers.get(name) == get.headers.get(name)
    missing = await api.request("HEAD", "/customers/cust_none")
    assert missing.status_code == 404
    assert missing.content == b""
    assert missing.headers["x-request-id"].startswith("trace_")


async def test_a_wrong_method_names_the_right_ones(api: Client) -> None:
    response = await api.request("PUT", "/customers")
    assert response.status_code == 405
    assert response.json()["code"] == "validation_error.method_not_allowed"
    allowed = set(response.headers["allow"].split(", "))
    assert {"GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"} == allowed


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/v1", "/api/v1/", "/api/v1x/deals", "/api/v1deals", "/api", "/api/x"]
)
async def test_what_is_nowhere_below_api_is_a_404_in_the_envelope(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(f"/api{path}")
    assert response.status_code == 404
    body = response.json()
    assert body["category"] == "not_found"
    assert body["error"] is True
    assert body["ref"] == response.headers["x-request-id"]


async def test_a_final_slash_changes_nothing(api: Client) -> None:
    assert (await api.get("/customers/")).status_code == 200
    assert (await api.get("//customers")).status_code == 404


async def test_every_answer_names_its_trace(api: Client) -> None:
    answers = [await api.get("/customers"), await api.get("/customers/cust_none"), await api.post("/customers", {})]
    refs = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(refs)) == 3
    assert [answer.json()["ref"] for answer in answers[1:]] == refs[1:]


async def test_missing_credentials_say_how_to_authenticate(http: httpx.AsyncClient) -> None:
    response = await http.get("/api/v1/customers")
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")


async def test_bytes_that_are_not_text(app: Application, api: Client) -> None:
    key = {"x_api_key": api.key}
    for path in (b"/api/v1/customers/%ff%fe", b"/api/v1/customers?search=%ff"):
        answer = await raw(app, "GET", path, **key)
        assert answer["status"] == 400, path
        assert b"UTF-8" in answer["body"]
    answer = await raw(app, "GET", b"/api/v1/customers/%00", **key)
    assert answer["status"] == 400
    assert (await raw(app, "GET", b"/api/v1/customers/%E2%82%AC", **key))["status"] == 404


async def test_an_encoded_slash_is_no_separator(app: Application, api: Client) -> None:
    jane = await api.data("POST", "/customers", json=JANE)
    target = f"/api/v1/customers%2F{jane['id']}".encode()
    assert (await raw(app, "DELETE", target, x_api_key=api.key, if_match="*"))["status"] == 404
    assert (await api.get(f"/customers/{jane['id']}")).status_code == 200


async def test_half_a_body_never_runs(app: Application, api: Client) -> None:
    start = {"type": "http.request", "body": b'{"name": "Jane", "email": "half@example.com"}', "more_body": True}
    gone = {"type": "http.disconnect"}
    assert await raw(app, "POST", b"/api/v1/customers", start, gone, x_api_key=api.key) == {}
    assert await raw(app, "POST", b"/api/v1/customers", gone, x_api_key=api.key) == {}
    assert (await api.data("GET", "/customers"))["customers"] == []


async def test_what_a_get_carries_means_nothing(api: Client) -> None:
    response = await api.request("GET", "/customers", content=b"{not json", headers={"Content-Type": "text/plain"})
    assert response.status_code == 200


@pytest.mark.parametrize("opening", ['{"a":', "["])
async def test_deep_nesting_is_refused(api: Client, opening: str) -> None:
    depth = 900
    deep = opening * depth + "1" + ("}" if opening[0] == "{" else "]") * depth
    body = f'{{"name": "Jane", "email": "jane@example.com", "metadata": {deep}}}'
    headers = {"Content-Type": "application/json", "Idempotency-Key": "deep"}
    response = await api.request("POST", "/customers", content=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["code"] == "validation_error.too_deep"


@pytest.mark.parametrize("escape", ["\\u0000", "x\\u0000y"])
async def test_nul_is_refused_by_the_name_of_its_field(api: Client, escape: str) -> None:
    body = f'{{"name": "{escape}", "email": "jane@example.com"}}'
    response = await api.request("POST", "/customers", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert "name" in response.json()["details"]["fields"]


async def test_only_json_is_read(api: Client) -> None:
    response = await api.request("POST", "/customers", content=b"name=Jane", headers={"Content-Type": "text/plain"})
    assert response.status_code == 415
    merge = {"Content-Type": "application/merge-patch+json; charset=utf-8"}
    response = await api.request(
        "POST", "/customers", content=b'{"name": "A", "email": "a@example.com"}', headers=merge
    )
    assert response.status_code == 201


async def test_a_body_beyond_the_limit_is_413(api: Client) -> None:
    response = await api.post("/customers", {**JANE, "notes": "x" * 1_100_000})
    assert response.status_code == 413


async def test_pages_of_other_origins_can_read_errors_too(api: Client, workspace: Workspace) -> None:
    page = {"Origin": "https://shop.example.com"}
    for response in (
        await api.get("/customers", headers=page),
        await api.get("/nothing", headers=page),
        await api.request("POST", "/customers", content=b"{", headers=page),
    ):
        assert response.headers["access-control-allow-origin"] == "https://shop.example.com"
        assert "X-Request-Id" in response.headers["access-control-expose-headers"]
    bound = await workspace.key(allowed_origins=["https://mine.example.com"])
    refused = await bound.get("/customers", headers=page)
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


async def test_the_preflight(http: httpx.AsyncClient) -> None:
    response = await http.options("/api/v1/deals", headers={"Origin": "https://shop.example.com"})
    assert response.status_code == 204
    assert "PATCH" in response.headers["access-control-allow-methods"]
    assert "content-length" not in response.headers
