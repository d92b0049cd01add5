"""The ledger: chains that anybody can recompute, an entry for every write, and no personal data in readable form."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Callable
from typing import Any

import asyncpg
import pytest
import structlog

from dealwright.app import Services
from dealwright.kernel import clock as clocks
from dealwright.kernel import ids
from dealwright.kernel.event_types import event_types
from dealwright.kernel.ledger.ledger import entry_hash
from dealwright.kernel.operations import Operation, registry
from tests.conftest import Client
from tests.contract import probe
from tests.contract.calling import send
from tests.contract.samples import SAMPLES, UNTRACED, arguments, subject

PERSON = {
    "name": "Wilhelmina Quackenbush",
    "email": "wilhelmina.quackenbush@unusual-domain.example",
    "phone": "+61498765432",
    "address": "17 Peculiar Lane",
    "city": "Nether Wallop",
    "state": "Wessex",
    "zip": "ZQ9 9XX",
    "notes": "prefers telegrams",
}
WORDS = [
    *("Wilhelmina", "Quackenbush", "unusual-domain", "61498765432", "498765432", "Peculiar", "Wallop", "Wessex", "ZQ9"),
    "telegrams",
]


async def fetch(services: Services, client: Client, sql: str, *values: Any) -> list[asyncpg.Record]:
    tenant = ids.decode("tenant", client.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, livemode=False) as tx:
        return await tx.connection.fetch(sql, *values)  # type: ignore[no-any-return]


async def chain(services: Services, client: Client, entity_id: str) -> list[asyncpg.Record]:
    return await fetch(services, client, "SELECT * FROM audit_log WHERE entity_id = $1 ORDER BY seq", entity_id)


def check_chain(entries: list[asyncpg.Record]) -> None:
    """Every hash, recomputed here from the stored texts alone, and every link."""
    previous = None
    for number, entry in enumerate(entries, start=1):
        assert entry["seq"] == number
        assert entry["previous_hash"] == previous
        text = "".join(
            [entry["entity_type"], entry["entity_id"], entry["action"], entry["changes"], entry["snapshot"],
             previous or "", entry["created_at"].strftime("%Y-%m-%dT%H:%M:%S.%fZ")]
        )  # fmt: skip
        assert entry["entry_hash"] == hashlib.sha256(text.encode()).hexdigest()
        previous = entry["entry_hash"]


async def test_a_chain_is_recomputed_from_what_is_stored(api: Client, services: Services) -> None:
    customer = await api.data("POST", "/customers", json={**PERSON, "company": 'Größe & Söhne "ltd" 💥'})
    path = f"/customers?id={customer['id']}"
    for version in range(1, 6):
        changed = {"company": f"C {version}", "notes": None if version % 2 else "new \u2028 notes"}
        assert (await api.patch(path, changed, version=version)).status_code == 200
    assert (await api.delete(path, version=6)).status_code == 200
    entries = await chain(services, api, customer["id"])
    assert [each["action"] for each in entries] == ["customer.created", *["customer.updated"] * 5, "customer.deleted"]
    check_chain(entries)
    for each in entries:
        names = ("entity_type", "entity_id", "action", "changes", "snapshot", "previous_hash", "created_at")
        assert entry_hash(*(each[name] for name in names)) == each["entry_hash"]
        assert each["actor"] == api.key_id


async def test_an_entry_says_what_changed(api: Client, services: Services) -> None:
    customer = await api.data("POST", "/customers", json={**PERSON, "company": "Before"})
    await api.patch(f"/customers?id={customer['id']}", {"company": "After", "notes": "x"}, version=1)
    changes = json.loads((await chain(services, api, customer["id"]))[1]["changes"])
    assert changes["company"] == {"from": "Before", "to": "After"}
    assert changes["changed_fields"] == ["company", "notes"]
    assert changes["sealed"]["from"] != changes["sealed"]["to"], "a commitment to the personal data before and after"
    assert all(re.fullmatch(r"\w+:[0-9a-f]{32}", side) for side in changes["sealed"].values())


@pytest.mark.parametrize("column", ["changes", "snapshot", "action", "entry_hash", "created_at"])
async def test_an_entry_changed_by_hand_breaks_the_chain(api: Client, services: Services, column: str) -> None:
    customer = await api.data("POST", "/customers", json=PERSON)
    await api.patch(f"/customers?id={customer['id']}", {"company": "x"}, version=1)
    new = {"changes": '{"forged":1}', "snapshot": "{}", "action": "customer.deleted", "entry_hash": "0" * 64}
    connection = await asyncpg.connect(services.database.dsn)  # as the owner, who alone can
    try:
        value = "created_at + interval '1 microsecond'" if column == "created_at" else f"'{new[column]}'"
        await connection.execute(
            f"UPDATE audit_log SET {column} = {value} WHERE entity_id = $1 AND seq = 1", customer["id"]
        )
    finally:
        await connection.close()
    with pytest.raises(AssertionError):
        check_chain(await chain(services, api, customer["id"]))
    verified = await api.data(
        "GET", "/audit", params={"action": "verify", "entity_type": "customer", "entity_id": customer["id"]}
    )
    assert verified["status"] == "tampered"
    assert verified["broken_at"] is not None


@pytest.fixture
def logged() -> Any:
    """Everything that was logged meanwhile, as text."""
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.name != "httpx":  # the caller's side
                records.append(self.format(record))

    handler = Keep(logging.DEBUG)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with structlog.testing.capture_logs() as events:
        yield lambda: "\n".join([*records, *map(repr, events)])
    root.removeHandler(handler)
    root.setLevel(level)


async def test_no_personal_data_is_readable_anywhere(
    api: Client, services: Services, logged: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    """The raw text of every row of the workspace in every table, what was logged, and what PostgreSQL logged."""
    headers = {"Idempotency-Key": "person"}
    customer = await api.data("POST", "/customers", json=PERSON, headers=headers)
    await api.data("POST", "/customers", json=PERSON, headers=headers)
    path = f"/customers?id={customer['id']}"
    await api.patch(path, {"notes": "still prefers telegrams", "email": "quackenbush@telegrams.example"}, version=1)
    assert (await api.patch(path, {"notes": "telegrams"}, version=1)).status_code == 412
    assert (await api.post("/customers", {**PERSON, "email": "QUACKENBUSH@telegrams.example"})).status_code == 409
    assert (await api.post("/customers", {**PERSON, "phone": "Quackenbush"})).status_code == 400
    await api.data("GET", "/customers", params={"search": "Quackenbush"})
    deal = await api.data("POST", "/deals", json={"customer_id": customer["id"]})
    await api.patch(f"/deals?id={deal['id']}", {"title": "For somebody"}, version=1)
    await api.delete(path, version=2)

    connection = await asyncpg.connect(services.database.dsn)
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_id'"
        )
        tenant = ids.decode("tenant", api.tenant_id)
        texts = {}
        for name in (each["table_name"] for each in tables):
            rows = await connection.fetch(f"SELECT t::text FROM {name} AS t WHERE tenant_id = $1", tenant)
            texts[name] = "\n".join(row["t"] for row in rows)
    finally:
        await connection.close()
    assert texts["audit_log"] and texts["events"] and texts["idempotent_answers"] and texts["customers"]
    texts["log"] = logged()
    texts["standard error"] = "".join(capfd.readouterr())
    if (database_log := services.settings.data_dir / "postgres.log").exists():  # the operator's own writes elsewhere
        texts["database log"] = database_log.read_text(errors="replace")
    for place, text in texts.items():
        for word in WORDS:
            for form in (word, word.encode().hex() if len(word) > 4 else word):
                assert form.casefold() not in text.casefold(), f"{word} is readable in {place}"


async def test_a_defect_logs_no_personal_data(
    probes: Client, logged: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    response = await probes.post("/probe-create", {**PERSON, "fail": "defect"})
    assert response.status_code == 500
    said = logged()
    assert response.json()["ref"] in said
    for word in WORDS:
        assert word not in said + response.text + "".join(capfd.readouterr())


@pytest.mark.parametrize("table", ["audit_log", "events"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET entity_id = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
async def test_the_serving_role_can_only_append(api: Client, services: Services, table: str, sql: str) -> None:
    await SAMPLES["customers"](api)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await fetch(services, api, sql.format(table))


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit_log SET entity_id = 'x'", "TRUNCATE audit_log",
     "UPDATE events SET data = '{}'", "UPDATE events SET event = 'x'", "TRUNCATE events"],
)  # fmt: skip
async def test_the_system_role_cannot_rewrite_history_either(services: Services, sql: str) -> None:
    """It numbers events and removes those past their retention; what an event says stays as it was."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with services.database.system() as tx:
            await tx.connection.execute(sql)


