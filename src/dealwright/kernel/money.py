"""Money: Decimal amounts with an ISO 4217 currency, rounded half-even once at the end of a line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Final

from babel import Locale
from babel.core import get_global
from babel.numbers import format_currency

LARGEST: Final = Decimal("999999999999.99")
"""No single amount may be larger, in any currency's major unit."""

_CURRENCIES: Final[frozenset[str]] = frozenset(
    code
    for in_territory in get_global("territory_currencies").values()
    for code, _, until, is_tender in in_territory
    if until is None and is_tender
)
"""What is legal tender somewhere today (CLDR)."""

_EXPONENTS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW"), 0),
    **dict.fromkeys(("PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Minor units of ISO 4217 where they are not 2. CLDR's are no substitute: they say what is usual in shops (RSD 0), but
payment providers count in ISO's (RSD 2).
"""
_CLDR_FRACTIONS: Final[Mapping[str, tuple[int, int, int, int]]] = get_global("currency_fractions")


def is_currency(code: str) -> bool:
    """Whether ``code`` is the ISO 4217 code (upper case) of a currency in circulation."""
    return code in _CURRENCIES


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Digits behind the point: 2 for USD, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


@lru_cache(maxsize=16)
def _quantum(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """``amount`` at the currency's own precision, half-even."""
    return amount.quantize(_quantum(exponent(currency)), rounding=ROUND_HALF_EVEN)


def storable(amount: Decimal) -> Decimal:
    """At most four places: what a column holds, and what is left of a client's binary floating point."""
    return amount.quantize(_quantum(4), rounding=ROUND_HALF_EVEN) + 0


def fits(amount: Decimal, currency: str) -> bool:
    """Whether ``amount`` has no digit beyond the currency's smallest unit."""
    return round_money(amount, currency) == amount


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole minor units: 10.50 USD → 1050, 500 JPY → 500."""
    return int(round_money(amount, currency).scaleb(exponent(currency)))


def from_minor(units: int, currency: str) -> Decimal:
    """The inverse of :func:`to_minor`."""
    return Decimal(units).scaleb(-exponent(currency))


@lru_cache(maxsize=512)
def _text_form(currency: str) -> str:
    return f".{max(2, exponent(currency))}f"


def text(amount: Decimal, currency: str = "USD") -> str:
    """The decimal string of the wire: at least two places, more where the currency has them."""
    return format(amount, _text_form(currency))


_ENGLISH: Final = Locale.parse("en_US")


@lru_cache(maxsize=4096)
def formatted(amount: Decimal, currency: str) -> str:
    """How a person reads it, in US English: ``$1,099.00``."""
    digits = exponent(currency)
    if digits == _CLDR_FRACTIONS.get(currency, _CLDR_FRACTIONS["DEFAULT"])[0]:
        return format_currency(amount, currency, locale=_ENGLISH)
    pattern = f"¤#,##0.{'0' * digits}"
    return format_currency(amount, currency, pattern, locale=_ENGLISH, currency_digits=False)


def structured(amount: Decimal, currency: str) -> dict[str, str]:
    """The ``{amount, currency, formatted}`` object of deal pricing."""
    return {"amount": text(amount, currency), "currency": currency, "formatted": formatted(amount, currency)}
