"""The circuit breaker of tool execution (Salesbooth API, MCP: Circuit Breaker).

Five consecutive failures within 60 seconds open it; 30 seconds later one trial call is let through, and its success
closes it again. Only time-outs and faults of this server are failures: a tool that refuses has worked. Times are
seconds of a monotonic clock, given by the caller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Final, Literal, TypeAlias
from uuid import UUID

FAILURES: Final = 5
WINDOW_SECONDS: Final = 60.0
OPEN_SECONDS: Final = 30.0

State = Literal["closed", "open", "half_open"]
Workspace: TypeAlias = tuple[UUID | None, bool]
"""Tenant and mode."""


@dataclass(slots=True)
class CircuitBreaker:
    """One circuit. ``allows`` before each call, then ``succeeded`` or ``failed``; a call that ended in neither way
    (its caller hung up) says nothing.
    """

    failures: int = FAILURES
    window: float = WINDOW_SECONDS
    rest: float = OPEN_SECONDS
    _failed_at: deque[float] = field(default_factory=deque)
    _opened_at: float | None = None
    _trial_at: float | None = None

    def state(self, now: float) -> State:
        if self._opened_at is None:
            return "closed"
        return "open" if now - self._opened_at < self.rest else "half_open"

    def allows(self, now: float) -> bool:
        """Whether a call may go on; while half open, one at a time, and another when the trial never came back."""
        state = self.state(now)
        if state == "half_open":
            if self._trial_at is not None and now - self._trial_at < self.rest:
                return False
            self._trial_at = now
        return state != "open"

    def succeeded(self) -> None:
        self._failed_at.clear()
        self._opened_at = self._trial_at = None

    def failed(self, now: float) -> None:
        if self._opened_at is not None:
            if self.state(now) == "half_open":
                self._opened_at, self._trial_at = now, None
            return
        self._failed_at.append(now)
        while now - self._failed_at[0] > self.window:
            self._failed_at.popleft()
        if len(self._failed_at) >= self.failures:
            self._opened_at = now


class Breakers:
    """The circuits of all workspaces. Only those with a recent failure take any room."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._troubled: dict[Workspace, CircuitBreaker] = {}

    def allows(self, workspace: Workspace) -> bool:
        breaker = self._troubled.get(workspace)
        return breaker is None or breaker.allows(self._clock())

    def record(self, workspace: Workspace, *, failed: bool) -> None:
        """What came of a call that was allowed."""
        if failed:
            self._troubled.setdefault(workspace, CircuitBreaker()).failed(self._clock())
        elif workspace in self._troubled:
            # A success that was under way when the circuit opened does not close it.
            breaker = self._troubled[workspace]
            if breaker.state(self._clock()) != "open":
                del self._troubled[workspace]
