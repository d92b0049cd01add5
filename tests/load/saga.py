"""Money moves exactly once: deals go from draft to released escrow while server and worker are killed with -9.

    python -m tests.load.saga --deals 1000

Starts ``dealwright serve`` and ``dealwright worker`` on a data folder of their own. Callers take each deal through
draft, signed, escrow and released, and repeat every call until it is answered. Meanwhile the server, the worker or both
are killed at random. Some cards lose the provider's answer, some payouts are declined, some for good.

In the end the sandbox gateway's own book is held against ours: every deal was paid by exactly one captured intent and
no money is held any more; every share was paid out by exactly one transfer, or every transfer of the deal was reversed;
every settlement is completed or compensated; every event fired once; every audit chain is whole. Prints the figures;
exit code 1 when anything does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from dealwright.kernel import ids
from dealwright.kernel.store.embedded import EmbeddedPostgres
from tests.load.kill9 import COMMAND, LIMITS, Expected, Server, Writer, check_chains, free_port

CARDS = ("pm_card_visa", "pm_card_visa", "pm_sandbox_lostAnswer", "pm_sandbox_lostCapture")
PAYEES = ("plain", "plain", "plain", "sandbox_lost", "sandbox_flaky")
CLOSED = 0.1
"""How many deals have a participant whose account is closed, so that the settlement must be taken back."""
SETTLED_WITHIN = 300.0
"""Seconds that the background work has to come to its end once nothing is killed any more."""


class Worker(Server):
    """``dealwright worker`` beside the server."""

    def start(self) -> None:
        command = [*COMMAND, "worker", "--data-dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env={**os.environ, **LIMITS})


class Seller(Writer):
    """One caller, who takes deal after deal to its end."""

    def __init__(self, *arguments: Any, left: list[int]) -> None:
        super().__init__(*arguments)
        self.left = left

    async def act(self, path: str, body: dict[str, Any] | None = None, *, done: str) -> dict[str, Any]:
        """Send until it is done: answered well, or refused with the code ``done`` because an earlier attempt did it."""
        while True:
            response, _ = await self.until_answered("POST", path, json=body)
            data: dict[str, Any] = response.json().get("data") or {}
            if response.is_success or response.json().get("code") == done:
                return data
            if response.status_code != 402:
                self.expected.problem(f"POST {path} was answered {response.status_code}: {response.text[:300]}")
                raise RuntimeError(response.text)

    async def sell(self) -> None:
        price = self.rng.randrange(1_00, 1_000_00) / 100
        deal = await self.made("/deals", {"customer_id": self.customers[0], "status": "draft", "tax_rate": 0.1})
        path = f"/deals?id={deal['id']}"
        await self.made(f"{path}&action=add_item", {"product_id": self.product, "unit_price": price})
        fails = self.rng.random() < CLOSED
        names = [self.rng.choice(PAYEES), "sandbox_closed" if fails else self.rng.choice(PAYEES)]
        for number, (name, share) in enumerate(zip(names, (33.3333, 12.5), strict=True)):
            invitation = {
                "agent_id": f"agent_{deal['id']}_{number}_{name}",
                "role": "co_agent",
                "revenue_share": share,
            }
            seat = await self.made(f"/deal-participants?deal_id={deal['id']}", invitation)
            whose = f"/deal-participants?deal_id={deal['id']}&id={seat['id']}"
            await self.act(f"{whose}&action=accept", done="conflict.invalid_state")
        for status in ("in_progress", "pending_signature"):
            await self.act(f"{path}&action=transition&status={status}", done="conflict.invalid_transition")
        await self.act(f"{path}&action=sign", {"consent_to_sign": True}, done="conflict.invalid_state")
        await self.put_in_escrow(path)
        await self.release(path)
        self.expected.deals[deal["id"]] = {"fails": fails}
        self.expected.figures["deals released"] += 1

    async def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found = await self.create(path, body)
        if found is None:
            raise RuntimeError(path)
        return found

    async def put_in_escrow(self, path: str) -> None:
        body = {"conditions": [{"type": "delivery"}], "payment_method": self.rng.choice(CARDS)}
        while True:
            await self.act(f"{path}&action=escrow", body, done="conflict.escrow_exists")
            escrow = await self.escrow(path)
            if escrow["status"] == "held":
                break
            await asyncio.sleep(0.5)
        condition = {"condition_id": escrow["conditions"][0]["condition_id"]}
        await self.act(f"{path}&action=fulfill_condition", condition, done="conflict.escrow_not_active")

    async def release(self, path: str) -> None:
        while True:
            await self.act(f"{path}&action=release_escrow", done="conflict.escrow_not_active")
            if (await self.escrow(path))["status"] == "released":
                return
            await asyncio.sleep(0.5)

    async def escrow(self, path: str) -> dict[str, Any]:
        response, _ = await self.until_answered("GET", f"{path}&action=escrow")
        found: dict[str, Any] = response.json()["data"]["escrow"]
        return found

    async def run(self) -> None:
        self.product = (await self.made("/products", {"name": "Widget", "price": 5}))["id"]
        await self.create_customer()
        while self.left:
            self.left.pop()
            await self.sell()


async def _pause(over: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


async def harm(server: Server, worker: Worker, rng: random.Random, over: asyncio.Event, expected: Expected) -> None:
    """Kill the server, the worker or both every three to nine seconds, once work goes on again."""
    while True:
        done = expected.answered
        await _pause(over, rng.uniform(3, 9))
        while not over.is_set() and expected.answered < done + 30:
            await _pause(over, 0.2)
        if over.is_set():
            return
        target = rng.choice(("server", "worker", "both"))
        expected.figures[f"kills: {target}"] += 1
        for each, name in ((server, "server"), (worker, "worker")):
            if target in (name, "both"):
                await asyncio.to_thread(each.kill)
                await asyncio.sleep(rng.uniform(0, 0.3))
                each.start()


async def settled(folder: Path, expected: Expected) -> None:
    """Wait until no settlement is under way, asking the database itself."""
    embedded = EmbeddedPostgres(folder)
    dsn = await asyncio.to_thread(embedded.start)
    began = time.monotonic()
    try:
        connection: Any = await asyncpg.connect(dsn)
        try:
            while time.monotonic() < began + SETTLED_WITHIN:
                left = await connection.fetchval(
                    "SELECT count(*) FROM settlements WHERE status NOT IN ('completed', 'compensated')"
                )
                if left == 0:
                    return
                await asyncio.sleep(1)
            expected.problem(f"{left} settlements have not come to their end in {SETTLED_WITHIN:.0f} seconds")
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(embedded.stop)


async def examine(folder: Path, expected: Expected) -> None:
    """Hold the gateway's book against ours, as the owner of the database."""
    embedded = EmbeddedPostgres(folder)
    dsn = await asyncio.to_thread(embedded.start)
    try:
        connection: Any = await asyncpg.connect(dsn)
        try:
            await _examine_payments(connection, expected)
            await _examine_settlements(connection, expected)
            await _examine_events(connection, expected)
            lengths = await check_chains(connection, expected.problem)
            expected.figures["audit chains checked"] = len(lengths)
            expected.figures["audit entries checked"] = sum(lengths.values())
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(embedded.stop)


