"""The Python client against the real server: over ASGI, over a port, and over a line that drops answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from dealwright_client import (
    Answer,
    AsyncDealwright,
    Batch,
    BatchFailed,
    ConflictError,
    Dealwright,
    NotFoundError,
    Retries,
    StaleVersionError,
    ValidationError,
)
from dealwright_client.errors import BY_CATEGORY

from dealwright.kernel import errors
from tests.conftest import Client, Workspace

PACKAGE = Path(__file__).parents[2] / "clients/python"
QUICK = Retries(most=3, base=0.01)


@pytest.fixture
async def client(workspace: Workspace, http: httpx.AsyncClient) -> AsyncDealwright:
    """The asynchronous client, inside the application's process."""
    key = (await workspace.key()).key
    return AsyncDealwright(key, "http://testserver", http_client=http, retries=QUICK)


def sell(client: Dealwright) -> str:
    """A whole sale; the deal's last status."""
    product = client.products.create(name="Pro Plan", price=Decimal("99.00"), type="service")
    customer = client.customers.create(name="Jane Smith", email="jane@example.com")
    deal = client.deals.create(customer_id=customer["id"], currency="USD", tax_rate=0.1)
    deal = client.deals.add_item(deal["id"], product_id=product["id"], quantity=1, unit_price=Decimal("99.00"))
    assert deal["total"] == "108.90"
    client.deals.transition(deal["id"], status="in_progress")
    intent = client.payments.create_intent(deal_id=deal["id"], amount=Decimal("108.90"), currency="USD")
    paid = client.payments.confirm(payment_intent_id=intent["id"], payment_method="pm_card_visa")
    assert paid["status"] == "succeeded"
    return client.deals.get(deal["id"])["status"]


async def test_a_sale_over_a_port(api: Client, address: str) -> None:
    def blocking() -> str:
        with Dealwright(api.key, address) as client:
            return sell(client)

    assert await asyncio.to_thread(blocking) == "closed"


async def test_a_sale_inside_the_process(client: AsyncDealwright) -> None:
    product = await client.products.create(name="Pro Plan", price=Decimal("99.00"), type="service")
    customer = await client.customers.create(name="Jane Smith", email="jane@example.com")
    deal = await client.deals.create(customer_id=customer["id"], currency="USD", tax_rate=0.1)
    await client.deals.add_item(deal["id"], product_id=product["id"], quantity=1)
    await client.deals.transition(deal["id"], status="in_progress")
    intent = await client.payments.create_intent(deal_id=deal["id"])
    await client.payments.confirm(payment_intent_id=intent["id"], payment_method="pm_card_visa")
    assert (await client.deals.get(deal["id"]))["status"] == "closed"


