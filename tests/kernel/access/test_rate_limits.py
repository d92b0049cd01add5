"""The rate limiter: what it admits, what it says about it, and that Redis and memory agree."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import uuid
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from dealwright.kernel.access.rate_limits import Hit, MemoryLimiter, RateLimiter, RedisLimiter, Rule, Verdict, key_rule

START = 1_700_000_040.0  # the beginning of a minute
IP = Rule("ip", 3000)
GLOBAL = Rule("global", 50_000)

T = TypeVar("T")
L = TypeVar("L", bound=RateLimiter)


def run(step: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits, which everything in memory is."""
    try:
        step.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("the limiter waited for something")


def ask(limiter: MemoryLimiter, *rules: Rule, at: float = 0.0, subject: str = "s") -> Verdict:
    return run(limiter.check([Hit(rule, subject) for rule in rules], now=START + at))


def admitted(limiter: MemoryLimiter, *rules: Rule, at: float = 0.0, tries: int = 100) -> int:
    return sum(ask(limiter, *rules, at=at).allowed for _ in range(tries))


# --- one rule


@pytest.mark.parametrize(("limit", "burst"), [(1000, 250), (10, 2), (3, 1), (1, 1), (0, 0)])
def test_a_key_may_burst_by_a_quarter(limit: int, burst: int) -> None:
    assert key_rule(limit) == Rule("key", limit, 60, burst)


@pytest.mark.parametrize("wrong", [{"limit": -1}, {"burst": -1}, {"window_seconds": 0}])
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a rate limit"):
        Rule(**{"name": "key", "limit": 1, **wrong})  # type: ignore[arg-type]


def test_a_window_admits_its_limit_and_tells_what_is_left() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 3)
    assert ask(limiter, rule, at=15) == Verdict(True, rule, 3, 2, int(START) + 120, 0)
    assert ask(limiter, rule, at=15).remaining == 1
    assert ask(limiter, rule, at=15).remaining == 0
    refused = ask(limiter, rule, at=15)
    assert refused == Verdict(False, rule, 3, 0, int(START) + 120, 65)  # 3 fade to 2 in a third of the next window
    assert not ask(limiter, rule, at=79.999).allowed
    assert ask(limiter, rule, at=80).allowed


def test_the_previous_window_counts_by_the_share_still_to_come() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 10)
    assert admitted(limiter, rule) == 10
    assert admitted(limiter, rule, at=60) == 0
    assert admitted(limiter, rule, at=90) == 5
    assert admitted(limiter, rule, at=105) == 2  # 10 / 4 of the first window and 5 of this one
    assert admitted(limiter, rule, at=240) == 10


def test_evenly_spread_requests_at_the_limit_pass_but_for_one_a_window() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 60)
    passed = sum(ask(limiter, rule, at=second).allowed for second in range(600))
    assert 590 <= passed <= 600


def test_the_known_error_is_at_most_twice_the_limit() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 100)
    late = admitted(limiter, rule, at=59.999, tries=200)
    after = sum(ask(limiter, rule, at=60 + i * 0.1).allowed for i in range(599))
    assert late == 100
    assert 90 <= after < 100


def test_the_burst_bucket_lends_headroom_and_refills_by_one_a_second() -> None:
    limiter, rule = MemoryLimiter(), key_rule(100)
    assert admitted(limiter, rule, tries=200) == 125
    refused = ask(limiter, rule)
    assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 0, 1)
    assert not ask(limiter, rule, at=0.999).allowed
    assert admitted(limiter, rule, at=1) == 1
    assert admitted(limiter, rule, at=5.5) == 4
    assert admitted(limiter, rule, at=6) == 1


def test_a_burst_does_not_raise_the_long_run_rate() -> None:
    limiter, rule = MemoryLimiter(), key_rule(600)
    passed = [ask(limiter, rule, at=i / 20).allowed for i in range(20 * 60 * 20)]  # twice the limit, for 20 minutes
    assert sum(passed[-12_000:]) <= 1.1 * 600 * 10


