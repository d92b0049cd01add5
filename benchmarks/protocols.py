"""The same deal made through HTTP and through MCP, in both eras of the protocol, in interleaved rounds."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from statistics import median

from benchmarks import load, servers
from benchmarks.compare import CREATE_CUSTOMER, CREATE_DEAL, DEAL, Case, Target, speaking_to
from benchmarks.report import Measure

BAR = 1.5
"""Times the time of the HTTP request that MCP may take at most."""
BUYERS = 500

_META = {"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}}
_STATELESS = {
    "accept": "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "create_deal",
}


def _call(**more: object) -> str:
    params = {"name": "create_deal", "arguments": json.loads(DEAL), **more}
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}, separators=(",", ":"))


HANDSHAKE = Case("tools/call create_deal, up to 2025-11-25", "POST", "/mcp", _call(), 200, CREATE_DEAL.named)
STATELESS = Case("tools/call create_deal, 2026-07-28", "POST", "/mcp", _call(_meta=_META), 200, CREATE_DEAL.named)


def mcp_against_http(cluster: servers.Cluster, folder: Path, *, rounds: int, seconds: float) -> list[Measure]:
    """What a call takes through MCP over what it takes through HTTP. Raises RuntimeError when a call is refused."""
    dsn = cluster.create("protocols")
    times: dict[str, list[float]] = defaultdict(list)
    with servers.dealwright(dsn, folder / "protocols") as server:
        plain = speaking_to(server, cluster, "protocols")
        modern = Target(server, cluster, "protocols", plain.base, {**plain.headers, **_STATELESS})
        load.run(CREATE_CUSTOMER.job(plain, requests=BUYERS))
        for case, target in ((HANDSHAKE, plain), (STATELESS, modern)):
            said = load.run(case.job(target, connections=1, requests=1)).last
            if '"isError":false' not in said.replace(" ", ""):
                raise RuntimeError(f"{case.name}: {said[:500]}")
        cases = [(CREATE_DEAL, plain), (HANDSHAKE, plain), (STATELESS, modern)]
        for case, target in cases:
            load.run(case.job(target, seconds=0.7))
        for number in range(rounds):
            for case, target in cases if number % 2 == 0 else reversed(cases):
                result = load.run(case.job(target, seconds=seconds))
                times[case.name].append(1000 * result.seconds / result.requests)
    http = times[CREATE_DEAL.name]
    return [
        Measure(
            f"{case.name}: time over POST /deals",
            median(ours / theirs for ours, theirs in zip(times[case.name], http, strict=True)),
            bar=BAR,
            better="less",
            detail=f"{median(times[case.name]):.2f} / {median(http):.2f} ms a call",
            raw={"ms_a_call": {case.name: times[case.name], CREATE_DEAL.name: http}},
        )
        for case in (HANDSHAKE, STATELESS)
    ]
