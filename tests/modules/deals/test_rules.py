"""Laws of the deal rules."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.money import round_money
from dealwright.modules.deals import rules

currencies = st.sampled_from(["USD", "JPY", "KWD", "EUR"])
amounts = st.decimals(min_value=0, max_value=100_000, places=4)
rates = st.decimals(min_value=0, max_value=Decimal("0.99"), places=4)
discounts = st.lists(
    st.one_of(
        st.builds(lambda v: {"type": "percentage", "value": str(v)}, st.decimals(0, 100, places=2)),
        st.builds(lambda v: {"type": "fixed", "value": str(v)}, st.decimals(0, 50_000, places=2)),
    ),
    max_size=5,
)


@st.composite
def lines(draw: st.DrawFn, currency: str) -> list[Decimal]:
    found = draw(st.lists(st.tuples(st.integers(1, 50), amounts, amounts), max_size=6))
    return [rules.line_total(quantity, price, off, currency) for quantity, price, off in found]


@given(st.data(), currencies, discounts, rates)
def test_totals_add_up_and_are_never_negative(
    data: st.DataObject, currency: str, off: list[dict[str, str]], rate: Decimal
) -> None:
    items = data.draw(lines(currency))
    totals = rules.totals(items, off, rate, currency)
    assert totals.subtotal == sum(items, Decimal(0))
    assert totals.total == totals.subtotal - totals.discount_total + totals.tax_amount
    assert Decimal(0) <= totals.discount_total <= totals.subtotal
    assert totals.total >= 0
    assert sum((Decimal(each["amount"]) for each in totals.discounts), Decimal(0)) == totals.discount_total
    for amount in (totals.subtotal, totals.discount_total, totals.tax_amount, totals.total):
        assert round_money(amount, currency) == amount, "every amount is whole in the currency's smallest unit"


@given(st.integers(1, 1000), amounts, amounts, currencies)
def test_a_line_is_never_negative_and_more_never_costs_less(
    quantity: int, price: Decimal, off: Decimal, currency: str
) -> None:
    line = rules.line_total(quantity, price, off, currency)
    assert line >= 0
    assert rules.line_total(quantity + 1, price, off, currency) >= line


@given(st.data(), currencies, rates)
def test_a_hundred_percent_off_costs_nothing(data: st.DataObject, currency: str, rate: Decimal) -> None:
    items = data.draw(lines(currency))
    totals = rules.totals(items, [{"type": "percentage", "value": "100"}], rate, currency)
    assert totals.total == 0


@given(amounts, amounts, amounts)
def test_payment_status_follows_the_sums(total: Decimal, paid: Decimal, refunded: Decimal) -> None:
    status = rules.payment_status(total, paid, refunded)
    due = rules.amount_due(total, paid, refunded)
    assert due >= 0
    if status == "paid":
        assert due == 0
    if status == "partially_paid":
        assert 0 < due < total
    if paid == 0:
        assert status == "unpaid"
    if paid > 0 and refunded >= paid:
        assert status == "refunded"


@given(st.decimals(min_value=0, max_value=100, places=4))
def test_a_tax_rate_is_a_fraction(rate: Decimal) -> None:
    assert 0 <= rules.normal_tax_rate(rate) <= 1


def test_ten_means_ten_percent() -> None:
    assert rules.normal_tax_rate(Decimal(10)) == Decimal("0.10")
    assert rules.normal_tax_rate(Decimal("0.10")) == Decimal("0.10")


def test_half_a_cent_goes_to_the_even_neighbour() -> None:
    assert rules.line_total(1, Decimal("0.125"), Decimal(0), "USD") == Decimal("0.12")
    assert rules.line_total(1, Decimal("0.135"), Decimal(0), "USD") == Decimal("0.14")
    assert rules.line_total(3, Decimal("33.3333"), Decimal(0), "JPY") == Decimal("100")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=3),
    max_leaves=8,
)
terms = st.dictionaries(st.text(min_size=1, max_size=3), json_values, max_size=4)


@given(terms, terms)
def test_differences_are_empty_only_between_equals(first: dict[str, object], second: dict[str, object]) -> None:
    assert rules.differences(first, first) == []
    forth = rules.differences(first, second)
    back = rules.differences(second, first)
    assert [each["path"] for each in forth] == [each["path"] for each in back]


def test_every_open_status_can_be_left_and_the_final_ones_cannot() -> None:
    for status in rules.STATUSES:
        final = status in ("closed", "cancelled", "expired")
        assert rules.MACHINE.is_final(status) is final
