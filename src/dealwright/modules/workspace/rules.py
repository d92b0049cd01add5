"""Pure rules of a workspace's settings."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """A name as it may stand in an address: ``Crema & Iron`` is ``crema-iron``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_SLUG.sub("-", plain).strip("-") or "workspace"


def normal_domain(text: str) -> str:
    """A domain name in lower case. Raises ValueError."""
    domain = text.strip().rstrip(".").lower()
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError("must be a domain name, for example shop.example.com")
    return domain


def normal_rate(value: object) -> str:
    """A tax rate as decimal text, at most 1: ``0.10`` is ten percent. Raises ValueError."""
    try:
        rate = Decimal(str(value)) if not isinstance(value, bool) else None
    except InvalidOperation:
        rate = None
    if rate is None or not rate.is_finite():
        raise ValueError("must be a decimal, for example 0.10 for ten percent")
    if not 0 <= rate <= 1:
        raise ValueError("must lie between 0 and 1; 0.10 is ten percent")
    if rate != round(rate, 6):
        raise ValueError("must not have more than six places")
    return f"{rate:f}"
