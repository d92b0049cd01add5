"""How fast a server starts in an empty folder, and how much memory it keeps."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks import load, servers
from benchmarks.compare import CREATE_CUSTOMER, CREATE_DEAL, GET_DEAL, LIST_DEALS, speaking_to
from benchmarks.report import Measure


def start_up(folder: Path, attempts: int = 3) -> Measure:
    """From the command to the first answered request: cluster, schema and keys are made on the way."""
    times, processor = [], []
    for attempt in range(attempts):
        begun = time.perf_counter()
        with servers.dealwright(None, folder / f"empty-{attempt}") as server:
            times.append(time.perf_counter() - begun)
            processor.append(server.cpu_seconds())
    return Measure(
        "empty folder to first answer",
        median(times),
        "s",
        bar=3,
        better="less",
        detail=f"median of {attempts}, embedded database; {median(processor):.1f} s of processor time",
        raw={"seconds": times, "processor_seconds": processor},
    )


def memory(cluster: servers.Cluster, folder: Path, requests: int) -> list[Measure]:
    """Resident memory after the start, and after ``requests`` requests of the four kinds in equal parts."""
    dsn = cluster.create("memory")
    with servers.dealwright(dsn, folder / "memory") as server:
        time.sleep(2)
        idle = server.resident_mb()
        target = speaking_to(server, cluster, "memory")
        for case in (CREATE_CUSTOMER, CREATE_DEAL, GET_DEAL, LIST_DEALS):
            load.run(case.job(target, requests=requests // 4))
        worked = server.resident_mb()
    return [
        Measure("resident memory, idle", idle, "MB", 180, "less", "the server's process; PostgreSQL not counted"),
        Measure(f"resident memory after {requests:,} requests", worked, "MB", 250, "less", "as above"),
    ]