@pytest.mark.parametrize("table", ["audit_log", "credentials", "signing_keys"])
async def test_the_system_role_can_remove_no_history_but_that_of_playgrounds(
    api: Client, services: Services, table: str
) -> None:
    deal = await SAMPLES["deals"](api)
    await api.get(f"/deals?id={deal}&action=credential")
    tenant = ids.decode("tenant", api.tenant_id)
    before = await fetch(services, api, f"SELECT count(*) FROM {table}")
    async with services.database.system() as tx:
        assert await tx.connection.execute(f"DELETE FROM {table} WHERE tenant_id = $1", tenant) == "DELETE 0"
    assert await fetch(services, api, f"SELECT count(*) FROM {table}") == before
    with pytest.raises(asyncpg.CheckViolationError):
        async with services.database.system() as tx:
            await tx.connection.execute("INSERT INTO playgrounds VALUES ($1, $1, 'sb_test_xxxx', now(), now())", tenant)


SIMULATED = {"sandbox.simulate_webhook": {event.name for event in event_types}}
"""It sends whatever it is asked to; that nothing of the kind happens is the point of it."""
WRITES = [each for each in registry if each.writes and "secret_key" in each.auth and not each.own_transactions]


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.id)
async def test_every_write_leaves_an_entry(operation: Operation, api: Client, services: Services) -> None:
    record = await SAMPLES[subject(operation)](api) if subject(operation) in SAMPLES else ""
    call = await arguments(operation, api, record)
    count = "SELECT count(*) FROM audit_log"
    [before] = await fetch(services, api, count)
    response = await send(api, operation, call)
    [after] = await fetch(services, api, count)
    if response.is_success and operation.id not in UNTRACED:
        assert after["count"] > before["count"], f"{operation.id} wrote without a trace: {response.text}"
    else:
        assert after["count"] == before["count"]


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.id)
async def test_every_announced_event_is_declared(operation: Operation, api: Client, outbox: Any) -> None:
    record = await SAMPLES[subject(operation)](api) if subject(operation) in SAMPLES else ""
    call = await arguments(operation, api, record)
    before = len(await outbox(api))
    await send(api, operation, call)
    announced = {name for name, _ in (await outbox(api))[before:]} - SIMULATED.get(operation.id, set())
    assert announced <= set(operation.events), announced - set(operation.events)