async def _examine_payments(connection: Any, expected: Expected) -> None:
    problem = expected.problem
    captured: Counter[str] = Counter()
    taken: dict[str, Decimal] = {}
    for row in await connection.fetch("SELECT status, amount, metadata->>'deal_id' AS deal FROM sandbox_intents"):
        if row["status"] == "succeeded":
            captured[row["deal"]] += 1
            taken[row["deal"]] = row["amount"]
        elif row["status"] == "requires_capture":
            problem(f"money is still held for {row['deal']}")
    deals = {ids.encode("deal", row["id"]): row for row in await connection.fetch("SELECT * FROM deals")}
    if deals.keys() != expected.deals.keys():
        problem(f"{len(deals)} deals are there, {len(expected.deals)} were released")
    for key, row in deals.items():
        if captured[key] != 1 or taken.get(key) != row["total"]:
            problem(f"{key} is worth {row['total']}; captured were {captured[key]} intents, the last {taken.get(key)}")
        if (row["status"], row["payment_status"], row["amount_paid"]) != ("closed", "paid", row["total"]):
            problem(f"{key} is {row['status']} and {row['payment_status']} with {row['amount_paid']}")
    open_ones = await connection.fetchval("SELECT count(*) FROM escrows WHERE status <> 'released'")
    if open_ones:
        problem(f"{open_ones} escrows are not released")
    expected.figures["intents captured"] = sum(captured.values())
    expected.figures["money taken"] = int(sum(taken.values()))


