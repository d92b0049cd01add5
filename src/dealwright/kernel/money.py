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

_FRACTIONS: Final[Mapping[str, tuple[int, int, int, int]]] = get_global("currency_fractions")
_DEFAULT_FRACTION: Final = _FRACTIONS["DEFAULT"]
_CURRENCIES: Final[frozenset[str]] = frozenset(get_global("all_currencies"))


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 code (upper case) that CLDR knows."""
    return code in _CURRENCIES


@lru_cache(maxsize=512)
def exponent(currency: str) -> int:
    """Digits behind the point: 2 for USD, 0 for JPY, 3 for KWD."""
    return _FRACTIONS.get(currency, _DEFAULT_FRACTION)[0]


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


def text(amount: Decimal, currency: str = "USD") -> str:
    """The decimal string of the wire: at least two places, more where the currency has them."""
    return f"{amount:.{max(2, exponent(currency))}f}"


_ENGLISH: Final = Locale.parse("en_US")


@lru_cache(maxsize=4096)
def formatted(amount: Decimal, currency: str) -> str:
    """How a person reads it, in US English: ``$1,099.00``."""
    return format_currency(amount, currency, locale=_ENGLISH)


def structured(amount: Decimal, currency: str) -> dict[str, str]:
    """The ``{amount, currency, formatted}`` object of deal pricing."""
    return {"amount": text(amount, currency), "currency": currency, "formatted": formatted(amount, currency)}