async def test_concurrent_updates_keep_one_line(api: Client, services: Services) -> None:
    """Twenty writers that read, change and retry: no fork, no gap, and every change is there."""
    customer = await api.data("POST", "/customers", json=PERSON)
    path = f"/customers?id={customer['id']}"

    async def write(number: int) -> None:
        while True:
            version = (await api.get(path)).headers["etag"]
            response = await api.patch(path, {"company": f"C {number}"}, version=version)
            if response.status_code == 200:
                return
            assert response.status_code == 412

    await asyncio.gather(*(write(number) for number in range(20)))
    entries = await chain(services, api, customer["id"])
    assert len(entries) == 21
    check_chain(entries)
    companies = {json.loads(each["snapshot"])["company"] for each in entries[1:]}
    assert companies == {f"C {number}" for number in range(20)}
    versions = [json.loads(each["snapshot"])["version"] for each in entries]
    assert versions == list(range(1, 22))


async def test_concurrent_creations_have_chains_of_their_own(api: Client, services: Services) -> None:
    made = await asyncio.gather(*(SAMPLES["customers"](api) for _ in range(20)))
    for entity in made:
        check_chain(await chain(services, api, entity))


async def test_a_failed_write_leaves_no_entry_and_no_event(probes: Client, services: Services, outbox: Any) -> None:
    for failure in ("conflict", "unavailable", "defect"):
        await probes.post("/probe-create", {"name": "X", "email": "x@example.com", "fail": failure})
    assert await fetch(services, probes, "SELECT 1 FROM audit_log") == []
    assert await outbox(probes) == []
    assert probe.runs["X"] == 3


async def test_times_in_the_chain_are_exact_to_the_microsecond(api: Client, services: Services) -> None:
    [entry] = await chain(services, api, await SAMPLES["customers"](api))
    assert clocks.parse_iso(clocks.iso_exact(entry["created_at"])) == entry["created_at"]
