"""The official conformance suite against the fixture server, once for each revision that it has requirements for.

It needs Node.js 22 and the network, so it runs only when ``MCP_CONFORMANCE`` names the command, for example
``npx @modelcontextprotocol/conformance@0.2.0-alpha.12``.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

COMMAND = os.environ.get("MCP_CONFORMANCE")
EXPECTED = Path(__file__).parent / "expected_failures"
REQUIRED = {"2025-11-25": 30, "2026-07-28": 37}

pytestmark = pytest.mark.skipif(COMMAND is None, reason="MCP_CONFORMANCE names no command")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.surfaces.mcp.fixture_server", str(port), cwd=Path(__file__).parents[3]
    )
    address = f"http://127.0.0.1:{port}/mcp"
    async with httpx.AsyncClient() as client:
        for _ in range(100):
            try:
                await client.get(address)
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.2)
    yield address
    server.terminate()
    await server.wait()


@pytest.mark.parametrize("revision", REQUIRED)
async def test_every_required_scenario_passes_but_those_that_need_a_session(
    url: str, revision: str, tmp_path: Path
) -> None:
    assert COMMAND is not None
    arguments = ["server", "--url", url, "--requirements", revision, "--output-dir", str(tmp_path)]
    baseline = EXPECTED / f"{revision}.yaml"
    if baseline.exists():
        arguments += ["--expected-failures", str(baseline)]
    suite = await asyncio.create_subprocess_exec(
        *shlex.split(COMMAND), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await suite.communicate())[0].decode()
    assert suite.returncode == 0, said[-4000:]
    scenarios = re.findall(r"^[✓✗] ([a-z0-9-]+):", said, re.MULTILINE)
    assert len(scenarios) >= REQUIRED[revision], said[-4000:]