def test_charging_cannot_overdraw_the_bucket() -> None:
    limiter, rule = MemoryLimiter(), Rule("key", 1, burst=2)
    for _ in range(20):
        run(limiter.charge(Hit(rule, "s"), now=START))
    assert ask(limiter, rule).retry_after == 1
    assert admitted(limiter, rule, at=1) == 1


def test_a_bucket_made_smaller_still_tells_the_wait() -> None:
    limiter, smaller = MemoryLimiter(), Rule("key", 1, burst=1)
    assert admitted(limiter, Rule("key", 1, burst=5)) == 6
    assert ask(limiter, smaller).retry_after == 5
    assert not ask(limiter, smaller, at=4).allowed
    assert ask(limiter, smaller, at=5).allowed


def test_a_limit_of_zero_admits_nothing() -> None:
    verdict = ask(MemoryLimiter(), key_rule(0))
    assert (verdict.allowed, verdict.remaining, verdict.retry_after) == (False, 0, 60)


def test_a_rule_has_its_own_window() -> None:
    limiter, rule = MemoryLimiter(), Rule("endpoint:export", 10, window_seconds=3600)
    assert admitted(limiter, rule) == 10
    assert admitted(limiter, rule, at=600) == 0
    assert admitted(limiter, rule, at=7200) == 10


def test_subjects_and_rules_are_apart() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 1)
    assert ask(limiter, rule, subject="a").allowed
    assert ask(limiter, rule, subject="b").allowed
    assert ask(limiter, Rule("ip", 1, 3600), subject="a").allowed
    assert ask(limiter, Rule("ip:anonymous", 1), subject="a").allowed
    assert not ask(limiter, rule, subject="a").allowed


def test_the_clock_is_the_default() -> None:
    limiter, hit = MemoryLimiter(), Hit(Rule("ip", 1, 3600), "s")
    assert run(limiter.check([hit])).allowed
    assert not run(limiter.check([hit])).allowed
    run(limiter.close())
    assert run(limiter.check([hit])).allowed


def test_a_clock_set_back_neither_forgives_nor_locks_out() -> None:
    limiter, rule = MemoryLimiter(), Rule("ip", 5)
    assert admitted(limiter, rule, at=60) == 5
    assert admitted(limiter, rule, at=59) == 0
    assert admitted(limiter, rule, at=-86_400) == 5


# --- several rules at once


def test_the_least_that_is_left_is_shown_but_never_the_global_state() -> None:
    limiter = MemoryLimiter()
    endpoint = Rule("endpoint:fx-rate", 10)
    assert ask(limiter, key_rule(1000), IP, Rule("global", 5)).rule == key_rule(1000)
    assert ask(limiter, key_rule(1000), IP, endpoint, Rule("global", 5)).rule == endpoint
    assert ask(limiter, GLOBAL) == Verdict(True, None, 0, 0, int(START), 0)
    assert run(limiter.check([], now=START)).allowed


def test_a_refusal_names_its_rule_and_counts_nowhere() -> None:
    limiter = MemoryLimiter()
    breaker = Rule("global", 2)
    assert admitted(limiter, key_rule(1000), IP, breaker) == 2
    assert ask(limiter, key_rule(1000), IP, breaker).rule == breaker
    assert run(limiter.peek(Hit(key_rule(1000), "s"), now=START)).remaining == 998
    assert run(limiter.peek(Hit(IP, "s"), now=START)).remaining == 2998


def test_of_several_refusals_the_longest_decides() -> None:
    limiter = MemoryLimiter()
    minute, hour = Rule("key", 1), Rule("endpoint:export", 1, 3600)
    assert ask(limiter, minute, hour).allowed
    for rules in ((minute, hour), (hour, minute)):
        refused = ask(limiter, *rules)
        assert (refused.rule, refused.allowed) == (hour, False)


