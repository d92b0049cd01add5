"""Laws of money: exact minor units, half-even rounding, texts that lose nothing."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel import money

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KRW", "KWD", "BHD", "RSD", "IQD", "CHF", "AUD"])
AMOUNTS = st.decimals(-money.LARGEST, money.LARGEST, places=4, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("USD", 2), ("EUR", 2), ("JPY", 0), ("KRW", 0), ("CLP", 0), ("XOF", 0), ("KWD", 3), ("TND", 3), ("IQD", 3),
     ("RSD", 2), ("ALL", 2), ("MGA", 2), ("LAK", 2), ("IDR", 2), ("HUF", 2), ("TWD", 2), ("COP", 2)],
)  # fmt: skip
def test_minor_units_are_those_of_iso_4217(currency: str, digits: int) -> None:
    assert money.exponent(currency) == digits


@pytest.mark.parametrize("code", ["USD", "JPY", "KWD", "XAF", "AUD", "ZAR"])
def test_currencies_in_circulation(code: str) -> None:
    assert money.is_currency(code)


@pytest.mark.parametrize("code", ["", "usd", "US", "USDC", "ZZZ", "XXX", "XTS", "DEM", "XAU", "ＵＳＤ"])
def test_what_is_no_currency(code: str) -> None:
    assert not money.is_currency(code)


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.125", "USD", "0.12"), ("0.135", "USD", "0.14"), ("0.1251", "USD", "0.13"), ("2.5", "JPY", "2"),
     ("3.5", "JPY", "4"), ("-2.5", "JPY", "-2"), ("1.0005", "KWD", "1.000"), ("1.0015", "KWD", "1.002")],
)  # fmt: skip
def test_halves_go_to_the_even_neighbour(amount: str, currency: str, rounded: str) -> None:
    assert str(money.round_money(Decimal(amount), currency)) == rounded


@given(AMOUNTS, CURRENCIES)
def test_rounding_moves_by_at_most_half_a_unit_and_only_once(amount: Decimal, currency: str) -> None:
    rounded = money.round_money(amount, currency)
    half = Fraction(1, 2 * 10 ** money.exponent(currency))
    assert abs(Fraction(rounded) - Fraction(amount)) <= half
    assert money.round_money(rounded, currency) == rounded
    assert money.fits(rounded, currency)
    assert money.fits(amount, currency) is (rounded == amount)
    assert money.round_money(-amount, currency) == -rounded, "no drift to either side"


@given(st.integers(-(10**14), 10**14), CURRENCIES)
def test_minor_units_come_back(units: int, currency: str) -> None:
    amount = money.from_minor(units, currency)
    assert money.to_minor(amount, currency) == units
    assert money.fits(amount, currency)


@given(AMOUNTS, CURRENCIES)
def test_minor_units_are_whole_and_lose_nothing(amount: Decimal, currency: str) -> None:
    rounded = money.round_money(amount, currency)
    assert money.from_minor(money.to_minor(amount, currency), currency) == rounded


@given(AMOUNTS, CURRENCIES)
def test_the_text_of_an_amount_reads_back(amount: Decimal, currency: str) -> None:
    rounded = money.round_money(amount, currency)
    text = money.text(rounded, currency)
    assert Decimal(text) == rounded
    whole, _, places = text.partition(".")
    assert len(places) == max(2, money.exponent(currency))
    assert "E" not in text
    assert whole.lstrip("-").isdigit()


@given(AMOUNTS)
def test_what_is_stored_has_four_places_and_no_negative_zero(amount: Decimal) -> None:
    stored = money.storable(amount)
    assert stored == amount
    assert money.storable(Decimal("-0")).is_signed() is False


@pytest.mark.parametrize(
    ("amount", "currency", "formatted"),
    [("1099", "USD", "$1,099.00"), ("1234.5", "EUR", "€1,234.50"), ("1500", "JPY", "¥1,500"), ("-5", "USD", "-$5.00")],
)
def test_how_a_person_reads_it(amount: str, currency: str, formatted: str) -> None:
    assert money.formatted(Decimal(amount), currency) == formatted


@given(AMOUNTS, CURRENCIES)
def test_a_person_reads_every_digit(amount: Decimal, currency: str) -> None:
    rounded = money.round_money(amount, currency)
    digits = "".join(character for character in money.formatted(rounded, currency) if character.isdigit())
    assert int(digits) == abs(money.to_minor(rounded, currency))
