"""Twilio in the dashboard and its webhook, with an HTTP server in Twilio's place."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import httpx
import pytest

from dealwright.app import Application, Services
from dealwright.kernel import ids
from dealwright.kernel.settings import Settings
from dealwright.modules.communications import rules
from tests.conftest import Browser, SignIn, TestClock, Workspace
from tests.receiver import Receiver, Reply, receiver

TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+15550001234"
JANE = "+61412345678"


def account() -> str:
    return f"AC{uuid.uuid4().hex}"


@pytest.fixture(scope="session")
async def twilio() -> AsyncIterator[Receiver]:
    async with receiver() as listening:
        yield listening


@pytest.fixture(scope="session")
async def served(
    app: Application, settings: Settings, clock: TestClock, twilio: Receiver
) -> AsyncIterator[httpx.ASGITransport]:
    """A server whose Twilio is here."""
    changes = {"pool_size": 2, "twilio_url": twilio.url(""), "public_url": "https://deals.example"}
    application = Application(settings.model_copy(update=changes), clock)
    await application.start()
    yield httpx.ASGITransport(app=application)
    await application.stop()


@pytest.fixture
async def live(sign_in: SignIn, workspace: Workspace, served: httpx.ASGITransport) -> AsyncIterator[Browser]:
    """A signed-in owner in live mode."""
    person = await sign_in("owner", workspace, livemode=True)
    async with httpx.AsyncClient(transport=served, base_url="http://testserver", cookies=person.http.cookies) as http:
        person.http = http
        yield person


async def set_up(person: Browser, sid: str, **more: Any) -> None:
    json = {"action": "settings", "account_sid": sid, "auth_token": TOKEN, "phone_number": NUMBER, **more}
    assert (await person.data("POST", "/twilio", json=json)) == {"configured": True}


async def history(person: Browser) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await person.data("GET", "/twilio", params={"action": "history"}))["history"]
    return found


async def call_back(
    person: Browser, kind: str, fields: dict[str, str], token: str = TOKEN, query: str = "", **headers: str | bytes
) -> httpx.Response:
    path = f"/api/v1/twilio-webhook?type={kind}{query}"
    signature = rules.twilio_signature(token, f"https://deals.example{path}", fields.items())
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature, **headers}
    async with httpx.AsyncClient(transport=person.http._transport, base_url="http://testserver") as twilio:
        return await twilio.post(path, content=urlencode(fields), headers=form)


# --- settings


async def test_a_token_is_kept_sealed_and_never_shown(live: Browser, services: Services) -> None:
    empty = await live.data("GET", "/twilio")
    assert empty == {"configured": False, "account_sid": None, "phone_number": None}
    sid = account()
    await set_up(live, sid)
    shown = await live.data("GET", "/twilio", params={"action": "settings"})
    assert shown == {"configured": True, "account_sid": f"AC********{sid[-4:]}", "phone_number": NUMBER}
    async with services.database.system() as tx:
        row = await tx.connection.fetchrow("SELECT t::text AS all FROM twilio_accounts t WHERE account_sid = $1", sid)
    assert TOKEN not in row["all"]
    assert TOKEN.encode().hex() not in row["all"]


async def test_what_settings_refuse(live: Browser) -> None:
    for missing in ({"account_sid": account()}, {"auth_token": TOKEN}, {"account_sid": "X1", "auth_token": TOKEN}):
        response = await live.post("/twilio", {"action": "settings", **missing})
        assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")
    assert (await live.post("/twilio", {"action": "fax"})).status_code == 400
    assert (await live.get("/twilio", params={"action": "fax"})).status_code == 400


async def test_who_may(api: Any, sign_in: SignIn, workspace: Workspace) -> None:
    response = await api.get("/twilio")
    assert (response.status_code, response.json()["code"]) == (401, "authentication_error.session_required")
    member = await sign_in("member", workspace)
    settings = {"action": "settings", "account_sid": account(), "auth_token": TOKEN}
    assert (await member.post("/twilio", settings)).status_code == 403
    assert (await member.get("/twilio")).status_code == 200


# --- sending


@pytest.mark.parametrize(("action", "message"), [("sms", {"message": "Hello"}), ("call", {})])
async def test_without_an_account_nothing_is_sent(
    live: Browser, twilio: Receiver, action: str, message: dict[str, str]
) -> None:
    twilio.decide = lambda _: Reply(201)
    response = await live.post("/twilio", {"action": action, "to": JANE, **message})
    assert (response.status_code, response.json()["code"]) == (409, "conflict.not_configured")
    await set_up(live, account(), phone_number=None)
    assert (await live.post("/twilio", {"action": action, "to": JANE, **message})).status_code == 409
    assert await history(live) == []
    await live.data("PATCH", "/channels", json={"phone_number": NUMBER})
    assert (await live.post("/twilio", {"action": action, "to": JANE, **message})).status_code == 200
    assert [each["from"] for each in await history(live)] == [NUMBER]


async def test_an_sms_goes_out_and_its_story_is_told(live: Browser, twilio: Receiver) -> None:
    sid, own = f"SM{uuid.uuid4().hex}", account()
    await set_up(live, own)
    twilio.received.clear()
    twilio.decide = lambda _: Reply(201, body=json.dumps({"sid": sid, "status": "queued"}).encode())
    sent = await live.data("POST", "/twilio", json={"action": "sms", "to": JANE, "message": "Your quote ✓"})
    assert sent == {"sid": sid, "status": "queued"}
    [request] = twilio.received
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    [entry] = await history(live)
    back = f"https://deals.example/api/v1/twilio-webhook?type=status&communication={entry['id']}"
    assert form == {"To": JANE, "Body": "Your quote ✓", "From": NUMBER, "StatusCallback": back}
    assert request.path == f"/2010-04-01/Accounts/{own}/Messages.json"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(f"{own}:{TOKEN}".encode()).decode()
    for status in ("sent", "delivered", "sent"):
        fields = {"AccountSid": own, "MessageSid": sid, "MessageStatus": status}
        answer = await call_back(live, "status", fields, query=f"&communication={entry['id']}")
        assert answer.status_code == 200, answer.text
        assert answer.text == '<?xml version="1.0" encoding="UTF-8"?><Response/>'
        assert answer.headers["content-type"] == "text/xml"
    [entry] = await history(live)
    assert (entry["status"], entry["sid"], entry["to"], entry["text"]) == ("delivered", sid, JANE, "Your quote ✓")
    assert (entry["channel"], entry["direction"]) == ("sms", "outbound")


async def test_a_call_says_what_it_should(live: Browser, twilio: Receiver) -> None:
    await set_up(live, account())
    twilio.received.clear()
    twilio.decide = lambda _: Reply(201, body=b'{"sid": "CA1' + uuid.uuid4().hex.encode() + b'", "status": "queued"}')
    made = await live.data("POST", "/twilio", json={"action": "call", "to": JANE, "message": "Hello <Jane> & co"})
    assert made["sid"].startswith("CA1")
    form = parse_qs(twilio.received[0].body.decode())
    assert form["Twiml"] == ["<Response><Say>Hello &lt;Jane&gt; &amp; co</Say></Response>"]
    await live.data("POST", "/twilio", json={"action": "call", "to": JANE})
    assert live.workspace in parse_qs(twilio.received[1].body.decode())["Twiml"][0]


@pytest.mark.parametrize(("status", "answered", "code"), [
    (400, 400, "validation_error.invalid_fields"), (500, 503, "transient_error.dependency_unavailable"),
    (401, 503, "transient_error.dependency_unavailable"), (302, 503, "transient_error.dependency_unavailable"),
])  # fmt: skip
async def test_when_twilio_does_not_take_it(
    live: Browser, twilio: Receiver, status: int, answered: int, code: str
) -> None:
    await set_up(live, account())
    twilio.decide = lambda _: Reply(status)
    response = await live.post("/twilio", {"action": "sms", "to": JANE, "message": "Hello"})
    assert (response.status_code, response.json()["code"]) == (answered, code)
    assert TOKEN not in response.text
    assert [each["status"] for each in await history(live)] == ["failed"]


@pytest.mark.parametrize(
    "body", [{"to": "0412345678", "message": "x"}, {"to": JANE, "message": ""}, {"to": "", "message": "x"}]
)
async def test_what_an_sms_needs(live: Browser, body: dict[str, str]) -> None:
    await set_up(live, account())
    response = await live.post("/twilio", {"action": "sms", **body})
    assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")


async def test_in_test_mode_nothing_leaves_the_house(sign_in: SignIn, data_dir: Path) -> None:
    person = await sign_in()
    await set_up(person, account())
    for action in ("sms", "call"):
        sent = await person.data("POST", "/twilio", json={"action": action, "to": JANE, "message": "Hello"})
        assert sent["sid"][:2] == {"sms": "SM", "call": "CA"}[action]
    for entry in await history(person):
        written = json.loads((data_dir / "outbox" / f"{entry['id']}.json").read_text())
        assert (written["to"], written["text"], written["channel"]) == (JANE, "Hello", entry["channel"])


async def test_an_email_goes_out(sign_in: SignIn, workspace: Workspace, data_dir: Path) -> None:
    api = await workspace.key()
    customer = await api.data("POST", "/customers", json={"name": "Jane", "email": "jane@example.com"})
    person = await sign_in("member", workspace)
    owner = await sign_in("owner", workspace)
    await owner.data("PATCH", "/channels", json={"from_name": "Acme Sales", "from_email": "sales@acme.example"})
    body = {"action": "email", "to": "jane@example.com", "message": "Hello\nJane", "subject": "Quote"}
    assert await person.data("POST", "/twilio", json=body) == {"status": "sent"}
    [entry] = await history(person)
    assert (entry["channel"], entry["status"], entry["customer_id"]) == ("email", "sent", customer["id"])
    sent = (data_dir / "outbox" / f"{entry['id']}.eml").read_text()
    assert "Subject: Quote" in sent
    assert "From: Acme Sales <notifications@localhost>" in sent
    assert "Reply-To: sales@acme.example" in sent
    assert (await person.post("/twilio", {**body, "to": "nobody"})).status_code == 400
    assert (await person.post("/twilio", {**body, "message": ""})).status_code == 400


async def test_pages_of_the_history(sign_in: SignIn, other: Any) -> None:
    person = await sign_in()
    await set_up(person, account())
    for number in range(3):
        await person.data("POST", "/twilio", json={"action": "sms", "to": JANE, "message": str(number)})
    page = await person.data("GET", "/twilio", params={"action": "history", "limit": 2, "offset": 1})
    assert [each["text"] for each in page["history"]] == ["1", "0"]
    assert {name: page["pagination"][name] for name in ("total", "limit", "offset", "count")} == {
        "total": 3, "limit": 2, "offset": 1, "count": 2,
    }  # fmt: skip
    assert (await person.get("/twilio", params={"action": "history", "limit": 101})).status_code == 400
    assert await history(await sign_in()) == []


# --- what comes in


async def test_an_sms_comes_in_once_and_finds_its_customer(live: Browser, workspace: Workspace) -> None:
    key = await workspace.key("live")
    body = {"name": "Jane Smith", "email": "jane@example.com", "phone": JANE}
    customer = await key.data("POST", "/customers", json=body)
    own = account()
    await set_up(live, own)
    fields = {"AccountSid": own, "MessageSid": f"SM{uuid.uuid4().hex}", "From": JANE, "To": NUMBER, "Body": "Yes ✓\x00"}
    for _ in range(3):
        assert (await call_back(live, "sms", fields)).status_code == 200
    [entry] = await history(live)
    assert (entry["direction"], entry["from"], entry["to"], entry["text"]) == ("inbound", JANE, NUMBER, "Yes ✓")
    assert (entry["customer_id"], entry["status"]) == (customer["id"], "received")


async def test_a_call_comes_in(live: Browser) -> None:
    own, sid = account(), f"CA{uuid.uuid4().hex}"
    await set_up(live, own)
    for status in ("ringing", "in-progress", "completed", "ringing"):
        fields = {
            "AccountSid": own,
            "CallSid": sid,
            "CallStatus": status,
            "Direction": "inbound",
            "From": JANE,
            "To": NUMBER,
        }
        assert (await call_back(live, "voice", fields)).status_code == 200
    [entry] = await history(live)
    assert (entry["channel"], entry["direction"], entry["status"]) == ("voice", "inbound", "completed")


async def test_forged_callbacks(live: Browser) -> None:
    own = account()
    await set_up(live, own)
    fields = {"AccountSid": own, "MessageSid": "SM1", "From": JANE, "To": NUMBER, "Body": "x"}
    refused = [
        await call_back(live, "sms", fields, "another token"),
        await call_back(live, "sms", {**fields, "AccountSid": account()}),
        await call_back(live, "sms", {}),
        await call_back(live, "sms", fields, **{"X-Twilio-Signature": ""}),
        await call_back(live, "sms", fields, **{"X-Twilio-Signature": "\u00fc".encode()}),
        await call_back(live, "sms", fields, Host="evil.example", **{"X-Twilio-Signature": "AAAA"}),
    ]
    for response in refused:
        assert (response.status_code, response.json()["code"]) == (401, "authentication_error.invalid_signature")
    assert (await call_back(live, "fax", fields)).status_code == 400
    assert await history(live) == []


async def test_two_workspaces_with_one_account(live: Browser, sign_in: SignIn) -> None:
    own = account()
    stranger = await sign_in(livemode=True)
    stranger.http = httpx.AsyncClient(
        transport=live.http._transport, base_url="http://testserver", cookies=stranger.http.cookies
    )
    await set_up(stranger, own, phone_number="+15550009999")
    await set_up(live, own)
    fields = {"AccountSid": own, "MessageSid": f"SM{ids.token(20)}", "From": JANE, "To": NUMBER, "Body": "for NUMBER"}
    assert (await call_back(live, "sms", fields)).status_code == 200
    assert [each["text"] for each in await history(live)] == ["for NUMBER"]
    assert await history(stranger) == []
    await stranger.http.aclose()
