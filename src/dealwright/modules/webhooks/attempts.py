"""One attempt at a delivery: the request that brings an event to an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dealwright.kernel.crypto import Tampered, TenantCipher
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.records import open_secret
from dealwright.modules.webhooks.rules import Answer
from dealwright.modules.webhooks.sender import Sender


async def attempt(sender: Sender, dialects: Dialects, cipher: TenantCipher, row: Mapping[str, Any]) -> Answer:
    """Send one delivery, given with its event and its endpoint's dialect, URL and secrets. Never raises.

    The body is the same at every attempt and replay; the headers are new each time. While two secrets hold, a receiver
    that refuses the signature gets the request once more at once, under the older secret: receivers compare the whole
    header, so it can carry one signature only.
    """
    dialect = dialects[row["dialect"]]
    body = dialect.body(row)

    async def send(sealed: bytes) -> Answer:
        secret = open_secret(cipher, row["webhook_id"], sealed)
        return await sender.send(row["url"], body, dialect.headers(row, body, secret, sender.clock()))

    try:
        answer = await send(row["secret"])
        if answer.refused_signature and row["previous_secret"] is not None:
            answer = await send(row["previous_secret"])
    except Tampered:
        return Answer(None, "The signing secret cannot be opened; rotate it")
    return answer
