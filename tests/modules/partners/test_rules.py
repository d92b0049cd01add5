"""Laws of shares and settlements."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import money
from dealwright.modules.partners import rules

totals = st.decimals(0, 10_000_000, places=2)
currencies = st.sampled_from(["USD", "JPY", "KWD"])


@st.composite
def wholes(draw: st.DrawFn) -> list[Decimal]:
    """Percentages with up to four places that sum to 100."""
    cuts = sorted(draw(st.lists(st.integers(0, 1_000_000), max_size=8)))
    edges = [0, *cuts, 1_000_000]
    return [Decimal(after - before) / 10_000 for before, after in pairwise(edges)]


@given(totals, wholes(), currencies)
def test_the_parts_are_the_whole(total: Decimal, percents: list[Decimal], currency: str) -> None:
    total = money.round_money(total, currency)
    parts = rules.split(total, percents, currency)
    assert sum(parts) == total
    unit = money.from_minor(1, currency)
    for part, percent in zip(parts, percents, strict=True):
        assert part >= 0
        assert money.fits(part, currency)
        assert abs(part - total * percent / 100) < unit, "nobody is a whole unit off"


@given(totals, wholes())
def test_equal_shares_differ_by_one_unit_at_most_and_larger_ones_get_no_less(
    total: Decimal, percents: list[Decimal]
) -> None:
    parts = rules.split(total, percents, "USD")
    for one, its_part in zip(percents, parts, strict=True):
        for other, other_part in zip(percents, parts, strict=True):
            if one == other:
                assert abs(its_part - other_part) <= Decimal("0.01")
            elif one > other:
                assert its_part >= other_part - Decimal("0.01")


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    third = Decimal("33.3333")
    assert rules.split(Decimal("100.00"), [third, third, Decimal("33.3334")], "USD") == [
        Decimal("33.33"),
        Decimal("33.33"),
        Decimal("33.34"),
    ]
    assert rules.split(Decimal("0.01"), [Decimal(50), Decimal(50)], "USD") == [Decimal("0.01"), Decimal("0.00")]


def test_parts_of_less_than_the_whole_are_refused() -> None:
    with pytest.raises(ValueError, match="whole"):
        rules.split(Decimal(100), [Decimal(50)], "USD")


people = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(rules.STATUSES),
            "role": st.sampled_from(["primary_agent", "co_agent", "observer"]),
            "revenue_share": st.integers(0, 20).map(Decimal),
        }
    ),
    max_size=5,
)


@given(totals, people)
def test_a_deal_is_shared_among_those_who_take_part_and_the_workspace(
    total: Decimal, participants: list[dict[str, object]]
) -> None:
    parts = rules.parts_of(total, participants, "USD")
    assert sum(amount for _, _, amount in parts) == total
    assert sum(percent for _, percent, _ in parts) == 100
    assert [owner for owner, _, _ in parts].count(None) <= 1
    for owner, percent, _ in parts:
        if owner is not None:
            assert owner["status"] in rules.TAKING_PART
            assert owner["revenue_share"] == percent > 0


@given(people)
def test_all_done_means_nobody_is_left(participants: list[dict[str, object]]) -> None:
    busy = [each["status"] for each in participants if each["role"] != "observer"]
    if rules.all_done(participants):
        assert "accepted" not in busy and "completed" in busy
