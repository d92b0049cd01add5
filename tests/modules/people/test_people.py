"""Signing up, one's own profile and preferences, and forgotten passwords."""

from __future__ import annotations

import asyncio
import time
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.access import keys, workspaces
from dealwright.kernel.access.sessions import SESSION_COOKIE, csrf_token
from dealwright.kernel.clock import utc_now
from dealwright.kernel.store.database import Database
from tests.conftest import PASSWORD, Another, Client, SignIn, TestClock
from tests.modules.people.conftest import Link
from tests.streaming import fresh_database

API = "/api/v1"


def someone(**changes: Any) -> dict[str, Any]:
    return {
        "first_name": "Jane",
        "last_name": "Smith",
        "email": f"{uuid.uuid4().hex}@example.com",
        "password": "eight or more",
        "business_name": f"Acme {uuid.uuid4().hex[:8]}",
        "industry": "consulting",
        "services": [{"name": "Workshop", "description": "A day", "price_min": 500, "price_max": 900}],
        **changes,
    }


async def sign_up(http: httpx.AsyncClient, **changes: Any) -> httpx.Response:
    token = http.cookies.get(SESSION_COOKIE)
    headers = {"X-CSRF-Token": csrf_token(token)} if token else {}
    return await http.post(f"{API}/onboarding", json=someone(**changes), headers=headers)


def names(response: httpx.Response) -> set[str]:
    assert response.status_code == 400, response.text
    return set(response.json()["details"]["fields"])


# --- signing up


async def test_a_new_person_gets_a_workspace_and_is_signed_in(fresh: httpx.AsyncClient, services: Services) -> None:
    answer = await sign_up(fresh, deposit_percentage=25, phone="+1 212 555 0100", website="https://acme.example")
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert data["authenticated"] is True and data["account_type"] == "human"
    here = (await fresh.get(f"{API}/auth")).json()["data"]
    assert here["tenant"]["tenant_id"] == data["tenant_id"] and here["tenant"]["role"] == "owner"
    assert here["csrf_token"] == data["csrf_token"]
    [product] = (await fresh.get(f"{API}/products")).json()["data"]["products"]
    assert (product["name"], product["status"], product["type"]) == ("Workshop", "inactive", "service")
    assert float(product["price"]) == 500
    tenant = ids.decode("tenant", data["tenant_id"])
    async with services.database.system() as tx:
        settings = await tx.connection.fetchval("SELECT settings FROM tenants WHERE tenant_id = $1", tenant)
        keys = await tx.connection.fetchval("SELECT count(*) FROM signing_keys WHERE tenant_id = $1", tenant)
        audit = await tx.connection.fetch("SELECT action FROM audit_log WHERE tenant_id = $1", tenant)
    assert settings["deposit_percentage"] == 25
    shown = (await fresh.get(f"{API}/tenant-settings")).json()["data"]
    told = (shown["industry"], shown["phone"], shown["website"], shown["country"])
    assert told == ("consulting", "+12125550100", "https://acme.example", "US")
    business = (await fresh.get(f"{API}/business-profile")).json()["data"]
    assert business["industry"] == "consulting" and business["business_name"] == shown["name"]
    assert keys == 1
    assert {row["action"] for row in audit} == {"product.created", "workspace.created"}


async def test_an_agent_needs_no_business(fresh: httpx.AsyncClient) -> None:
    answer = await sign_up(fresh, account_type="agent", business_name=None, industry=None, services=None)
    assert answer.status_code == 201, answer.text


async def test_what_is_missing_or_wrong_is_named_at_once(fresh: httpx.AsyncClient) -> None:
    empty = await fresh.post(f"{API}/onboarding", json={})
    assert names(empty) == {*("first_name", "last_name", "email", "password", "business_name", "industry", "services")}
    assert names(await sign_up(fresh, password="short", email="x", deposit_percentage=101)) == {
        *("password", "email", "deposit_percentage")
    }
    assert names(await sign_up(fresh, region="mars", account_type="dog")) == {"region", "account_type"}
    assert names(await sign_up(fresh, services=[{"name": "A", "price_min": 2, "price_max": 1}])) == {"services.0"}
    assert (await fresh.get(f"{API}/auth")).json()["data"]["authenticated"] is False


