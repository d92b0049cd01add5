"""Laws of the money rules of payments."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import money
from dealwright.kernel.errors import Conflict, InvalidFields
from dealwright.modules.deals.rules import STATUSES
from dealwright.modules.payments import rules
from dealwright.providers.payments.protocol import IntentStatus, RefundStatus

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])


@st.composite
def sums(draw: st.DrawFn, count: int) -> tuple[str, list[Decimal]]:
    """A currency and some amounts in its smallest units."""
    currency = draw(CURRENCIES)
    units = draw(st.lists(st.integers(0, 10**12), min_size=count, max_size=count))
    return currency, [money.from_minor(each, currency) for each in units]


@given(sums(2))
def test_a_payment_is_never_more_than_what_is_due(made: tuple[str, list[Decimal]]) -> None:
    currency, (asked, due) = made
    assert rules.amount_to_pay(None, due, currency) == due
    if asked <= due:
        assert rules.amount_to_pay(asked, due, currency) == asked
    else:
        with pytest.raises(InvalidFields):
            rules.amount_to_pay(asked, due, currency)


@given(sums(3))
def test_charges_that_have_room_never_exceed_what_is_due(made: tuple[str, list[Decimal]]) -> None:
    currency, (amount, due, underway) = made
    try:
        rules.check_room(amount, due, underway, currency)
    except Conflict:
        assert amount + underway > due
    else:
        assert amount + underway <= due


@given(sums(1), st.lists(st.integers(1, 10**12), max_size=8))
def test_any_sequence_of_refunds_stays_within_the_payment(made: tuple[str, list[Decimal]], asked: list[int]) -> None:
    currency, [amount] = made
    refunded = Decimal(0)
    for units in asked:
        left = rules.refundable(amount, refunded, Decimal(0))
        try:
            refunded += rules.amount_to_refund(money.from_minor(units, currency), left, currency)
        except InvalidFields:
            assert refunded + money.from_minor(units, currency) > amount
        assert 0 <= refunded <= amount
    refunded += rules.amount_to_refund(None, rules.refundable(amount, refunded, Decimal(0)), currency)
    assert refunded == amount


@given(sums(3))
def test_what_can_be_refunded_is_never_negative(made: tuple[str, list[Decimal]]) -> None:
    _, (amount, refunded, underway) = made
    assert rules.refundable(amount, refunded, underway) >= 0


@given(sums(2))
def test_the_status_tells_whether_anything_and_everything_went_back(made: tuple[str, list[Decimal]]) -> None:
    _, (amount, refunded) = made
    status = rules.status_with_refunds(amount, refunded)
    assert (status == "succeeded") == (refunded == 0)
    assert (status == "refunded") == (refunded > 0 and refunded >= amount)
    assert status in rules.BOOKED


@given(CURRENCIES)
def test_amounts_finer_than_the_currency_are_refused(currency: str) -> None:
    finer = Decimal(1).scaleb(-money.exponent(currency) - 1)
    with pytest.raises(InvalidFields):
        rules.amount_to_pay(finer, Decimal(10), currency)
    with pytest.raises(InvalidFields):
        rules.amount_to_refund(finer, Decimal(10), currency)


@pytest.mark.parametrize("status", STATUSES)
def test_which_deals_take_money(status: str) -> None:
    finished = status in ("draft", "cancelled", "expired")
    if finished or status == "closed":
        with pytest.raises(Conflict):
            rules.check_chargeable(status, Decimal(1))
    else:
        rules.check_chargeable(status, Decimal(1))
        with pytest.raises(Conflict):
            rules.check_chargeable(status, Decimal(0))
    if finished:
        with pytest.raises(Conflict):
            rules.check_bookable(status)
    else:
        rules.check_bookable(status)


@given(st.text())
def test_an_unknown_provider_status_is_pending(word: str) -> None:
    known = [each.value for each in IntentStatus]
    assert IntentStatus(word) is (IntentStatus(word) if word in known else IntentStatus.PROCESSING)
    assert RefundStatus(f"new_{word}") is RefundStatus.PENDING
