"""Webhooks under load and under fire; prints what happened and ends with code 1 when a promise is broken.

    python -m tests.load.webhooks storm      10,000 events; the receiver fails 30 % at random and is killed twice,
                                             server and worker are killed (kill -9): nothing lost, nothing reordered
    python -m tests.load.webhooks flow       deliveries a second of one worker to a receiver on this machine
    python -m tests.load.webhooks neighbour  p99 from commit to arrival, without and beside a dead endpoint

Every receiver writes a line for each request to a file before it answers, so that killing it loses no evidence.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from dealwright.kernel import ids
from dealwright.kernel.store.embedded import EmbeddedPostgres

COMMAND = (sys.executable, "-c", "from dealwright.surfaces.cli.main import app; app()")
ENTITIES = 250
PORT, RECEIVER_PORT = 18_631, 18_632


# The receiver: one more process, so that it can be killed.


async def receive(port: int, log: Path, fail: float, silent: bool) -> None:
    """Answer 200, or 500 with the given chance; ``silent``: never answer."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
                body = await reader.readexactly(length)
                if silent:
                    await asyncio.sleep(3600)
                status = 500 if random.random() < fail else 200
                event = json.loads(body)
                line = {
                    "id": event["id"],
                    "status": status,
                    "at": time.time(),
                    "sent": event["data"].get("sent"),
                    "body": hashlib.sha256(body).hexdigest(),
                }
                os.write(file, json.dumps(line).encode() + b"\n")
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nOK" % status)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


