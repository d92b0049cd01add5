"""What happens by the calendar: notices, automatic renewals, expiry; once each, however many workers there are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import httpx
import pytest

from dealwright.kernel.jobs import schedules
from tests.conftest import Client
from tests.modules.contracts.conftest import Calendar, act, new_contract, read

InForce = Callable[..., Awaitable[dict[str, Any]]]


async def fired(outbox: Any, api: Client, name: str) -> list[dict[str, Any]]:
    return [data for event, data in await outbox(api) if event == name]


def test_it_is_on_the_schedule() -> None:
    assert "contracts.terms" in schedules.names()


async def test_a_year_goes_by(
    api: Client, active: dict[str, Any], calendar: Calendar, outbox: Any, http: httpx.AsyncClient
) -> None:
    assert await calendar.on(date(2031, 2, 28)) == 0
    assert await calendar.on(date(2031, 3, 1)) == 1
    assert await calendar.on(date(2031, 3, 2)) == 0, "the notice is given once"
    [notice] = await fired(outbox, api, "contract.renewal_upcoming")
    assert notice == {
        "id": active["id"],
        "customer_id": active["customer_id"],
        "end_date": "2031-03-31",
        "days_remaining": 30,
    }
    assert await calendar.on(date(2031, 3, 31)) == 0, "its last day"
    assert await calendar.on(date(2031, 4, 1)) == 1
    renewed = await read(api, active)
    assert (renewed["status"], renewed["start_date"], renewed["end_date"]) == ("active", "2030-04-01", "2032-03-31")
    [event] = await fired(outbox, api, "contract.auto_renewed")
    assert event.pop("renewed_at").startswith("2031-04-01")
    assert event == {
        "id": active["id"],
        "new_contract_id": active["id"],
        "start_date": "2031-04-01",
        "end_date": "2032-03-31",
    }
    assert await calendar.on(date(2032, 3, 1)) == 1, "the next notice"
    assert (await read(api, active, action="verify_audit"))["status"] == "intact"
    verified = await http.get("/api/v1/deals/verify", params={"contract_id": active["id"]})
    assert verified.json()["data"]["verification"]["status"] == "verified"


async def test_two_workers_renew_once(api: Client, in_force: InForce, calendar: Calendar, outbox: Any) -> None:
    made = [await in_force() for _ in range(3)]
    calendar.go(date(2031, 3, 15))
    await asyncio.gather(*(calendar.run() for _ in range(4)))
    assert len(await fired(outbox, api, "contract.renewal_upcoming")) == 3
    calendar.go(date(2031, 4, 1))
    await asyncio.gather(*(calendar.run() for _ in range(4)))
    assert sorted(each["id"] for each in await fired(outbox, api, "contract.auto_renewed")) == sorted(
        each["id"] for each in made
    )
    for each in made:
        after = await read(api, each, include="renewal")
        assert (after["end_date"], len(after["renewal"]["renewals"])) == ("2032-03-31", 1)


async def test_renewing_by_hand_beside_the_worker_extends_twice_or_is_told(
    api: Client, in_force: InForce, calendar: Calendar
) -> None:
    made = await in_force()
    calendar.go(date(2031, 4, 1))
    headers = {"If-Match": str(made["version"])}
    by_hand, _ = await asyncio.gather(
        api.post(f"/contracts?id={made['id']}&action=renew", {}, headers=headers), calendar.run()
    )
    assert by_hand.status_code in (200, 412)
    assert (await read(api, made))["end_date"] == "2032-03-31", "one term in either case"


async def test_terms_that_were_missed_are_made_up_for(
    api: Client, in_force: InForce, calendar: Calendar, outbox: Any
) -> None:
    terms = {"period_months": 1, "price_adjustment_percent": 10}
    made = await in_force(start_date="2030-01-31", end_date="2030-02-28", value=100, renewal_terms=terms)
    assert await calendar.on(date(2030, 6, 15)) == 1
    events = await fired(outbox, api, "contract.auto_renewed")
    assert [each["end_date"] for each in events] == ["2030-03-31", "2030-04-30", "2030-05-31", "2030-06-30"]
    after = await read(api, made)
    assert (after["end_date"], after["value"], after["status"]) == ("2030-06-30", "146.41", "active")


@pytest.mark.parametrize("kind", ["manual", "none"])
async def test_what_does_not_renew_itself_expires(
    api: Client, in_force: InForce, calendar: Calendar, outbox: Any, kind: str
) -> None:
    made = await in_force(renewal_type=kind)
    assert await calendar.on(date(2031, 3, 20)) == 0, "no notice either"
    assert await calendar.on(date(2031, 4, 2)) == 1
    assert await calendar.run() == 0
    expired = await read(api, made)
    assert expired["status"] == "expired"
    assert not await fired(outbox, api, "contract.auto_renewed")
    await act(api, made, "terminate", 409)
    if kind == "none":
        await act(api, made, "renew", 409)
        return
    calendar.go(date(2034, 1, 1))
    refused = await act(api, made, "renew", 400)
    assert "in the past" in refused["message"]
    again = await act(api, made, "renew", end_date="2034-12-31")
    assert (again["status"], again["previous_end_date"]) == ("active", "2031-03-31")


async def test_it_renews_no_more_often_than_agreed(
    api: Client, in_force: InForce, calendar: Calendar, outbox: Any
) -> None:
    made = await in_force(renewal_terms={"max_renewals": 1, "notice_days": 10})
    assert await calendar.on(date(2031, 3, 21)) == 1
    assert await calendar.on(date(2031, 4, 1)) == 1
    assert await calendar.on(date(2032, 3, 30)) == 0, "there is nothing to announce"
    assert await calendar.on(date(2032, 4, 1)) == 1
    assert (await read(api, made))["status"] == "expired"
    assert len(await fired(outbox, api, "contract.renewal_upcoming")) == 1


async def test_who_declined_is_not_renewed(api: Client, in_force: InForce, calendar: Calendar, outbox: Any) -> None:
    made = await in_force()
    await act(api, made, "opt_out_renewal")
    assert await calendar.on(date(2031, 3, 20)) == 0
    assert await calendar.on(date(2031, 4, 1)) == 1
    assert (await read(api, made))["status"] == "expired"


@pytest.mark.parametrize("why", ["customer_archived", "value_out_of_range"])
async def test_a_renewal_that_fails_is_told_and_the_contract_ends(
    api: Client, in_force: InForce, calendar: Calendar, outbox: Any, why: str
) -> None:
    made = await in_force(value=999999999999, renewal_terms={"price_adjustment_percent": 5})
    if why == "customer_archived":
        await api.delete(f"/customers?id={made['customer_id']}", version=1)
    assert await calendar.on(date(2031, 4, 1)) == 1
    assert await calendar.run() == 0
    [event] = await fired(outbox, api, "contract.renewal_failed")
    assert (event["id"], event["reason"]) == (made["id"], why)
    assert (await read(api, made))["status"] == "expired"


async def test_only_what_is_in_force_is_renewed(api: Client, draft: dict[str, Any], calendar: Calendar) -> None:
    waiting = await new_contract(api)
    await act(api, waiting, "sign")
    assert await calendar.on(date(2031, 4, 1)) == 0
    assert [(await read(api, each))["status"] for each in (draft, waiting)] == ["draft", "signed"]


async def test_a_notice_follows_the_terms(api: Client, active: dict[str, Any], calendar: Calendar, outbox: Any) -> None:
    path = f"/contracts?id={active['id']}"
    assert (await api.patch(path, {"renewal_terms": {"notice_days": 5}}, version="*")).is_success
    assert await calendar.on(date(2031, 3, 25)) == 0
    assert await calendar.on(date(2031, 3, 26)) == 1
    assert (await api.patch(path, {"renewal_terms": {"notice_days": 6}, "notes": "x"}, version="*")).is_success
    assert await calendar.run() == 0, "that end was announced"
    [event] = await fired(outbox, api, "contract.renewal_upcoming")
    assert event["days_remaining"] == 5
