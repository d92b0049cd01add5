"""Keys, operations, migrations, the doctor and the demonstration data."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.surfaces.cli.conftest import Machine, Server

CREATE = ("keys", "create", "--workspace", "Acme", "--env")


def test_keys_of_a_stopped_server(machine: Machine) -> None:
    made = machine.json(*CREATE, "test")
    assert set(made) == {"key", "key_id", "tenant_id", "workspace"}
    assert made["key"].startswith("sb_test_")
    assert made["workspace"] == "Acme"
    live = machine.json(*CREATE, "live", "--scopes", "deals:read,deals:write", "--agent", "--rate-limit", "50")
    assert live["key"].startswith("sb_live_")
    assert live["tenant_id"] == made["tenant_id"]
    shop = machine.json(
        *CREATE, "test", "--kind", "publishable", "--allowed-origins", "https://shop.example", "--name", "Shop"
    )
    assert shop["key"].startswith("sb_pub_")
    listed = {each["key_id"]: each for each in machine.json("keys", "list")}
    assert listed[live["key_id"]]["scopes"] == ["deals:read", "deals:write"]
    assert listed[live["key_id"]]["agent"] is True
    assert listed[live["key_id"]]["rate_limit"] == 50
    assert (listed[shop["key_id"]]["kind"], listed[shop["key_id"]]["env"]) == ("publishable", "test")
    assert listed[shop["key_id"]]["allowed_origins"] == ["https://shop.example"]
    assert made["key"] not in machine.run("keys", "list").stdout


def test_keys_of_a_running_server_work_and_end_at_once(machine: Machine, started: Callable[..., Server]) -> None:
    server = started()
    made = machine.json(*CREATE, "test")
    assert server.get("/customers", made["key"]).status_code == 200
    done = machine.run("keys", "revoke", made["key_id"])
    assert done.returncode == 0, done.stderr
    assert server.get("/customers", made["key"]).status_code == 401
    again = machine.run("keys", "revoke", made["key_id"])
    assert again.returncode == 1
    assert "could be revoked" in again.stderr


def test_unusable_options_are_refused_before_anything_is_made(machine: Machine) -> None:
    for options in (("--scopes", "everything"), ("--allowed-origins", "shop"), ("--workspace", " ")):
        done = machine.run(*CREATE, "test", *options)
        assert done.returncode == 1
        assert done.stderr.startswith("dealwright: ")
    assert not machine.data_dir.exists()


def test_operations_are_listed_without_a_database(machine: Machine) -> None:
    listed = {each["id"]: each for each in machine.json("operations", DATABASE_URL="postgresql://127.0.0.1:1/nothing")}
    assert listed["customers.create"] == {
        "id": "customers.create",
        "method": "POST",
        "path": "/customers",
        "selector": None,
        "scope": "customers:write",
        "events": ["customer.created"],
        "tool": {"name": "create_customer", "category": "customers"},
    }
    assert listed["deals.transition"]["selector"] == {"in": "query", "action": "transition"}
    assert "customers.create" in machine.run("operations").stdout
    assert not machine.data_dir.exists()


def test_migrate_says_what_it_did(machine: Machine) -> None:
    assert "brought to version" in machine.run("migrate").stdout
    assert "already at version" in machine.run("migrate").stdout


def test_the_doctor_finds_a_healthy_set_up_healthy(machine: Machine) -> None:
    before = machine.json("doctor", "--port", "0")
    assert {each["state"] for each in before} == {"ok"}
    assert not machine.data_dir.exists(), "looking changes nothing"
    machine.start().stop()
    after = {each["what"]: each for each in machine.json("doctor", "--port", "0")}
    assert {each["state"] for each in after.values()} == {"ok"}
    assert "current" in after["migrations"]["message"]


def test_the_doctor_names_what_is_wrong_and_what_to_do(machine: Machine) -> None:
    machine.start().stop()
    secret = machine.data_dir / "secret.key"
    secret.write_text("f" * 96)
    secret.chmod(0o644)
    done = machine.run("doctor", "--port", "0", "--json", REDIS_URL="redis://127.0.0.1:1/0")
    assert done.returncode == 1
    problems = {each["what"]: each for each in json.loads(done.stdout) if each["state"] == "problem"}
    assert set(problems) == {"secret key", "secret key matches", "redis"}
    assert "chmod 600" in problems["secret key"]["advice"]
    assert "chmod 600" in machine.run("doctor", "--port", "0").stdout.replace("\n", " ")


def test_the_doctor_looks_at_the_database_it_is_given(machine: Machine) -> None:
    done = machine.run("doctor", "--port", "0", "--json", DATABASE_URL="postgresql://a:hidden@127.0.0.1:1/none")
    assert done.returncode == 1
    [problem] = [each for each in json.loads(done.stdout) if each["state"] == "problem"]
    assert problem["what"] == "database"
    assert "hidden" not in done.stdout


def test_the_demonstration_is_told_once(machine: Machine, started: Callable[..., Server]) -> None:
    done = machine.run("seed")
    assert done.returncode == 0, done.stderr
    key = done.stdout.split()[-1]
    assert "nothing was added" in machine.run("seed").stdout
    server = started()
    counts = {
        name: server.get(f"/{name}?limit=1", key).json()["data"]["pagination"]["total"]
        for name in ("products", "customers", "deals")
    }
    assert counts == {"products": 15, "customers": 25, "deals": 30}
    deals = server.get("/deals?limit=100", key).json()["data"]["deals"]
    assert {deal["status"] for deal in deals} == {
        "draft",
        "in_progress",
        "pending_signature",
        "pending_payment",
        "closed",
        "cancelled",
    }
    assert {deal["payment_status"] for deal in deals} == {"unpaid", "partially_paid", "paid", "partially_refunded"}
    assert all(deal["payment_status"] != "unpaid" for deal in deals if deal["status"] == "closed")
