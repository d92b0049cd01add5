"""Mistakes that mypy must find, each on its line."""

from dealwright_client import AsyncDealwright, Dealwright


def blocking(client: Dealwright) -> None:
    client.customers.create(name="Jane")  # error: no e-mail
    client.customers.create(name=1, email="jane@example.com")  # error: a number for a name
    client.customers.list(status="gone")  # error: no such status
    print(client.customers.get("cust_1")["surname"])  # error: no such member
    client.customers.update("cust_1", name=None)  # error: a name cannot be null
    client.customers.get("cust_1", if_match=1)  # error: a read has no version


async def asynchronous(client: AsyncDealwright) -> None:
    print(client.deals.get("deal_1")["total"])  # error: not awaited
