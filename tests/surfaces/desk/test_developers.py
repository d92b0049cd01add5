"""The developers' corner: secrets that are seen once, and what really happened to deliveries."""

from __future__ import annotations

import re

import pytest

from tests.conftest import Services, Workspace
from tests.surfaces.desk.conftest import At, Person
from tests.surfaces.desk.test_first_sale import a_product
from tests.surfaces.desk.test_pages import whole

_SECRET = re.compile(r"sb_(?:test|live)_\w{20,}|whsec_\w{16,}")


def the_secret(person: Person) -> str:
    """What the answer shows, and only its text."""
    found = set(_SECRET.findall(person.text))
    assert len(found) == 1, found
    whole(person)
    secret = found.pop()
    assert person.response.headers["cache-control"] == "no-store"
    assert secret not in str(person.response.url)
    assert not any(secret in each for response in person.response.history for each in response.headers.values())
    return secret


async def nowhere(person: Person, secret: str, *paths: str) -> None:
    for path in paths:
        await person.open(path)
        assert secret not in person.text, path


async def test_a_key_is_shown_once_and_works(at_desk: At, workspace: Workspace) -> None:
    person = await at_desk("admin", workspace)
    await person.open("/developers/keys/new")
    await person.send(
        "/developers/keys/new", name="Till", scopes="customers:read", allowed_origins="nonsense", expect=400
    )
    assert "allowed_origins-error" in person.text
    assert person.form("/developers/keys/new").fields["name"] == "Till"
    await person.send("/developers/keys/new", allowed_origins="https://shop.example.com", environment="test")
    secret = the_secret(person)
    await person.open("/developers/keys")
    assert "Till" in person.text
    key = next(link for link in person.page.links if re.fullmatch(r"/developers/keys/key_\w+", link))
    await nowhere(person, secret, "/developers/keys", key, "/developers", "/")
    headers = {"Authorization": f"Bearer {secret}", "Origin": "https://shop.example.com"}
    assert (await person.http.get("/api/v1/customers", headers=headers)).status_code == 200
    assert (await person.http.get("/api/v1/products", headers=headers)).status_code == 403


async def test_a_key_is_changed_rotated_and_revoked(at_desk: At) -> None:
    person = await at_desk("admin")
    await person.open("/developers/keys/new")
    await person.send("/developers/keys/new", name="Till", scopes="customers:read")
    first = the_secret(person)
    await person.open("/developers/keys")
    key = next(link for link in person.page.links if re.fullmatch(r"/developers/keys/key_\w+", link))
    await person.open(key)
    assert person.form(key).fields["scopes"] == "customers:read"
    await person.send(key, name="Cash desk", scopes="*:read")
    await person.open(key)
    assert person.form(key).fields["scopes"] == "*:read"
    await person.send(f"{key}/rotate")
    assert "Give this key a new secret?" in person.text
    await person.send(f"{key}/rotate")
    second = the_secret(person)
    assert second != first
    assert (await _reads(person, first), await _reads(person, second)) == (401, 200)
    await person.open(key)
    await person.send(f"{key}/revoke")
    await person.send(f"{key}/revoke")
    assert "No API keys yet" in person.text
    assert await _reads(person, second) == 401


async def _reads(person: Person, secret: str) -> int:
    answer = await person.http.get("/api/v1/customers", headers={"Authorization": f"Bearer {secret}"})
    return answer.status_code


async def test_the_examples_are_filled_with_a_new_test_key(at_desk: At) -> None:
    person = await at_desk("owner")
    await person.open("/developers")
    assert "http://testserver/api/v1" in person.text
    assert "sb_test_your_key" in person.text
    await person.send("/developers")
    secret = the_secret(person)
    assert "sb_test_your_key" not in person.text
    assert await _reads(person, secret) == 200
    await nowhere(person, secret, "/developers", "/developers/keys")
    assert "You have 1 test key." in (await person.open("/developers")).text


async def test_members_see_no_keys(at_desk: At) -> None:
    member = await at_desk("member")
    await member.open("/developers")
    assert not member.can("/developers")
    assert "/developers/keys" not in member.page.links
    await member.open("/developers/keys", 403)


@pytest.fixture
async def endpoint(at_desk: At, services: Services) -> tuple[Person, str]:
    """An admin at the page of a new endpoint, in test mode; nothing is sent in these tests."""
    person = await at_desk("admin")
    await person.open("/developers/webhooks/new")
    await person.send("/developers/webhooks/new", 400, url="https://10.0.0.1/hook", events="customer.created")
    assert "url-error" in person.text
    await person.send("/developers/webhooks/new", url="https://hooks.example.com/deals", events="deal.*")
    secret = the_secret(person)
    address = next(link for link in person.page.links if re.fullmatch(r"/developers/webhooks/wh_\w+", link))
    await nowhere(person, secret, "/developers/webhooks", address)
    return person, address


async def test_an_endpoint_is_changed_paused_and_removed(endpoint: tuple[Person, str]) -> None:
    person, address = endpoint
    await person.send(f"{address}/status")
    assert "Paused" in person.text
    assert not person.can(f"{address}/replay"), "a paused endpoint receives nothing"
    await person.send(f"{address}/status")
    await person.open(f"{address}/edit")
    assert person.form(f"{address}/edit").fields["events"] == "deal.*"
    await person.send(f"{address}/edit", description="Ledger", events="*")
    assert '<h1 class="address">Ledger</h1>' in person.text
    await person.send(f"{address}/secret", overlap_seconds="3600")
    await person.send(f"{address}/secret")
    the_secret(person)
    await person.open(address)
    await person.send(f"{address}/remove")
    await person.send(f"{address}/remove")
    assert "No endpoints yet" in person.text


async def test_what_is_due_stands_at_the_endpoint(endpoint: tuple[Person, str]) -> None:
    person, address = endpoint
    await person.open("/developers/webhooks")
    await person.send("/developers/webhooks/simulate", event="deal.closed")
    assert "deal.closed goes to 1 endpoint" in person.text
    await person.open(f"{address}?status=failed")
    assert "No delivery matches" in person.text
    await person.open("/developers/events?since=2199-01-01T00:00")
    assert "No event matches" in person.text
    await person.open("/developers/dead-letters")
    assert "No dead letters" in person.text


async def test_jobs_are_counted_and_cleared(at_desk: At) -> None:
    person = await at_desk("member")
    await a_product(person)
    await person.open("/developers/jobs")
    await person.send("/developers/jobs/purge", older_than_days="-1")
    assert "Remove old jobs?" in person.text
    await person.send("/developers/jobs/purge", 400)
    assert "older_than_days-error" in person.text
    await person.send("/developers/jobs/purge", older_than_days="0")
    await person.send("/developers/jobs/purge")
    assert "jobs were removed" in person.text


async def test_the_outbox_shows_what_was_written_and_no_invitations(at_desk: At, workspace: Workspace) -> None:
    person = await at_desk("admin", workspace)
    await person.open("/developers/outbox")
    assert "Nothing was written yet" in person.text
    await person.open("/settings/team")
    await person.send("/settings/team/invite", email="new@example.com", role="viewer")
    live = await at_desk("admin", workspace, livemode=True)
    await live.open("/developers/outbox")
    assert "new@example.com" in live.text
    assert "Its text is for its reader alone" in live.text
    assert "/invitations/" not in live.text
    await (await at_desk("member", workspace)).open("/developers/outbox", 403)
    stranger = await at_desk("admin", livemode=True)
    assert "new@example.com" not in (await stranger.open("/developers/outbox")).text
