"""The figures as pure rules: laws that hold whatever there is to count."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.dashboard.rules import DAYS, Group, main_currency, pipeline, revenue_series

groups = st.lists(
    st.builds(
        Group,
        status=st.sampled_from(["draft", "in_progress", "closed", "cancelled", "expired"]),
        currency=st.sampled_from(["USD", "AUD", "JPY"]),
        deals=st.integers(1, 100),
        total=st.decimals(0, 1_000_000, places=2),
    ),
    max_size=12,
)


def test_the_documented_sample() -> None:
    found = pipeline([Group("in_progress", "USD", 38, Decimal(285_000))], "USD")
    assert (found["total_value"], found["avg_deal_size"]) == (285_000, 7500)


@given(groups, st.sampled_from(["USD", "AUD", "EUR"]))
def test_sums_are_those_of_one_currency(found: list[Group], preferred: str) -> None:
    told = pipeline(found, preferred)
    kept = [each for each in found if each.status not in ("cancelled", "expired")]
    ours = [each for each in kept if each.currency == told["currency"]]
    assert told["total_value"] == float(sum((each.total for each in ours), Decimal(0)))
    assert sum(each["deals"] for each in told["by_currency"]) == sum(each.deals for each in kept)
    assert sum(each["deals"] for each in told["by_status"]) == sum(each.deals for each in ours)
    assert 0 <= told["win_rate"] <= 1
    if any(each.currency == preferred for each in kept):
        assert told["currency"] == preferred


@given(groups)
def test_without_deals_in_its_currency_that_of_most_deals_counts(found: list[Group]) -> None:
    currency = main_currency(found, "CHF")
    by_currency = {name: sum(each.deals for each in found if each.currency == name) for name in ("USD", "AUD", "JPY")}
    assert by_currency.get(currency, 0) == max(by_currency.values())


@given(
    st.dictionaries(
        st.dates(date(2026, 1, 1), date(2026, 4, 30)), st.tuples(st.decimals(0, 999, places=2), st.integers(1, 9))
    )
)
def test_every_day_has_one_entry(days: dict[date, tuple[Decimal, int]]) -> None:
    today = date(2026, 3, 31)
    series = revenue_series(days, today)
    assert [each["date"] for each in series] == [
        (today - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)
    ]
    assert sum(each["count"] for each in series) == sum(
        count for day, (_, count) in days.items() if today - timedelta(days=DAYS) < day <= today
    )
