"""A deal in progress with parties to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from dealwright.app import Services
from dealwright.kernel import ids
from tests.conftest import Client
from tests.jobs import run_jobs

QUEUE = "SET LOCAL search_path = procrastinate, public"


@dataclass
class Table:
    """The parties of one deal."""

    api: Client
    services: Services
    deal_id: str

    async def invite(self, agent: str, share: float = 0, role: str = "co_agent", **body: Any) -> httpx.Response:
        json = {"agent_id": agent, "role": role, "revenue_share": share, **body}
        return await self.api.post(f"/deal-participants?deal_id={self.deal_id}", json)

    async def act(self, action: str, participant: dict[str, Any] | None = None, api: Client | None = None) -> Any:
        which = f"&id={participant['id']}" if participant is not None else ""
        path = f"/deal-participants?deal_id={self.deal_id}{which}&action={action}"
        return await (api or self.api).post(path)

    async def seat(self, agent: str, share: float = 0, role: str = "co_agent") -> dict[str, Any]:
        """A participant who has accepted."""
        made = await self.invite(agent, share, role)
        assert made.status_code == 201, made.text
        accepted = await self.act("accept", made.json()["data"])
        assert accepted.status_code == 200, accepted.text
        return dict(accepted.json()["data"])

    async def close(self, *, pay: bool = True) -> httpx.Response | None:
        """Bring the deal to its end, by payment or by hand."""
        if pay:
            intent = await self.api.data("POST", "/payments?action=create-intent", json={"deal_id": self.deal_id})
            body = {"payment_intent_id": intent["payment_intent_id"]}
            return await self.api.post("/payments?action=confirm", body)
        for status in ("pending_signature", "pending_payment", "closed"):
            await self.api.data("POST", f"/deals?id={self.deal_id}&action=transition&status={status}")
        return None

    async def settled(self) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        data = await self.api.data("GET", f"/deals/{self.deal_id}/settlements")
        return data["settlements"], data["saga"]

    async def deal(self) -> dict[str, Any]:
        return dict(await self.api.data("GET", f"/deals?id={self.deal_id}"))

    async def transfers(self) -> list[tuple[str, str, str]]:
        """The gateway's own book of payouts: destination, status and amount, oldest first."""
        tenant = ids.decode("tenant", self.api.tenant_id)
        assert tenant is not None
        async with self.services.database.transaction(tenant, livemode=False, read_only=True) as tx:
            rows = await tx.connection.fetch("SELECT destination, status, amount FROM sandbox_transfers ORDER BY id")
        return [(row["destination"], row["status"], f"{row['amount']:.2f}") for row in rows]

    async def work(self) -> None:
        await run_jobs(self.services)

    async def work_until(self, status: str) -> None:
        """Run the jobs of the saga until it has got there; those that wait between two attempts need not."""
        for _ in range(30):
            async with self.services.database.system(settings=QUEUE) as tx:
                await tx.connection.execute(
                    "UPDATE procrastinate.procrastinate_jobs SET scheduled_at = now()"
                    " WHERE status = 'todo' AND args->>'tenant' = $1",
                    str(ids.decode("tenant", self.api.tenant_id)),
                )
            await run_jobs(self.services)
            if ((await self.settled())[1] or {})["status"] == status:
                return
        raise AssertionError(f"the saga did not become {status}: {await self.settled()}")


@pytest.fixture
async def table(api: Client, services: Services) -> Table:
    """A deal worth 1000.00."""
    product = await api.data("POST", "/products", json={"name": "Machine", "price": 1000})
    customer = await api.data("POST", "/customers", json={"name": "Jane Smith", "email": "jane@example.com"})
    deal = await api.data("POST", "/deals", json={"status": "in_progress", "customer_id": customer["id"]})
    await api.data("POST", f"/deals?id={deal['id']}&action=add_item", json={"product_id": product["id"]})
    return Table(api, services, deal["id"])
