"""E-mail that comes in through SendGrid's Inbound Parse and Mailgun."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from dealwright.app import Application
from dealwright.kernel.settings import Settings
from tests.conftest import Browser, SignIn, TestClock, Workspace

SECRET = "a-signing-key-of-the-tests"


@pytest.fixture(scope="session")
async def mailbox(app: Application, settings: Settings, clock: TestClock) -> AsyncIterator[httpx.AsyncClient]:
    application = Application(settings.model_copy(update={"pool_size": 2, "email_webhook_secret": SECRET}), clock)
    await application.start()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=application), base_url="http://testserver") as http:
        yield http
    await application.stop()


@pytest.fixture
async def person(sign_in: SignIn, workspace: Workspace) -> Browser:
    return await sign_in("owner", workspace)


def address(person: Browser) -> str:
    return f"Sales <sales+{person.tenant_id}.test@in.example>"


async def history(person: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.data("GET", "/twilio", params={"action": "history"}))["history"]
    return found


def signed(**fields: Any) -> dict[str, Any]:
    at, token = str(int(time.time())), uuid.uuid4().hex
    signature = hmac.new(SECRET.encode(), f"{at}{token}".encode(), hashlib.sha256).hexdigest()
    return {**fields, "signature": {"timestamp": at, "token": token, "signature": signature}}


async def test_a_mail_through_mailgun_finds_its_customer(
    mailbox: httpx.AsyncClient, person: Browser, workspace: Workspace
) -> None:
    api = await workspace.key()
    customer = await api.data("POST", "/customers", json={"name": "Jane", "email": "jane@example.com"})
    mail = signed(
        **{"from": "Jane <Jane@Example.com>", "to": address(person), "subject": "Re: quote", "text": "Yes"},
        **{"Message-Id": f"<{uuid.uuid4().hex}@mail.example>"},
    )
    for _ in range(2):
        response = await mailbox.post("/api/v1/email-webhook", json=mail)
        assert (response.status_code, response.json()["data"]) == (200, {"received": True}), response.text
    [entry] = await history(person)
    assert (entry["channel"], entry["direction"], entry["subject"], entry["text"]) == (
        "email",
        "inbound",
        "Re: quote",
        "Yes",
    )
    assert entry["customer_id"] == customer["id"]


async def test_a_mail_through_sendgrid(mailbox: httpx.AsyncClient, person: Browser) -> None:
    form = {
        "from": "jane@example.com",
        "to": "somebody@else.example",
        "subject": "Hello",
        "text": "Hi ✓",
        "envelope": json.dumps({"to": [address(person)], "from": "jane@example.com"}),
        "headers": f"Message-ID: <{uuid.uuid4().hex}@mail.example>",
    }
    files = {name: (None, value) for name, value in form.items()} | {"attachment1": ("a.txt", b"\x00\xff")}
    response = await mailbox.post("/api/v1/email-webhook", params={"secret": SECRET}, files=files)
    assert response.status_code == 200, response.text
    assert [each["text"] for each in await history(person)] == ["Hi ✓"]


async def test_who_may_send(mailbox: httpx.AsyncClient, http: httpx.AsyncClient, person: Browser) -> None:
    mail = {"from": "jane@example.com", "to": address(person), "text": "x"}
    right = signed(**mail)
    wrong = {**right, "signature": {**right["signature"], "token": "other"}}
    for server, body, query in (
        (mailbox, mail, {}),
        (mailbox, wrong, {}),
        (mailbox, {**mail, "signature": "x"}, {}),
        (mailbox, mail, {"secret": "not it"}),
        (http, right, {"secret": SECRET}),
    ):
        response = await server.post("/api/v1/email-webhook", json=body, params=query)
        assert (response.status_code, response.json()["code"]) == (401, "authentication_error.invalid_signature")
    assert await history(person) == []


@pytest.mark.parametrize(
    "to", ["sales@in.example", "x+tenant_00000000000000000000000000@in.example", "tenant_x@in.example"]
)
async def test_mail_for_nobody_is_acknowledged(mailbox: httpx.AsyncClient, to: str) -> None:
    response = await mailbox.post("/api/v1/email-webhook", json=signed(**{"from": "jane@example.com", "to": to}))
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"), (b"[]", "application/json"), (b"{}", "application/json"), (b"x", "text/plain"),
        (b"no parts", "multipart/form-data; boundary=x"), (b"a=b", "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
async def test_what_is_no_mail(mailbox: httpx.AsyncClient, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    response = await mailbox.post("/api/v1/email-webhook", params={"secret": SECRET}, content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields"), response.text