@contextlib.asynccontextmanager
async def dropping(address: str, drops: int) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A line to the server that swallows its first ``drops`` answers and hangs up instead."""
    target = urlsplit(address)
    swallowed: list[bytes] = []

    handlers: list[asyncio.Task[None]] = []

    async def forward(source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                if answers and len(swallowed) < drops:
                    swallowed.append(data)
                    return
                sink.write(data)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        handlers.append(handler)
        there, back = await asyncio.open_connection(target.hostname, target.port)
        ways = [
            asyncio.create_task(forward(reader, back, answers=False)),
            asyncio.create_task(forward(there, writer, answers=True)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.wait(ways)
        for end in (writer, back):
            end.close()
            with contextlib.suppress(ConnectionError):
                await end.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", swallowed
    finally:
        server.close()
        await asyncio.gather(*handlers)


async def test_an_answer_that_is_lost_makes_one_record(api: Client, address: str) -> None:
    seen: list[Answer[Any]] = []
    async with (
        dropping(address, 2) as (line, swallowed),
        AsyncDealwright(api.key, line, retries=QUICK, on_answer=seen.append) as client,
    ):
        customer = await client.customers.create(name="Jane Smith", email="jane@example.com")
    assert len(swallowed) == 2
    assert b"201 Created" in swallowed[0], "the server had committed before the line broke"
    assert customer["id"].encode() in swallowed[0]
    assert seen[0].replayed
    assert (await api.data("GET", "/customers"))["pagination"]["total"] == 1


async def test_pages_follow_one_another(client: AsyncDealwright) -> None:
    for number in range(7):
        await client.products.create(name=f"Product {number}", price=number)
    walked = [each["name"] async for each in client.products.iterate(limit=3)]
    assert walked == [f"Product {number}" for number in reversed(range(7))]
    first = await client.products.list(limit=3)
    assert len(first["products"]) == 3
    assert first["pagination"]["next_cursor"]


async def test_versions_and_errors(client: AsyncDealwright) -> None:
    customer = await client.customers.create(name="Jane", email="jane@example.com", notes="early")
    changed = await client.customers.update(customer["id"], notes=None, if_match=customer["version"])
    assert (changed["name"], changed["notes"], changed["version"]) == ("Jane", None, 2)
    with pytest.raises(StaleVersionError) as stale:
        await client.customers.update(customer["id"], name="Janet", if_match=1)
    assert stale.value.current["version"] == 2
    with pytest.raises(ConflictError) as taken:
        await client.customers.create(name="Twin", email="JANE@example.com")
    assert (taken.value.code, taken.value.fields["email"].code) == ("conflict.duplicate", "not_unique")
    with pytest.raises(ValidationError) as bad:
        await client.products.create(name="", price=-1)
    assert set(bad.value.fields) == {"name", "price"}
    assert bad.value.ref
    with pytest.raises(NotFoundError):
        await client.customers.get("cust_unknown")


async def test_a_batch(client: AsyncDealwright) -> None:
    batch = Batch()
    batch.create("customers", name="Jane Smith", email="jane@example.com")
    batch.list("products")
    customer, products = batch.results(await client.batch.execute(operations=batch.operations))
    assert (customer["name"], products["products"]) == ("Jane Smith", [])
    batch.create("deals", currency="not a currency")
    with pytest.raises(BatchFailed) as failed:
        batch.results(await client.batch.execute(operations=batch.operations))
    assert failed.value.index in (0, 2)


async def test_a_stream_is_followed_and_gone_on_with(api: Client, address: str) -> None:
    async with AsyncDealwright(api.key, address, retries=QUICK) as client, asyncio.timeout(20):
        first = await client.customers.create(name="Jane", email="jane@example.com")
        async with aclosing(client.events.stream(events=["customer.created"], last_event_id="seq:0")) as stream:
            event = await anext(stream)
            assert event.data["id"] == first["id"]
            second = await client.customers.create(name="John", email="john@example.com")
            assert (await anext(stream)).data["id"] == second["id"]
        async with aclosing(client.events.stream(events=["customer.created"], last_event_id=event.id)) as stream:
            assert (await anext(stream)).data["id"] == second["id"]


async def test_files_that_are_no_json(client: AsyncDealwright) -> None:
    deal = await client.deals.create(currency="USD")
    exported = await client.deals.export(format="csv")
    assert isinstance(exported, str)
    assert deal["id"] in exported


async def test_files_go_up(client: AsyncDealwright) -> None:
    found = await client.import_.parse(file=("list.csv", b"name,email\nJane,jane@example.com\n"), entity="customers")
    done = await client.import_.execute(import_id=found["import_id"], mapping=found["mapping"])
    assert (done["status"], done["imported"]) == ("executed", 1)


async def test_paths_without_a_method(client: AsyncDealwright) -> None:
    made = await client.request(
        "POST", "/customers", body={"name": "Jane", "email": "jane@example.com"}, idempotency_key="once"
    )
    again = await client.request("POST", "/customers", body={"name": "Jane"}, idempotency_key="once")
    assert (made.status, made.version, made.replayed, again.replayed) == (201, 1, False, True)
    assert made.data == again.data


def test_every_category_has_its_error() -> None:
    assert set(BY_CATEGORY) == set(errors.Category.__args__)  # type: ignore[attr-defined]


def test_the_methods_are_current() -> None:
    """Fails when an operation has changed since the client was written. Write it anew: ``make client``."""
    done = subprocess.run(
        [sys.executable, "-m", "codegen", "--check"], cwd=PACKAGE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_checked(tmp_path: Path) -> None:
    """Mypy accepts a good program and names every mistake of a bad one."""
    folder = Path(__file__).parent / "typing"
    wrong = folder / "wrong.py"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", f"--cache-dir={tmp_path}", str(folder / "right.py"), str(wrong)],
        env={**os.environ, "MYPYPATH": str(PACKAGE / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = {int(each[1]) for each in re.finditer(r"wrong\.py:(\d+): error", done.stdout)}
    marked = {number for number, line in enumerate(wrong.read_text().splitlines(), 1) if "# error" in line}
    assert found == marked, done.stdout
    assert "right.py" not in done.stdout


async def test_the_example_of_the_readme_runs(api: Client, address: str) -> None:
    text = (PACKAGE / "README.md").read_text()
    found = re.search(r"```python example\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL)
    assert found is not None
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-c",
        found[1],
        env={
            **os.environ,
            "PYTHONPATH": str(PACKAGE / "src"),
            "DEALWRIGHT_URL": address,
            "DEALWRIGHT_KEY": api.key,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert out.decode() == found[2]
