"""``dealwright up``: from an empty folder, at later starts, and when something is in its way."""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Callable

import httpx

from tests.surfaces.cli.conftest import Machine, Server

Start = Callable[..., Server]
KEY = re.compile(r"sb_test_[0-9a-v]{40}")


def test_an_empty_folder_answers_soon_and_its_first_key_works(machine: Machine, started: Start) -> None:
    server = started()
    crowd = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    print(f"empty folder to first answer: {server.seconds:.2f} s, with {crowd:.1f} tasks for each core")
    assert server.seconds < 6 * crowd, "3 s are promised on an idle machine"
    first = server.stop()
    [key] = KEY.findall(first)
    assert f"http://localhost:{server.port}/api/v1" in first
    assert str(machine.data_dir) in re.sub(r"[\s│]+", "", first)
    assert key.encode() not in b"".join(
        path.read_bytes() for path in (machine.data_dir / "postgres").rglob("*") if path.is_file()
    ), "only the key's hash may be kept"
    again = started()
    assert again.get("/customers", key).status_code == 200
    assert not KEY.search(again.stop()), "a key is shown once"
    with_new = started("--new-key")
    [other] = KEY.findall(with_new.stop())
    assert other != key


def test_the_answer_names_no_server_software(started: Start) -> None:
    response = started().get("/customers")
    assert response.status_code == 401
    assert "server" not in response.headers


def test_stopping_ends_the_embedded_database(machine: Machine) -> None:
    server = machine.start()
    server.stop()
    assert server.process.returncode == 0
    assert not (machine.data_dir / "postgres" / "postmaster.pid").exists()


def test_a_taken_port_is_said_in_one_sentence(machine: Machine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = machine.run("up", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert re.fullmatch(
        r"dealwright: port \d+ of 127\.0\.0\.1 cannot be used: Address already in use; .*\n", done.stderr
    )
    assert not (machine.data_dir / "postgres").exists(), "nothing was touched"


def test_wrong_settings_are_named(machine: Machine) -> None:
    done = machine.run("up", DEALWRIGHT_PORT="many")
    assert done.returncode == 1
    assert "port (DEALWRIGHT_PORT)" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unreachable_database_is_said_in_one_sentence(machine: Machine) -> None:
    done = machine.run("up", "--port", "0", DATABASE_URL="postgresql://someone:hidden@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("dealwright: The database does not answer")
    assert "hidden" not in done.stderr
    assert "Traceback" not in done.stderr


def test_another_secret_key_is_refused(machine: Machine) -> None:
    machine.start().stop()
    done = machine.run("serve", "--port", "0", DEALWRIGHT_SECRET_KEY="x" * 40)
    assert done.returncode == 1
    assert "the secret key is not the one" in done.stderr


def test_stopping_does_not_wait_for_open_streams(machine: Machine) -> None:
    server = machine.start()
    key = machine.json("keys", "create", "--workspace", "Streams", "--env", "test")["key"]
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.stream("GET", f"{server.url}/events/stream", headers=headers, timeout=20) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        began = time.perf_counter()
        server.process.send_signal(signal.SIGTERM)
        list(lines)
        assert time.perf_counter() - began < 8, "the stream ends at once, not after the grace of other requests"
    server.stop()
