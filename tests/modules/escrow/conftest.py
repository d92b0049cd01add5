"""A deal worth 2500.00 in progress, and short ways to its escrow and to the gateway's own book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from tests.conftest import Client
from tests.jobs import run_jobs

CONDITIONS = [{"type": "delivery", "config": {"tracking_required": True}}, {"type": "approval"}]


@dataclass
class Vault:
    """The escrow of one deal."""

    api: Client
    services: Services
    deal_id: str

    async def act(self, action: str, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        return await self.api.post(f"/deals?id={self.deal_id}&action={action}", body, headers=headers or {})

    async def create(self, **body: Any) -> dict[str, Any]:
        response = await self.act("escrow", **{"conditions": CONDITIONS, **body})
        assert response.status_code == 201, response.text
        return dict(response.json()["data"])

    async def fulfill(self, escrow: dict[str, Any]) -> None:
        for condition in escrow["conditions"]:
            response = await self.act("fulfill_condition", condition_id=condition["condition_id"])
            assert response.status_code == 200, response.text

    async def ready(self, **body: Any) -> dict[str, Any]:
        """An escrow that may be released."""
        escrow = await self.create(**body)
        await self.fulfill(escrow)
        return escrow

    async def escrow(self) -> dict[str, Any]:
        return dict((await self.api.data("GET", f"/deals?id={self.deal_id}&action=escrow"))["escrow"])

    async def deal(self) -> dict[str, Any]:
        return dict(await self.api.data("GET", f"/deals?id={self.deal_id}"))

    async def cancel(self) -> None:
        await self.api.data("DELETE", f"/deals?id={self.deal_id}", headers={"If-Match": "*"}, expect=200)

    async def book(self) -> list[tuple[str, str]]:
        """The gateway's own book: status and amount of every intent, oldest first."""
        tenant = ids.decode("tenant", self.api.tenant_id)
        assert tenant is not None
        async with self.services.database.transaction(tenant, livemode=False, read_only=True) as tx:
            rows = await tx.connection.fetch("SELECT status, amount FROM sandbox_intents ORDER BY id")
        return [(row["status"], f"{row['amount']:.2f}") for row in rows]

    async def later(self, clock: Any, **by: float) -> None:
        """What the schedule and its jobs do after some time."""
        from dealwright.modules.escrow.jobs import keep

        clock.offset += timedelta(**by)
        await keep(self.services.pipeline)
        await run_jobs(self.services)


async def make_vault(api: Client, services: Services, price: float = 2500.00, *, status: str = "in_progress") -> Vault:
    product = await api.data("POST", "/products", json={"name": "Machine", "price": price})
    deal = await api.data("POST", "/deals", json={"status": status})
    await api.data("POST", f"/deals?id={deal['id']}&action=add_item", json={"product_id": product["id"]})
    return Vault(api, services, deal["id"])


@pytest.fixture
async def vault(api: Client, services: Services) -> Vault:
    return await make_vault(api, services)


@pytest.fixture
def moved(clock: Any) -> Any:
    """The application's clock, put back after the test."""
    before = clock.offset
    yield clock
    clock.offset = before
