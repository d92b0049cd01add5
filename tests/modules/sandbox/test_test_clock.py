"""A workspace's test mode moves through time, and what falls due on the way happens there and nowhere else."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from dealwright.app import Services
from dealwright.kernel import clock as clocks
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from dealwright.kernel.store.one_workspace import OneWorkspace
from dealwright.modules.sandbox import test_clock
from tests.conftest import Client, Workspace
from tests.shop import LINES, open_shop


def moment(text: str) -> datetime:
    return clocks.parse_iso(text)


def near(one: datetime, two: datetime) -> bool:
    return abs(one - two) < timedelta(seconds=10)


async def ready(api: Client, ahead: int) -> None:
    """Wait until this process has heard of the change."""
    until = time.monotonic() + 2
    while (await api.data("GET", "/test-clock"))["ahead_seconds"] != ahead:
        assert time.monotonic() < until
        await asyncio.sleep(0.005)


async def created_at(api: Client) -> datetime:
    json = {"name": "Jane", "email": f"{ids.token(8)}@example.com"}
    return moment((await api.data("POST", "/customers", json=json))["created_at"])


async def test_without_a_clock_test_mode_goes_by_the_servers(api: Client) -> None:
    found = await api.data("GET", "/test-clock")
    assert (found["active"], found["ahead_seconds"]) == (False, 0)
    assert near(moment(found["now"]), utc_now())
    assert (await api.delete("/test-clock")).status_code == 404
    assert (await api.post("/test-clock?action=advance", {"days": 1})).status_code == 404


async def test_calls_follow_the_clock(workspace: Workspace, api: Client) -> None:
    made = await api.data("POST", "/test-clock", expect=201, json={})
    assert (made["active"], made["ahead_seconds"], made["environment"]) == (True, 0, "test")
    assert (await api.post("/test-clock", {})).status_code == 409
    advanced = await api.data("POST", "/test-clock?action=advance", json={"days": 30, "hours": 2})
    assert near(moment(advanced["now"]), utc_now() + timedelta(days=30, hours=2))
    await ready(api, advanced["ahead_seconds"])
    assert near(await created_at(api), utc_now() + timedelta(days=30, hours=2))
    assert near(await created_at(await workspace.key("live")), utc_now()), "live mode has no test clock"
    assert (await api.get("/customers")).headers["x-ratelimit-limit"], "keys hold and limits count in real time"
    goal = utc_now().replace(microsecond=0) + timedelta(days=40)
    advanced = await api.data("POST", "/test-clock?action=advance", json={"to": goal.isoformat()})
    assert near(moment(advanced["now"]), goal)
    removed = await api.data("DELETE", "/test-clock")
    assert (removed["active"], removed["ahead_seconds"]) == (False, 0)
    await ready(api, 0)
    assert near(await created_at(api), utc_now())


async def test_a_clock_may_begin_ahead_but_not_in_the_past(api: Client) -> None:
    refused = await api.post("/test-clock", {"now": "2020-01-01T00:00:00Z"})
    assert refused.status_code == 400
    assert list(refused.json()["details"]["fields"]) == ["now"]
    start = datetime(utc_now().year + 1, 1, 1, tzinfo=UTC)
    made = await api.data("POST", "/test-clock", json={"now": start.isoformat()})
    assert near(moment(made["now"]), start)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({}, "to"),
        ({"to": "2020-01-01T00:00:00Z"}, "to"),
        ({"days": 1, "to": "2099-01-01T00:00:00Z"}, "to"),
        ({"days": 401}, "days"),
        ({"days": -1}, "days"),
        ({"days": 400, "hours": 1}, "to"),
        ({"to": "soon"}, "to"),
    ],
)
async def test_a_step_that_cannot_be_taken(api: Client, body: dict[str, Any], name: str) -> None:
    await api.data("POST", "/test-clock", json={})
    refused = await api.post("/test-clock?action=advance", body)
    assert refused.status_code == 400, refused.text
    assert list(refused.json()["details"]["fields"]) == [name]
    assert (await api.data("GET", "/test-clock"))["ahead_seconds"] == 0


async def test_a_clock_ends_ten_years_from_now(api: Client) -> None:
    start = utc_now() + timedelta(days=3600)
    await api.data("POST", "/test-clock", json={"now": start.isoformat()})
    assert (await api.post("/test-clock?action=advance", {"days": 60})).status_code == 400


async def test_live_keys_have_no_clock(workspace: Workspace) -> None:
    live = await workspace.key("live")
    for method, path in (("GET", ""), ("POST", ""), ("POST", "?action=advance"), ("DELETE", "")):
        response = await live.request(method, f"/test-clock{path}", json={"days": 1} if method == "POST" else None)
        assert (response.status_code, response.json()["code"]) == (403, "SANDBOX_ONLY")


async def test_what_falls_due_happens_at_its_day_and_here_alone(
    workspace: Workspace, api: Client, other: Client, services: Services
) -> None:
    shops = {
        "ours": await open_shop(workspace),
        "live": await open_shop(workspace, kind="live"),
        "theirs": await open_shop(_same(workspace, other)),
    }
    expires = utc_now() + timedelta(days=10)
    quotes = {}
    for name, shop in shops.items():
        body = {"customer_id": await shop.customer(), "line_items": LINES, "expires_at": expires.isoformat()}
        quotes[name] = (await shop.made("/quotes", body))["id"]
    await api.data("POST", "/test-clock", json={})
    await api.data("POST", "/test-clock?action=advance", json={"days": 5})
    assert await _expired(services, api, quotes["ours"]) is None
    await api.data("POST", "/test-clock?action=advance", json={"days": 90})
    at = await _expired(services, api, quotes["ours"])
    assert at is not None
    assert expires <= at <= expires + timedelta(days=1), "on the day on which it fell due, not on the last one"
    assert (await shops["live"].get(f"/quotes/{quotes['live']}")).json()["status"] == "draft"
    assert (await shops["theirs"].get(f"/quotes/{quotes['theirs']}")).json()["status"] == "draft"


def _same(workspace: Workspace, other: Client) -> Workspace:
    room = Workspace(workspace.services, workspace.http)
    room.name = other.workspace
    return room


async def _expired(services: Services, api: Client, quote: str) -> datetime | None:
    """When the expiry of a quote was entered in the audit trail."""
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        at: datetime | None = await tx.connection.fetchval(
            "SELECT created_at FROM audit_log WHERE entity_id = $1 AND action = 'quote.expired'", quote
        )
    return at


async def test_time_goes_on_by_itself(workspace: Workspace, api: Client, services: Services) -> None:
    shop = await open_shop(workspace)
    await api.data("POST", "/test-clock", json={"now": (utc_now() + timedelta(days=20)).isoformat()})
    expires = (utc_now() + timedelta(days=20, seconds=0.5)).isoformat()
    body = {"customer_id": await shop.customer(), "line_items": LINES, "expires_at": expires}
    quote = (await shop.made("/quotes", body))["id"]
    await asyncio.sleep(0.6)
    await test_clock.keep_going(services.pipeline)
    assert await _expired(services, api, quote) is not None


async def test_a_reset_removes_the_clock(api: Client) -> None:
    await api.data("POST", "/test-clock", json={})
    await api.data("POST", "/test-clock?action=advance", json={"days": 3})
    await api.data("POST", "/sandbox/reset")
    await ready(api, 0)
    assert (await api.data("GET", "/test-clock"))["active"] is False


async def test_every_schedule_of_the_business_can_run_inside_one_workspace(api: Client, services: Services) -> None:
    """What cannot looks after the server itself: declare it ``real_time``."""
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    with structlog.testing.capture_logs() as logged:
        await services.pipeline.catch_up(tenant, utc_now() + timedelta(days=400))
    assert [each for each in logged if each["event"] == "schedule_failed"] == []


async def test_a_narrowed_database_reaches_nothing_else(
    workspace: Workspace, api: Client, other: Client, services: Services
) -> None:
    await created_at(api)
    await created_at(other)
    await created_at(await workspace.key("live"))
    tenant, foreign = (ids.decode("tenant", each.tenant_id) for each in (api, other))
    assert tenant is not None and foreign is not None
    narrowed = OneWorkspace(services.database, tenant)
    async with narrowed.system() as tx:
        rows = await tx.connection.fetch("SELECT tenant_id, livemode FROM customers")
    assert [(row["tenant_id"], row["livemode"]) for row in rows] == [(tenant, False)]
    for elsewhere in ((foreign, False), (tenant, True)):
        with pytest.raises(AssertionError):
            narrowed.transaction(*elsewhere)


async def test_a_quarter_is_quick(api: Client) -> None:
    await api.data("POST", "/test-clock", json={})
    start = time.perf_counter()
    await api.data("POST", "/test-clock?action=advance", json={"days": 91})
    assert time.perf_counter() - start < 30
