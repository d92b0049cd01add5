"""From a signature to the end: into force, renewed by hand, declined, terminated; and two callers at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.modules.contracts import schedule
from tests.conftest import Client
from tests.modules.contracts.conftest import Calendar, act, new_contract, read
from tests.modules.signing.conftest import deal_out_for_signature

InForce = Callable[..., Awaitable[dict[str, Any]]]


async def fired(outbox: Any, api: Client, name: str) -> list[dict[str, Any]]:
    return [data for event, data in await outbox(api) if event == name]


async def test_into_force(api: Client, signed: dict[str, Any], outbox: Any) -> None:
    active = await act(api, signed, "activate")
    assert (active["status"], active["version"]) == ("active", 3)
    [event] = await fired(outbox, api, "contract.activated")
    assert event == {
        "id": signed["id"],
        "deal_id": None,
        "customer_id": signed["customer_id"],
        "activated_at": active["activated_at"],
    }
    assert (await act(api, signed, "activate", 409))["code"] == "conflict.invalid_transition"


async def test_a_contract_that_is_over_is_not_activated(api: Client) -> None:
    past = await new_contract(api, start_date="2020-01-01", end_date="2020-12-31")
    await act(api, past, "activate", 409)
    await act(api, past, "sign")
    refused = await act(api, past, "activate", 409)
    assert refused["details"]["conditions"] == ["end_date_not_passed"]


async def test_terminating(api: Client, active: dict[str, Any], outbox: Any) -> None:
    for bad in ({"reason": 7}, {"effective_date": "soon"}, {"effective_date": "2031-04-01"}):
        await act(api, active, "terminate", 400, **bad)
    done = await act(api, active, "terminate", reason="Customer request", effective_date="2030-06-01")
    assert (done["status"], done["terminated_at"], done["reason"]) == (
        *("terminated", "2030-06-01T00:00:00Z", "Customer request"),
    )
    [event] = await fired(outbox, api, "contract.terminated")
    assert event == {
        "id": active["id"],
        "deal_id": None,
        "customer_id": active["customer_id"],
        "reason": "Customer request",
        "terminated_at": "2030-06-01T00:00:00Z",
    }
    trail = (await read(api, active, action="audit"))["audit_entries"]
    assert [each["action"] for each in trail] == [
        *("contract.created", "contract.signed", "contract.activated", "contract.terminated")
    ]
    assert trail[-1]["changes"]["reason"] == "Customer request"
    for action in ("terminate", "activate", "sign"):
        assert (await act(api, active, action, 409))["code"] == "conflict.invalid_transition"
    for action in ("renew", "opt_out_renewal"):
        assert (await act(api, active, action, 409))["code"] == "conflict.invalid_state"


async def test_a_draft_is_not_terminated(api: Client, draft: dict[str, Any]) -> None:
    for action, code in (
        ("terminate", "conflict.invalid_transition"),
        ("activate", "conflict.invalid_transition"),
        ("renew", "conflict.invalid_state"),
        ("opt_out_renewal", "conflict.invalid_state"),
    ):
        assert (await act(api, draft, action, 409))["code"] == code, action


async def test_renewing_by_hand(api: Client, active: dict[str, Any], outbox: Any) -> None:
    renewed = await act(api, active, "renew")
    assert (renewed["status"], renewed["start_date"]) == ("active", "2030-04-01")
    assert (renewed["previous_end_date"], renewed["end_date"], renewed["value"]) == (
        *("2031-03-31", "2032-03-31", "12000.00"),
    )
    half = await act(api, active, "renew", end_date="2032-09-30", value=6500.5)
    assert (half["end_date"], half["value"]) == ("2032-09-30", "6500.50")
    assert (await act(api, active, "renew"))["end_date"] == "2033-03-31", "the length of the previous term"
    for bad in ({"end_date": "2033-03-31"}, {"end_date": "2030-01-01"}, {"value": -1}, {"end_date": "x"}):
        await act(api, active, "renew", 400, **bad)
    names = [name for name, _ in await outbox(api) if name.startswith("contract.")]
    assert names == ["contract.signed", "contract.activated"], "the published events have none for it"
    plan = (await read(api, active, include="renewal"))["renewal"]
    assert [(each["number"], each["automatic"], each["end_date"]) for each in plan["renewals"]] == [
        *((1, False, "2032-03-31"), (2, False, "2032-09-30"), (3, False, "2033-03-31"))
    ]
    assert (plan["renews_automatically"], plan["next_end_date"]) == (True, "2033-09-30")
    assert (plan["notice_on"], plan["opt_out_until"]) == ("2033-03-01", "2033-03-31")


async def test_terms_say_how_it_is_renewed(api: Client, in_force: InForce) -> None:
    terms = {"period_months": 1, "price_adjustment_percent": 2.5}
    monthly = await in_force(start_date="2030-01-31", end_date="2030-02-28", value=100, renewal_terms=terms)
    ends = [await act(api, monthly, "renew") for _ in range(3)]
    assert [each["end_date"] for each in ends] == ["2030-03-31", "2030-04-30", "2030-05-31"]
    assert [each["value"] for each in ends] == ["102.50", "105.06", "107.69"]
    assert (await act(api, monthly, "renew", value=50))["value"] == "50.00"


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"end_date": "9999-06-30"}, "end_date"),
        ({"value": 999999999999, "renewal_terms": {"price_adjustment_percent": 10}}, "value"),
    ],
)
async def test_a_term_beyond_all_bounds_is_refused(
    api: Client, in_force: InForce, members: dict[str, Any], field: str
) -> None:
    made = await in_force(**members)
    assert field in (await act(api, made, "renew", 400))["details"]["fields"]
    assert (await read(api, made))["version"] == made["version"]


async def test_declining_the_renewal(api: Client, in_force: InForce, calendar: Calendar, outbox: Any) -> None:
    made = await in_force(renewal_terms={"opt_out_days": 60})
    late = await in_force(renewal_terms={"opt_out_days": 60})
    calendar.go(date(2031, 1, 30))
    declined = await act(api, made, "opt_out_renewal", reason="Too dear")
    assert (declined["renewal_type"], declined["status"]) == ("none", "active")
    [event] = await fired(outbox, api, "contract.renewal_opted_out")
    assert event["customer_id"] == made["customer_id"]
    assert event["opted_out_at"].startswith("2031-01-30")
    assert (await act(api, made, "opt_out_renewal", 409))["code"] == "conflict.invalid_state"
    assert (await act(api, made, "renew", 409))["code"] == "conflict.invalid_state", "renewal_type is none"
    calendar.go(date(2031, 1, 31))
    refused = await act(api, late, "opt_out_renewal", 409)
    assert refused["details"]["opt_out_until"] == "2031-01-30"
    patched = await api.patch(f"/contracts?id={late['id']}", {"renewal_type": "none"}, version="*")
    assert patched.status_code == 409, "nor by a way round it"


async def test_writing_another_renewal_type_is_opting_out(api: Client, active: dict[str, Any], outbox: Any) -> None:
    path = f"/contracts?id={active['id']}"
    assert (await api.patch(path, {"renewal_type": "manual"}, version="*")).is_success
    assert (await api.patch(path, {"renewal_type": "none"}, version="*")).is_success
    assert len(await fired(outbox, api, "contract.renewal_opted_out")) == 1


async def test_two_who_renew_the_same_version_renew_once(api: Client, active: dict[str, Any]) -> None:
    path = f"/contracts?id={active['id']}&action=renew"
    headers = {"If-Match": str(active["version"])}
    answers = await asyncio.gather(*(api.post(path, {}, headers=headers) for _ in range(5)))
    assert sorted(each.status_code for each in answers) == [200, 412, 412, 412, 412]
    assert (await read(api, active))["end_date"] == "2032-03-31"


async def test_who_comes_second_finds_it_terminated(api: Client, active: dict[str, Any], outbox: Any) -> None:
    path = f"/contracts?id={active['id']}&action="
    renewed, ended = await asyncio.gather(api.post(f"{path}renew", {}), api.post(f"{path}terminate", {}))
    assert ended.status_code == 200
    assert renewed.status_code in (200, 409)
    assert (await read(api, active))["status"] == "terminated"
    assert (await read(api, active, action="verify_audit"))["status"] == "intact"


async def test_signing_and_changing_at_once_never_leaves_other_content(api: Client, http: Any) -> None:
    """Whoever comes first, a signed contract is what was signed."""
    for _ in range(5):
        draft = await new_contract(api)
        path = f"/contracts?id={draft['id']}"
        changed, signed = await asyncio.gather(
            api.patch(path, {"value": 1}, version="*"), api.post(f"{path}&action=sign", {})
        )
        assert signed.status_code == 200
        assert changed.status_code in (200, 409)
        verified = await http.get("/api/v1/deals/verify", params={"contract_id": draft["id"]})
        assert verified.json()["data"]["verification"]["status"] == "verified"


async def test_a_deal_that_closes_brings_its_contract_into_force(
    api: Client, services: Services, calendar: Calendar, outbox: Any
) -> None:
    deal = await deal_out_for_signature(api)
    today = datetime.now(UTC).date()
    later = (today + timedelta(days=40)).isoformat()
    now = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    then = await api.data(
        "POST", "/contracts", json={"deal_id": deal["id"], "start_date": later, "end_date": "2050-01-01"}
    )
    unsigned = await api.data("POST", "/contracts", json={"deal_id": deal["id"]})
    for each in (now, then):
        await act(api, each, "sign")
    assert await calendar.run() == 0, "the deal is still open"
    for status in ("pending_payment", "closed"):
        response = await api.post(f"/deals?id={deal['id']}&action=transition&status={status}")
        assert response.is_success
    assert response.headers["x-job-id"].startswith("job_")
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, False, read_only=True) as tx:
        jobs = await tx.connection.fetch("SELECT type, arguments FROM jobs")
    assert [(each["type"], each["arguments"]) for each in jobs] == [("contract.finalise", {"deal_id": deal["id"]})]
    steps = await services.pipeline.steps_within(tenant, False)
    for activated in (1, 0):
        done = await schedule.finalise.run(steps, schedule.OfDeal(deal_id=deal["id"]))
        assert done == {"activated": activated}, "a job may run again"
    assert await calendar.run() == 0
    assert (await read(api, now))["status"] == "active"
    assert (await read(api, then))["status"] == "signed"
    assert await calendar.on(today + timedelta(days=41)) >= 1
    assert (await read(api, then))["status"] == "active"
    assert (await read(api, unsigned))["status"] == "draft"
    assert len(await fired(outbox, api, "contract.activated")) == 2
