"""The two clients: the connections, and every operation of the server as a method."""

from __future__ import annotations

from dealwright_client.groups import AsyncGroups, Groups


class Dealwright(Groups):
    """A blocking client::

    with Dealwright("sb_test_…", "https://deals.example.com") as client:
        customer = client.customers.create(name="Jane Smith", email="jane@example.com")
        for deal in client.deals.iterate(customer_id=customer["id"]):
            ...
    """


class AsyncDealwright(AsyncGroups):
    """The same for asyncio::

    async with AsyncDealwright("sb_test_…", "https://deals.example.com") as client:
        customer = await client.customers.create(name="Jane Smith", email="jane@example.com")
        async for deal in client.deals.iterate(customer_id=customer["id"]):
            ...
    """
