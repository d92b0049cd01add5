"""``make bench``: measures what the project promises about speed and size, and says of each promise whether it is kept.

Everything runs on this machine: real server processes on free ports of 127.0.0.1, one embedded PostgreSQL (fsync and
synchronous_commit on) with a database for each server, load from a process of its own. Figures that are compared come
from neighbouring rounds in turn, and medians are shown, because machines have moods; ratios are what is promised.

    python -m benchmarks                  some minutes; data size up to 100,000 deals
    python -m benchmarks --quick          a minute or two; shorter rounds, 20,000 requests, 50,000 deals
    python -m benchmarks --large          data size up to 1,000,000 deals, as promised
    python -m benchmarks --only throughput

The servers: Dealwright as an operator runs it, ``floor`` (its SQL with the least Python around it) and ``usual``
(FastAPI with the SQLAlchemy ORM, doing less). Leave the machine alone meanwhile.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import report, servers
from benchmarks.compare import throughput
from benchmarks.footprint import memory, start_up
from benchmarks.growth import growth
from benchmarks.news import news
from benchmarks.protocols import mcp_against_http
from benchmarks.report import Measure

SECTIONS = ("throughput", "protocols", "footprint", "growth", "news")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure Dealwright against its promises.")
    parser.add_argument("--quick", action="store_true", help="shorter rounds, fewer requests, less data")
    parser.add_argument("--large", action="store_true", help="1,000,000 deals for the cost with data size")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="measure this part (may be repeated)")
    parser.add_argument("--rounds", type=int, help="rounds of each server (default 5, quick 3)")
    parser.add_argument("--seconds", type=float, help="length of a round (default 4, quick 1.5)")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results.json"), help="where the figures go")
    parser.add_argument("--strict", action="store_true", help="exit with 1 when a promise is not kept")
    return parser.parse_args()


def main() -> int:
    chosen = options()
    rounds = chosen.rounds or (3 if chosen.quick else 5)
    seconds = chosen.seconds or (1.5 if chosen.quick else 4)
    requests = 20_000 if chosen.quick else 100_000
    deals = 1_000_000 if chosen.large else 50_000 if chosen.quick else 100_000
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="dealwright-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        os.chmod(folder, 0o755)  # PostgreSQL may run as a user of its own
        with servers.Cluster(folder) as cluster:
            parts: dict[str, Callable[[], list[Measure]]] = {
                "throughput": lambda: throughput(cluster, folder, rounds=rounds, seconds=seconds),
                "protocols": lambda: mcp_against_http(cluster, folder, rounds=rounds, seconds=seconds),
                "footprint": lambda: [start_up(folder), *memory(cluster, folder, requests)],
                "growth": lambda: growth(cluster, folder, deals),
                "news": lambda: news(5000 if chosen.quick else 10_000, 20 if chosen.quick else 40),
            }
            for part in chosen.only or SECTIONS:
                begun = time.monotonic()
                measures += parts[part]()
                print(f"{part}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    report.show(measures, report.title(report.machine()))
    report.save(chosen.json, measures, {"rounds": rounds, "seconds": seconds, "requests": requests, "deals": deals})
    print(f"All figures: {chosen.json}")
    return int(chosen.strict and any(measure.kept is False for measure in measures))
