"""Tenants never meet, nor do live and test data: over every operation and every table there is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

import dealwright.app  # noqa: F401 - fills the registry and the table metadata
from dealwright.app import Services
from dealwright.kernel import fields, ids
from dealwright.kernel.operations import Operation, registry
from dealwright.kernel.store.tables import APP_ROLE, SYSTEM_ROLE, metadata
from tests.conftest import Client, Workspace
from tests.contract.calling import example, send
from tests.contract.samples import (
    NOT_REFERENCES,
    REFERENCES,
    SAMPLES,
    TEST_MODE_ONLY,
    WORKSPACE_WIDE,
    arguments,
    subject,
)

WITHOUT_TENANT = {"alembic_version", "installation", "event_feed", "schedules", "users", "sessions", "remembered"}
"""Tables that hold nothing of any tenant; the serving role must not see them at all."""


def _named(operation: Operation) -> set[str]:
    return {name for name in operation.input.model_fields if name == "id" or name.endswith(("_id", "_id_1", "_id_2"))}


BY_ID = [each for each in registry if "id" in _named(each) and "secret_key" in each.auth]
REFERRING = [
    (each, name) for each in registry if "secret_key" in each.auth for name in sorted(_named(each) - NOT_REFERENCES)
]


@pytest.mark.parametrize("operation", BY_ID, ids=lambda each: each.id)
async def test_a_foreign_id_answers_404(operation: Operation, workspace: Workspace, api: Client, other: Client) -> None:
    assert subject(operation) in SAMPLES, f"tests/contract/samples.py makes no record for {operation.id}"
    record = await SAMPLES[subject(operation)](api)
    call = await arguments(operation, api, record)
    fields.validate(operation.input, call)
    other_mode = [] if subject(operation) in WORKSPACE_WIDE else [await workspace.key("live")]
    for stranger in (other, *other_mode):
        response = await send(stranger, operation, call)
        if "id" in operation.route.present or operation.writes:
            assert response.status_code == 404, response.text
            assert response.json()["code"] == "not_found"
            unknown = {**call, "id": record[:-26] + ids.encode("x", ids.uuid7()).rpartition("_")[2]}
            absent = (await send(stranger, operation, unknown)).json()
            assert {**absent, "ref": ""} == {**response.json(), "ref": ""}, "as if it did not exist"
        else:
            assert record not in response.text
    owners = await send(api, operation, call)
    assert owners.status_code not in (401, 403, 404, 405), f"the call itself is not one: {owners.text}"
    assert owners.status_code < 500


@pytest.mark.parametrize(("operation", "name"), REFERRING, ids=lambda each: getattr(each, "id", each))
async def test_a_foreign_record_cannot_be_referred_to(
    operation: Operation, name: str, api: Client, other: Client, outbox: Any
) -> None:
    group = REFERENCES.get(name.removesuffix("_1").removesuffix("_2"))
    assert group is not None, f"tests/contract/samples.py does not know what {name} of {operation.id} names"
    foreign = await SAMPLES[group](other)
    own = await SAMPLES[subject(operation)](api) if "id" in _named(operation) else ""
    call = {**await arguments(operation, api, own), name: foreign}
    before = await outbox(api)
    response = await send(api, operation, call)
    if operation.writes or "id" in operation.route.present or response.status_code != 200:
        assert response.status_code in (400, 404), response.text
        assert await outbox(api) == before
    else:
        assert foreign not in response.text.replace(f'"{name}":"{foreign}"', "")
        assert response.json()["data"].get("pagination", {"count": 0})["count"] == 0


@pytest.mark.parametrize("group", sorted(SAMPLES))
async def test_lists_hold_the_callers_records_of_the_callers_mode_only(
    group: str, workspace: Workspace, api: Client, other: Client
) -> None:
    if group in TEST_MODE_ONLY or f"{group}.list" not in registry or example(registry[f"{group}.list"]):
        pytest.skip(f"{group} has no list of its own")
    room = Workspace(workspace.services, api.http) if group in WORKSPACE_WIDE else workspace
    live = await room.key("live")
    owners = {client.key: await SAMPLES[group](client) for client in (api, other, live)}
    for client in (api, other, live):
        response = await send(client, registry[f"{group}.list"], {})
        assert response.status_code == 200
        for key, record in owners.items():
            assert (record in response.text) is (key == client.key)


async def test_search_finds_the_callers_records_of_the_callers_mode_only(
    workspace: Workspace, api: Client, other: Client
) -> None:
    live = await workspace.key("live")
    made = {}
    for client in (api, other, live):
        json = {"name": "Zacharias Unheard-Of", "email": "zacharias@example.com"}
        made[client.key] = (await client.data("POST", "/customers", json=json))["id"]
    for client in (api, other, live):
        found = await client.data("GET", "/customers", params={"search": "zacharias"})
        assert [each["id"] for each in found["customers"]] == [made[client.key]]


# --- the database itself


async def _tables(services: Services) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(services.database.dsn)
    try:
        return await connection.fetch(  # type: ignore[no-any-return]
            """
            SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced, r.rolname AS owner,
                   has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES') AS visible,
                   (SELECT array_agg(a.attname::text) FROM pg_attribute a
                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
                   (SELECT jsonb_agg(jsonb_build_object('roles', p.roles, 'using', p.qual, 'check', p.with_check,
                                                        'permissive', p.permissive))
                    FROM pg_policies p WHERE p.schemaname = 'public' AND p.tablename = c.relname)::text AS policies
            FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """,
            APP_ROLE,
        )
    finally:
        await connection.close()


async def test_every_table_forces_row_level_security(services: Services) -> None:
    tables = await _tables(services)
    assert {"customers", "api_keys", "events"} < {table["name"] for table in tables}
    for table in tables:
        name = table["name"]
        if name in WITHOUT_TENANT:
            assert not table["visible"], f"{APP_ROLE} can reach {name}"
            continue
        assert table["forced"], f"{name} does not force row-level security"
        assert "tenant_id" in table["columns"], f"{name} says nothing of its tenant"
        policies = fields_of(table["policies"])
        assert policies, f"{name} has no policy"
        for policy in policies:
            assert policy["permissive"] == "PERMISSIVE"
            assert set(policy["roles"]) <= {APP_ROLE, SYSTEM_ROLE}, f"{name} is open to {policy['roles']}"
            if APP_ROLE in policy["roles"]:
                for rule in (policy["using"], policy["check"]):
                    assert rule is not None and "app.tenant" in rule, f"{name}: {rule}"
                    assert ("app.livemode" in rule) is _by_mode(name), f"{name}: {rule}"
        assert any(APP_ROLE in policy["roles"] for policy in policies)


def fields_of(text: str | None) -> list[dict[str, Any]]:
    import json

    return list(json.loads(text)) if text else []


def _by_mode(name: str) -> bool:
    table = metadata.tables.get(name)
    return table is None or table.info.get("isolation") != "tenant"


async def test_every_described_table_exists_and_every_existing_one_is_described(services: Services) -> None:
    existing = {table["name"] for table in await _tables(services)} - {"alembic_version"}
    assert existing == set(metadata.tables)


async def test_the_serving_roles_own_nothing_and_pass_no_policy(services: Services) -> None:
    connection = await asyncpg.connect(services.database.dsn)
    try:
        roles = await connection.fetch("SELECT * FROM pg_roles WHERE rolname = ANY($1)", [APP_ROLE, SYSTEM_ROLE])
        assert len(roles) == 2
        for role in roles:
            for power in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolcanlogin", "rolreplication"):
                assert not role[power], f"{role['rolname']} has {power}"
        owned = await connection.fetch(
            """
            SELECT 'table' AS kind, relname::text AS name, relowner AS owner FROM pg_class
            UNION ALL SELECT 'function', proname::text, proowner FROM pg_proc
            UNION ALL SELECT 'schema', nspname::text, nspowner FROM pg_namespace
            UNION ALL SELECT 'type', typname::text, typowner FROM pg_type
            """
        )
        names = {role["oid"]: role["rolname"] for role in roles}
        theirs = {(names[each["owner"]], each["kind"], each["name"]) for each in owned if each["owner"] in names}
        assert not {each for each in theirs if each[0] == APP_ROLE}
        assert {kind for _, kind, _ in theirs} <= {"function"}, theirs
        for role in names.values():
            assert not await connection.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", role)
        assert not await connection.fetchval("SELECT pg_has_role($1, $2, 'MEMBER')", APP_ROLE, SYSTEM_ROLE)
        open_to_all = await connection.fetch(
            """
            SELECT p.oid::regprocedure::text AS name, p.proconfig FROM pg_proc p
            WHERE p.prosecdef AND p.pronamespace = 'public'::regnamespace
              AND (has_function_privilege('public', p.oid, 'EXECUTE') OR p.proconfig IS NULL
                   OR NOT EXISTS (SELECT FROM unnest(p.proconfig) AS s WHERE s LIKE 'search_path=%'))
            """
        )
        assert [each["name"] for each in open_to_all] == [], "definer functions pin their path and are granted by name"
    finally:
        await connection.close()


async def test_with_the_where_removed_only_own_rows_come_back(
    services: Services, workspace: Workspace, api: Client, other: Client
) -> None:
    live = await workspace.key("live")
    for client in (api, other, live):
        for group, make in SAMPLES.items():
            if client is not live or group not in TEST_MODE_ONLY:
                await make(client)
        await client.post("/customers", {"name": "K", "email": "k@example.com"}, headers={"Idempotency-Key": "k"})
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    seen = set()
    for table in metadata.tables.values():
        if table.name in WITHOUT_TENANT:
            continue
        for livemode in (False, True):
            async with services.database.transaction(tenant, livemode) as tx:
                rows = await tx.connection.fetch(f"SELECT * FROM {table.name}")
            for row in rows:
                assert row["tenant_id"] == tenant, table.name
                if table.info["isolation"] == "tenant_and_mode":
                    assert row["livemode"] is livemode, table.name
            if rows:
                seen.add(table.name)
    assert {"tenants", "api_keys", "customers", "events", "audit_log", "idempotent_answers"} <= seen


async def test_without_a_tenant_no_row_comes_back(services: Services, api: Client) -> None:
    await SAMPLES["customers"](api)
    pool = services.database._app
    for table in metadata.tables.values():
        async with pool.acquire() as connection:
            if table.name in WITHOUT_TENANT:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetchval(f"SELECT count(*) FROM {table.name}")
            else:
                assert await connection.fetchval(f"SELECT count(*) FROM {table.name}") == 0, table.name


async def test_another_tenants_rows_can_be_neither_written_nor_taken_over(
    services: Services, api: Client, other: Client
) -> None:
    own, foreign = ids.decode("tenant", api.tenant_id), ids.decode("tenant", other.tenant_id)
    assert own is not None
    customer = ids.decode("cust", await SAMPLES["customers"](other))
    async with services.database.transaction(own, livemode=False) as tx:
        assert (
            await tx.connection.fetch("UPDATE customers SET status = 'archived' WHERE id = $1 RETURNING id", customer)
            == []
        )
        assert await tx.connection.fetch("DELETE FROM customers WHERE id = $1 RETURNING id", customer) == []
    mine = ids.decode("cust", await SAMPLES["customers"](api))
    for sql, values in (
        ("UPDATE customers SET tenant_id = $2 WHERE id = $1", (mine, foreign)),
        ("UPDATE customers SET livemode = true WHERE id = $1", (mine,)),
        ("INSERT INTO tenants SELECT $1, 'x', '{}', 1, now(), now()", (UUID(int=7),)),
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with services.database.transaction(own, livemode=False) as tx:
                await tx.connection.execute(sql, *values)
