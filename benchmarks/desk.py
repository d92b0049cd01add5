"""How long the pages of the desk take with much data: from the request of a signed-in person to the whole page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import httpx

from benchmarks.compare import Target
from benchmarks.report import Measure

_EMAIL, _PASSWORD = "bench@example.com", "a password for the bench"
_PAGES = ("/", "/deals", "/deals?status=draft", "/deals?q=enterprise", "/deals/board", "/deals/new", "/deals/@id")
_MORE = ("/deals/@id/history", "/customers", "/products", "/payments", "/search?q=enterprise")
_TIMES = 25
BAR = 100.0


def _let_in(target: Target, folder: Path) -> None:
    """An account in the workspace of the benchmark."""
    environment = {"DATABASE_URL": target.cluster.dsn(target.database), "DEALWRIGHT_DATA_DIR": str(folder)}
    who = ("users", "create", _EMAIL, "--workspace", "bench", "--first-name", "Ada", "--last-name", "King")
    subprocess.run(
        [str(Path(sys.executable).with_name("dealwright")), *who, "--password-stdin"],
        env={**os.environ, **environment},
        input=f"{_PASSWORD}\n",
        text=True,
        capture_output=True,
        check=True,
    )


def pages(target: Target, folder: Path, deals: int) -> list[Measure]:
    """The p50 of every page, in milliseconds. The first look at each, which fills caches, does not count."""
    _let_in(target, folder)
    deal = target.rows("deals", "deal", 1)[0]
    measures = []
    with httpx.Client(base_url=f"http://127.0.0.1:{target.server.port}", follow_redirects=True, timeout=60) as person:
        person.post("/sign-in", data={"email": _EMAIL, "password": _PASSWORD}).raise_for_status()
        token = re.search(r'name="csrf_token" value="([^"]+)"', person.get("/").text)
        assert token is not None
        person.post("/mode", data={"mode": "test", "csrf_token": token[1]}).raise_for_status()
        assert "row-link" in person.get("/deals").text, "the person does not see the deals"
        for path in (*_PAGES, *_MORE):
            address = path.replace("@id", deal)
            begun = time.perf_counter()
            person.get(address).raise_for_status()
            first, times = time.perf_counter() - begun, []
            for _ in range(_TIMES):
                begun = time.perf_counter()
                person.get(address)
                times.append(time.perf_counter() - begun)
            measures.append(
                Measure(
                    f"page {path} at {deals:,} deals",
                    median(times) * 1000,
                    "ms",
                    bar=BAR,
                    better="less",
                    detail=f"first look {first * 1000:.0f} ms, slowest of {_TIMES} then {max(times) * 1000:.0f} ms",
                    raw={"ms": [each * 1000 for each in times]},
                )
            )
    return measures