async def _examine_settlements(connection: Any, expected: Expected) -> None:
    problem = expected.problem
    transfers: dict[str, list[Any]] = defaultdict(list)
    for row in await connection.fetch(
        "SELECT status, amount, metadata->>'settlement_id' AS leg FROM sandbox_transfers"
    ):
        transfers[row["leg"]].append(row)
    legs: dict[Any, list[Any]] = defaultdict(list)
    for row in await connection.fetch("SELECT * FROM settlement_legs"):
        legs[row["settlement_id"]].append(row)
    sagas = await connection.fetch("SELECT * FROM settlements")
    if len(sagas) != len(expected.deals):
        problem(f"{len(sagas)} settlements for {len(expected.deals)} deals")
    for saga in sagas:
        deal = ids.encode("deal", saga["deal_id"])
        ends = "compensated" if expected.deals.get(deal, {}).get("fails") else "completed"
        if saga["status"] != ends:
            problem(f"the settlement of {deal} is {saga['status']}, not {ends}")
        if sum(leg["amount"] for leg in legs[saga["id"]]) != saga["total"]:
            problem(f"the parts of {deal} are not its total")
        for leg in legs[saga["id"]]:
            name = ids.encode("settlement", leg["id"])
            found = Counter(row["status"] for row in transfers[name])
            sums = {row["amount"] for row in transfers[name]}
            due = 1 if leg["participant_id"] is not None and leg["status"] == "settled" else 0
            if found["paid"] != due or sums - {leg["amount"]}:
                problem(f"{name} of {deal} is {leg['status']} with {dict(found)} transfers of {sums}")
            if saga["status"] == "compensated" and leg["status"] == "settled":
                problem(f"{name} of {deal} was not taken back")
            expected.figures[f"legs {leg['status']}"] += leg["participant_id"] is not None
            expected.figures["transfers paid"] += found["paid"]
            expected.figures["transfers reversed"] += found["reversed"]
            expected.figures["transfers declined"] += found["declined"]
        expected.figures[f"sagas {saga['status']}"] += 1


async def _examine_events(connection: Any, expected: Expected) -> None:
    events = Counter(
        (row["deal"], row["event"])
        for row in await connection.fetch("SELECT data->>'deal_id' AS deal, event FROM events WHERE data ? 'deal_id'")
    )
    once = ("escrow.created", "escrow.released", "deal.closed", "deal.payment_received", "payment.received")
    for deal, known in expected.deals.items():
        ended = {"deal.settlement_all_completed": 0 if known["fails"] else 1}
        wanted = {**dict.fromkeys(once, 1), **ended, "deal.settlement_failed": int(known["fails"])}
        for name, times in wanted.items():
            if events[deal, name] != times:
                expected.problem(f"{name} fired {events[deal, name]} times for {deal}, not {times}")


async def run(deals: int, sellers: int, seed: int, folder: Path) -> Expected:
    rng = random.Random(seed)
    expected = Expected()
    server, worker = Server(folder, free_port()), Worker(folder, 0)
    key = server.make_key()
    server.start()
    worker.start()
    try:
        over, left = asyncio.Event(), list(range(deals))
        limits = httpx.Limits(max_connections=sellers)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}/api/v1", headers={"X-API-Key": key}, limits=limits, timeout=30
        ) as http:
            callers = [Seller(http, expected, random.Random(rng.random()), over, left=left) for _ in range(sellers)]
            killer = asyncio.create_task(harm(server, worker, rng, over, expected))
            try:
                await asyncio.gather(*(caller.run() for caller in callers))
            finally:
                over.set()
                await killer
        await settled(folder, expected)
    finally:
        await asyncio.to_thread(worker.stop)
        await asyncio.to_thread(server.stop)
    await examine(folder, expected)
    return expected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deals", type=int, default=1000)
    parser.add_argument("--sellers", type=int, default=32)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--keep", action="store_true", help="keep the data folder, which has server.log in it")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dealwright-saga-"))
    print(f"seed {given.seed}, data in {folder}", flush=True)
    began = time.monotonic()
    expected = asyncio.run(run(given.deals, given.sellers, given.seed, folder))
    print(f"{'seconds':34}{time.monotonic() - began:8.1f}")
    print(f"{'answers':34}{expected.answered:8}")
    print(f"{'longest wait for an answer, s':34}{expected.longest_wait:8.2f}")
    for name, count in sorted(expected.figures.items()):
        print(f"{name:34}{count:8}")
    for text in expected.problems[:50]:
        print(f"PROBLEM {text}")
    print(f"{len(expected.problems)} problems")
    if given.keep or expected.problems:
        print(f"kept {folder}")
    else:
        shutil.rmtree(folder)
    return 1 if expected.problems else 0


if __name__ == "__main__":
    sys.exit(main())