async def test_a_known_email_must_sign_in_and_gets_one_more_workspace(fresh: httpx.AsyncClient) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    first = (await sign_up(fresh, email=email)).json()["data"]
    token = fresh.cookies[SESSION_COOKIE]
    fresh.cookies.clear()
    again = await sign_up(fresh, email=email.upper())
    assert again.status_code == 401
    assert again.json()["code"] == "authentication_error.session_required"
    await fresh.post(f"{API}/auth", json={"email": email, "password": "eight or more"})
    assert names(await sign_up(fresh)) == {"email"}, "the address of somebody else"
    second = await sign_up(fresh, email=email, first_name=None, password=None, business_name="Second Ltd")
    assert second.status_code == 201, second.text
    assert second.json()["data"]["user_id"] == first["user_id"]
    here = (await fresh.get(f"{API}/auth")).json()["data"]
    assert [each["tenant_id"] for each in here["tenants"]] == [first["tenant_id"], second.json()["data"]["tenant_id"]]
    assert here["tenant"]["tenant_id"] == second.json()["data"]["tenant_id"]
    assert token != fresh.cookies[SESSION_COOKIE]


async def test_two_businesses_of_one_name_are_two_workspaces(fresh: httpx.AsyncClient, api: Client) -> None:
    answer = await sign_up(fresh, business_name=api.workspace)
    assert answer.status_code == 201
    assert answer.json()["data"]["tenant_id"] != api.tenant_id


