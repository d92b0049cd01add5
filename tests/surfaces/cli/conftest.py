"""The command line as a person uses it: the installed program in a process of its own, a data folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

COMMAND = [sys.executable, "-c", "from dealwright.surfaces.cli.main import app; app()"]
_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("DEALWRIGHT_") and name not in ("DATABASE_URL", "REDIS_URL")
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running ``dealwright up``."""

    process: subprocess.Popen[str]
    port: int
    url: str
    seconds: float
    """From the start of the process to the first answer."""

    def get(self, path: str, key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=10)

    def stop(self) -> str:
        """Ask it to stop; what it printed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        printed, _ = self.process.communicate(timeout=60)
        return printed


class Machine:
    """A data folder, and the commands run on it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def run(self, *arguments: str, typed: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        variables = {**_ENVIRONMENT, "DEALWRIGHT_DATA_DIR": str(self.data_dir), **environment}
        return subprocess.run(
            [*COMMAND, *arguments],
            env=variables,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def json(self, *arguments: str, **environment: str) -> Any:
        done = self.run(*arguments, "--json", **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *arguments: str, **environment: str) -> Server:
        """``dealwright up`` on a free port, once it has answered a request."""
        port = free_port()
        variables = {**_ENVIRONMENT, "DEALWRIGHT_DATA_DIR": str(self.data_dir), **environment}
        began = time.perf_counter()
        process = subprocess.Popen(
            [*COMMAND, "up", "--port", str(port), *arguments],
            env=variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        url = f"http://127.0.0.1:{port}/api/v1"
        while True:
            try:
                httpx.get(f"{url}/customers", timeout=60)
                return Server(process, port, url, time.perf_counter() - began)
            except httpx.TransportError:
                if process.poll() is not None or time.perf_counter() - began > 60:
                    process.kill()
                    raise AssertionError(process.communicate()[0]) from None
                time.sleep(0.01)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing was started yet."""
    return Machine(tmp_path / "data")


@pytest.fixture
def started(machine: Machine) -> Iterator[Callable[..., Server]]:
    """``started(…)`` starts a server that is stopped when the test ends."""
    running: list[Server] = []

    def start(*arguments: str, **environment: str) -> Server:
        running.append(machine.start(*arguments, **environment))
        return running[-1]

    yield start
    for server in running:
        server.stop()
