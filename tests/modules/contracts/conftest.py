"""Contracts in every state, and the calendar."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.context import Context
from dealwright.kernel.pipeline import Pipeline
from dealwright.modules.contracts import schedule
from tests.conftest import Client, TestClock
from tests.modules.signing.conftest import by_hand

__all__ = ["by_hand"]

START, END = date(2030, 4, 1), date(2031, 3, 31)


async def customer_of(api: Client, **members: Any) -> str:
    person = {"name": "Jane Smith", "email": f"{uuid.uuid4().hex}@example.com", "company": "Acme Corp", **members}
    return str((await api.data("POST", "/customers", json=person))["id"])


async def new_contract(api: Client, **members: Any) -> dict[str, Any]:
    """A draft over 12,000.00 AUD from 1 April 2030 to 31 March 2031."""
    json = {
        "title": "Annual Support Agreement",
        "value": 12000.00,
        "currency": "AUD",
        "start_date": START.isoformat(),
        "end_date": END.isoformat(),
        "payment_terms": "net30",
        "renewal_type": "auto",
        **members,
    }
    if "customer_id" not in json:
        json["customer_id"] = await customer_of(api)
    made: dict[str, Any] = await api.data("POST", "/contracts", 201, json=json)
    return made


async def act(api: Client, contract: dict[str, Any], action: str, expect: int | None = None, **members: Any) -> Any:
    """``POST /contracts?action=…``: the data of an answer that must succeed, or the error when that is expected."""
    path = f"/contracts?id={contract['id']}&action={action}"
    response = await api.post(path, members)
    assert response.status_code == (expect or 200), response.text
    return response.json()["data"] if response.is_success else response.json()


async def read(api: Client, contract: dict[str, Any], **query: Any) -> Any:
    return await api.data("GET", "/contracts", params={"id": contract["id"], **query})


@pytest.fixture
async def draft(api: Client) -> dict[str, Any]:
    return await new_contract(api)


@pytest.fixture
async def signed(api: Client, draft: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await act(api, draft, "sign")
    return answer


@pytest.fixture
async def active(api: Client, signed: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await act(api, signed, "activate")
    return answer


@pytest.fixture
def in_force(api: Client) -> Callable[..., Awaitable[dict[str, Any]]]:
    async def make(**members: Any) -> dict[str, Any]:
        contract = await new_contract(api, **members)
        await act(api, contract, "sign")
        answer: dict[str, Any] = await act(api, contract, "activate")
        return answer

    return make


class _Ours:
    """A transaction that shows a schedule the records of one workspace only, as others test at the same time."""

    def __init__(self, tx: Any, tenant: UUID) -> None:
        self._tx = tx
        self._tenant = tenant

    async def rows(self, *arguments: Any, **values: Any) -> list[Any]:
        return [row for row in await self._tx.rows(*arguments, **values) if row["tenant_id"] == self._tenant]


class Calendar:
    """Moves the clock to a day and lets happen what is due then."""

    def __init__(self, pipeline: Pipeline, clock: TestClock, tenant: UUID) -> None:
        self._pipeline = pipeline
        self._clock = clock
        self._tenant = tenant

    @asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        async with self._pipeline.system() as tx:
            yield _Ours(tx, self._tenant)

    def within(self, tenant_id: UUID, livemode: bool) -> AbstractAsyncContextManager[Context]:
        return self._pipeline.within(tenant_id, livemode)

    def go(self, day: date) -> None:
        self._clock.offset = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - datetime.now(UTC)

    def clock(self) -> datetime:
        return self._clock()

    async def run(self) -> int:
        return await schedule.terms(self)  # type: ignore[no-any-return]

    async def on(self, day: date) -> int:
        self.go(day)
        return await self.run()


@pytest.fixture
def calendar(services: Services, clock: TestClock, api: Client) -> Iterator[Calendar]:
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    yield Calendar(services.pipeline, clock, tenant)
    clock.offset = timedelta()