async def test_twins_make_one_account(http: httpx.AsyncClient) -> None:
    body = someone()
    answers = await asyncio.gather(*(http.post(f"{API}/onboarding", json=body) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [201, 401, 401, 401, 401]


async def test_sign_up_may_be_closed(another: Another, sign_in: SignIn) -> None:
    person = await sign_in()
    for registration in ("closed", "first"):
        async with another(registration=registration) as http:
            refused = await sign_up(http)
            assert refused.status_code == 403
            assert refused.json()["code"] == "authorization_error.registration_closed"
            http.cookies.set(SESSION_COOKIE, person.http.cookies[SESSION_COOKIE], domain="testserver.local")
            more = await sign_up(http, email=person.email)
            assert more.status_code == (403 if registration == "closed" else 201)
        person = await sign_in()


async def test_only_one_can_be_the_first(services: Services, another: Another) -> None:
    async with fresh_database(services.database.dsn) as dsn, another(database_url=dsn, registration="first") as http:
        answers = await asyncio.gather(*(http.post(f"{API}/onboarding", json=someone()) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [201, 403, 403, 403]


async def test_a_first_start_leaves_its_workspace_to_one_new_person(services: Services, another: Another) -> None:
    """With what was made in it by key; everybody else gets a workspace of their own."""
    async with fresh_database(services.database.dsn) as dsn, another(database_url=dsn, registration="open") as http:
        database = Database(dsn)
        await database.open()
        async with database.system() as tx:
            key = await keys.create_key(tx, workspace="My workspace", kind="test", now=utc_now())
            tenant = ids.decode("tenant", key.tenant_id)
            assert tenant is not None
            await workspaces.offer(tx, tenant)
        await database.close()
        bearer = {"Authorization": f"Bearer {key.secret}"}
        await http.post(f"{API}/products", json={"name": "Made before", "price": 1}, headers=bearer)
        answers = await asyncio.gather(*(http.post(f"{API}/onboarding", json=someone()) for _ in range(4)))
        assert [each.status_code for each in answers] == [201] * 4
        owned = [each.json()["data"]["tenant_id"] for each in answers]
        assert owned.count(key.tenant_id) == 1 and len(set(owned)) == 4
        found = (await http.get(f"{API}/products", headers=bearer)).json()["data"]["products"]
        assert [each["name"] for each in found] == ["Made before"]


async def test_sign_ups_from_one_address_are_limited(another: Another) -> None:
    async with another(signup_limit_per_ip=2) as http:
        answers = [await http.post(f"{API}/onboarding", json={}) for _ in range(3)]
    assert [each.status_code for each in answers] == [400, 400, 429]


# --- profile


async def test_the_profile(sign_in: SignIn) -> None:
    person = await sign_in("viewer")
    assert await person.data("GET", "/profile") == {
        "first_name": "Jane",
        "last_name": "Smith",
        "email": person.email,
        "phone": None,
    }
    changed = await person.data(
        "PATCH", "/profile", json={"last_name": "Jones", "phone": "+1-555-0100", "email": "other@example.com"}
    )
    assert (changed["first_name"], changed["last_name"], changed["email"]) == ("Jane", "Jones", person.email)
    assert changed["phone"] == "+15550100"
    assert await person.data("GET", "/profile") == changed
    assert names(await person.patch("/profile", {"first_name": "x" * 101, "phone": "nonsense"})) == {
        *("first_name", "phone")
    }
    assert names(await person.patch("/profile", {"first_name": ""})) == {"first_name"}


async def test_it_is_for_people_only(api: Client, http: httpx.AsyncClient) -> None:
    for response in (await api.get("/profile"), await http.get(f"{API}/profile")):
        assert response.status_code == 401
        assert response.json()["code"] == "authentication_error.session_required"


async def test_a_new_password_ends_every_other_session(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    login = {"email": person.email, "password": PASSWORD, "remember": True}
    assert (await fresh.post(f"{API}/auth", json=login)).status_code == 200
    change = "/profile?action=change-password"
    wrong = await person.post(change, {"old_password": "nonsense", "new_password": "another password"})
    assert names(wrong) == {"old_password"}
    assert names(await person.post(change, {"old_password": PASSWORD, "new_password": "short"})) == {"new_password"}
    before = person.http.cookies[SESSION_COOKIE]
    changed = await person.data("POST", change, json={"old_password": PASSWORD, "new_password": "another password"})
    assert changed["changed"] is True
    assert person.http.cookies[SESSION_COOKIE] != before
    assert changed["csrf_token"] == csrf_token(person.http.cookies[SESSION_COOKIE])
    assert (await person.get("/customers")).status_code == 200
    assert (await fresh.get(f"{API}/customers")).status_code == 401
    assert (await fresh.get(f"{API}/auth")).json()["data"]["authenticated"] is False, "nor is the browser remembered"
    assert (await fresh.post(f"{API}/auth", json=login)).status_code == 401
    login["password"] = "another password"
    assert (await fresh.post(f"{API}/auth", json=login)).status_code == 200


async def test_the_current_password_cannot_be_guessed_at_for_long(sign_in: SignIn, another: Another) -> None:
    person = await sign_in()
    token = person.http.cookies[SESSION_COOKIE]
    async with another(login_limit_per_account=2) as http:
        http.cookies.set(SESSION_COOKIE, token, domain="testserver.local")
        body = {"old_password": "wrong", "new_password": "another password"}
        answers = [
            await http.post(
                f"{API}/profile?action=change-password", json=body, headers={"X-CSRF-Token": csrf_token(token)}
            )
            for _ in range(3)
        ]
    assert [each.status_code for each in answers] == [400, 400, 429]


async def test_of_two_changes_at_once_one_counts(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    bodies = [{"old_password": PASSWORD, "new_password": f"new password {n}"} for n in range(2)]
    token = person.http.cookies[SESSION_COOKIE]
    headers = {"X-CSRF-Token": csrf_token(token), "Cookie": f"{SESSION_COOKIE}={token}"}
    url = f"{API}/profile?action=change-password"
    answers = await asyncio.gather(*(fresh.post(url, json=body, headers=headers) for body in bodies))
    assert sorted(each.status_code for each in answers)[0] == 200
    assert sorted(each.status_code for each in answers)[1] in (400, 401)


# --- preferences


async def test_preferences_of_a_person_and_of_a_workspace(sign_in: SignIn, workspace: Any) -> None:
    one, two = await sign_in("member", workspace), await sign_in("viewer", workspace)
    assert await one.data("GET", "/preferences") == {"language": "en", "theme": "system"}
    changed = {"language": "de-CH", "theme": "system"}
    body = {"language": "de-CH", "recommendations_dismissed": True}
    assert await one.data("PATCH", "/preferences", json=body) == changed
    assert await one.data("GET", "/preferences", params={"scope": "user"}) == changed
    assert await two.data("GET", "/preferences") == {"language": "en", "theme": "system"}
    shared = {"scope": "tenant"}
    assert await two.data("GET", "/preferences", params=shared) == {"recommendations_dismissed": False}
    assert (await two.patch("/preferences?scope=tenant", {"recommendations_dismissed": True})).status_code == 403
    put = await one.data("PATCH", "/preferences?scope=tenant", json={"recommendations_dismissed": True})
    assert put == {"recommendations_dismissed": True}
    assert await two.data("GET", "/preferences", params=shared) == put
    assert (await two.data("PATCH", "/preferences", json={"theme": "dark"}))["theme"] == "dark", "their own"


@pytest.mark.parametrize(
    ("query", "body"),
    [("", {}), ("", {"recommendations_dismissed": True}), ("", {"theme": "pink"}), ("", {"language": "not one"}),
     ("?scope=tenant", {"theme": "dark"}), ("?scope=galaxy", {"theme": "dark"})],
)  # fmt: skip
async def test_preferences_that_are_none(sign_in: SignIn, query: str, body: Any) -> None:
    person = await sign_in()
    refused = await person.patch(f"/preferences{query}", body)
    assert refused.status_code == 400
    assert refused.json()["code"] == "validation_error.invalid_fields"


# --- forgotten passwords


async def ask(http: httpx.AsyncClient, email: str) -> httpx.Response:
    return await http.post(f"{API}/password-reset", json={"email": email})


async def test_a_forgotten_password(sign_in: SignIn, fresh: httpx.AsyncClient, link_for: Link) -> None:
    person = await sign_in()
    assert (await ask(fresh, person.email)).json()["data"] == {"requested": True}
    older = await link_for(person.tenant_id, person.email)
    await ask(fresh, person.email)
    token = await link_for(person.tenant_id, person.email)
    url, body = f"{API}/password-reset?action=complete", {"new_password": "another password"}
    assert (await fresh.post(url, json={**body, "token": older})).status_code == 404, "a newer one replaced it"
    assert names(await fresh.post(url, json={"token": token, "new_password": "short"})) == {"new_password"}
    answers = await asyncio.gather(*(fresh.post(url, json={**body, "token": token}) for _ in range(3)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404], "it works once"
    assert (await person.get("/customers")).status_code == 401, "every session has ended"
    for password, status in ((PASSWORD, 401), ("another password", 200)):
        login = {"email": person.email, "password": password}
        assert (await fresh.post(f"{API}/auth", json=login)).status_code == status


async def test_a_link_holds_for_an_hour(
    sign_in: SignIn, fresh: httpx.AsyncClient, link_for: Link, clock: TestClock
) -> None:
    person = await sign_in()
    await ask(fresh, person.email)
    body = {"token": await link_for(person.tenant_id, person.email), "new_password": "another password"}
    before = clock.offset
    clock.offset += timedelta(hours=1)
    try:
        assert (await fresh.post(f"{API}/password-reset?action=complete", json=body)).status_code == 404
    finally:
        clock.offset = before
    assert (await person.get("/customers")).status_code == 200


async def test_asking_tells_nobody_who_has_an_account(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    seconds = []
    answers = []
    for email in (person.email, "nobody@example.com"):
        start = time.perf_counter()
        answers.append(await ask(fresh, email))
        seconds.append(time.perf_counter() - start)
    assert answers[0].content == answers[1].content
    assert min(seconds) >= 0.25, "both answers wait until the work of either would be done"
    for _ in range(6):
        answers = [await ask(fresh, email) for email in (person.email, "nobody@example.com")]
    assert [each.status_code for each in answers] == [429, 429]
