"""Pure rules of the event stream: ids, signatures, which scope shows which events, which events concern whom."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import orjson

_ID: Final = re.compile(r"(?:seq:)?([0-9]{1,18})")
_SCOPES: Final[dict[str, str]] = {
    "agent": "agent:discover",
    "api_key": "keys:read",
    "billing": "billing:read",
    "booking": "bookings:read",
    "bundle_rule": "products:read",
    "circuit-breaker": "webhooks:read",
    "compatibility_rule": "products:read",
    "consent": "customers:read",
    "contract": "contracts:read",
    "credential": "trust:read",
    "customer": "customers:read",
    "deal": "deals:read",
    "delegation": "delegations:read",
    "encryption": "admin",
    "escrow": "deals:read",
    "federation": "agent:discover",
    "job": "queue:read",
    "negotiation": "deals:read",
    "option": "products:read",
    "option_group": "products:read",
    "payment": "payments:read",
    "portal": "customers:read",
    "product_family": "products:read",
    "queue": "queue:read",
    "saved_config": "deals:read",
    "security": "admin",
    "service": "webhooks:read",
    "subscription": "deals:read",
    "system": "queue:read",
    "tenant": "trust:read",
    "trust": "trust:read",
    "workflow": "agent:execute",
}
"""By the first part of an event's name: the scope that reads what it is about."""


def scope_of(event: str) -> str:
    """The scope that a key needs to see an event; a family of ours that has no reading scope is for full access."""
    return _SCOPES.get(event.partition(".")[0], "admin")


def event_id(position: int) -> str:
    """The id of an event in the stream: ``seq:1234``."""
    return f"seq:{position}"


def position_of(text: str) -> int:
    """The position behind a stream id, with or without ``seq:``. Raises ValueError."""
    found = _ID.fullmatch(text)
    if found is None:
        raise ValueError("must be the id of an event of the stream, for example seq:1234")
    return int(found.group(1))


def signed(data: Mapping[str, Any], timestamp: str, key: bytes) -> bytes:
    """The data of an event as canonical JSON (sorted keys, no white space) with ``_timestamp`` and ``_signature``:
    ``sha256=`` and the hex HMAC-SHA256 of the same JSON without ``_signature``.
    """
    complete = {**data, "_timestamp": timestamp}
    text = orjson.dumps(complete, option=orjson.OPT_SORT_KEYS)
    complete["_signature"] = "sha256=" + hmac.new(key, text, hashlib.sha256).hexdigest()
    return orjson.dumps(complete, option=orjson.OPT_SORT_KEYS)


def seen_with(names: Iterable[str], granted: Mapping[str, bool]) -> frozenset[str]:
    """Those events whose scope is granted."""
    return frozenset(name for name in names if granted[scope_of(name)])


class About:
    """Which events concern one deal, or one customer with its deals; without either, all do.

    ``deals`` are those that the customer has now; deals that become theirs are learnt from the events on the way.
    """

    __slots__ = ("_customer", "_deal", "_deals")

    def __init__(self, deal: str | None, customer: str | None, deals: Iterable[str] = ()) -> None:
        self._deal = deal
        self._customer = customer
        self._deals = set(deals)

    def concerns(self, entity_type: str, entity_id: str, data: Mapping[str, Any]) -> bool:
        deal = data.get("deal_id") or (entity_id if entity_type == "deal" else None)
        if self._deal is not None and deal != self._deal:
            return False
        if self._customer is None:
            return True
        customer = data.get("customer_id") or (entity_id if entity_type == "customer" else None)
        if customer == self._customer:
            if deal is not None:
                self._deals.add(deal)
            return True
        return customer is None and deal in self._deals
