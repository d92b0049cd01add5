"""Coming in and going out."""

from __future__ import annotations

import re
import uuid

import pytest

from tests.conftest import PASSWORD, Workspace
from tests.modules.people.conftest import Link
from tests.surfaces.desk.conftest import At, Person


async def test_signing_in_leads_to_where_one_wanted(at_desk: At, http_desk: Person) -> None:
    member = await at_desk()
    assert member.browser is not None
    await http_desk.open("/deals?status=open")
    assert http_desk.path.startswith("/sign-in?next=/deals")
    await http_desk.send("/sign-in", 401, email=member.browser.email, password="wrong, wrong")
    assert "The email or the password is wrong" in http_desk.text
    assert http_desk.form("/sign-in").fields["email"] == member.browser.email
    assert "wrong, wrong" not in http_desk.text
    await http_desk.send("/sign-in", email=member.browser.email, password=PASSWORD)
    assert http_desk.path == "/deals?status=open"
    assert "<h1>Deals</h1>" in http_desk.text
    await http_desk.send("/sign-out")
    assert http_desk.path == "/sign-in"
    await http_desk.open("/deals")
    assert http_desk.path.startswith("/sign-in")


@pytest.mark.parametrize("there", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil"])
async def test_signing_in_leads_nowhere_else(at_desk: At, http_desk: Person, there: str) -> None:
    member = await at_desk()
    assert member.browser is not None
    await http_desk.open("/sign-in")
    fields = {"email": member.browser.email, "password": PASSWORD, "next": there}
    answer = await http_desk.http.post("/sign-in", data=fields)
    assert answer.headers["location"] == "/"


async def test_a_browser_that_stays_signed_in_comes_back(at_desk: At, http_desk: Person) -> None:
    member = await at_desk()
    assert member.browser is not None
    await http_desk.open("/sign-in")
    await http_desk.send("/sign-in", email=member.browser.email, password=PASSWORD, remember="1")
    http_desk.http.cookies.delete("session")
    await http_desk.open("/deals")
    assert "<h1>Deals</h1>" in http_desk.text


async def test_signing_up_makes_a_workspace(http_desk: Person) -> None:
    await http_desk.open("/sign-up")
    email = f"{uuid.uuid4().hex}@example.com"
    who = {"first_name": "Ada", "last_name": "King", "email": email, "password": "short"}
    business = {"business_name": f"Engines {uuid.uuid4().hex[:6]}", "industry": "Computing"}
    await http_desk.send("/sign-up", 400, **who, **business)
    assert 'id="password-error"' in http_desk.text
    await http_desk.send("/sign-up", 400, **{**who, "password": "long enough"}, **business)
    assert 'id="services-error"' in http_desk.text
    offer = {"services__0__name": "Analysis", "services__0__price_min": "120"}
    await http_desk.send("/sign-up", **{**who, "password": "long enough"}, **offer)
    assert http_desk.path == "/"
    assert "Welcome to your workspace" in http_desk.text
    assert business["business_name"] in http_desk.text
    await http_desk.open("/products?status=inactive")
    assert "Analysis" in http_desk.text


async def test_an_invitation_is_accepted(at_desk: At, workspace: Workspace, http_desk: Person, link_for: Link) -> None:
    owner = await at_desk("owner", workspace)
    assert owner.browser is not None
    email = f"{uuid.uuid4().hex}@example.com"
    invited = await owner.browser.post("/team", {"email": email, "role": "viewer"})
    assert invited.status_code == 201
    path = f"/invitations/{await link_for(owner.browser.tenant_id, email)}"
    await http_desk.open(path)
    assert f"Join {workspace.name}" in http_desk.text
    await http_desk.send(path, 400, first_name="Vic", last_name="", password="long enough")
    assert 'id="last_name-error"' in http_desk.text
    await http_desk.send(path, first_name="Vic", last_name="Viewer", password="long enough")
    assert "Vic Viewer" in http_desk.text
    assert "<small>Viewer</small>" in http_desk.text
    await http_desk.open("/invitations/no-such-invitation", 404)


async def test_a_forgotten_password_says_the_same_to_everybody(at_desk: At, http_desk: Person) -> None:
    member = await at_desk()
    assert member.browser is not None
    for email in (member.browser.email, "nobody@example.com"):
        await http_desk.open("/password-reset")
        await http_desk.send("/password-reset", email=email)
        assert "Look into your mail" in http_desk.text
    await http_desk.open("/password-reset/some-token")
    differing = {"new_password": "one long enough", "repeated": "another one"}
    await http_desk.send("/password-reset/some-token", 400, **differing)
    assert re.search(r'id="repeated-error"', http_desk.text)