class Processes:
    """The processes of a run, in one folder with one embedded database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "received.jsonl"
        self.environment = {
            **os.environ,
            "DEALWRIGHT_DATA_DIR": str(folder / "data"),
            "DEALWRIGHT_WEBHOOKS_ALLOW_PRIVATE": "1",
            "DEALWRIGHT_WEBHOOKS_RETRY_SCHEDULE": "1,2",
            "DEALWRIGHT_KEY_LIMIT_PER_MINUTE": "1000000",
            "DEALWRIGHT_IP_LIMIT_PER_MINUTE": "1000000",
            "DEALWRIGHT_GLOBAL_LIMIT_PER_MINUTE": "10000000",
        }
        self.running: list[subprocess.Popen[bytes]] = []
        self.embedded = EmbeddedPostgres(folder / "data")
        self.dsn = self.embedded.start()

    def start(self, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / "output.log").open("ab") as out:
            made = subprocess.Popen(command, env={**self.environment, **environment}, stdout=out, stderr=out)
        self.running.append(made)
        return made

    def server(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start(*COMMAND, "serve", "--port", str(PORT), **environment)

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start(*COMMAND, "worker")

    def receiver(self, port: int = RECEIVER_PORT, fail: float = 0, *more: str) -> subprocess.Popen[bytes]:
        command = ("receiver", "--port", str(port), "--fail", str(fail), "--log", str(self.log), *more)
        return self.start(sys.executable, "-m", "tests.load.webhooks", *command)

    def cli(self, *command: str) -> Any:
        done = subprocess.run(
            [*COMMAND, *command, "--json"],
            env=self.environment, check=True, capture_output=True,
        )  # fmt: skip
        return json.loads(done.stdout)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.running.remove(process)

    def stop(self) -> None:
        for process in reversed(self.running):
            process.terminate()
        for process in reversed(self.running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        self.embedded.stop()

    def received(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@contextlib.asynccontextmanager
async def installation(**environment: str) -> AsyncIterator[tuple[Processes, httpx.AsyncClient]]:
    """A running server and a caller with a key of a fresh workspace."""
    with tempfile.TemporaryDirectory(prefix="webhooks-load-") as name:
        os.chmod(name, 0o755)
        processes = Processes(Path(name))
        try:
            processes.server(**environment)
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{PORT}/api/v1", timeout=30) as http:
                await answering(http, processes.running[0])
                key = processes.cli("keys", "create", "--workspace", "load")
                http.headers["Authorization"] = f"Bearer {key.get('key') or key['secret']}"
                yield processes, http
        except BaseException:
            sys.stderr.write((Path(name) / "output.log").read_text()[-5000:])
            raise
        finally:
            processes.stop()


async def answering(http: httpx.AsyncClient, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            await http.get("/nothing")
            return
        await asyncio.sleep(0.1)
    raise SystemExit("the server does not start")


async def until(ready: Callable[[], bool], every: float) -> None:
    while not ready():  # noqa: ASYNC110 - other processes are waited for
        await asyncio.sleep(every)


async def stubborn(http: httpx.AsyncClient, method: str, path: str, **options: Any) -> Any:
    """The data of an answer, asking again while the server is dead."""
    while True:
        try:
            response = await http.request(method, path, **options)
        except httpx.HTTPError:
            await asyncio.sleep(0.2)
            continue
        if response.status_code < 400 or response.status_code == 412:
            return response
        if response.status_code < 500:
            raise SystemExit(f"{method} {path}: {response.text}")
        await asyncio.sleep(0.2)


async def subscribe(http: httpx.AsyncClient, port: int = RECEIVER_PORT) -> str:
    body = {"url": f"http://127.0.0.1:{port}/", "events": ["*"]}
    found: str = (await http.post("/webhooks", json=body)).json()["data"]["webhook_id"]
    return found


async def everything(http: httpx.AsyncClient, path: str, member: str, **params: Any) -> list[dict[str, Any]]:
    """A whole list: by cursor for the event log, by offset for the others."""
    found: list[dict[str, Any]] = []
    while True:
        data = (await stubborn(http, "GET", path, params={**params, "limit": 100})).json()["data"]
        found += data[member]
        if "cursor" in data:
            if not data["cursor"]["has_more"]:
                return found
            params["since_sequence"] = data["cursor"]["last_sequence"]
        elif len(data[member]) < 100:
            return found
        else:
            params["offset"] = len(found)


async def storm(number: int) -> list[str]:
    """The promises that were broken."""
    async with installation() as (processes, http):
        worker = processes.worker()
        receiver = processes.receiver(fail=0.3)
        await subscribe(http)
        made = 0

        async def tell(entity: int) -> None:
            nonlocal made
            customer = {"name": f"E {entity}", "email": f"e{entity}@example.com"}
            answer = await stubborn(
                http, "POST", "/customers", json=customer, headers={"Idempotency-Key": f"e{entity}"}
            )
            path = f"/customers?id={answer.json()['data']['id']}"
            for turn in range(number // ENTITIES - 1):
                current = (await stubborn(http, "GET", path)).headers["etag"]
                await stubborn(http, "PATCH", path, json={"city": f"City {turn}"}, headers={"If-Match": current})
                made += 1

        async def shoot() -> None:
            nonlocal receiver, worker
            for share in (0.2, 0.5, 0.7):
                enough = number * share
                await until(lambda enough=enough: made >= enough, 0.05)
                if share == 0.5:
                    print(f"  {made} written, {len(processes.received())} received: kill -9 of server and worker")
                    processes.kill(processes.running[0])
                    processes.kill(worker)
                    await asyncio.sleep(1)
                    processes.running.insert(0, processes.running.pop(processes.running.index(processes.server())))
                    worker = processes.worker()
                else:
                    print(f"  {made} written, {len(processes.received())} received: kill -9 of the receiver")
                    processes.kill(receiver)
                    await asyncio.sleep(2)
                    receiver = processes.receiver(fail=0.3)

        began = time.time()
        async with asyncio.TaskGroup() as group:
            group.create_task(shoot())
            limit = asyncio.Semaphore(32)

            async def bounded(entity: int) -> None:
                async with limit:
                    await tell(entity)

            for entity in range(ENTITIES):
                group.create_task(bounded(entity))
        print(f"  all written after {time.time() - began:.0f} s")
        waiting = {"status": "pending", "limit": 1}
        while (await stubborn(http, "GET", "/webhooks/events", params=waiting)).json()["data"]["events"]:  # noqa: ASYNC110
            await asyncio.sleep(1)
        print(f"  nothing pending after {time.time() - began:.0f} s")
        return await judge(processes, http, number)


async def judge(processes: Processes, http: httpx.AsyncClient, number: int) -> list[str]:
    log = {event["id"]: event for event in await everything(http, "/webhooks/events", "events")}
    dead = {letter["event_id"] for letter in await everything(http, "/webhooks/dead_letter", "dead_letters")}
    requests = processes.received()
    accepted = {request["id"] for request in requests if request["status"] == 200}
    bodies = defaultdict(set)
    for request in requests:
        bodies[request["id"]].add(request["body"])
    entity_of = await entities(processes)
    reordered, newest = 0, defaultdict[str, int](int)
    for request in requests:
        entity, position = entity_of[request["id"]], log[request["id"]]["sequence"]
        reordered += position < newest[entity]
        newest[entity] = max(newest[entity], position)
    lost = log.keys() - accepted - dead
    print(
        f"  events {len(log)}, requests {len(requests)}, accepted {len(accepted)}, dead letters {len(dead)}, "
        f"accepted more than once {sum(r['status'] == 200 for r in requests) - len(accepted)}, lost {len(lost)}, "
        f"out of order {reordered}"
    )
    broken = []
    if len(log) < number:
        broken.append(f"only {len(log)} of {number} events are in the log")
    if lost:
        broken.append(f"{len(lost)} events were neither delivered nor dead-lettered")
    if reordered:
        broken.append(f"{reordered} requests came after a later one of their entity")
    if any(len(each) > 1 for each in bodies.values()):
        broken.append("an event was sent with two different bodies")
    if unknown := requests and {r["id"] for r in requests} - log.keys():
        broken.append(f"{len(unknown)} requests carry ids that are no events")
    return broken


async def entities(processes: Processes) -> dict[str, str]:
    connection = await asyncpg.connect(processes.dsn)
    rows = await connection.fetch("SELECT id, entity_id FROM events")
    await connection.close()
    return {ids.encode("evt", row["id"]): row["entity_id"] for row in rows}


async def insert(connection: Any, tenant: Any, number: int, spread: int) -> None:
    """Write events straight into the outbox."""
    rows = [
        (tenant, False, ids.uuid7(), "deal.updated", "deal", f"deal_{random.randrange(spread)}",
         json.dumps({"sent": time.time()}), )
        for _ in range(number)
    ]  # fmt: skip
    await connection.executemany(
        "INSERT INTO events (tenant_id, livemode, id, event, entity_type, entity_id, data, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, now())",
        rows,
    )
    await connection.execute("SELECT pg_notify('dealwright_signals', 'load events_written ')")


async def rate_of(number: int) -> float:
    """Deliveries a second by one worker, from the first to the last of ``number`` events that wait for it."""
    async with installation(DEALWRIGHT_RUN_WORKERS="0") as (processes, http):
        processes.receiver()
        await subscribe(http)
        connection = await asyncpg.connect(processes.dsn)
        tenant = await connection.fetchval("SELECT tenant_id FROM webhook_endpoints")
        await insert(connection, tenant, number, number // 5)
        processes.worker()
        await until(lambda: bool(processes.received()), 0.02)
        await until(lambda: len(processes.received()) >= number, 0.2)
        lines = processes.received()
        rate = number / (lines[-1]["at"] - lines[0]["at"])
        await connection.close()
        return rate


async def flow(number: int) -> list[str]:
    rate = await rate_of(number)
    print(f"  {number} deliveries, {rate:.0f} a second by one worker")
    return [] if rate >= 500 else [f"{rate:.0f} deliveries a second are fewer than 500"]


async def neighbour(seconds: int) -> list[str]:
    async with installation(DEALWRIGHT_RUN_WORKERS="0") as (processes, http):
        processes.receiver()
        processes.receiver(RECEIVER_PORT + 1, 0, "--silent")
        processes.worker()
        await subscribe(http)
        connection = await asyncpg.connect(processes.dsn)
        tenant = await connection.fetchval("SELECT tenant_id FROM webhook_endpoints")

        await p99_of(processes, connection, tenant, 2)  # until everything has started
        alone = await p99_of(processes, connection, tenant, seconds)
        await subscribe(http, RECEIVER_PORT + 1)
        beside = await p99_of(processes, connection, tenant, seconds)
        await connection.close()
        print(f"  p99 alone {alone * 1000:.0f} ms, beside a dead endpoint {beside * 1000:.0f} ms")
        print(f"  ratio {beside / alone:.2f}")
        return [] if beside / alone < 1.5 or beside < 0.1 else ["the healthy endpoint is slower beside a dead one"]


async def p99_of(processes: Processes, connection: Any, tenant: Any, seconds: int) -> float:
    """p99 in seconds from the commit of an event to its arrival, at about a hundred events a second."""
    before = len(processes.received())
    for _ in range(seconds * 20):
        await insert(connection, tenant, 5, 1_000_000)
        await asyncio.sleep(0.05)
    late: list[float] = []
    while len(late) < seconds * 100:
        await asyncio.sleep(0.1)
        late = [line["at"] - line["sent"] for line in processes.received()[before:] if line["sent"]]
    return statistics.quantiles(late, n=100)[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["storm", "flow", "neighbour", "receiver"])
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--port", type=int, default=RECEIVER_PORT)
    parser.add_argument("--fail", type=float, default=0)
    parser.add_argument("--log", type=Path, default=Path("received.jsonl"))
    parser.add_argument("--silent", action="store_true")
    given = parser.parse_args()
    if given.what == "receiver":
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(receive(given.port, given.log, given.fail, given.silent))
        return
    print(f"{given.what}:")
    if given.what == "neighbour":
        broken = asyncio.run(neighbour(given.seconds))
    else:
        broken = asyncio.run(storm(given.events) if given.what == "storm" else flow(given.events))
    for each in broken:
        print(f"  BROKEN: {each}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
