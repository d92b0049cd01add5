"""The embedded PostgreSQL, each test with a real cluster of its own."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

import dealwright
from dealwright.kernel.store.embedded import EmbeddedPostgres, EmbeddedPostgresError

_JOIN = """
import os, sys
from pathlib import Path
from dealwright.kernel.store.embedded import EmbeddedPostgres
if len(sys.argv) > 2:
    os.setgroups([])
    os.setgid(int(sys.argv[3]))
    os.setuid(int(sys.argv[2]))
postgres = EmbeddedPostgres(Path(sys.argv[1]))
print(postgres.start(), flush=True)
sys.stdin.readline()
postgres.stop()
"""


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    cluster = EmbeddedPostgres(tmp_path / "data")
    yield cluster
    cluster.stop()


def _process(data_dir: Path, *user_and_group: int) -> subprocess.Popen[str]:
    """Another process that starts the cluster, prints the DSN and stops the cluster on a line of input."""
    env = {**os.environ, "PYTHONPATH": str(Path(dealwright.__file__).parents[1])}
    command = [sys.executable, "-c", _JOIN, str(data_dir), *map(str, user_and_group)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd="/")


def _dsn(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


@contextmanager
def _stranger(cluster: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's user, working in its directory, that is no PostgreSQL."""
    user = {"user": cluster.stat().st_uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], cwd=cluster, **user) as process:
        try:
            yield process
        finally:
            process.kill()


