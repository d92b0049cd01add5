"""How fast news leaves the house: webhook deliveries of one worker, and events to two thousand open streams.

The load is that of tests/load, in shorter runs: a server, a worker and a receiver as processes of their own; the
clients of the streams share one more process.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from benchmarks.report import Measure
from tests.load import streams, webhooks

CLIENTS = 2000


def news(deliveries: int, events: int) -> list[Measure]:
    """``deliveries`` webhooks that wait for one worker; then ``events`` at two a second to every stream."""
    rate = asyncio.run(webhooks.rate_of(deliveries))
    found = streams.measure(CLIENTS, events, rate=2, cut=10)
    faults = found.missed + found.doubled + found.unordered
    return [
        Measure(
            "webhook deliveries, one worker",
            rate,
            "/s",
            bar=500,
            detail=f"{deliveries:,} events to a receiver on this machine",
        ),
        Measure(
            f"{CLIENTS:,} event streams on one process: p99 from commit to client",
            found.p99 * 1000,
            "ms",
            bar=streams.PROMISE * 1000,
            better="less",
            detail=f"p50 {found.p50 * 1000:.0f} ms, {found.arrivals:,} arrivals; the server used {found.busy:.0%} of a "
            f"core, {found.memory_mb:.0f} MB",
            raw=asdict(found),
        ),
        Measure(
            "streams that missed an event, got one twice or out of order",
            faults,
            "",
            bar=0,
            better="less",
            detail=f"{found.cuts} clients were cut off and came back",
        ),
    ]