def test_among_equals_the_first_decides() -> None:
    limiter = MemoryLimiter()
    one, two = Rule("key", 1), Rule("ip", 1)
    for rules in ((one, two), (two, one)):
        assert ask(limiter, *rules, subject=rules[0].name).rule == rules[0]
        assert ask(limiter, *rules, subject=rules[0].name).rule == rules[0]


def test_charge_counts_unasked_and_peek_counts_nothing() -> None:
    limiter, hit = MemoryLimiter(), Hit(Rule("login failures", 2), "10.0.0.1")
    assert run(limiter.peek(hit, now=START)) == Verdict(True, hit.rule, 2, 2, int(START), 0)
    for left in (1, 0):
        run(limiter.charge(hit, now=START))
        assert run(limiter.peek(hit, now=START)).remaining == left
    run(limiter.charge(hit, now=START))
    verdict = run(limiter.peek(hit, now=START))
    assert (verdict.allowed, verdict.rule, verdict.remaining, verdict.retry_after) == (False, hit.rule, 0, 100)


# --- memory


def held(limiter: MemoryLimiter) -> int:
    return sum(len(t.current) + len(t.previous) + len(t.full_at) for t in limiter._tables.values())


def test_a_scan_of_many_addresses_cannot_fill_the_memory() -> None:
    limiter, rule = MemoryLimiter(max_subjects=1000), Rule("ip", 1, burst=5)
    for i in range(20_000):
        assert ask(limiter, rule, subject=str(i)).allowed
        ask(limiter, rule, subject=str(i))
    assert held(limiter) <= 2001
    assert run(limiter.peek(Hit(rule, "19999"), now=START)).remaining == 0


def test_past_windows_are_dropped_even_of_rules_no_longer_asked_for() -> None:
    limiter = MemoryLimiter()
    for i in range(500):
        ask(limiter, Rule("ip", 1, burst=5), subject=str(i))
        ask(limiter, Rule("ip", 1, burst=5), subject=str(i))
    assert held(limiter) == 1000
    for minute in (1, 2):
        ask(limiter, GLOBAL, at=60 * minute)
    assert held(limiter) <= 2


# --- laws

rules = st.builds(
    Rule,
    name=st.just("key"),
    limit=st.integers(0, 9),
    window_seconds=st.sampled_from([1, 2, 7, 60]),
    burst=st.sampled_from([0, 0, 1, 3]),
)
gaps = st.lists(st.one_of(st.just(0), st.integers(0, 300), st.integers(0, 70_000)), max_size=80)


def moments(gaps: Sequence[int]) -> list[float]:
    """Instants in Unix seconds, the given milliseconds apart."""
    instant, found = int(START * 1000), []
    for gap in gaps:
        instant += gap
        found.append(instant / 1000)
    return found


