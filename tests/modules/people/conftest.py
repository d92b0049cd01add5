"""Reading the links in e-mails, where no worker sends them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import orjson
import pytest

from dealwright.app import Services
from dealwright.kernel import ids

Link = Callable[[str, str], Awaitable[str]]


@pytest.fixture
async def fresh(http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has nothing of ours."""
    async with httpx.AsyncClient(transport=http._transport, base_url="http://testserver") as client:
        yield client


@pytest.fixture
def link_for(services: Services) -> Link:
    """``await link_for(tenant_id, email)`` → the token in the newest e-mail to an address."""

    async def find(tenant_id: str, email: str) -> str:
        tenant = ids.decode("tenant", tenant_id)
        assert tenant is not None
        async with services.pipeline.within(tenant, True) as ctx:
            rows = await ctx.tx.connection.fetch("SELECT id, content FROM messages ORDER BY id DESC")
            for row in rows:
                content = orjson.loads(ctx.cipher.open(row["content"], b"messages:" + row["id"].bytes))
                if content["to"] == email:
                    found = re.search(r"/(?:invitations|password-reset)/([\w-]{43})\b", content["text"])
                    assert found is not None
                    return found[1]
        raise AssertionError(f"no e-mail to {email}")

    return find
