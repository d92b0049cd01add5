"""Reports of browsers about the content security policy."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.platform import csp
from tests.conftest import Another, Client, TestClock

SAMPLE = {
    "csp-report": {
        "document-uri": "https://salesbooth.com/deals",
        "violated-directive": "script-src",
        "blocked-uri": "https://evil.example.com/script.js",
    }
}


async def report(
    http: httpx.AsyncClient, body: Any = SAMPLE, kind: str = "application/json", **query: str
) -> httpx.Response:
    options = {"content": body} if isinstance(body, bytes) else {"json": body}
    return await http.post("/api/v1/csp-report", params=query, headers={"Content-Type": kind}, **options)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/csp-report", "application/csp-report; charset=utf-8"]
)
async def test_the_documented_sample(http: httpx.AsyncClient, kind: str) -> None:
    response = await report(http, kind=kind)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"csp-report": 1}', b"\xff", b'"csp-report"'])
async def test_what_is_no_report(another: Another, body: bytes) -> None:
    async with another() as http:
        response = await report(http, body)
        assert (response.status_code, response.json()["code"]) == (400, "validation_error.invalid_fields")


async def test_reports_are_small_and_few(another: Another) -> None:
    async with another() as http:
        assert (await report(http, b'{"csp-report": {"x": "' + b"y" * 65_536 + b'"}}')).status_code == 413
        assert (await report(http, b"x", "text/plain")).status_code == 400
        answers = [(await report(http)).status_code for _ in range(30)]
        assert (answers.count(204), answers.count(429)) == (28, 2)


def test_nothing_of_the_person_is_kept() -> None:
    found = csp.facts(
        {
            "document-uri": "https://deals.example/portal/deal_06h028i7idvmn8cbn4odicg46c/jane@example.com?token=secret",
            "effective-directive": "script-src-elem",
            "blocked-uri": "https://evil.example:8443/collect?email=jane@example.com",
        }
    )
    assert found == {"directive": "script-src-elem", "page": "/portal/*/*", "blocked": "https://evil.example"}


VALUES = st.one_of(
    st.none(), st.text(max_size=50), st.integers(), st.lists(st.text(max_size=5)), st.just("http://[::1")
)


@given(st.fixed_dictionaries({"document-uri": VALUES, "violated-directive": VALUES, "blocked-uri": VALUES}))
def test_any_report_is_cut_to_harmless_words(found: dict[str, Any]) -> None:
    for value in csp.facts(found).values():
        assert len(value) < 400
        assert value.isascii()
        assert "@" not in value


@given(st.integers(0, 10_000))
def test_a_spike_is_many_and_much_more_than_usual(before: int) -> None:
    threshold = csp.threshold(before)
    assert threshold >= csp.FEW
    assert threshold * csp.BEFORE >= csp.TIMES * before


async def test_a_spike_is_told_once(
    another: Another, api: Client, services: Services, clock: TestClock, outbox: Any
) -> None:
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    window = csp.window(clock() + timedelta(seconds=5))
    async with services.database.transaction(tenant, True) as tx:
        await tx.connection.execute("INSERT INTO csp_windows VALUES ($1, true, $2, 18, false)", tenant, window)
    async with another() as http:
        answers = await asyncio.gather(*(report(http, workspace=api.tenant_id) for _ in range(10)))
        assert {answer.status_code for answer in answers} == {204}
        assert (await report(http, workspace="tenant_nobody")).status_code == 204
        assert (await report(http, workspace=ids.encode("tenant", ids.uuid7()))).status_code == 204
    told = [data for name, data in await outbox(api, livemode=True) if name == "security.csp_spike"]
    assert len(told) == 1
    assert told[0]["violated_directive"] == "script-src"
    assert told[0]["window_seconds"] == 300


def test_windows_do_not_overlap() -> None:
    now = datetime.fromisoformat("2026-03-15T12:04:59+00:00")
    assert csp.window(now) == datetime.fromisoformat("2026-03-15T12:00:00+00:00")
    assert csp.window(now + timedelta(seconds=1)) == datetime.fromisoformat("2026-03-15T12:05:00+00:00")
