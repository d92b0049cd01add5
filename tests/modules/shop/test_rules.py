"""Laws of the shop's rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.shop import billing, rules
from dealwright.modules.shop.rules import Clash, Need, Occupied

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
cents = st.integers(1, 10_000_000)
line_items = st.lists(
    st.fixed_dictionaries({"quantity": st.integers(1, 1000), "unit_price_cents": cents}), min_size=1, max_size=20
)
vins = st.text("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", min_size=17, max_size=17)
keys = st.integers(1, 6).map(lambda number: UUID(int=number))


@given(line_items, st.integers(0, 1_000_000))
def test_the_total_is_the_sum_of_the_lines_and_the_tax(lines: list[dict[str, int]], tax: int) -> None:
    totals = billing.totals(lines, tax)
    assert totals.subtotal_cents == sum(line["quantity"] * line["unit_price_cents"] for line in lines)
    assert totals.subtotal_cents + totals.tax_cents == totals.total_cents
    assert totals == billing.totals(lines[::-1], tax)
    assert totals.columns()["total_cents"] == totals.total_cents


@given(cents, st.lists(cents, max_size=20))
def test_payments_never_exceed_what_is_owed(total: int, amounts: list[int]) -> None:
    balance = billing.Balance(total, 0)
    taken = []
    for amount in amounts:
        if balance.takes(amount):
            balance = balance.after(amount)
            taken.append(amount)
        else:
            assert amount > balance.balance_cents
            with pytest.raises(ValueError, match="do not fit"):
                balance.after(amount)
        assert balance.balance_cents == total - sum(taken) >= 0
        assert (balance.status == "paid") == (balance.balance_cents == 0)
        assert (balance.status == "unpaid") == (not taken)
    for amount in taken:
        balance = balance.after(-amount)
    assert balance == billing.Balance(total, 0)


@given(cents, cents)
def test_every_change_of_status_by_a_payment_is_a_move_of_the_machine(total: int, amount: int) -> None:
    before = billing.Balance(total, 0)
    if before.takes(amount):
        after = before.after(amount)
        assert billing.INVOICES.move(before.status, after.status) is not None
        assert billing.INVOICES.move(after.status, before.status) is not None


@given(st.sampled_from(billing.QUOTES.states), st.none() | st.integers(-5, 5))
def test_only_an_open_quote_lapses(status: Any, hours: int | None) -> None:
    expires_at = None if hours is None else NOON + timedelta(hours=hours)
    current = billing.current_status(status, expires_at, NOON)
    late = hours is not None and hours <= 0
    assert current == ("expired" if late and status in ("draft", "sent") else status)


def test_only_an_accepted_quote_is_converted() -> None:
    assert [each.source for each in billing.QUOTES.moves if each.target == "converted"] == ["accepted"]


@given(vins)
def test_a_vin_has_exactly_one_right_check_digit(vin: str) -> None:
    assert rules.normal_vin(vin.lower()) == vin
    right = [digit for digit in "0123456789X" if rules.vin_warning(f"{vin[:8]}{digit}{vin[9:]}") is None]
    assert len(right) == 1


@pytest.mark.parametrize("vin", ["1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715"])
def test_known_vins_pass(vin: str) -> None:
    assert rules.vin_warning(vin) is None


@pytest.mark.parametrize(
    "vin", ["", "5YJ3E1EA4NF12345", "5YJ3E1EA4NF1234567", "IYJ3E1EA4NF123456", "5YJ3E1EA4OF123456"]
)
def test_what_is_no_vin(vin: str) -> None:
    with pytest.raises(ValueError, match="17 characters"):
        rules.normal_vin(vin)


@given(st.integers(-100, 100), st.integers(1, 100), st.integers(-100, 100), st.integers(1, 100))
def test_windows_overlap_when_they_share_a_minute(start: int, length: int, other: int, other_length: int) -> None:
    shared = set(range(start, start + length)) & set(range(other, other + other_length))
    at, at_other = NOON + timedelta(minutes=start), NOON + timedelta(minutes=other)
    ends, other_ends = rules.end_of(at, length), rules.end_of(at_other, other_length)
    assert rules.overlap(at, ends, at_other, other_ends) is bool(shared)


@given(
    st.builds(Need, st.none() | keys, st.none() | keys, st.none() | keys),
    st.lists(keys, min_size=1, max_size=4, unique=True),
    st.lists(st.builds(Occupied, keys, st.none() | keys, st.none() | keys), max_size=6),
)
def test_nobody_is_in_two_places_at_once(need: Need, bays: list[UUID], meanwhile: list[Occupied]) -> None:
    found = rules.place(need, bays, meanwhile)
    if isinstance(found, Clash):
        reasons = {
            "vehicle": any(each.vehicle == need.vehicle for each in meanwhile),
            "technician": any(each.technician == need.technician for each in meanwhile),
            "bay": any(each.bay == need.bay for each in meanwhile),
            "bays": all(any(each.bay == bay for each in meanwhile) for bay in bays),
        }
        assert reasons[found.what]
    else:
        assert found in ([need.bay] if need.bay else bays)
        assert all(each.bay != found for each in meanwhile)
        assert need.vehicle is None or all(each.vehicle != need.vehicle for each in meanwhile)
        assert need.technician is None or all(each.technician != need.technician for each in meanwhile)


def test_usual_bays_come_first() -> None:
    one, two, gone = (UUID(int=number) for number in (1, 2, 3))
    assert rules.place(Need(None, None, usual_bays=(gone, two)), [one, two], []) == two
    assert rules.place(Need(None, None, usual_bays=(two,)), [one, two], [Occupied(two, None, None)]) == one
