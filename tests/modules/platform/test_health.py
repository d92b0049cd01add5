"""The health operation: what it says when all is well, and when something is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.app import Application
from dealwright.kernel import health
from dealwright.kernel.errors import Unavailable
from dealwright.kernel.health import Check, Finding, Unhealthy
from dealwright.modules.platform import rules


def caller(app: Application, address: str) -> httpx.AsyncClient:
    """A caller of its own address: the operation allows ten calls a minute from each."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app, client=(address, 1)), base_url="http://testserver")


async def test_all_is_well(app: Application) -> None:
    async with caller(app, "10.1.0.1") as http:
        response = await http.get("/api/v1/health")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    report = response.json()
    assert set(report) == {"status", "checks", "timestamp"}, "the answer stands alone"
    assert report["status"] == "healthy"
    assert report["timestamp"].endswith("Z")
    assert report["checks"]["database"]["status"] == "ok"
    assert report["checks"]["database"]["latency_ms"] >= 0
    assert report["checks"]["migrations"]["revision"]
    assert report["checks"]["redis"] == {"status": "not_configured"}
    assert report["checks"]["queue"]["status"] == "ok"
    assert report["checks"]["queue"]["pending"] >= 0


async def test_liveness_asks_nothing_and_readiness_what_is_critical(app: Application) -> None:
    async with caller(app, "10.1.0.2") as http:
        alive = await http.get("/api/v1/health?type=liveness")
        ready = await http.get("/api/v1/health?type=readiness")
        wrong = await http.get("/api/v1/health?type=other")
    assert (alive.status_code, alive.json()["checks"]) == (200, {})
    assert set(ready.json()["checks"]) == {"database", "migrations"}
    assert wrong.status_code == 400
    assert "type" in wrong.json()["details"]["fields"]


async def test_ten_calls_a_minute_from_one_address(app: Application) -> None:
    async with caller(app, "10.1.0.3") as http:
        statuses = [(await http.get("/api/v1/health?type=liveness")).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


async def test_a_database_that_is_away_is_said_so(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.services is not None

    async def away() -> Mapping[str, Any]:
        raise Unavailable("The database is not reachable at the moment")

    checks = [Check("database", away), Check("redis", None, critical=False)]
    monkeypatch.setattr(app.services.pipeline, "_checks", checks)
    async with caller(app, "10.1.0.4") as http:
        response = await http.get("/api/v1/health")
        alive = await http.get("/api/v1/health?type=liveness")
    assert response.status_code == 503
    report = response.json()
    assert report["status"] == "unhealthy"
    assert report["checks"]["database"]["status"] == "failed"
    assert report["checks"]["database"]["message"] == "The database is not reachable at the moment"
    assert alive.status_code == 200


async def test_a_check_that_hangs_or_breaks_is_a_finding() -> None:
    async def hangs() -> Mapping[str, Any]:
        await asyncio.sleep(60)
        return {}

    async def breaks() -> Mapping[str, Any]:
        raise RuntimeError("password=secret")

    async def wrong() -> Mapping[str, Any]:
        raise Unhealthy("the database is at revision 0001, this server needs 0002")

    found = await health.ask_all([Check("a", hangs), Check("b", breaks, critical=False), Check("c", wrong)], 0.05)
    assert [each.state for each in found] == ["failed"] * 3
    assert found[0].message == "no answer within 0.05 s"
    assert "secret" not in str(found[1].message)
    assert found[2].message == "the database is at revision 0001, this server needs 0002"


findings = st.builds(
    Finding,
    name=st.text(),
    state=st.sampled_from(["ok", "failed", "not_configured"]),
    critical=st.booleans(),
)


@given(st.lists(findings))
def test_the_verdict_follows_the_worst_finding(found: list[Finding]) -> None:
    failed = [each for each in found if each.state == "failed"]
    verdict = rules.verdict(found)
    assert (verdict == "healthy") == (not failed)
    assert (verdict == "unhealthy") == any(each.critical for each in failed)
    assert rules.verdict(list(reversed(found))) == verdict
