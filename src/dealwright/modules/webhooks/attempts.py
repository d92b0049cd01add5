"""One attempt at a delivery: the request that brings an event to an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from dealwright.kernel import clock, ids
from dealwright.kernel.crypto import Tampered, TenantCipher
from dealwright.kernel.feed.feed import EVENT_PREFIX
from dealwright.modules.webhooks.records import open_secret
from dealwright.modules.webhooks.rules import Answer
from dealwright.modules.webhooks.sender import Sender
from dealwright.modules.webhooks.tables import DELIVERY_PREFIX


async def attempt(sender: Sender, cipher: TenantCipher, row: Mapping[str, Any]) -> Answer:
    """Send one delivery, given with its event and its endpoint's secrets. Never raises.

    The body is the same at every attempt and replay; signature and time stamp are new each time.
    """
    envelope = {
        "id": ids.encode(EVENT_PREFIX, row["event_id"]),
        "event": row["event"],
        "created_at": clock.iso(row["created_at"]),
        "data": row["data"],
    }
    headers = {"X-Salesbooth-Event": row["event"], "X-Salesbooth-Delivery": ids.encode(DELIVERY_PREFIX, row["id"])}
    if row["replayed"]:
        headers["X-Salesbooth-Replayed"] = "true"
    return await send_signed(sender, cipher, row, orjson.dumps(envelope), headers)


async def send_signed(
    sender: Sender, cipher: TenantCipher, row: Mapping[str, Any], body: bytes, headers: Mapping[str, str]
) -> Answer:
    """Send a body to the endpoint in ``row`` (webhook_id, url, secret, previous_secret). Never raises.

    While two secrets hold, a receiver that refuses the signature gets the request once more at once, under the older
    secret: receivers compare the whole header, so it can carry one signature only.
    """
    webhook = row["webhook_id"]
    try:
        answer = await sender.send(row["url"], open_secret(cipher, webhook, row["secret"]), body, headers)
        if answer.refused_signature and row["previous_secret"] is not None:
            older = open_secret(cipher, webhook, row["previous_secret"])
            answer = await sender.send(row["url"], older, body, headers)
    except Tampered:
        return Answer(None, "The signing secret cannot be opened; rotate it")
    return answer
