"""The laws of terms and renewals, and the state machine as a table."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.app import Application
from dealwright.modules.contracts import rules
from dealwright.modules.contracts.rules import MACHINE, STATUSES, Facts, Rhythm, Unrenewable, add_months

DAY = timedelta(days=1)
days = st.dates(date(1990, 1, 1), date(2200, 12, 31))
months = st.integers(1, 60)


def contract(start: date, end: date, **members: Any) -> dict[str, Any]:
    return {
        "status": "active",
        "agreed_from": start,
        "agreed_until": end,
        "end_date": end,
        "renewal_type": "auto",
        "renewal_terms": None,
        "renewals": 0,
        "value": Decimal("12000"),
        "currency": "USD",
        **members,
    }


@pytest.mark.parametrize(
    ("start", "end", "period", "ends"),
    [
        # A year, its last day written down.
        ("2026-04-01", "2027-03-31", None, ["2028-03-31", "2029-03-31", "2030-03-31"]),
        # A year, the first day after it written down.
        ("2026-04-01", "2027-04-01", None, ["2028-04-01", "2029-04-01"]),
        # Month ends clamp and return.
        ("2026-01-31", "2026-02-28", None, ["2026-03-31", "2026-04-30", "2026-05-31"]),
        ("2027-12-31", "2028-01-31", None, ["2028-02-29", "2028-03-31"]),
        ("2026-01-01", "2026-01-31", None, ["2026-02-28", "2026-03-31", "2026-04-30"]),
        # Other lengths than the first term's.
        ("2026-04-01", "2027-03-31", 1, ["2027-04-30", "2027-05-31", "2027-06-30"]),
        ("2026-04-01", "2027-03-31", 24, ["2029-03-31"]),
        # No whole months: the same number of days.
        ("2026-04-01", "2026-04-10", None, ["2026-04-20", "2026-04-30"]),
        # Leap days.
        ("2024-02-29", "2025-02-28", None, ["2026-02-28", "2027-02-28", "2028-02-29"]),
    ],
)
def test_terms_follow_each_other(start: str, end: str, period: int | None, ends: list[str]) -> None:
    rhythm, at = Rhythm.of(date.fromisoformat(start), date.fromisoformat(end)), date.fromisoformat(end)
    for expected in ends:
        at = rhythm.next_end(at, period)
        assert at.isoformat() == expected


@given(days, months, st.booleans(), st.integers(1, 40))
def test_many_terms_are_one_long_one(start: date, length: int, inclusive: bool, times: int) -> None:
    """However often it is renewed, a contract ends where its first day and the calendar say: it never drifts."""
    end = add_months(start, length, start.day) - (DAY if inclusive else timedelta())
    if end <= start:
        return
    rhythm, at = Rhythm.of(start, end), end
    for _ in range(times):
        following = rhythm.next_end(at)
        assert following > at
        at = following
    assert at == add_months(start, length * (times + 1), start.day) - (DAY if rhythm.inclusive else timedelta())


@given(days, st.integers(1, 4000), st.one_of(st.none(), months))
def test_a_further_term_ends_later_and_no_day_is_lost(start: date, length: int, period: int | None) -> None:
    end = start + timedelta(days=length)
    rhythm = Rhythm.of(start, end)
    following = rhythm.next_end(end, period)
    assert end <= rhythm.next_start(end) < following
    assert rhythm.next_start(end) - end == (DAY if rhythm.inclusive else timedelta())
    if period is None and rhythm.months is None:
        assert (following - end).days == length + 1


@given(days, st.integers(1, 4000))
def test_twelve_months_are_a_year(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    rhythm, at = Rhythm.of(start, end), end
    for _ in range(12):
        at = rhythm.next_end(at, 1)
    assert at == rhythm.next_end(end, 12)


@given(days, st.integers(0, 400), st.integers(1, 31))
def test_added_months_are_counted_by_the_calendar(day: date, count: int, anchor: int) -> None:
    found = add_months(day, count, anchor)
    assert (found.year - day.year) * 12 + found.month - day.month == count
    assert found.day == anchor or (found.day < anchor and (found + DAY).day == 1)


@pytest.mark.parametrize("period", [None, 12, 1_200])
def test_the_calendar_ends(period: int | None) -> None:
    with pytest.raises(Unrenewable, match="end_date_out_of_range"):
        Rhythm.of(date(9990, 1, 1), date(9999, 12, 31)).next_end(date(9999, 12, 31), period)
    with pytest.raises(Unrenewable):
        Rhythm.of(date(9999, 12, 1), date(9999, 12, 20)).next_end(date(9999, 12, 20))


@given(st.decimals(0, 10**9, places=2), st.integers(-100, 1000))
def test_a_price_is_adjusted_and_rounded_once(value: Decimal, percent: int) -> None:
    made = contract(
        date(2026, 1, 1), date(2026, 12, 31), value=value, renewal_terms={"price_adjustment_percent": percent}
    )
    found = rules.renewed_value(made)
    assert found >= 0
    assert abs(found - value * (100 + percent) / 100) <= Decimal("0.005")
    assert rules.renewed_value({**made, "renewal_terms": None}) == value


def test_a_price_beyond_all_bounds_is_none() -> None:
    made = contract(date(2026, 1, 1), date(2026, 12, 31), value=Decimal(10**11))
    with pytest.raises(Unrenewable, match="value_out_of_range"):
        rules.renewed_value({**made, "renewal_terms": {"price_adjustment_percent": 1000}})


@given(days, st.integers(1, 4000), st.integers(0, 3650), st.integers(0, 3650))
def test_notice_and_opting_out_come_before_the_end(start: date, length: int, notice: int, opt_out: int) -> None:
    end = start + timedelta(days=length)
    made = contract(start, end, renewal_terms={"notice_days": notice, "opt_out_days": opt_out})
    announced = rules.notice_on(made)
    assert announced is not None
    assert (end - announced).days == notice
    assert (end - rules.opt_out_until(made)).days == opt_out
    assert rules.notice_on({**made, "renewal_type": "manual"}) is None
    assert rules.notice_on({**made, "renewal_terms": {"max_renewals": 2}, "renewals": 2}) is None
    default = rules.notice_on({**made, "renewal_terms": None})
    assert default is not None
    assert (end - default).days == 30
    assert rules.opt_out_until({**made, "renewal_terms": None}) == end


def test_what_is_due_long_before_the_calendar_began_is_due_at_its_beginning() -> None:
    made = contract(date(1, 1, 1), date(1, 2, 1), renewal_terms={"notice_days": 3650, "opt_out_days": 3650})
    assert rules.notice_on(made) == rules.opt_out_until(made) == date.min


MOVES = {
    ("draft", "signed"): False,
    ("signed", "active"): True,
    ("signed", "terminated"): True,
    ("active", "terminated"): True,
    ("active", "active"): False,
    ("active", "expired"): False,
    ("expired", "active"): False,
}


def test_the_state_machine_is_this_table() -> None:
    found = {(move.source, move.target): move.requestable for move in MACHINE.moves}
    assert found == MOVES
    assert [status for status in STATUSES if MACHINE.is_final(status)] == ["terminated"]


def test_conditions_look_at_the_day_and_the_kind_of_renewal() -> None:
    activation, renewal = MACHINE.move("signed", "active"), MACHINE.move("expired", "active")
    assert activation is not None
    assert renewal is not None
    [not_over], [renewable] = activation.conditions, renewal.conditions
    today = date(2026, 5, 1)
    assert not_over.holds(Facts(today, today, "auto"))
    assert not not_over.holds(Facts(today, today - DAY, "auto"))
    assert [renewable.holds(Facts(today, today, kind)) for kind in ("auto", "manual", "none")] == [True, True, False]


async def test_it_is_published(app: Application) -> None:
    """From an address of its own, as others use up what one address may ask for."""
    transport = httpx.ASGITransport(app, client=("192.0.2.61", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        data = (await http.get("/api/v1/schema/state-machine?entity=contracts")).json()["data"]
    assert data["contracts"]["states"] == list(STATUSES)
    assert {(each["from"], each["to"]) for each in data["contracts"]["transitions"]} == set(MOVES)
    activate = next(each for each in data["contracts"]["transitions"] if each["from"] == "signed")
    assert activate == {
        "from": "signed",
        "to": "active",
        "action": "activate",
        "conditions": ["end_date_not_passed"],
    }
