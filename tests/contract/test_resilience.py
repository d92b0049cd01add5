"""What happens when things break: the database dies, the wrong key is given, two start at once, writers collide."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

import dealwright
from dealwright.app import Application
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.errors import Unavailable
from dealwright.kernel.settings import Settings, SettingsError
from tests.conftest import Client
from tests.contract import probe
from tests.contract.samples import SAMPLES

SECRET = "a-root-secret-that-only-this-test-uses"


class Server:
    """An application with an embedded cluster of its own, which a test may kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.application = Application(Settings(data_dir=folder, secret_key=SECRET, pool_size=5))

    async def client(self, http: httpx.AsyncClient) -> Client:
        assert self.application.services is not None
        async with self.application.services.database.system() as tx:
            made = await keys.create_key(tx, workspace="w", kind="test", now=utc_now(), rate_limit=1_000_000)
        return Client(http, made.secret, made.key_id, made.tenant_id, made.workspace)

    def kill_database(self) -> None:
        """SIGKILL to the postmaster, whose id stands in the cluster's own file."""
        pid = int((self.folder / "postgres" / "postmaster.pid").read_text().split()[0])
        assert psutil.Process(pid).name() == "postgres"
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path / "data")
    await running.application.start()
    yield running
    await running.application.stop()


@pytest.fixture
async def caller(server: Server) -> AsyncIterator[Client]:
    transport = httpx.ASGITransport(app=server.application)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield await server.client(http)


async def test_a_killed_database_answers_503_and_comes_back_by_itself(
    server: Server, caller: Client, record_property: Any
) -> None:
    before = await SAMPLES["customers"](caller)
    answers: list[httpx.Response] = []
    back = 0.0

    async def ask(number: int) -> None:
        """Until the database was seen to be away and to be there again."""
        nonlocal back
        away = False
        until = time.monotonic() + 30
        while time.monotonic() < until:
            json = {"name": "n", "email": f"{number}-{time.monotonic_ns()}@example.com"}
            answer = await (caller.get("/customers") if number % 2 else caller.post("/customers", json))
            answers.append(answer)
            if away and answer.is_success:
                back = max(back, time.monotonic() - killed)
                return
            away = away or not answer.is_success
            await asyncio.sleep(0.005)

    tasks = [asyncio.create_task(ask(number)) for number in range(8)]
    await asyncio.sleep(0.2)
    killed = time.monotonic()
    server.kill_database()
    await asyncio.gather(*tasks)
    record_property("seconds until every caller was answered again", round(back, 2))
    assert 0 < back < 15

    refused = [each for each in answers if not each.is_success]
    assert refused
    for each in refused:
        assert each.status_code == 503, each.text
        error = each.json()
        assert error["category"] == "transient_error"
        assert error["recovery"]["retryable"] is True
        assert error["recovery"]["retry_after_seconds"] == int(each.headers["retry-after"]) >= 1
        assert {"x-ratelimit-limit", "x-ratelimit-remaining"} <= each.headers.keys()
    acknowledged = {each.json()["data"]["id"] for each in answers if each.status_code == 201} | {before}
    for lost in acknowledged:
        assert (await caller.get(f"/customers?id={lost}")).status_code == 200
    many = await asyncio.gather(*(caller.get("/customers") for _ in range(50)))
    assert all(each.is_success for each in many), "every connection of the pool works again"


async def test_a_key_revoked_after_the_database_came_back_is_refused(server: Server, caller: Client) -> None:
    """The connection that hears of changed keys is made anew, and nothing is remembered without it."""
    assert server.application.services is not None
    assert (await caller.get("/customers")).status_code == 200
    server.kill_database()
    until = time.monotonic() + 20
    while True:
        try:
            async with server.application.services.database.system() as tx:
                assert await keys.revoke_key(tx, caller.key_id, utc_now())
            break
        except Unavailable:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
    until = time.monotonic() + 10
    while (response := await caller.get("/customers")).status_code != 401:
        assert response.status_code in (200, 503), response.text
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