def _gone(pid: int) -> bool:
    """Whether the process ends within five seconds; that nobody has collected its exit status does not matter."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.005)
    return False


def _kill(pid: int) -> None:
    """kill -9, and wait until the process is gone."""
    os.kill(pid, signal.SIGKILL)
    assert _gone(pid)


async def _value(dsn: str, query: str) -> Any:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_fresh_start_answers_with_durable_settings(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    began = time.perf_counter()
    dsn = postgres.start()
    ready = time.perf_counter()
    assert await _value(dsn, "select 1") == 1
    print(f"\nfresh start {ready - began:.3f} s, first answer {time.perf_counter() - began:.3f} s")

    assert os.getsid(_server_pid(tmp_path / "data")) != os.getsid(0)  # out of reach of Ctrl-C
    assert postgres.start() == dsn
    assert await _value(dsn, "select current_database() || ' ' || current_user") == "dealwright postgres"
    for name, value in {
        "fsync": "on",
        "synchronous_commit": "on",
        "listen_addresses": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "server_encoding": "UTF8",
    }.items():
        assert await _value(dsn, f"show {name}") == value
    assert await _value(dsn, "select lower('ÄÉ')") == "äé"
    assert (tmp_path / "data" / "postgres").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data").stat().st_mode & 0o066 == 0

    began = time.perf_counter()
    postgres.stop()
    stopped = time.perf_counter()
    postgres.start()
    print(f"stop {stopped - began:.3f} s, restart {time.perf_counter() - stopped:.3f} s")


async def test_data_survives_stop_and_start(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.start()
    await _value(dsn, "create table kept as select 42 as answer")
    postgres.stop()
    postgres.stop()
    assert not postgres.is_running()
    with pytest.raises(EmbeddedPostgresError, match=r"call start\(\) first"):
        postgres.ensure_running()
    assert postgres.start() == dsn
    assert await _value(dsn, "select answer from kept") == 42


async def test_missing_database_is_created_again(postgres: EmbeddedPostgres) -> None:
    dsn = postgres.start()
    await _value(dsn.replace("/dealwright?", "/postgres?"), "drop database dealwright")
    postgres.start()
    assert await _value(dsn, "select 1") == 1


async def test_last_of_two_processes_stops_the_cluster(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = postgres.start()
    with _process(tmp_path / "data") as other:
        assert _dsn(other) == dsn
        other.communicate("\n")
    assert other.returncode == 0
    assert await _value(dsn, "select 1") == 1

    with _process(tmp_path / "data") as other:
        assert _dsn(other) == dsn
        postgres.stop()
        assert postgres.is_running()
        other.communicate("\n")
    assert not postgres.is_running()


async def test_simultaneous_first_starts_share_one_cluster(tmp_path: Path) -> None:
    processes = [_process(tmp_path / "data") for _ in range(3)]
    dsns = {_dsn(process) for process in processes}
    assert len(dsns) == 1
    assert await _value(dsns.pop(), "select 1") == 1
    for process in processes:
        process.communicate("\n")
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert not EmbeddedPostgres(tmp_path / "data").is_running()
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "postgres",
        "postgres.log",
        "postgres.transition",
        "postgres.users",
    ]


async def test_killed_holder_leaves_the_cluster_to_the_next(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with _process(tmp_path / "data") as other:
        dsn = _dsn(other)
        other.kill()
    server = _server_pid(tmp_path / "data")
    assert postgres.is_running()
    postgres.start()
    assert _server_pid(tmp_path / "data") == server
    assert await _value(dsn, "select 1") == 1
    postgres.stop()
    assert _gone(server)


async def test_killed_server_comes_back_with_its_data(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = postgres.start()
    await _value(dsn, "create table kept as select 42 as answer")
    server = _server_pid(tmp_path / "data")
    postgres.ensure_running()
    assert _server_pid(tmp_path / "data") == server

    _kill(server)
    assert not postgres.is_running()
    began = time.perf_counter()
    postgres.ensure_running()
    print(f"\nback {time.perf_counter() - began:.3f} s after kill -9")
    assert await _value(dsn, "select answer from kept") == 42


async def test_orphaned_backend_does_not_block_the_way_back(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    dsn = postgres.start()
    connection = await asyncpg.connect(dsn)
    backend = await connection.fetchval("select pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)  # cannot notice that its server dies, and keeps the shared memory attached
    _kill(_server_pid(tmp_path / "data"))
    assert psutil.pid_exists(backend)
    postgres.ensure_running()
    assert await _value(dsn, "select 1") == 1
    assert _gone(backend)
    connection.terminate()


@pytest.mark.parametrize("lock_file", ["postmaster.pid", ".s.PGSQL.5432.lock"])
async def test_recycled_process_id_in_a_stale_lock_file(
    postgres: EmbeddedPostgres, tmp_path: Path, lock_file: str
) -> None:
    dsn = postgres.start()
    cluster = tmp_path / "data" / "postgres"
    text = (cluster / lock_file).read_text()
    server = text.split()[0]
    _kill(int(server))
    with _stranger(cluster) as stranger:
        (cluster / lock_file).write_text(text.replace(server, str(stranger.pid)))
        assert not postgres.is_running()
        postgres.ensure_running()
        assert await _value(dsn, "select 1") == 1
        assert stranger.poll() is None


async def test_deleted_data_directory_starts_afresh(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    postgres.start()
    abandoned = _server_pid(tmp_path / "data")
    shutil.rmtree(tmp_path / "data")
    fresh = EmbeddedPostgres(tmp_path / "data")
    try:
        assert await _value(fresh.start(), "select 1") == 1
    finally:
        fresh.stop()
        if psutil.pid_exists(abandoned):
            _kill(abandoned)


@pytest.mark.parametrize("name", ['it\'s 100% "odd" & ü', "a, comma", "very long, " * 20])
async def test_odd_paths(tmp_path: Path, name: str) -> None:
    postgres = EmbeddedPostgres(tmp_path / name)
    try:
        assert await _value(postgres.start(), "select 1") == 1
    finally:
        postgres.stop()


def test_socket_directory_made_by_somebody_else_is_refused(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 25)
    digest = hashlib.sha256(os.fsencode(data_dir / "postgres")).hexdigest()[:16]
    squatted = Path(f"/tmp/dealwright-{digest}")
    squatted.mkdir(mode=0o777)
    squatted.chmod(0o777)
    try:
        with pytest.raises(EmbeddedPostgresError, match="not private"):
            EmbeddedPostgres(data_dir).start()
    finally:
        squatted.rmdir()


def test_error_quotes_the_log(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    postgres.start()
    postgres.stop()
    with (tmp_path / "data" / "postgres" / "postgresql.conf").open("a") as settings:
        settings.write("max_connections = lots\n")
    with pytest.raises(EmbeddedPostgresError, match='"max_connections": "lots"'):
        postgres.start()
    postgres.stop()


def test_interrupted_creation_is_started_over(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    half_made = tmp_path / "data" / "postgres.new-abc"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    postgres.start()
    assert postgres.is_running()
    assert not half_made.exists()


@pytest.fixture
def home_of_nobody() -> Iterator[Path]:
    """A private directory that the user ``nobody`` is in by ownership alone."""
    directory = Path(f"/tmp/dealwright-nobody-{os.getpid()}")
    directory.mkdir(mode=0o700)
    user = pwd.getpwnam("nobody")
    os.chown(directory, user.pw_uid, user.pw_gid)
    yield directory
    assert directory.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(directory)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_plain_user_and_then_root(home_of_nobody: Path) -> None:
    user = pwd.getpwnam("nobody")
    data_dir = home_of_nobody / "data"
    with _process(data_dir, user.pw_uid, user.pw_gid) as plain:
        dsn = _dsn(plain)
        assert await _value(dsn, "select 1") == 1
        plain.communicate("\n")
    assert plain.returncode == 0

    postgres = EmbeddedPostgres(data_dir)
    try:
        assert postgres.start() == dsn
        assert await _value(dsn, "select 1") == 1
    finally:
        postgres.stop()
