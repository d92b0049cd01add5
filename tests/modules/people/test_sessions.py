"""Signing in and out: fixation, CSRF, guessing, telling who has an account, and what ends a session."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.access import keys
from dealwright.kernel.access.sessions import REMEMBER_COOKIE, SESSION_COOKIE, csrf_token
from dealwright.kernel.clock import utc_now
from dealwright.modules.people import records
from tests.conftest import PASSWORD, Another, Browser, Client, SignIn, TestClock, Workspace

AUTH = "/api/v1/auth"
SITE = "testserver.local"


async def log_in(client: httpx.AsyncClient, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    return await client.post(AUTH, json={"email": email, "password": password, **more}, headers=headers)


def sent_cookies(response: httpx.Response) -> dict[str, Any]:
    found: SimpleCookie = SimpleCookie()
    for line in response.headers.get_list("set-cookie"):
        found.load(line)
    return dict(found)


@contextlib.contextmanager
def later(clock: TestClock, by: timedelta) -> Any:
    before = clock.offset
    clock.offset += by
    try:
        yield
    finally:
        clock.offset = before


async def test_signing_in_and_out(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in("admin")
    nobody = (await fresh.get(AUTH)).json()["data"]
    assert nobody["authenticated"] is False and nobody["csrf_token"] is None
    answer = await log_in(fresh, person.email.upper())
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert data["authenticated"] is True
    assert data["user"]["email"] == person.email
    assert data["tenant"] == {"tenant_id": person.tenant_id, "name": person.workspace, "role": "admin"}
    assert data["tenants"] == [data["tenant"]] and data["requires_tenant_selection"] is False
    cookie = sent_cookies(answer)[SESSION_COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"
    assert not cookie["max-age"] and REMEMBER_COOKIE not in sent_cookies(answer)
    assert "no-store" in answer.headers["cache-control"]
    again = (await fresh.get(AUTH)).json()["data"]
    assert again == data
    left = await fresh.delete(AUTH, headers={"X-CSRF-Token": data["csrf_token"]})
    assert left.status_code == 200 and left.json()["data"] == {"authenticated": False}
    assert SESSION_COOKIE not in fresh.cookies
    fresh.cookies.set(SESSION_COOKIE, cookie.value, domain=SITE)
    assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False
    assert (await fresh.delete(AUTH)).status_code == 200, "without a session, too"


async def test_cookies_are_secure_where_callers_come_by_https(sign_in: SignIn, http: httpx.AsyncClient) -> None:
    person = await sign_in()
    async with httpx.AsyncClient(transport=http._transport, base_url="https://testserver") as safe:
        assert sent_cookies(await log_in(safe, person.email))[SESSION_COOKIE]["secure"]
    async with httpx.AsyncClient(transport=http._transport, base_url="http://testserver") as plain:
        assert not sent_cookies(await log_in(plain, person.email))[SESSION_COOKIE]["secure"]


async def test_only_hashes_of_tokens_and_no_personal_data_are_stored(sign_in: SignIn, services: Services) -> None:
    person = await sign_in(first_name="Wilhelmina", last_name="Quackenbush")
    token = person.http.cookies[SESSION_COOKIE]
    async with services.database.system() as tx:
        for table in ("users", "sessions", "memberships"):
            for row in await tx.connection.fetch(f"SELECT t::text AS everything FROM {table} AS t"):
                for secret in (token, csrf_token(token), person.email, "Wilhelmina", "Quackenbush", PASSWORD):
                    assert secret not in row["everything"], table


# --- fixation


async def test_a_token_that_the_server_did_not_make_is_never_adopted(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    planted = "A" * 43
    fresh.cookies.set(SESSION_COOKIE, planted, domain=SITE)
    assert (await fresh.get("/api/v1/customers")).status_code == 401
    answer = await log_in(fresh, person.email)
    assert answer.status_code == 200
    assert fresh.cookies[SESSION_COOKIE] != planted
    fresh.cookies.clear()
    fresh.cookies.set(SESSION_COOKIE, planted, domain=SITE)
    assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False


async def test_signing_in_again_ends_the_session_before(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    await log_in(fresh, person.email)
    first = fresh.cookies[SESSION_COOKIE]
    await log_in(fresh, person.email)
    assert fresh.cookies[SESSION_COOKIE] != first
    fresh.cookies.clear()
    fresh.cookies.set(SESSION_COOKIE, first, domain=SITE)
    assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False


# --- CSRF

BODY = {"name": "Jane", "email": "jane@example.com"}


async def create(person: Browser, **headers: str) -> httpx.Response:
    return await person.http.post("/api/v1/customers", json=BODY, headers=headers)


async def test_a_write_needs_the_token_of_its_session(sign_in: SignIn) -> None:
    person, other = await sign_in(), await sign_in()
    token = csrf_token(person.http.cookies[SESSION_COOKIE])
    stranger = csrf_token(other.http.cookies[SESSION_COOKIE])
    for wrong in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": stranger}, {"X-CSRF-Token": "ü"}):
        refused = await person.http.post(
            "/api/v1/customers", json=BODY, headers={name: value.encode("latin-1") for name, value in wrong.items()}
        )
        assert refused.status_code == 403
        assert refused.json()["code"] == "authorization_error.csrf_token_invalid"
    assert (await person.http.delete(AUTH)).status_code == 403
    assert (await create(person, **{"X-CSRF-Token": token})).status_code == 201
    assert (await person.http.get("/api/v1/customers")).status_code == 200, "reading needs none"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    ],
)
async def test_a_page_of_another_site_cannot_write(
    sign_in: SignIn, fresh: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    person = await sign_in()
    token = csrf_token(person.http.cookies[SESSION_COOKIE])
    refused = await create(person, **{"X-CSRF-Token": token}, **headers)
    assert refused.status_code == 403
    assert refused.json()["code"] == "authorization_error.foreign_page"
    assert (await log_in(fresh, person.email, headers=headers)).status_code == 403, "nor sign somebody in"
    assert SESSION_COOKIE not in fresh.cookies


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}])
async def test_a_page_of_ours_can(sign_in: SignIn, headers: dict[str, str]) -> None:
    person = await sign_in()
    token = csrf_token(person.http.cookies[SESSION_COOKIE])
    assert (await create(person, **{"X-CSRF-Token": token}, **headers)).status_code == 201


async def test_a_key_wins_over_a_session_and_needs_no_csrf_token(sign_in: SignIn, workspace: Workspace) -> None:
    person, key = await sign_in("viewer"), await workspace.key()
    answer = await person.http.post("/api/v1/customers", json=BODY, headers={"X-API-Key": key.key})
    assert answer.status_code == 201
    assert answer.json()["data"]["tenant_id"] == key.tenant_id


# --- guessing and telling


async def test_one_account_cannot_be_guessed_at_for_long(sign_in: SignIn, another: Another) -> None:
    person, bystander = await sign_in(), await sign_in()
    async with another(login_limit_per_account=3) as http:
        answers = [await log_in(http, person.email, f"wrong {number}") for number in range(5)]
        assert [each.status_code for each in answers] == [401, 401, 401, 429, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].json()["category"] == "rate_limited"
        right = await log_in(http, person.email)
        assert right.status_code == 429, "not even with the right password"
        assert (await log_in(http, bystander.email)).status_code == 200
        unknown = [(await log_in(http, "nobody@example.com", "x")).status_code for _ in range(4)]
        assert unknown == [401, 401, 401, 429], "an account that does not exist is limited in the same way"


async def test_guesses_at_the_same_moment_are_counted_before_they_are_judged(
    sign_in: SignIn,
    another: Another,
) -> None:
    person = await sign_in()
    async with another(login_limit_per_account=3) as http:
        answers = await asyncio.gather(*(log_in(http, person.email, f"wrong {n}") for n in range(20)))
    assert sorted(each.status_code for each in answers) == [401] * 3 + [429] * 17


async def test_one_address_cannot_try_many_accounts(another: Another) -> None:
    async with another(login_limit_per_ip=3) as http:
        answers = [await log_in(http, f"somebody{number}@example.com", "x") for number in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]


async def test_an_unknown_address_and_a_wrong_password_look_and_last_the_same(
    sign_in: SignIn,
    another: Another,
) -> None:
    person = await sign_in()
    seconds: dict[str, list[float]] = {person.email: [], "nobody@example.com": []}
    texts = set()
    settings = {"password_time_cost": 3, "password_memory_kib": 32_768}
    async with another(**settings) as http:
        await log_in(http, person.email)  # rehashed with the parameters of this server
        for _ in range(7):
            for email, measured in seconds.items():
                start = time.perf_counter()
                answer = await log_in(http, email, "wrong password")
                measured.append(time.perf_counter() - start)
                assert answer.status_code == 401
                body = answer.json()
                body.pop("ref")
                texts.add(str(body))
    assert len(texts) == 1
    known, unknown = (min(each) for each in seconds.values())
    assert 0.5 < known / unknown < 2, (known, unknown)


async def test_a_password_is_taken_as_it_was_chosen(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    assert (await log_in(fresh, person.email, f" {PASSWORD} ")).status_code == 401
    assert (await log_in(fresh, person.email, PASSWORD.upper())).status_code == 401


async def test_a_password_is_rehashed_when_the_parameters_change(
    sign_in: SignIn,
    services: Services,
    another: Another,
) -> None:
    person = await sign_in()

    async def kept() -> str:
        async with services.database.system() as tx:
            return str(
                await tx.connection.fetchval(
                    "SELECT password_hash FROM users u JOIN memberships m ON m.user_id = u.id JOIN tenants t"
                    " USING (tenant_id) WHERE t.name = $1",
                    person.workspace,
                )
            )

    assert "$argon2id$" in await kept() and "m=1024,t=1,p=1" in await kept()
    async with another(password_time_cost=2) as http:
        assert (await log_in(http, person.email)).status_code == 200
    assert "m=1024,t=2,p=1" in await kept()


# --- the life of a session


async def test_an_unused_session_lapses_and_a_used_one_ends_at_its_age(sign_in: SignIn, clock: TestClock) -> None:
    person = await sign_in()
    with later(clock, timedelta(minutes=479)):
        assert (await person.get("/customers")).status_code == 200
    with later(clock, timedelta(minutes=479 + 479)):
        assert (await person.get("/customers")).status_code == 200, "it was used meanwhile"
    with later(clock, timedelta(minutes=479 + 479 + 481)):
        assert (await person.get("/customers")).status_code == 401
    busy = await sign_in()
    for hours in range(0, 168, 7):
        with later(clock, timedelta(hours=hours)):
            assert (await busy.get("/customers")).status_code == 200
    with later(clock, timedelta(hours=168)):
        assert (await busy.get("/customers")).status_code == 401


async def test_a_browser_that_stays_signed_in(sign_in: SignIn, fresh: httpx.AsyncClient, clock: TestClock) -> None:
    person = await sign_in()
    answer = await log_in(fresh, person.email, remember=True)
    kept = sent_cookies(answer)[REMEMBER_COOKIE]
    assert kept["httponly"] and kept["max-age"] == str(30 * 86_400)
    with later(clock, timedelta(days=20)):
        fresh.cookies.delete(SESSION_COOKIE)  # the browser was closed
        back = await fresh.get(AUTH)
        assert back.json()["data"]["authenticated"] is True
        assert fresh.cookies[REMEMBER_COOKIE] != kept.value, "the token changes each time"
        assert (await fresh.get("/api/v1/customers")).status_code == 200
    with later(clock, timedelta(days=31)):
        fresh.cookies.delete(SESSION_COOKIE)
        assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False
        assert REMEMBER_COOKIE not in fresh.cookies


async def test_a_copied_remember_token_ends_what_it_opened(
    sign_in: SignIn, fresh: httpx.AsyncClient, clock: TestClock
) -> None:
    person = await sign_in()
    stolen = sent_cookies(await log_in(fresh, person.email, remember=True))[REMEMBER_COOKIE].value
    fresh.cookies.delete(SESSION_COOKIE)
    assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is True
    async with httpx.AsyncClient(transport=fresh._transport, base_url="http://testserver") as thief:
        thief.cookies.set(REMEMBER_COOKIE, stolen, domain=SITE)
        assert (await thief.get(AUTH)).json()["data"]["authenticated"] is True, "a twin request within a minute"
        thief.cookies.clear()
        thief.cookies.set(REMEMBER_COOKIE, stolen, domain=SITE)
        with later(clock, timedelta(minutes=2)):
            assert (await thief.get(AUTH)).json()["data"]["authenticated"] is False
            assert (await fresh.get("/api/v1/customers")).status_code == 401
            assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False


async def test_signing_out_forgets_the_browser(sign_in: SignIn, fresh: httpx.AsyncClient) -> None:
    person = await sign_in()
    answer = await log_in(fresh, person.email, remember=True)
    kept = fresh.cookies[REMEMBER_COOKIE]
    await fresh.delete(AUTH, headers={"X-CSRF-Token": answer.json()["data"]["csrf_token"]})
    fresh.cookies.set(REMEMBER_COOKIE, kept, domain=SITE)
    assert (await fresh.get(AUTH)).json()["data"]["authenticated"] is False


async def test_a_session_ends_in_every_process_at_once(sign_in: SignIn, another: Another) -> None:
    person = await sign_in()
    async with another() as there:
        there.cookies.set(SESSION_COOKIE, person.http.cookies[SESSION_COOKIE], domain=SITE)
        assert (await there.get("/api/v1/customers")).status_code == 200
        assert (await person.delete("/auth")).status_code == 200
        assert (await there.get("/api/v1/customers")).status_code == 401


async def test_a_forgotten_tab_does_not_shut_out_the_keys_behind_its_address(another: Another, api: Client) -> None:
    async with another(ip_failed_auth_limit_per_minute=3) as http:
        http.cookies.set(SESSION_COOKIE, "B" * 43, domain=SITE)
        answers = [await http.get("/api/v1/customers") for _ in range(4)]
        assert [each.status_code for each in answers] == [401] * 4
        http.cookies.clear()
        bearer = {"Authorization": f"Bearer {api.key}"}
        assert (await http.get("/api/v1/customers", headers=bearer)).status_code == 200


async def test_tokens_of_no_session_are_charged_like_other_strangers(another: Another) -> None:
    async with another(ip_anonymous_limit_per_minute=3) as http:
        http.cookies.set(SESSION_COOKIE, "B" * 43, domain=SITE)
        answers = [await http.get("/api/v1/customers") for _ in range(4)]
    assert [each.status_code for each in answers] == [401, 401, 401, 429]


# --- workspaces


async def test_choosing_a_workspace_renews_the_session(
    sign_in: SignIn, services: Services, http: httpx.AsyncClient
) -> None:
    person, room = await sign_in(), Workspace(services, http)
    other = await sign_in("owner", room)
    refused = await person.post("/auth?action=select-tenant", {"tenant_id": other.tenant_id})
    assert refused.status_code == 403
    await join(services, person, room, "viewer")
    before = person.http.cookies[SESSION_COOKIE]
    chosen = await person.data("POST", "/auth?action=select-tenant", json={"tenant_id": other.tenant_id})
    assert chosen["tenant"] == {"tenant_id": other.tenant_id, "name": room.name, "role": "viewer"}
    assert person.http.cookies[SESSION_COOKIE] != before
    assert chosen["csrf_token"] == csrf_token(person.http.cookies[SESSION_COOKIE])
    assert (await person.post("/customers", BODY)).status_code == 403, "a viewer there"
    person.http.cookies.clear()
    signed_in = await log_in(person.http, person.email)
    assert signed_in.json()["data"]["tenant"]["tenant_id"] == other.tenant_id, "where they worked last"
    person.http.cookies.clear()
    person.http.cookies.set(SESSION_COOKIE, before, domain=SITE)
    assert (await person.get("/customers")).status_code == 401


async def join(services: Services, person: Browser, room: Workspace, role: Any) -> None:
    key = ids.decode("user", person.user_id)
    assert key is not None
    async with services.database.system() as tx:
        user = await records.get(tx, key)
        assert user is not None
        await records.join(tx, user, await keys.ensure_workspace(tx, room.name, utc_now()), role, utc_now())


async def test_somebody_without_a_workspace_can_do_nothing_but_choose_one(sign_in: SignIn, services: Services) -> None:
    person = await sign_in()
    async with services.database.system() as tx:
        await tx.connection.execute(
            "DELETE FROM memberships USING tenants WHERE tenants.tenant_id = memberships.tenant_id AND name = $1",
            person.workspace,
        )
    refused = await person.get("/customers")
    assert refused.status_code == 403
    assert refused.json()["code"] == "authorization_error.no_workspace"
    here = await person.data("GET", "/auth")
    assert here["authenticated"] is True and here["tenant"] is None


async def test_sessions_open_neither_mcp_nor_salesthumb(sign_in: SignIn) -> None:
    person = await sign_in()
    token = {"X-CSRF-Token": csrf_token(person.http.cookies[SESSION_COOKIE])}
    ping = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert (await person.http.post("/api/v1/mcp", json=ping, headers=token)).status_code == 401
    assert (await person.http.get("/v1/customers")).status_code == 401