async def test_the_wrong_secret_key_refuses_to_start_with_a_plain_message(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    first = Application(Settings(data_dir=folder, secret_key=SECRET))
    await first.start()
    await first.stop()
    wrong = Application(Settings(data_dir=folder, secret_key=SECRET[::-1]))
    with pytest.raises(SettingsError) as refusal:
        await wrong.start()
    assert "DEALWRIGHT_SECRET_KEY" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert SECRET not in str(refusal.value)

    sent: list[dict[str, Any]] = []
    received = iter([{"type": "lifespan.startup"}])

    async def receive() -> Any:
        return next(received)

    async def send(message: Any) -> None:
        sent.append(message)

    await Application(Settings(data_dir=folder, secret_key=SECRET[::-1]))({"type": "lifespan"}, receive, send)
    assert [message["type"] for message in sent] == ["lifespan.startup.failed"]
    assert "secret key" in sent[0]["message"]
    again = Application(Settings(data_dir=folder, secret_key=SECRET))
    await again.start()
    await again.stop()


async def test_a_database_that_does_not_answer_is_said_plainly(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, secret_key=SECRET, database_url="postgresql://u:hidden@127.0.0.1:9/x")
    with pytest.raises(Unavailable) as refusal:
        await Application(settings).start()
    assert "does not answer" in str(refusal.value)
    assert "hidden" not in str(refusal.value)


_START = """
import asyncio, sys
from pathlib import Path
from dealwright.app import services
from dealwright.kernel.access import keys
from dealwright.kernel.clock import utc_now
from dealwright.kernel.settings import Settings

async def main():
    async with services(Settings(data_dir=Path(sys.argv[1]))) as running:
        async with running.database.system() as tx:
            made = await keys.create_key(tx, workspace="shared", kind="test", now=utc_now())
        await running.directory.find(made.secret)
        print(made.tenant_id, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


def test_two_processes_may_start_on_an_empty_folder_at_once(tmp_path: Path) -> None:
    """One database, one secret key, one schema, one workspace of that name."""
    env = {**os.environ, "PYTHONPATH": str(Path(dealwright.__file__).parents[1])}
    command = [sys.executable, "-c", _START, str(tmp_path / "data")]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [subprocess.Popen(command, text=True, env=env, **pipes) for _ in range(2)]
    try:
        tenants = []
        for process in processes:
            assert process.stdout is not None and process.stderr is not None
            line = process.stdout.readline().strip()
            assert line, process.stderr.read()
            tenants.append(line)
        assert tenants[0] == tenants[1]
        assert tenants[0].startswith("tenant_")
    finally:
        for process in processes:
            _, errors = process.communicate("\n", timeout=30)
            assert process.returncode == 0, errors
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o077 == 0
    assert not list((tmp_path / "data").glob("*.tmp"))


# --- writers that collide


async def test_of_fifty_changes_with_one_etag_one_wins(api: Client, outbox: Any) -> None:
    customer = await SAMPLES["customers"](api)
    path = f"/customers?id={customer}"
    answers = await asyncio.gather(
        *(api.patch(path, {"company": f"C {number}"}, version='W/"1"') for number in range(50))
    )
    assert sorted(each.status_code for each in answers) == [200] + [412] * 49
    [winner] = [each.json()["data"] for each in answers if each.status_code == 200]
    for each in answers:
        if each.status_code == 412:
            assert each.json()["code"] == "conflict.stale_version"
            assert each.json()["data"]["company"] == winner["company"]
    assert (await api.data("GET", path))["version"] == 2
    assert [name for name, _ in await outbox(api)] == ["customer.created", "customer.updated"]


async def test_of_fifty_deletions_with_one_etag_one_wins(api: Client) -> None:
    customer = await SAMPLES["customers"](api)
    answers = await asyncio.gather(*(api.delete(f"/customers?id={customer}", version=1) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [200] + [404] * 49


async def test_of_fifty_customers_with_one_email_one_is_made(api: Client) -> None:
    json = {"name": "Jane Smith", "email": "jane@example.com"}
    answers = await asyncio.gather(*(api.post("/customers", json) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 49


@pytest.mark.parametrize("keyed", [False, True])
async def test_the_victim_of_a_deadlock_is_run_again(probes: Client, api: Client, outbox: Any, keyed: bool) -> None:
    """Two operations that lock the same records in opposite order: PostgreSQL stops one, and both succeed."""
    owner = probe.on(api.http, probes)
    one, two = [await SAMPLES["customers"](owner) for _ in range(2)]
    pairs = [(one, two), (two, one)]
    answers = await asyncio.gather(
        *(
            probes.post(
                "/probe-pair", {"first": first, "second": second}, headers={"Idempotency-Key": first} if keyed else {}
            )
            for first, second in pairs
        )
    )
    assert [each.status_code for each in answers] == [200, 200], [each.text for each in answers]
    assert sum(probe.runs[f"{first} {second}"] for first, second in pairs) == 3, "one of them ran twice"
    updated = [data["id"] for name, data in await outbox(probes) if name == "customer.updated"]
    assert sorted(updated) == sorted([one, two] * 2), "and yet every change happened once"
    for record in (one, two):
        assert (await owner.data("GET", f"/customers?id={record}"))["version"] == 3
