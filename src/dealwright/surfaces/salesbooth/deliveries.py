"""The Salesbooth form of webhook deliveries: envelope, signature and headers (Salesbooth API, Webhooks)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from dealwright.kernel import clock, ids
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.modules.webhooks import rules
from dealwright.modules.webhooks.tables import DELIVERY_PREFIX, ENDPOINT_PREFIX, SALESBOOTH

USER_AGENT: Final = "Salesbooth-Webhooks/1.0 (Dealwright)"


class SalesboothDialect:
    """Hears of everything but the records that only another API knows, ``not_heard`` by their kinds."""

    name: Final = SALESBOOTH
    prefix: Final = ENDPOINT_PREFIX

    def __init__(self, not_heard: Collection[str] = ()) -> None:
        self._not_heard = frozenset(not_heard)

    def hears(self, event: str, entity_type: str) -> bool:
        return entity_type not in self._not_heard

    def body(self, delivery: Mapping[str, Any]) -> bytes:
        return orjson.dumps(
            {
                "id": ids.encode(EVENT_PREFIX, delivery["event_id"]),
                "event": delivery["event"],
                "created_at": clock.iso(delivery["created_at"]),
                "data": delivery["data"],
            }
        )

    def headers(self, delivery: Mapping[str, Any], body: bytes, secret: str, now: datetime) -> dict[str, str]:
        """A delivery keeps its id at every attempt; signature and time stamp are new each time."""
        timestamp = str(int(now.timestamp()))
        found = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "X-Salesbooth-Signature": rules.sign(secret, timestamp, body),
            "X-Salesbooth-Timestamp": timestamp,
            "X-Salesbooth-Event": delivery["event"],
            "X-Salesbooth-Delivery": ids.encode(DELIVERY_PREFIX, delivery["id"]),
        }
        if delivery["replayed"]:
            found["X-Salesbooth-Replayed"] = "true"
        return found