@given(rules, gaps)
def test_no_window_admits_more_than_the_limit_and_the_burst(rule: Rule, gaps: list[int]) -> None:
    limiter, hit = MemoryLimiter(), Hit(rule, "s")
    passed = [now for now in moments(gaps) if run(limiter.check([hit], now=now)).allowed]
    window = rule.window_seconds
    for i, first in enumerate(passed):
        instant = sum(now == first for now in passed)
        assert instant <= rule.limit + rule.burst
        fixed = [now for now in passed[i:] if now // window == first // window]
        refilled = fixed[-1] - first if rule.burst else 0
        assert len(fixed) <= rule.limit + rule.burst + refilled
        stretch = [now for now in passed[i:] if now < first + window]
        assert len(stretch) <= 2 * rule.limit + rule.burst + (window if rule.burst else 0)


@given(rules, gaps)
def test_what_a_verdict_says_is_true(rule: Rule, gaps: list[int]) -> None:
    limiter, hit = MemoryLimiter(), Hit(rule, "s")
    for now in moments(gaps):
        before = run(limiter.peek(hit, now=now))
        verdict = run(limiter.check([hit], now=now))
        assert verdict.allowed == before.allowed
        assert verdict.remaining == max(before.remaining - verdict.allowed, 0)
        assert 0 <= verdict.remaining <= verdict.limit == rule.limit
        assert (verdict.retry_after == 0) == verdict.allowed
        assert verdict.retry_after >= 0
        assert verdict.reset_at >= now
        if not verdict.allowed and rule.limit:
            assert run(_copy(limiter).check([hit], now=now + verdict.retry_after)).allowed
            assert not run(_copy(limiter).check([hit], now=now + verdict.retry_after - 1)).allowed
        assert run(_copy(limiter).peek(hit, now=verdict.reset_at)).remaining == rule.limit
    if not rule.burst:
        now = moments([*gaps, 1])[-1]
        left = run(limiter.peek(hit, now=now)).remaining
        assert sum(run(limiter.check([hit], now=now)).allowed for _ in range(rule.limit + 1)) == left


def _copy(limiter: MemoryLimiter) -> MemoryLimiter:
    twin = MemoryLimiter()
    for key, table in limiter._tables.items():
        twin._tables[key] = copied = type(table)(table.window, table.cap)
        copied.start, copied.previous, copied.current = table.start, dict(table.previous), dict(table.current)
        copied.full_at = dict(table.full_at)
    return twin


@given(st.tuples(rules, rules, rules), gaps, st.data())
def test_refused_requests_leave_no_trace(three: tuple[Rule, Rule, Rule], gaps: list[int], data: st.DataObject) -> None:
    named = [Rule(f"ip:{i}", r.limit, r.window_seconds, r.burst) for i, r in enumerate(three)]
    all_hits = [Hit(rule, "s") for rule in named]
    asked, only_admitted = MemoryLimiter(), MemoryLimiter()
    for now in moments(gaps):
        hits = data.draw(st.lists(st.sampled_from(all_hits), unique=True, min_size=1))
        verdict = run(asked.check(hits, now=now))
        if verdict.allowed:
            assert run(only_admitted.check(hits, now=now)) == verdict
        for hit in all_hits:
            assert run(asked.peek(hit, now=now)) == run(only_admitted.peek(hit, now=now))
        if not verdict.allowed and all(hit.rule.limit for hit in hits):
            assert run(_copy(asked).check(hits, now=now + verdict.retry_after)).allowed


# --- Redis


@pytest.fixture(scope="session")
def redis_url() -> str:
    url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=1) as client:
            client.ping()
    except redis.RedisError as error:
        pytest.skip(f"no Redis answers at {url} (set REDIS_URL): {error}")
    return url


@pytest.fixture
def prefix(redis_url: str) -> Iterator[str]:
    prefix = f"dealwright:rl:test-{uuid.uuid4().hex}:"
    yield prefix
    with redis.Redis.from_url(redis_url) as client:
        for key in client.scan_iter(f"{prefix}*", count=1000):
            client.delete(key)


@asynccontextmanager
async def closing(limiter: L) -> AsyncIterator[L]:
    try:
        yield limiter
    finally:
        await limiter.close()


async def test_many_at_once_share_one_count(redis_url: str, prefix: str) -> None:
    rule = Rule("key", 50, burst=12)
    async with (
        closing(RedisLimiter(redis_url, prefix=prefix, patience=10)) as one,
        closing(RedisLimiter(redis_url, prefix=prefix, patience=10)) as two,
    ):
        hits = [Hit(rule, "k"), Hit(IP, "10.0.0.1")]
        verdicts = await asyncio.gather(*(limiter.check(hits, now=START) for limiter in [one, two] * 100))
        assert sum(v.allowed for v in verdicts) == 62
        assert sorted(v.remaining for v in verdicts if v.allowed)[12:] == list(range(50))
        assert {v.rule for v in verdicts if not v.allowed} == {rule}
        assert (await two.peek(hits[1], now=START)).remaining == 3000 - 62
        await asyncio.gather(*(one.charge(hits[1], now=START) for _ in range(40)))
        assert (await two.peek(hits[1], now=START)).remaining == 3000 - 102
        assert one._local is None
        assert two._local is None


