"""Throughput of the same requests on Dealwright, on the floor and on the usual stack, in interleaved rounds."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import load, servers
from benchmarks.floor import recording, script
from benchmarks.floor.recording import Request
from benchmarks.report import Measure
from dealwright.kernel import ids
from dealwright.kernel.store.migrate import migrate

CUSTOMER = (
    '{"name":"Jane Doe @n","email":"buyer.@n@example.com","phone":"+61412345678","company":"Acme Trading Pty Ltd",'
    '"address":"12 Example Street","city":"Sydney","state":"NSW","zip":"2000","country":"AU","notes":"Met at the fair"}'
)
DEAL = (
    '{"title":"Enterprise licence @n","customer_id":"@id","description":"Three years, two sites","currency":"USD",'
    '"tax_rate":0.1,"notes":"Wants it before June","metadata":{"source":"fair","region":"apac"}}'
)
STOCK = 2000
"""Customers and deals that every server has before reads are measured."""

_numbers = count(1, 10_000_000)
"""Where the numbering of each job's requests starts."""


@dataclass
class Target:
    """A server, and how it is spoken to."""

    server: servers.Server
    cluster: servers.Cluster
    database: str
    base: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    wire_ids: bool = True

    def rows(self, table: str, prefix: str, how_many: int = 500) -> list[str]:
        """Ids of records that this server holds, as it spells them."""
        rows = self.cluster.rows(self.database, f"SELECT id FROM {table} ORDER BY id DESC LIMIT {how_many}")
        found = [row["id"] for row in rows]
        return [ids.encode(prefix, key) if self.wire_ids else str(key) for key in found]


def speaking_to(dealwright: servers.Server, cluster: servers.Cluster, database: str) -> Target:
    """A Dealwright with a fresh workspace in its database."""
    key = servers.make_key(cluster.dsn(database))
    return Target(dealwright, cluster, database, "/api/v1", {"authorization": f"Bearer {key.secret}"})


@dataclass
class Case:
    """One kind of request."""

    name: str
    method: str
    path: str
    body: str = ""
    expect: int = 200
    named: tuple[str, str] | None = None
    """The table and prefix of the records that ``@id`` stands for."""

    def job(self, target: Target, **options: Any) -> load.Job:
        return load.Job(
            port=target.server.port,
            method=self.method,
            path=target.base + self.path,
            body=self.body,
            headers=target.headers,
            ids=target.rows(*self.named) if self.named else [],
            first=next(_numbers),
            expect=self.expect,
            **options,
        )


CREATE_CUSTOMER = Case("POST /customers", "POST", "/customers", CUSTOMER, 201)
CREATE_DEAL = Case("POST /deals", "POST", "/deals", DEAL, 201, ("customers", "cust"))
GET_DEAL = Case("GET /deals?id=", "GET", "/deals?id=@id", named=("deals", "deal"))
LIST_DEALS = Case("GET /deals?limit=50", "GET", "/deals?limit=50")
WRITES = (CREATE_CUSTOMER, CREATE_DEAL)
READS = (GET_DEAL, LIST_DEALS)


async def _record(dsn: str, folder: Path) -> dict[str, script.Script]:
    """Record the four requests; the lists are recorded when there is enough to fill a page."""
    async with recording.stage(dsn, folder) as stage:

        def filled(case: Case, number: int, one_id: str = "") -> Request:
            body = case.body.replace("@n", str(number)).replace("@id", one_id)
            return Request(case.method, case.path.replace("@id", one_id), json.loads(body) if body else None)

        async def pair(case: Case, first: str = "", second: str = "") -> script.Script:
            return await stage.script(filled(case, 900_001, first), filled(case, 900_002, second))

        await stage.send(filled(CREATE_CUSTOMER, 900_000))
        made = await pair(CREATE_CUSTOMER)
        buyers = [made.answer["id"]]
        buyers.append((await stage.send(filled(CREATE_CUSTOMER, 900_003))).json()["data"]["id"])
        await stage.send(filled(CREATE_DEAL, 900_000, buyers[0]))
        deals = await pair(CREATE_DEAL, *buyers)
        known = [
            (await stage.send(filled(CREATE_DEAL, 900_010 + each, buyers[0]))).json()["data"]["id"]
            for each in range(60)
        ]
        await stage.send(filled(GET_DEAL, 0, known[0]))
        return {
            "POST /customers": made,
            "POST /deals": deals,
            "GET /deals?id": await pair(GET_DEAL, known[0], known[1]),
            "GET /deals?limit": await pair(LIST_DEALS),
        }


