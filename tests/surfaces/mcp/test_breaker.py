"""The circuit breaker: its three states, and laws that hold whatever happens."""

from __future__ import annotations

from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from dealwright.surfaces.mcp.breaker import FAILURES, OPEN_SECONDS, WINDOW_SECONDS, Breakers, CircuitBreaker


def opened(at: float = 0.0) -> CircuitBreaker:
    breaker = CircuitBreaker()
    for _ in range(FAILURES):
        breaker.failed(at)
    return breaker


def test_the_fifth_consecutive_failure_opens() -> None:
    breaker = CircuitBreaker()
    for second in range(FAILURES - 1):
        breaker.failed(second)
        assert breaker.allows(second)
    breaker.failed(10)
    assert breaker.state(10) == "open"
    assert not breaker.allows(10 + OPEN_SECONDS - 0.1)


def test_a_success_in_between_starts_the_count_anew() -> None:
    breaker = CircuitBreaker()
    for second in range(3 * FAILURES):
        breaker.failed(second)
        if second % (FAILURES - 1) == 0:
            breaker.succeeded()
        assert breaker.state(second) == "closed"


def test_failures_further_apart_than_the_window_do_not_open() -> None:
    breaker = CircuitBreaker()
    for number in range(50):
        breaker.failed(number * WINDOW_SECONDS / (FAILURES - 1) + number * 0.1)
    assert breaker.state(50 * WINDOW_SECONDS) == "closed"


def test_half_open_lets_one_trial_through_whose_success_closes() -> None:
    breaker = opened()
    assert breaker.state(OPEN_SECONDS) == "half_open"
    assert breaker.allows(OPEN_SECONDS)
    assert not breaker.allows(OPEN_SECONDS + 1)
    breaker.succeeded()
    assert breaker.state(OPEN_SECONDS + 2) == "closed"


def test_a_failed_trial_opens_for_as_long_again() -> None:
    breaker = opened()
    assert breaker.allows(OPEN_SECONDS)
    breaker.failed(OPEN_SECONDS + 5)
    assert not breaker.allows(2 * OPEN_SECONDS)
    assert breaker.allows(2 * OPEN_SECONDS + 5)


def test_a_trial_that_never_comes_back_does_not_close_the_door_for_good() -> None:
    breaker = opened()
    assert breaker.allows(OPEN_SECONDS)
    assert breaker.allows(2 * OPEN_SECONDS)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 20)), max_size=60))
def test_it_opens_only_after_enough_failures_in_a_row_within_the_window(steps: list[tuple[bool, float]]) -> None:
    breaker, now, row = CircuitBreaker(), 0.0, []
    for failed, pause in steps:
        now += pause
        if not breaker.allows(now):
            continue
        half_open = breaker.state(now) == "half_open"
        if failed:
            breaker.failed(now)
            row.append(now)
            recent = [at for at in row if now - at <= WINDOW_SECONDS]
            assert (breaker.state(now) == "open") == (half_open or len(recent) >= FAILURES)
        else:
            breaker.succeeded()
            row = []
            assert breaker.state(now) == "closed"


def test_workspaces_have_circuits_of_their_own() -> None:
    now = 0.0
    breakers = Breakers(lambda: now)
    sick, well = (uuid4(), True), (uuid4(), True)
    for _ in range(FAILURES):
        breakers.record(sick, failed=True)
    assert not breakers.allows(sick)
    assert breakers.allows(well)
    breakers.record(sick, failed=False)
    assert not breakers.allows(sick), "a call that was under way when it opened does not close it"
    now = OPEN_SECONDS
    assert breakers.allows(sick)
    breakers.record(sick, failed=False)
    assert breakers.allows(sick)
