"""Acknowledged means durable: kill -9 of the server and of its database at random moments, under load.

    python -m tests.load.kill9 --seconds 60

Starts ``dealwright serve`` on a data folder of its own. Writers create customers and deals, add items and change
records; every creation carries an idempotency key and is repeated until it is answered, whatever happens in between.
Meanwhile the server, the database or both are killed. In the end the database must hold exactly what was acknowledged:
no write lost, none made twice by a repetition, every audit chain whole with one entry for each version of its record,
and an event for every write. Prints the figures; exit code 1 when anything does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil

import dealwright
from dealwright.kernel import ids
from dealwright.kernel.ledger.ledger import entry_hash
from dealwright.kernel.store.embedded import EmbeddedPostgres

COMMAND = [sys.executable, "-c", "from dealwright.surfaces.cli.main import app; app()"]
LIMITS = {
    "DEALWRIGHT_IP_LIMIT_PER_MINUTE": "100000000",
    "DEALWRIGHT_GLOBAL_LIMIT_PER_MINUTE": "100000000",
    "PYTHONPATH": str(Path(dealwright.__file__).parents[1]),
}
_KILL_EARLY = 0.02
"""How likely, in each fifth of a second, it is not to wait until the server answers again."""
REPEAT_ACKNOWLEDGED = 0.1
"""How often a writer repeats a creation that was answered already."""


@dataclass
class Expected:
    """What the database must hold, as far as the writers were told."""

    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    deals: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
    longest_wait: float = 0.0
    answered: int = 0

    def problem(self, text: str) -> None:
        self.problems.append(text)


class Server:
    """The real server process, and the ways to kill it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.log = (folder / "server.log").open("ab")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [*COMMAND, "serve", "--data-dir", str(self.folder), "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env={**os.environ, **LIMITS})

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_database(self) -> None:
        with suppress(FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
            pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
            if psutil.Process(pid).name() == "postgres":
                os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def make_key(self) -> str:
        command = [*COMMAND, "keys", "create", "--workspace", "load", "--rate-limit", "100000000", "--json"]
        done = subprocess.run(
            [*command, "--data-dir", str(self.folder)], capture_output=True, text=True, env={**os.environ, **LIMITS}
        )
        if done.returncode:
            raise SystemExit(f"no key was made: {done.stdout}{done.stderr}")
        return str(json.loads(done.stdout)["key"])


class Writer:
    """One caller; its records are its own, so it knows what each must look like."""

    def __init__(self, http: httpx.AsyncClient, expected: Expected, rng: random.Random, over: asyncio.Event) -> None:
        self.http = http
        self.expected = expected
        self.rng = rng
        self.over = over
        self.customers: list[str] = []
        self.deals: list[str] = []

    async def until_answered(self, method: str, path: str, **options: Any) -> tuple[httpx.Response, bool]:
        """The answer, and whether an earlier attempt may have been carried out."""
        began = time.monotonic()
        unsure = False
        while True:
            self.expected.figures["requests"] += 1
            try:
                response = await self.http.request(method, path, **options)
            except httpx.TransportError:
                self.expected.figures["connections lost"] += 1
                unsure = True
            else:
                if response.status_code != 503:
                    self.expected.answered += 1
                    self.expected.longest_wait = max(self.expected.longest_wait, time.monotonic() - began)
                    return response, unsure
                self.expected.figures["answered 503"] += 1
                unsure = True
            await asyncio.sleep(0.05)

    async def create(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Send until answered, sometimes once more afterwards."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        response, unsure = await self.until_answered("POST", path, json=body, headers=headers)
        if response.status_code not in (200, 201):
            self.expected.problem(f"POST {path} was answered {response.status_code}: {response.text[:300]}")
            return None
        replayed = "idempotency-replayed" in response.headers
        if replayed and not unsure:
            self.expected.problem(f"POST {path}: a first attempt was answered as a replay")
        self.expected.figures["replays after a lost answer"] += replayed
        if self.rng.random() < REPEAT_ACKNOWLEDGED:
            again, _ = await self.until_answered("POST", path, json=body, headers=headers)
            self.expected.figures["repetitions of answered requests"] += 1
            if again.json().get("data") != response.json()["data"]:
                self.expected.problem(f"POST {path}: a repetition was answered differently: {again.text[:300]}")
        data: dict[str, Any] = response.json()["data"]
        return data

    async def create_customer(self) -> None:
        name = uuid.uuid4().hex
        made = await self.create("/customers", {"name": name, "email": f"{name}@example.com"})
        if made is not None:
            self.customers.append(made["id"])
            self.expected.customers[made["id"]] = {"name": name, "version": 1, "company": None}
            self.expected.figures["customers created"] += 1

    async def change_customer(self) -> None:
        customer = self.rng.choice(self.customers)
        known = self.expected.customers[customer]
        company = uuid.uuid4().hex
        headers = {"If-Match": str(known["version"])}
        path = f"/customers?id={customer}"
        response, unsure = await self.until_answered("PATCH", path, json={"company": company}, headers=headers)
        if response.status_code == 412 and unsure and response.json()["data"]["company"] == company:
            self.expected.figures["lost answers found done"] += 1
        elif response.status_code != 200:
            self.expected.problem(f"PATCH {customer} was answered {response.status_code}: {response.text[:300]}")
            return
        known.update(version=known["version"] + 1, company=company)
        self.expected.figures["customers changed"] += 1

    async def create_deal(self) -> None:
        made = await self.create("/deals", {"customer_id": self.rng.choice(self.customers), "title": "Load"})
        if made is not None:
            self.deals.append(made["id"])
            self.expected.deals[made["id"]] = {"items": 0}
            self.expected.figures["deals created"] += 1

    async def add_item(self) -> None:
        deal = self.rng.choice(self.deals)
        path = f"/deals?id={deal}&action=add_item"
        if await self.create(path, {"product_id": self.product, "quantity": 1}) is not None:
            self.expected.deals[deal]["items"] += 1
            self.expected.figures["items added"] += 1

    async def run(self) -> None:
        made = await self.create("/products", {"name": "Widget", "price": 5})
        if made is None:
            return
        self.product = made["id"]
        await self.create_customer()
        await self.create_deal()
        while not self.over.is_set():
            await self.rng.choice((self.create_customer, self.change_customer, self.create_deal, self.add_item))()


async def _pause(over: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(over.wait(), seconds)


async def harm(server: Server, rng: random.Random, over: asyncio.Event, expected: Expected) -> None:
    """Kill something every one to four seconds; the database is restarted by the server, the server by us.

    Mostly once work goes on again, sometimes already while the server starts.
    """
    while not over.is_set():
        done = expected.answered
        while not over.is_set() and expected.answered < done + 50 and rng.random() > _KILL_EARLY:
            await _pause(over, 0.2)
        await _pause(over, rng.uniform(1, 4))
        if over.is_set():
            return
        target = rng.choice(("server", "database", "both"))
        expected.figures[f"kills: {target}"] += 1
        if target in ("database", "both"):
            server.kill_database()
        if target in ("server", "both"):
            await asyncio.to_thread(server.kill)
            await asyncio.sleep(rng.uniform(0, 0.3))
            server.start()


async def examine(folder: Path, expected: Expected) -> None:
    """Compare what is stored with what was acknowledged, as the owner of the database."""
    embedded = EmbeddedPostgres(folder)
    dsn = await asyncio.to_thread(embedded.start)
    try:
        connection: Any = await asyncpg.connect(dsn)
        try:
            await _examine(connection, expected)
        finally:
            await connection.close()
    finally:
        await asyncio.to_thread(embedded.stop)


async def _examine(connection: Any, expected: Expected) -> None:
    problem = expected.problem
    customers = {ids.encode("cust", row["id"]): row for row in await connection.fetch("SELECT * FROM customers")}
    for lost in expected.customers.keys() - customers.keys():
        problem(f"acknowledged customer {lost} is lost")
    for extra in customers.keys() - expected.customers.keys():
        problem(f"customer {extra} was made twice or never acknowledged")
    for key, row in customers.items():
        known = expected.customers.get(key, dict(row))
        if (row["version"], row["company"]) != (known["version"], known["company"]):
            problem(f"customer {key} is at version {row['version']}, acknowledged was {known['version']}")
    deals = {ids.encode("deal", row["id"]): row for row in await connection.fetch("SELECT * FROM deals")}
    for lost in expected.deals.keys() - deals.keys():
        problem(f"acknowledged deal {lost} is lost")
    for extra in deals.keys() - expected.deals.keys():
        problem(f"deal {extra} was made twice or never acknowledged")
    items = Counter(
        ids.encode("deal", row["deal_id"]) for row in await connection.fetch("SELECT deal_id FROM deal_items")
    )
    for key in deals:
        if items[key] != expected.deals.get(key, {"items": items[key]})["items"]:
            problem(f"deal {key} has {items[key]} items, acknowledged were {expected.deals[key]['items']}")
    numbers = [row["number"] for row in deals.values()]
    if len(set(numbers)) != len(numbers):
        problem("two deals have one number")

    length = await check_chains(connection, problem)
    for key, row in {**customers, **deals}.items():
        if length[key] != row["version"]:
            problem(f"{key} has {length[key]} audit entries for {row['version']} versions")

    events = Counter((row["entity_id"], row["event"]) for row in await connection.fetch("SELECT * FROM events"))
    for key, row in customers.items():
        if (events[key, "customer.created"], events[key, "customer.updated"]) != (1, row["version"] - 1):
            problem(f"the events of {key} do not match its {row['version']} versions")
    for key in deals:
        if events[key, "deal.created"] != 1 or events[key, "deal.item_added"] != items[key]:
            problem(f"the events of {key} do not match its {items[key]} items")
    expected.figures["audit entries checked"] = sum(length.values())
    expected.figures["events checked"] = sum(events.values())
    open_claims = await connection.fetchval("SELECT count(*) FROM idempotent_answers WHERE answer IS NULL")
    if open_claims:
        problem(f"{open_claims} idempotency keys are claimed without an answer")


async def check_chains(connection: Any, problem: Callable[[str], None]) -> Counter[str]:
    """Recompute every audit chain; answers how many entries each record has."""
    length: Counter[str] = Counter()
    before: dict[str, str | None] = {}
    for entry in await connection.fetch("SELECT * FROM audit_log ORDER BY entity_type, entity_id, seq"):
        key = entry["entity_id"]
        length[key] += 1
        names = ("entity_type", "entity_id", "action", "changes", "snapshot", "previous_hash", "created_at")
        if entry["seq"] != length[key] or entry["previous_hash"] != before.get(key):
            problem(f"the chain of {key} is broken at {entry['seq']}")
        if entry_hash(*(entry[name] for name in names)) != entry["entry_hash"]:
            problem(f"entry {entry['seq']} of {key} does not match its hash")
        before[key] = entry["entry_hash"]
    return length


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def run(seconds: float, writers: int, seed: int, folder: Path) -> Expected:
    rng = random.Random(seed)
    expected = Expected()
    server = Server(folder, free_port())
    key = server.make_key()
    server.start()
    try:
        over = asyncio.Event()
        limits = httpx.Limits(max_connections=writers)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{server.port}/api/v1", headers={"X-API-Key": key}, limits=limits, timeout=30
        ) as http:
            tasks = [
                asyncio.create_task(Writer(http, expected, random.Random(rng.random()), over).run())
                for _ in range(writers)
            ]
            killer = asyncio.create_task(harm(server, rng, over, expected))
            await asyncio.wait([*tasks, killer], timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
            over.set()
            await asyncio.wait_for(asyncio.gather(killer, *tasks), 120)
    finally:
        await asyncio.to_thread(server.stop)
    await examine(folder, expected)
    return expected


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--keep", action="store_true", help="keep the data folder, which has server.log in it")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="dealwright-kill9-"))
    print(f"seed {given.seed}, data in {folder}", flush=True)
    began = time.monotonic()
    expected = asyncio.run(run(given.seconds, given.writers, given.seed, folder))
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
