"""Members, roles and invitations."""

from __future__ import annotations

import asyncio
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel.access.sessions import SESSION_COOKIE
from tests.conftest import PASSWORD, Client, SignIn, TestClock, Workspace
from tests.modules.people.conftest import Link

API = "/api/v1"


def address() -> str:
    return f"{uuid.uuid4().hex}@example.com"


async def invited(by: Client, email: str, link_for: Link, role: str = "member") -> str:
    await by.data("POST", "/team", json={"email": email, "role": role}, expect=201)
    return await link_for(by.tenant_id, email)


async def accept(http: httpx.AsyncClient, token: str, **more: Any) -> httpx.Response:
    new = {"first_name": "Colleague", "last_name": "Jones", "password": "eight or more"}
    return await http.post(f"{API}/invitations?action=accept", json={"token": token, **new, **more})


async def member_named(by: Client, email: str) -> dict[str, Any]:
    team = await by.data("GET", "/team")
    [found] = [each for each in team["members"] if each["email"] == email]
    return dict(found)


async def test_somebody_new_accepts_and_is_signed_in(sign_in: SignIn, fresh: httpx.AsyncClient, link_for: Link) -> None:
    owner, email = await sign_in(), address()
    made = await owner.data("POST", "/team", json={"email": email, "role": "viewer"}, expect=201)
    assert (made["status"], made["role"], made["email"], made["name"]) == ("invited", "viewer", email, None)
    assert made["membership_id"].startswith("tm_")
    token = await link_for(owner.tenant_id, email)
    shown = (await fresh.get(f"{API}/invitations", params={"token": token})).json()["data"]
    assert (shown["workspace"], shown["email"], shown["role"]) == (owner.workspace, email, "viewer")
    assert shown["has_account"] is False
    missing = await fresh.post(f"{API}/invitations?action=accept", json={"token": token})
    assert set(missing.json()["details"]["fields"]) == {"first_name", "last_name", "password"}
    answer = await accept(fresh, token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["tenant"] == {
        "tenant_id": owner.tenant_id, "name": owner.workspace, "role": "viewer",
    }  # fmt: skip
    assert (await fresh.get(f"{API}/customers")).status_code == 200
    member = await member_named(owner, email)
    assert (member["status"], member["name"], member["id"]) == ("active", "Colleague Jones", made["id"])
    fresh.cookies.clear()
    for status in (404, 404):
        assert (await accept(fresh, token)).status_code == status, "the link works once"
    assert (await fresh.get(f"{API}/invitations", params={"token": token})).status_code == 404


async def test_somebody_known_signs_in_first(sign_in: SignIn, fresh: httpx.AsyncClient, link_for: Link) -> None:
    owner, colleague, stranger = await sign_in(), await sign_in(), await sign_in()
    token = await invited(owner, colleague.email, link_for, "admin")
    assert (await accept(fresh, token)).status_code == 401
    wrong = await stranger.post("/invitations?action=accept", {"token": token})
    assert wrong.status_code == 403
    assert wrong.json()["code"] == "authorization_error.other_recipient"
    before = colleague.http.cookies[SESSION_COOKIE]
    joined = await colleague.data("POST", "/invitations?action=accept", json={"token": token})
    assert joined["tenant"]["tenant_id"] == owner.tenant_id and len(joined["tenants"]) == 2
    assert colleague.http.cookies[SESSION_COOKIE] != before
    assert (await colleague.data("GET", "/team"))["members"]


async def test_two_acceptances_at_once_make_one_member(
    sign_in: SignIn, http: httpx.AsyncClient, link_for: Link
) -> None:
    owner, email = await sign_in(), address()
    token = await invited(owner, email, link_for)
    answers = await asyncio.gather(*(accept(http, token) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 404, 404, 404]
    assert (await member_named(owner, email))["status"] == "active"


async def test_who_is_there_cannot_be_invited_again(
    sign_in: SignIn, workspace: Workspace, link_for: Link, clock: TestClock, fresh: httpx.AsyncClient
) -> None:
    owner, email = await sign_in("owner", workspace), address()
    first = await invited(owner, email, link_for)
    for taken in (owner.email, email.upper()):
        refused = await owner.post("/team", {"email": taken, "role": "member"})
        assert refused.status_code == 409
        assert refused.json()["code"] == "conflict.already_member"
    before = clock.offset
    clock.offset += timedelta(days=7)
    try:
        assert (await accept(fresh, first)).status_code == 404, "it has expired"
        for_admin = await sign_in("admin", workspace)
        second = await invited(for_admin, email, link_for)
        assert second != first
        assert (await accept(fresh, second)).status_code == 200
    finally:
        clock.offset = before


async def test_invitations_at_once_make_one(sign_in: SignIn) -> None:
    owner, email = await sign_in(), address()
    body = {"email": email, "role": "member"}
    answers = await asyncio.gather(*(owner.post("/team", body) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize("role", ["member", "viewer"])
async def test_only_admins_change_the_team(sign_in: SignIn, workspace: Workspace, role: Any) -> None:
    person, other = await sign_in(role, workspace), await sign_in("viewer", workspace)
    other_id = (await member_named(person, other.email))["id"]
    for response in (
        await person.post("/team", {"email": address(), "role": "viewer"}),
        await person.patch("/team", {"membership_id": other_id, "role": "admin"}),
        await person.delete(f"/team?id={other_id}"),
    ):
        assert response.status_code == 403
        assert response.json()["code"] == "authorization_error.insufficient_scope"


async def test_a_role_holds_from_the_next_request_on(sign_in: SignIn, workspace: Workspace) -> None:
    admin, person = await sign_in("admin", workspace), await sign_in("viewer", workspace)
    member = (await member_named(admin, person.email))["id"]
    customer = {"name": "A", "email": "a@example.com"}
    assert (await person.post("/customers", customer)).status_code == 403
    changed = await admin.data("PATCH", "/team", json={"membership_id": member, "role": "member"})
    assert changed["role"] == "member" and changed["name"] == "Jane Smith"
    assert (await person.post("/customers", customer)).status_code == 201
    for role in ("owner", "king"):
        refused = await admin.patch("/team", {"membership_id": member, "role": role})
        assert set(refused.json()["details"]["fields"]) == {"role"}
    assert (await admin.patch("/team", {"membership_id": "tm_x", "role": "admin"})).status_code == 404


async def test_a_removed_member_is_out_at_once(sign_in: SignIn, workspace: Workspace, fresh: httpx.AsyncClient) -> None:
    admin, person = await sign_in("admin", workspace), await sign_in("member", workspace)
    assert (await person.get("/customers")).status_code == 200
    member = (await member_named(admin, person.email))["id"]
    assert await admin.data("DELETE", f"/team?id={member}") == {"deleted": True, "id": member}
    assert (await person.get("/customers")).status_code == 401
    assert (await admin.delete(f"/team?id={member}")).status_code == 404
    back = await fresh.post(f"{API}/auth", json={"email": person.email, "password": PASSWORD})
    assert back.json()["data"]["tenant"] is None, "the account stays, the workspace does not"
    assert (await fresh.get(f"{API}/customers")).status_code == 403


async def test_an_invitation_can_be_taken_back(sign_in: SignIn, fresh: httpx.AsyncClient, link_for: Link) -> None:
    owner, email = await sign_in(), address()
    token = await invited(owner, email, link_for)
    await owner.data("DELETE", f"/team?id={(await member_named(owner, email))['id']}")
    assert (await accept(fresh, token)).status_code == 404


async def test_the_owner_stays_whoever_asks_at_once(sign_in: SignIn, workspace: Workspace) -> None:
    owner = await sign_in("owner", workspace)
    admins = [await sign_in("admin", workspace) for _ in range(2)]
    key = await workspace.key()
    member = (await member_named(owner, owner.email))["id"]
    callers: list[Client] = [owner, *admins, key]
    answers = await asyncio.gather(
        *(each.delete(f"/team?id={member}") for each in callers),
        *(each.patch("/team", {"membership_id": member, "role": "viewer"}) for each in callers),
    )
    assert {each.status_code for each in answers} == {403}
    assert {each.json()["code"] for each in answers} == {"authorization_error.owner_protected"}
    assert (await member_named(owner, owner.email))["role"] == "owner"


async def test_two_admins_removing_each_other_leave_the_owner(sign_in: SignIn, workspace: Workspace) -> None:
    owner = await sign_in("owner", workspace)
    one, two = await sign_in("admin", workspace), await sign_in("admin", workspace)
    theirs = [(await member_named(owner, each.email))["id"] for each in (one, two)]
    answers = await asyncio.gather(one.delete(f"/team?id={theirs[1]}"), two.delete(f"/team?id={theirs[0]}"))
    assert {each.status_code for each in answers} <= {200, 401, 404}
    team = (await owner.data("GET", "/team"))["members"]
    assert [each["role"] for each in team if each["role"] == "owner"] == ["owner"]


async def test_a_key_with_the_scope_manages_the_team(workspace: Workspace, sign_in: SignIn) -> None:
    reader = await workspace.key(scopes=["team:read"])
    await sign_in("owner", workspace)
    assert len((await reader.data("GET", "/team"))["members"]) == 1
    assert (await reader.post("/team", {"email": address(), "role": "member"})).status_code == 403


async def test_what_happens_to_a_team_is_in_the_audit_trail(
    sign_in: SignIn, services: Services, fresh: httpx.AsyncClient, link_for: Link
) -> None:
    owner, email = await sign_in(), address()
    await accept(fresh, await invited(owner, email, link_for))
    member = (await member_named(owner, email))["id"]
    await owner.data("PATCH", "/team", json={"membership_id": member, "role": "admin"})
    await owner.data("DELETE", f"/team?id={member}")
    async with services.database.system() as tx:
        rows = await tx.connection.fetch("SELECT action, actor FROM audit_log WHERE entity_id = $1 ORDER BY id", member)
    assert [row["action"] for row in rows] == ["team.invited", "team.joined", "team.role_changed", "team.removed"]
    assert rows[0]["actor"] == owner.user_id != rows[1]["actor"]
