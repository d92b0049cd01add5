"""A large import, measured: ``python -m tests.load.imports [rows]`` prints times and memory and ends with code 1 when a
promise is broken (50,000 customers in two minutes, 150 MB on top of the idle server, answers within 250 ms meanwhile).
"""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

COMMAND = (sys.executable, "-c", "from dealwright.surfaces.cli.main import app; app()")
BAD = 17
PORT = 18_641


def file_of(rows: int) -> tuple[bytes, int]:
    """A CSV file with all columns, in which every row whose number BAD divides is wrong; and how many those are."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["Full Name", "Email", "Phone", "Company", "Street", "City", "Postcode", "Country", "Notes"])
    for number in range(1, rows + 1):
        email = f"person{number}@example.com" if number % BAD else f"person{number}"
        row = [f"Jane {number} Smith", email, f"+614{number:08d}", f"Company {number % 997}", f"{number} Main Street"]
        writer.writerow([*row, "Perth", "6000", "AU", 'called "twice",\nwill call again'])
    return text.getvalue().encode(), rows // BAD


def run(api: httpx.Client, server: psutil.Process, rows: int) -> list[str]:
    """What of the promises is broken."""
    content, bad = file_of(rows)
    idle = peak = server.memory_info().rss
    broken: list[str] = []
    print(f"{rows} customers, {len(content) / 1e6:.1f} MB, {bad} of them invalid; server idle at {idle / 1e6:.0f} MB")

    def data(response: httpx.Response) -> Any:
        assert response.is_success, response.text[:500]
        return response.json()["data"]

    began = time.perf_counter()
    found = data(api.post("/import", files={"file": ("customers.csv", content)}, data={"entity": "customers"}))
    print(f"parse     {time.perf_counter() - began:6.1f} s")
    began = time.perf_counter()
    body = {"import_id": found["import_id"], "mapping": found["mapping"]}
    checked = data(api.post("/import?action=validate", json=body))
    print(f"validate  {time.perf_counter() - began:6.1f} s, {checked['error_rows']} invalid rows")
    if checked["error_rows"] != bad or any(each["row"] % BAD for each in checked["errors"]):
        broken.append("row errors are not exact")
    peak = max(peak, server.memory_info().rss)
    began = time.perf_counter()
    begun = api.post("/import?action=execute", json={**body, "skip_invalid": True})
    data(begun)
    print(f"execute   {begun.status_code}, {begun.headers.get('x-job-id')}")
    waits, steps = [], set()
    while True:
        asked = time.perf_counter()
        state = data(api.get("/import", params={"id": found["import_id"]}))
        waits.append(time.perf_counter() - asked)
        peak = max(peak, server.memory_info().rss)
        steps.add(state["processed"])
        if state["status"] != "executing":
            break
        time.sleep(0.2)
    took = time.perf_counter() - began
    waits.sort()
    print(f"          {took:6.1f} s, {rows / took:.0f} rows a second; progress was seen at {len(steps)} places")
    middle, slow = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
    print(f"meanwhile an answer took {middle * 1000:.0f} ms, p95 {slow * 1000:.0f} ms")
    print(f"memory    at most {(peak - idle) / 1e6:.0f} MB more than idle")
    if (state["status"], state["imported"], state["skipped"]) != ("executed", rows - bad, bad):
        broken.append(f"it ended as {state}")
    if took > 120 * rows / 50_000 + 5:
        broken.append("it took too long")
    if peak - idle > 150e6:
        broken.append("it took too much memory")
    if slow > 0.25:
        broken.append("others waited too long")
    return broken


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as name:
        environment = {**os.environ, "DEALWRIGHT_DATA_DIR": name, "DEALWRIGHT_PORT": str(PORT)}
        made = subprocess.run(
            [*COMMAND, "keys", "create", "--workspace", "Import", "--env", "test"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        key = re.search(r"sb_test_\w+", made.stdout)
        assert key is not None
        with Path(name, "log").open("w") as log:
            process = subprocess.Popen([*COMMAND, "serve"], env=environment, stdout=log, stderr=log)
            headers = {"authorization": f"Bearer {key[0]}"}
            with httpx.Client(base_url=f"http://127.0.0.1:{PORT}/api/v1", headers=headers, timeout=120) as api:
                try:
                    for _ in range(100):
                        try:
                            if api.get("/health").is_success:
                                break
                        except httpx.TransportError:
                            time.sleep(0.2)
                    broken = run(api, psutil.Process(process.pid), rows)
                finally:
                    process.terminate()
                    process.wait(20)
    for each in broken:
        print(f"BROKEN: {each}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