def record(dsn: str, folder: Path) -> Path:
    """Migrate the floor's database and take Dealwright's SQL down; answers where it is kept."""
    asyncio.run(migrate(dsn))
    scripts = asyncio.run(_record(dsn, folder))
    path = folder / "recording"
    script.save(path, scripts)
    print("Round trips of a request, recorded from Dealwright and replayed by the floor:")
    for name, each in scripts.items():
        spoken = ", ".join(" ".join(step.sql.split())[:34].strip() for step in each.steps)
        print(f"  {name:<17} {len(each.steps)}: {spoken}")
    return path


class Rounds:
    """Figures of each case on each server, a round at a time."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._times: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._cpu: dict[tuple[str, str], list[float]] = defaultdict(list)
        self._database_cpu: dict[tuple[str, str], list[float]] = defaultdict(list)

    def play(self, case: Case, targets: Sequence[Target], rounds: int, seconds: float) -> None:
        """A warm-up each, then rounds whose order turns about, so that nobody always comes first."""
        for target in targets:
            load.run(case.job(target, seconds=0.7))
        for number in range(rounds):
            for target in targets if number % 2 == 0 else reversed(targets):
                before, before_database = target.server.cpu_seconds(), target.cluster.cpu_seconds()
                result = load.run(case.job(target, seconds=seconds))
                key = case.name, target.server.name
                self._rates[key].append(result.rate)
                self._times[key].append(result.p50)
                self._cpu[key].append((target.server.cpu_seconds() - before) / result.requests * 1e6)
                self._database_cpu[key].append((target.cluster.cpu_seconds() - before_database) / result.requests * 1e6)

    def ratio(self, case: Case, one: str, other: str, bar: float) -> Measure:
        """Median of the rounds' ratios: what a round of ``one`` managed over the neighbouring round of ``other``."""
        ours, theirs = self._rates[case.name, one], self._rates[case.name, other]
        cpu = median(self._cpu[case.name, one]), median(self._cpu[case.name, other])
        database_cpu = median(self._database_cpu[case.name, one]), median(self._database_cpu[case.name, other])
        return Measure(
            f"{case.name}: rate over {other}",
            median(a / b for a, b in zip(ours, theirs, strict=True)),
            bar=bar,
            detail=f"{median(ours):,.0f} / {median(theirs):,.0f} per s; CPU of the server {cpu[0]:.0f} / {cpu[1]:.0f}, "
            f"of the database {database_cpu[0]:.0f} / {database_cpu[1]:.0f} µs a request",
            raw={
                "rates": {one: ours, other: theirs},
                "p50_ms": {name: self._times[case.name, name] for name in (one, other)},
                "server_cpu_us": {name: self._cpu[case.name, name] for name in (one, other)},
                "database_cpu_us": {name: self._database_cpu[case.name, name] for name in (one, other)},
            },
        )


def throughput(cluster: servers.Cluster, folder: Path, *, rounds: int, seconds: float) -> list[Measure]:
    """Writes and reads against the floor, writes against the usual stack."""
    floor_dsn, ours_dsn, usual_dsn = (cluster.create(name) for name in ("floor", "ours", "usual"))
    path = record(floor_dsn, folder)
    played = Rounds()
    with (
        servers.floor(floor_dsn, path) as floor,
        servers.usual(usual_dsn, folder) as usual,
        servers.dealwright(ours_dsn, folder / "ours") as dealwright,
    ):
        ours = speaking_to(dealwright, cluster, "ours")
        bare = Target(floor, cluster, "floor")
        plain = Target(usual, cluster, "usual", wire_ids=False)
        for target in (ours, bare, plain):
            for case in WRITES:
                load.run(case.job(target, requests=STOCK))
            cluster.run(target.database, "VACUUM ANALYZE")  # what autovacuum does within a minute
        for case in READS:
            played.play(case, [ours, bare], rounds, seconds)
        for case in WRITES:
            cluster.checkpoint()
            played.play(case, [ours, bare, plain], rounds, seconds)
    return [
        *(played.ratio(case, "dealwright", "floor", 0.5) for case in WRITES),
        *(played.ratio(case, "dealwright", "usual", 2.5) for case in WRITES),
        *(played.ratio(case, "dealwright", "floor", 0.5) for case in READS),
    ]