async def test_one_refusal_is_enough_wherever_it_stands(redis_url: str, prefix: str) -> None:
    full, lent = Hit(Rule("ip", 1), "s"), Hit(Rule("key", 1, burst=5), "s")
    async with closing(RedisLimiter(redis_url, prefix=prefix)) as limiter:
        assert (await limiter.check([full, lent], now=START)).allowed
        for hits in ([full, lent], [lent, full]):
            assert not (await limiter.check(hits, now=START)).allowed
        assert [(await limiter.check([lent], now=START)).allowed for _ in range(6)] == [True] * 5 + [False]
        await asyncio.gather(*(limiter.charge(lent, now=START) for _ in range(20)))
        assert (await limiter.check([lent], now=START)).retry_after == 1


async def test_what_is_written_expires(redis_url: str, prefix: str) -> None:
    async with closing(RedisLimiter(redis_url, prefix=prefix)) as limiter:
        await limiter.check([Hit(key_rule(1000), "k"), Hit(Rule("endpoint:x", 10, 3600), "::1"), Hit(GLOBAL, "*")])
        await limiter.peek(Hit(IP, "unseen"))
        with redis.Redis.from_url(redis_url, decode_responses=True) as client:
            lifetimes = {key.removeprefix(prefix): client.ttl(key) for key in client.scan_iter(f"{prefix}*")}
    assert lifetimes.keys() == {"key:60:k", "endpoint:x:3600:::1", "global:60:*"}
    assert 250 < lifetimes["key:60:k"] <= 310
    assert 7200 < lifetimes["endpoint:x:3600:::1"] <= 7260
    assert 120 < lifetimes["global:60:*"] <= 180


async def test_a_redis_that_forgot_the_script_is_told_it_again(redis_url: str, prefix: str) -> None:
    hit = Hit(Rule("ip", 1), "s")
    async with closing(RedisLimiter(redis_url, prefix=prefix)) as limiter:
        assert (await limiter.check([hit], now=START)).allowed
        with redis.Redis.from_url(redis_url) as client:
            client.script_flush()
        assert not (await limiter.check([hit], now=START)).allowed
        assert limiter._local is None


@settings(max_examples=80)
@given(st.tuples(rules, rules, rules), gaps, st.data())
def test_redis_and_memory_agree(
    redis_url: str, three: tuple[Rule, Rule, Rule], gaps: list[int], data: st.DataObject
) -> None:
    hits = [
        Hit(Rule(name, rule.limit, rule.window_seconds, rule.burst), subject)
        for name, rule in zip(("key", "ip", "global"), three, strict=True)
        for subject in ("a", "b")
    ]
    prefix = f"dealwright:rl:test-{uuid.uuid4().hex}:"

    async def compare() -> None:
        memory = MemoryLimiter()
        async with closing(RedisLimiter(redis_url, prefix=prefix)) as shared:
            for now in moments(gaps):
                some = data.draw(st.lists(st.sampled_from(hits), unique=True, min_size=1, max_size=4))
                mode = data.draw(st.sampled_from(["check", "check", "check", "charge", "peek"]))
                if mode == "check":
                    assert await shared.check(some, now=now) == await memory.check(some, now=now)
                elif mode == "charge":
                    await shared.charge(some[0], now=now)
                    await memory.charge(some[0], now=now)
                for hit in some:
                    assert await shared.peek(hit, now=now) == await memory.peek(hit, now=now)
            assert shared._local is None

    try:
        asyncio.run(compare())
    finally:
        with redis.Redis.from_url(redis_url) as client:
            for hit in hits:
                client.delete(f"{prefix}{hit.rule.name}:{hit.rule.window_seconds}:{hit.subject}")


async def test_a_clock_set_back_is_met_as_in_memory(redis_url: str, prefix: str) -> None:
    hit = Hit(Rule("ip", 5), "s")
    memory = MemoryLimiter()
    async with closing(RedisLimiter(redis_url, prefix=prefix)) as shared:
        for seconds in (60, 60, 60, 59, 59.5, 60, 60, 59, 61, 90, -86_400):
            now = START + seconds
            assert await shared.check([hit], now=now) == await memory.check([hit], now=now)


