"""Pure rules of products: what a price needs, when stock runs low, how numbers read, what a product is found by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from urllib.parse import urlsplit

from dealwright.kernel.crypto import beginnings, words

FOUND_BY: Final = ("name", "sku", "description")
"""The members that a search looks at."""

_LONGEST_BEGINNING: Final = 32
_SHORTEST_OF_DESCRIPTION: Final = 4
_RATE_QUANTUM: Final = Decimal("0.000001")


def lacks_billing_cycle(price_type: str, billing_cycle: str | None) -> bool:
    """A recurring price needs to say how often it recurs (Salesbooth API, Products)."""
    return price_type == "recurring" and billing_cycle is None


def is_low(product: Mapping[str, Any]) -> bool:
    """Whether stock is counted and stands at or below the threshold; unknown numbers are never low."""
    quantity, threshold = product["stock_quantity"], product["low_stock_threshold"]
    return bool(product["track_inventory"]) and quantity is not None and threshold is not None and quantity <= threshold


def became_low(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a write took the product into low stock; one that already was low is not reported again."""
    return is_low(after) and not is_low(before)


def storable_rate(rate: Decimal) -> Decimal:
    """At most six places, half-even: 0.1 stays ten percent whatever a client's floating point made of it."""
    return rate.quantize(_RATE_QUANTUM, rounding=ROUND_HALF_EVEN) + 0


def decimal_text(value: Decimal) -> str:
    """The fixed-point string of the wire: no exponent, at least two places, further zeros cut off.

    ``999`` → ``999.00``, ``0.1`` → ``0.10``, ``0.0825`` → ``0.0825``, ``0.0025`` → ``0.0025``.
    """
    whole, _, fraction = f"{value:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


def web_address(url: str) -> str:
    """An absolute http or https URL, as it was given. Raises ValueError."""
    problem = ValueError("must be an http or https URL, for example https://example.com/pro-plan")
    if any(character.isspace() or not character.isprintable() for character in url):
        raise problem
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise problem from None
    if not usable:
        raise problem
    return url


def search_words(product: Mapping[str, Any]) -> set[str]:
    """What a product is found by: the words of name, SKU and description and their beginnings.

    Name and SKU are found from their first letter on, while a reader types; the SKU also without its separators
    (``ENT-001`` as ``ent001``). A description is long, so its words count whole and from four letters on.
    """
    named = words(product["name"])
    if sku := product.get("sku"):
        parts = words(sku)
        named += [*parts, "".join(parts)] if parts else []
    described = words(product["description"]) if product.get("description") else []
    return _with_beginnings(named, 1) | _with_beginnings(described, _SHORTEST_OF_DESCRIPTION)


def _with_beginnings(found: Iterable[str], shortest: int) -> set[str]:
    return {beginning for word in set(found) for beginning in beginnings(word, shortest, _LONGEST_BEGINNING)}


def query_words(query: str) -> list[str]:
    """The words of a search text: each must be a word of the product or the beginning of one."""
    return words(query)
