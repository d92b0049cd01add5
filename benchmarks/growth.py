"""What a request costs with much data, against the same request with little.

Two databases of one cluster are filled by SQL to 10,000 deals and to many (1,000,000 with ``--large``), copies of a
few that the API itself made, spread over the past (their audit entries and events are not copied); a Dealwright runs
on each, and the same request is timed on both in turn, on one connection. The best of five rounds' p50 counts on either
side: what else the machine does can only add to it.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import load, servers
from benchmarks.compare import CREATE_CUSTOMER, CREATE_DEAL, Case, Target, speaking_to
from benchmarks.desk import pages
from benchmarks.report import Measure

SMALL = 10_000
_PATTERNS = 200
_RARE = 20
_ROUNDS = 5

# An id as the server makes them (UUIDv7: 48 bits of milliseconds, version, counter, variant, the rest) at another time.
_ID = """(encode(int8send(((extract(epoch FROM n.at) * 1000)::bigint << 16) | (28672 + (n.number & 4095))), 'hex')
          || encode(int8send(-9223372036854775808 + n.number::bigint * 7919), 'hex'))::uuid"""

RARE_DEAL = Case("", "POST", "/deals", '{"title":"Zanzibar @n"}', 201)


def _copies(table: str, columns: list[str], how_many: int) -> str:
    """SQL that copies the table's newest rows in turn until there are ``how_many`` more, each a second older."""
    chosen = ", ".join(
        {
            "id": _ID,
            "created_at": "n.at",
            "updated_at": "n.at",
            "number": "10000000 + n.number",
        }.get(name, f"pattern.{name}")
        for name in columns
    )
    return f"""
        INSERT INTO {table} ({", ".join(columns)})
        SELECT {chosen}
        FROM (SELECT number, now() - number * interval '1 second' AS at
              FROM generate_series(1, {how_many}) AS number) AS n
        JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM {table}) AS pattern
          ON pattern.place = 1 + n.number % (SELECT count(*) FROM {table})
    """


def _columns(cluster: servers.Cluster, database: str, table: str) -> list[str]:
    query = f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
    return [row["attname"] for row in cluster.rows(database, query)]


def _fill(cluster: servers.Cluster, target: Target, deals: int) -> None:
    """A few customers and deals through the API, the rest as copies; the word index is rebuilt at the end."""
    database = target.database
    load.run(CREATE_CUSTOMER.job(target, requests=_PATTERNS))
    load.run(CREATE_DEAL.job(target, requests=_PATTERNS))
    index = cluster.rows(database, "SELECT pg_get_indexdef('ix_deals_search'::regclass) AS sql")[0]["sql"]
    cluster.run(
        database,
        "DROP INDEX ix_deals_search",
        _copies("deals", _columns(cluster, database, "deals"), deals - _PATTERNS),
        index,
        "VACUUM ANALYZE",
        "CHECKPOINT",
    )
    load.run(RARE_DEAL.job(target, requests=_RARE))
    load.run(CREATE_DEAL.job(target, requests=_PATTERNS))


def _cursor_at_half(target: Target, deals: int) -> str:
    """The cursor of the page in the middle of the list."""
    result = load.run(
        Case("", "GET", f"/deals?limit=1&offset={min(deals // 2, 500_000)}").job(target, requests=1, connections=1)
    )
    cursor = json.loads(result.last)["data"]["pagination"]["next_cursor"]
    if not cursor:
        raise AssertionError("a list of thousands has no next page")
    return str(cursor)


def _cases(target: Target, deals: int) -> list[Case]:
    return [
        Case("list of 50", "GET", "/deals?limit=50"),
        Case("list of 50 by status", "GET", "/deals?limit=50&status=draft"),
        Case("cursor page 1", "GET", "/deals?limit=50&sort=created_at"),
        Case("cursor page, deep", "GET", f"/deals?limit=50&after={_cursor_at_half(target, deals)}"),
        Case("search, a word of every deal", "GET", "/search?q=enterprise"),
        Case("search, a rare word", "GET", "/search?q=zanzibar"),
        Case("get", "GET", "/deals?id=@id", named=("deals", "deal")),
        CREATE_DEAL,
    ]


def growth(cluster: servers.Cluster, folder: Path, deals: int, seconds: float = 1.0) -> list[Measure]:
    """The p50 of each request at ``deals`` over that at 10,000."""
    sizes = {"small": SMALL, "many": deals}
    dsns = {name: cluster.create(name) for name in sizes}
    measures = []
    with (
        servers.dealwright(dsns["small"], folder / "small") as small,
        servers.dealwright(dsns["many"], folder / "many") as many,
    ):
        targets = {"small": speaking_to(small, cluster, "small"), "many": speaking_to(many, cluster, "many")}
        for name, target in targets.items():
            _fill(cluster, target, sizes[name])
        cases = {name: _cases(target, sizes[name]) for name, target in targets.items()}
        for at_small, at_many in zip(cases["small"], cases["many"], strict=True):
            times: dict[str, list[float]] = {"small": [], "many": []}
            for _ in range(_ROUNDS):
                for name, case in (("small", at_small), ("many", at_many)):
                    job = case.job(targets[name], seconds=seconds, connections=1)
                    times[name].append(load.run(job).p50)
            before, after = min(times["small"]), min(times["many"])
            measures.append(
                Measure(
                    f"{at_small.name}: p50 at {deals:,} deals over {SMALL:,}",
                    after / before,
                    bar=1.5,
                    better="less",
                    detail=f"{after:.2f} / {before:.2f} ms, one connection",
                    raw={"p50_ms": times},
                )
            )
        measures += pages(targets["many"], folder / "many", deals)
    return measures
