"""The three-tier rate limiter: per API key, per IP address, and one global breaker.

All tiers are checked on every request at once. A request that any of them refuses counts in none; when several refuse,
the one that holds the caller back longest decides.

*The window.* A counter keeps the number of requests in the current fixed window and in the one before, and estimates
the sliding window as

    current + previous x (share of the current window still to come)

This admits at most ``limit`` requests in each fixed window and is right for evenly spread traffic. Its one error: after
a window whose requests all came at its very end, a stretch of one window's length can hold up to twice the limit.

*The burst.* A request over the window limit is still admitted while the rule's bucket, of ``burst`` tokens refilled at
one per second, has a token. It counts in the window like any other, so the bucket lends headroom without raising the
long-run rate, save that one request per second always gets through.

Time is in whole milliseconds and arithmetic in integers, exact in Python and in Lua. A counter belongs to a rule's
name, its window length and a subject: rules that share all three share the counter, and no check should name one twice.
"""

import logging
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from time import monotonic, time
from typing import Literal, Protocol

logger = logging.getLogger(__name__)

_TOKEN_MS = 1000  # a burst token takes this long to come back
_WAIT = 0.25  # seconds Redis may take before it counts as away
_SHOWN = ("key", "ip", "endpoint")  # the rules whose state an admitted caller is shown

