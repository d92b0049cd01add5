"""Receivers written in the documented manner, in the documented languages, verify real deliveries.

A language that this machine lacks is skipped and says so; Express is looked for where NODE_PATH points.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from dealwright.modules.webhooks.rules import sign
from tests.conftest import Client
from tests.modules.webhooks.conftest import customers
from tests.modules.webhooks.test_delivery import settled

HERE = Path(__file__).parent / "receivers"
PATH = "/webhooks/salesbooth"


def command(language: str, port: int) -> list[str]:
    """How to start the receiver; skips the test where that is impossible."""
    if language == "flask":
        if importlib.util.find_spec("flask") is None:
            pytest.skip("flask is not installed")
        return [sys.executable, str(HERE / "flask_receiver.py"), str(port)]
    program = shutil.which("php" if language == "php" else "node")
    if program is None:
        pytest.skip(f"{language} is not installed")
    if language == "php":
        return [program, "-S", f"127.0.0.1:{port}", str(HERE / "receiver.php")]
    if language == "express":
        found = subprocess.run([program, "-e", "require('express')"], capture_output=True, cwd=HERE)
        if found.returncode:
            pytest.skip("express is not installed where NODE_PATH points")
    return [program, str(HERE / f"{language}_receiver.js"), str(port)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def running(arguments: list[str], secret: str, port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *arguments,
        env={**os.environ, "WEBHOOK_SECRET": secret},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.05)
        yield
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("language", ["flask", "node", "express", "php"])
async def test_a_documented_receiver_accepts_our_deliveries_and_nothing_else(api: Client, language: str) -> None:
    port = free_port()
    arguments = command(language, port)
    url = f"http://127.0.0.1:{port}{PATH}"
    webhook = await api.data("POST", "/webhooks", json={"url": url, "events": ["customer.created"]})
    async with running(arguments, webhook["secret"], port):
        await customers(api, 2)
        deliveries = await settled(api, webhook, 2)
        assert {(each["status"], each["response_code"], each["attempts"]) for each in deliveries} == {
            ("success", 200, 1)
        }
        answer = await api.data("POST", f"/webhooks/test?id={webhook['id']}", json={"event_type": "deal.closed"})
        assert answer["response_code"] == 200
        body, now = b'{"id":"evt_1","event":"deal.closed","data":{}}', int(time.time())
        async with httpx.AsyncClient() as http:
            for stamp, secret, expected in (
                (now, webhook["secret"], 200),
                (now, "whsec_guessed", 401),
                (now - 301, webhook["secret"], 400),
            ):
                headers = {
                    "Content-Type": "application/json",
                    "X-Salesbooth-Timestamp": str(stamp),
                    "X-Salesbooth-Signature": sign(secret, str(stamp), body),
                }
                assert (await http.post(url, content=body, headers=headers)).status_code == expected
