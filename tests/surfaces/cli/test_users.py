"""People, as an operator lets them in."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from tests.surfaces.cli.conftest import Machine, Server

JANE = "jane@example.com"


def password_in(text: str) -> str:
    found = re.search(r"^Password: (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def sign_in(server: Server, email: str, password: str) -> httpx.Response:
    return httpx.post(f"{server.url}/auth", json={"email": email, "password": password})


def test_somebody_is_let_in_and_signs_in(machine: Machine, started: Callable[..., Server]) -> None:
    made = machine.run("users", "create", JANE, "--workspace", "Acme", "--first-name", "Jane", "--last-name", "Smith")
    assert made.returncode == 0, made.stderr
    again = machine.run("users", "create", JANE.upper(), "--workspace", "Second", "--role", "viewer")
    assert again.returncode == 0 and "Password" not in again.stdout
    twice = machine.run("users", "create", JANE, "--workspace", "Acme")
    assert twice.returncode == 1 and "belongs to workspace 'Acme' already" in twice.stderr
    [person] = machine.json("users", "list")
    assert (person["email"], person["name"]) == (JANE, "Jane Smith")
    assert [(each["name"], each["role"]) for each in person["workspaces"]] == [("Acme", "owner"), ("Second", "viewer")]
    assert JANE in machine.run("users", "list").stdout

    server = started()
    session = sign_in(server, JANE, password_in(made.stdout))
    assert session.status_code == 200, session.text
    assert session.json()["data"]["tenant"]["name"] == "Acme"
    reset = machine.run("users", "reset-password", JANE)
    assert reset.returncode == 0, reset.stderr
    here = httpx.get(f"{server.url}/customers", cookies=dict(session.cookies))
    assert here.status_code == 401, "every session has ended"
    assert sign_in(server, JANE, password_in(made.stdout)).status_code == 401
    assert sign_in(server, JANE, password_in(reset.stdout)).status_code == 200


def test_what_cannot_be_is_refused(machine: Machine) -> None:
    nobody = machine.run("users", "reset-password", "nobody@example.com")
    assert nobody.returncode == 1 and "there is nobody" in nobody.stderr
    for arguments in ((JANE, "--workspace", " "), ("jane", "--workspace", "Acme")):
        refused = machine.run("users", "create", *arguments)
        assert refused.returncode == 1
        assert refused.stderr.startswith("dealwright: ")
    assert "There is nobody yet" in machine.run("users", "list").stdout


def test_a_new_workspace_can_sign_at_once(machine: Machine) -> None:
    machine.json("keys", "create", "--workspace", "Acme", "--env", "test")
    doctor = {each["what"]: each for each in machine.json("doctor", "--port", "0")}
    assert doctor["signing keys"]["message"] == "all 1 can be used"
