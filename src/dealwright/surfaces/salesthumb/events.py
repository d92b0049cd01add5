"""The SalesThumb form of events: envelope, signature and headers (SalesThumb, Webhooks).

The outbox holds an event once, whoever hears of it. What a SalesThumb subscription gets is made from it here: camelCase
members, ids with this API's prefixes, milliseconds, a signature over the body alone.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import orjson

from dealwright.kernel.clock import iso_milliseconds, parse_iso
from dealwright.modules.shop.webhooks import PREFIX
from dealwright.modules.webhooks.tables import SALESTHUMB

USER_AGENT: Final = "SalesThumb-Webhook/1.0"
OWN: Final = frozenset({"vehicle", "appointment", "shop_quote", "shop_invoice", "shop_payment"})
"""The kinds of records that this API alone knows."""
ENTITIES: Final = OWN | {"customer"}
"""The kinds of records whose events a SalesThumb subscription may hear; ``*`` means all of these."""

_UNDERSCORE: Final = re.compile(r"_([a-z0-9])")
_SECONDS: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _member(name: str) -> str:
    return _UNDERSCORE.sub(lambda found: found.group(1).upper(), name)


def _value(value: Any) -> Any:
    if isinstance(value, str) and _SECONDS.fullmatch(value):
        return iso_milliseconds(parse_iso(value))
    return value


def data(entity_type: str, announced: Mapping[str, Any]) -> dict[str, Any]:
    """The ``data`` of an envelope. A shared customer's event calls its subject ``id``; here it is ``customerId``."""
    found = dict(announced)
    if entity_type == "customer":
        found = {"customer_id": str(found.pop("id")).replace("cust_", "cus_", 1), **found}
    return {_member(name): _value(value) for name, value in found.items()}


def body(event: str, entity_type: str, shop: UUID, at: datetime, announced: Mapping[str, Any]) -> bytes:
    """The request body: the same bytes at every attempt."""
    return orjson.dumps(
        {
            "event": event,
            "shopId": str(shop),
            "timestamp": iso_milliseconds(at),
            "data": data(entity_type, announced),
        }
    )


def signature(secret: str, raw: bytes) -> str:
    """``sha256=`` and the HMAC-SHA256 of the raw body in hexadecimal, keyed with the secret's UTF-8 bytes."""
    return "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def headers(event: str, secret: str, raw: bytes, attempt: UUID) -> dict[str, str]:
    """The headers of one attempt; ``attempt`` is new each time, also for a retry of the same event."""
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-SalesThumb-Event": event,
        "X-SalesThumb-Signature": signature(secret, raw),
        "X-SalesThumb-Delivery": str(attempt),
    }


class SalesthumbDialect:
    """Hears of the shop's records and of the customers that it shares, by the names in ``known``."""

    name: Final = SALESTHUMB
    prefix: Final = PREFIX

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)

    def hears(self, event: str, entity_type: str) -> bool:
        return entity_type in ENTITIES and event in self._known

    def body(self, delivery: Mapping[str, Any]) -> bytes:
        shop, at = delivery["tenant_id"], delivery["created_at"]
        return body(delivery["event"], delivery["entity_type"], shop, at, delivery["data"])

    def headers(self, delivery: Mapping[str, Any], body: bytes, secret: str, now: datetime) -> dict[str, str]:
        return headers(delivery["event"], secret, body, uuid4())