# --- Redis away


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_without_redis_the_process_limits_on_its_own(caplog: pytest.LogCaptureFixture) -> None:
    hits = [Hit(Rule("key", 5), "k"), Hit(IP, "10.0.0.1")]
    async with closing(RedisLimiter(f"redis://127.0.0.1:{closed_port()}")) as limiter:
        with caplog.at_level(logging.INFO):
            verdicts = [await limiter.check(hits, now=START) for _ in range(4)]
            verdicts += await asyncio.gather(*(limiter.check(hits, now=START) for _ in range(16)))
            await limiter.charge(hits[1], now=START)
            assert (await limiter.peek(hits[1], now=START)).remaining == 3000 - 6
    assert sum(v.allowed for v in verdicts) == 5
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_an_outage_seen_by_many_at_once_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    hits = [Hit(Rule("key", 5), "k")]
    async with closing(RedisLimiter(f"redis://127.0.0.1:{closed_port()}", retry_seconds=0)) as limiter:
        verdicts = await asyncio.gather(*(limiter.check(hits, now=START) for _ in range(30)))
        verdicts += await asyncio.gather(*(limiter.check(hits, now=START) for _ in range(30)))
    assert sum(v.allowed for v in verdicts) == 5
    assert len(caplog.records) == 1


async def test_a_redis_that_does_not_answer_holds_nobody_up() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, closing(RedisLimiter(f"redis://127.0.0.1:{port}")) as limiter:
        began = asyncio.get_running_loop().time()
        for _ in range(20):
            await limiter.check([Hit(IP, "10.0.0.1")])
        assert asyncio.get_running_loop().time() - began < 2


@asynccontextmanager
async def line_to(redis_url: str, port: int) -> AsyncIterator[None]:
    """A relay to Redis on `port`, which can be cut."""
    with redis.Redis.from_url(redis_url) as client:
        target = client.connection_pool.connection_kwargs
    writers: list[asyncio.StreamWriter] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(target.get("host", "127.0.0.1"), target.get("port", 6379))
        writers.extend((writer, back))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    server = await asyncio.start_server(relay, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        await server.wait_closed()
        await asyncio.sleep(0.01)


async def test_redis_is_used_again_once_it_is_back(
    redis_url: str, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    if not redis_url.startswith("redis://"):
        pytest.skip("the relay needs a plain TCP address of Redis")
    port = closed_port()
    relayed = redis_url.replace(redis_url.split("@")[-1].removeprefix("redis://").split("/")[0], f"127.0.0.1:{port}")
    hit = Hit(Rule("ip", 5), "s")
    async with closing(RedisLimiter(relayed, prefix=prefix, retry_seconds=0.1)) as limiter:
        with caplog.at_level(logging.INFO):
            async with line_to(redis_url, port):
                assert [(await limiter.check([hit], now=START)).remaining for _ in range(3)] == [4, 3, 2]
            assert (await limiter.check([hit], now=START)).remaining == 4  # counted here alone
            async with line_to(redis_url, port):
                assert (await limiter.check([hit], now=START)).remaining == 3  # not asked for again yet
                await asyncio.sleep(0.15)
                assert (await limiter.check([hit], now=START)).remaining == 1
                assert limiter._local is None
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_a_dropped_connection_is_no_outage(redis_url: str, prefix: str) -> None:
    hit = Hit(Rule("ip", 5), "s")
    async with closing(RedisLimiter(redis_url, prefix=prefix)) as limiter:
        await limiter.check([hit], now=START)
        own = await limiter._redis.client_id()
        with redis.Redis.from_url(redis_url) as client:
            client.client_kill_filter(_id=str(own))
        assert (await limiter.check([hit], now=START)).remaining == 3
        assert limiter._local is None