# What a counter holds: requests in the previous and in the current window,
# milliseconds since the current one began, and when the burst bucket is full.
Count = tuple[int, int, int, int]
Mode = Literal["check", "charge", "peek"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One limit: ``limit`` requests per ``window_seconds``, and ``burst`` tokens on top."""

    name: str
    limit: int
    window_seconds: int = 60
    burst: int = 0

    def __post_init__(self) -> None:
        if self.limit < 0 or self.burst < 0 or self.window_seconds < 1:
            raise ValueError(f"not a rate limit: {self!r}")


@dataclass(frozen=True, slots=True)
class Hit:
    """One counter to charge: a rule, and the key id, address or "*" it applies to."""

    rule: Rule
    subject: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a check, and what the X-RateLimit-* headers show."""

    allowed: bool
    rule: Rule | None  # which refused, or of those shown has the least left
    limit: int
    remaining: int
    reset_at: int  # Unix seconds at which the window will have fully recovered
    retry_after: int  # seconds; at least 1 when refused, else 0


def key_rule(limit: int) -> Rule:
    """The limit of one API key: per minute, with a quarter of it as burst."""
    return Rule("key", limit, burst=max(1, limit // 4) if limit else 0)


class RateLimiter(Protocol):
    """Counts requests; ``now`` is Unix time and defaults to the clock.

    ``check`` charges every hit if all have room, otherwise none. ``charge`` counts without checking, ``peek`` checks
    without counting.
    """

    async def check(self, hits: Sequence[Hit], *, now: float | None = None) -> Verdict: ...
    async def charge(self, hit: Hit, *, now: float | None = None) -> None: ...
    async def peek(self, hit: Hit, *, now: float | None = None) -> Verdict: ...
    async def close(self) -> None: ...


def window_room(rule: Rule, count: Count) -> int:
    """What one more request leaves of the limit, in requests x ms; negative if too many."""
    previous, current, elapsed, _ = count
    window = rule.window_seconds * 1000
    return (rule.limit - 1 - current) * window - previous * (window - elapsed)


def wait_ms(rule: Rule, count: Count, now_ms: int) -> int:
    """How long a counter without window room refuses; a whole window if the limit is 0."""
    previous, current, elapsed, full_at = count
    window = rule.window_seconds * 1000
    others = rule.limit - 1  # as many requests leave room for one more
    if others < 0:
        wait = window
    elif current <= others:  # until the previous window has faded enough
        wait = window - (others - current) * window // previous - elapsed
    else:  # until this one has, in the next
        wait = window - elapsed + window - others * window // current
    if rule.burst:
        spent = max(full_at - now_ms, 0) + _TOKEN_MS
        wait = min(wait, max(spent - rule.burst * _TOKEN_MS, 0))
    return wait


def judge(hits: Sequence[Hit], counts: Sequence[Count], now_ms: int, mode: Mode) -> Verdict:
    """The verdict on a request, given what the counters held before it."""
    top: tuple[int, int] | None = None  # how long to wait, minus the room left
    chosen = 0
    for i, hit in enumerate(hits):
        rule = hit.rule
        room = window_room(rule, counts[i])
        wait = wait_ms(rule, counts[i], now_ms) if room < 0 else 0
        if wait or mode == "peek" or rule.name.startswith(_SHOWN):
            rank = (wait, -(room // (rule.window_seconds * 1000)))
            if top is None or rank > top:
                top, chosen = rank, i
    if top is None:
        return Verdict(True, None, 0, 0, -(-now_ms // 1000), 0)
    wait, minus_room = top
    counted = 0 if wait or mode == "peek" else 1
    rule, (previous, current, elapsed, _) = hits[chosen].rule, counts[chosen]
    windows = 2 if current + counted else 1 if previous else 0  # until what they hold is past
    reset_ms = now_ms + (windows * rule.window_seconds * 1000 - elapsed if windows else 0)
    left = max(1 - minus_room - counted, 0)
    return Verdict(not wait, rule, rule.limit, left, -(-reset_ms // 1000), -(-wait // 1000))  # rounded up


def _milliseconds(now: float | None) -> int:
    return int((time() if now is None else now) * 1000 + 0.5)


class _Limiter(RateLimiter):
    @abstractmethod
    async def _apply(self, mode: Mode, hits: Sequence[Hit], now_ms: int) -> Verdict:
        """Judge the hits and, unless the mode is ``peek``, count them."""

    async def check(self, hits: Sequence[Hit], *, now: float | None = None) -> Verdict:
        return await self._apply("check", hits, _milliseconds(now))

    async def charge(self, hit: Hit, *, now: float | None = None) -> None:
        await self._apply("charge", (hit,), _milliseconds(now))

    async def peek(self, hit: Hit, *, now: float | None = None) -> Verdict:
        return await self._apply("peek", (hit,), _milliseconds(now))


class _Table:
    """The counters of one rule: a dict per window, dropped whole once it is past."""

    __slots__ = ("cap", "current", "full_at", "previous", "start", "window")

    def __init__(self, window: int, cap: int) -> None:
        self.window, self.cap, self.start = window, cap, 0
        self.previous: dict[str, int] = {}
        self.current: dict[str, int] = {}
        self.full_at: dict[str, int] = {}

    def read(self, subject: str, now_ms: int) -> Count:
        elapsed = now_ms - self.start
        if not 0 <= elapsed < self.window:
            elapsed = self.roll(now_ms)
        previous, current = self.previous.get(subject, 0), self.current.get(subject, 0)
        return previous, current, elapsed, self.full_at.get(subject, 0)

    def roll(self, now_ms: int) -> int:
        """Move to the window of ``now_ms`` and tell how far into it that is; a clock set back a little stands still."""
        start = now_ms - now_ms % self.window
        if start == self.start - self.window:
            return 0
        if start != self.start:
            self.previous = self.current if start == self.start + self.window else {}
            self.current = {}
            self.full_at = {s: at for s, at in self.full_at.items() if at > now_ms}
            self.start = start
        return now_ms - start

    def add(self, hit: Hit, count: Count, now_ms: int) -> None:
        self.current[hit.subject] = count[1] + 1
        if hit.rule.burst and window_room(hit.rule, count) < 0:
            spent = max(count[3] - now_ms, 0) + _TOKEN_MS
            self.full_at[hit.subject] = now_ms + min(spent, hit.rule.burst * _TOKEN_MS)
        if len(self.current) > self.cap:  # forget the eighth that came first
            for oldest in list(islice(self.current, self.cap // 8 + 1)):
                del self.current[oldest]
                self.full_at.pop(oldest, None)


class MemoryLimiter(_Limiter):
    """Counts in this process, for one event loop; past ``max_subjects`` a rule forgets some."""

    def __init__(self, *, max_subjects: int = 65_536) -> None:
        self._max_subjects = max_subjects
        self._tables: dict[tuple[str, int], _Table] = {}
        self._sweep_at = 0

    async def _apply(self, mode: Mode, hits: Sequence[Hit], now_ms: int) -> Verdict:
        if now_ms >= self._sweep_at:  # a rule no longer hit must not keep its counters
            self._sweep_at = now_ms + 60_000
            for idle in self._tables.values():
                idle.roll(now_ms)
        tables: list[_Table] = []
        counts: list[Count] = []
        for hit in hits:
            rule = hit.rule
            key = (rule.name, rule.window_seconds)
            if (table := self._tables.get(key)) is None:
                table = self._tables[key] = _Table(rule.window_seconds * 1000, self._max_subjects)
            tables.append(table)
            counts.append(table.read(hit.subject, now_ms))
        verdict = judge(hits, counts, now_ms, mode)
        if mode == "charge" or (mode == "check" and verdict.allowed):
            for i, hit in enumerate(hits):
                tables[i].add(hit, counts[i], now_ms)
        return verdict

    async def close(self) -> None:
        self._tables.clear()


# KEYS: a counter per hit. ARGV: the mode; now; per hit the limit, window and bucket,
# all times in ms. Answers each Count as it was.
_SCRIPT = """
local mode, now, allowed, counts, writes = ARGV[1], tonumber(ARGV[2]), true, {}, {}
for i, key in ipairs(KEYS) do
  local limit, window, bucket = ARGV[3 * i], tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
  local held = redis.call('GET', key) or '0 0 0 0'
  local was, previous, current, full_at = held:match('(%d+) (%d+) (%d+) (%d+)')
  local start = now - now % window
  if was - start == window then start = start + window
  elseif start - was == window then previous, current = current, 0
  elseif start - was ~= 0 then previous, current = 0, 0 end
  local elapsed = math.max(now - start, 0)
  counts[i] = {previous + 0, current + 0, elapsed, full_at + 0}
  if (limit - 1 - current) * window < previous * (window - elapsed) then
    local spent = math.max(full_at - now, 0) + 1000
    allowed = allowed and spent <= bucket
    full_at = now + math.min(spent, bucket)
  end
  local text = string.format('%d %d %d %d', start, previous, current + 1, full_at)
  writes[i] = {'SET', key, text, 'PX', math.max(2 * window, bucket) + 60000}
end
if mode == 'peek' or (mode == 'check' and not allowed) then return counts end
for _, write in ipairs(writes) do redis.call(unpack(write)) end
return counts
"""


class RedisLimiter(_Limiter):
    """Counts in Redis, one script call per check; in this process while Redis is away."""

    def __init__(
        self, url: str, *, prefix: str = "dealwright:rl:", retry_seconds: float = 5.0, patience: float = _WAIT
    ) -> None:
        from redis import ConnectionError, RedisError, asyncio, backoff
        from redis.asyncio.retry import Retry

        retry = Retry(backoff.NoBackoff(), 1, (ConnectionError,))  # for a dropped connection
        pool = asyncio.BlockingConnectionPool.from_url(
            url, timeout=patience, socket_timeout=patience, socket_connect_timeout=patience, retry=retry
        )
        self._redis = asyncio.Redis.from_pool(pool)
        self._script = self._redis.register_script(_SCRIPT)
        self._errors = (RedisError, OSError)
        self._prefix, self._retry_seconds = prefix, retry_seconds
        self._local: MemoryLimiter | None = None  # there while Redis is away
        self._retry_at = 0.0

    async def _apply(self, mode: Mode, hits: Sequence[Hit], now_ms: int) -> Verdict:
        if self._local and monotonic() < self._retry_at:
            return await self._local._apply(mode, hits, now_ms)
        self._retry_at = monotonic() + self._retry_seconds
        keys, args = [], [mode, now_ms]
        for rule, subject in ((hit.rule, hit.subject) for hit in hits):
            keys.append(f"{self._prefix}{rule.name}:{rule.window_seconds}:{subject}")
            args += (rule.limit, rule.window_seconds * 1000, rule.burst * _TOKEN_MS)
        try:
            counts = await self._script(keys, args)
        except self._errors as error:
            if not self._local:
                logger.warning("Redis is away, each process limits on its own: %s", error)
                self._local = MemoryLimiter()
            return await self._local._apply(mode, hits, now_ms)
        if self._local:
            logger.info("Redis is back, limits are shared again")
            self._local = None
        return judge(hits, counts, now_ms, mode)

    async def ping(self) -> dict[str, object]:
        """Nothing to say; raises when Redis does not answer."""
        await self._redis.ping()
        return {}

    async def close(self) -> None:
        await self._redis.aclose()
