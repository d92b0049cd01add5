"""Limits on guessing: attempts are counted before they are judged, for the account and for the address."""

from __future__ import annotations

from typing import Final

from dealwright.kernel.access.rate_limits import Hit, RateLimiter, Rule
from dealwright.kernel.errors import RateLimited
from dealwright.kernel.settings import Settings

_QUARTER: Final = 900
_HOUR: Final = 3600


class Throttle:
    """Counts attempts. An account is a blind index entry, whether there is such an account or not."""

    def __init__(self, limiter: RateLimiter, settings: Settings) -> None:
        self._limiter = limiter
        self._account = Rule("login_account", settings.login_limit_per_account, _QUARTER)
        self._ip = Rule("login_ip", settings.login_limit_per_ip, _QUARTER)
        self._signup = Rule("signup_ip", settings.signup_limit_per_ip, _HOUR)
        self._invite = Rule("invitations", 100, _HOUR)
        self._reset = Rule("password_reset_account", 5, _HOUR)

    async def sign_in(self, ip: str, account: bytes) -> None:
        """Raises RateLimited with the time to wait."""
        await self._count(Hit(self._account, account.hex()), Hit(self._ip, ip))

    async def sign_up(self, ip: str) -> None:
        await self._count(Hit(self._signup, ip))

    async def ask_for_reset(self, ip: str, account: bytes) -> None:
        await self._count(Hit(self._reset, account.hex()), Hit(self._ip, ip))

    async def invite(self, workspace: str) -> None:
        """A server must not become a sender of unasked-for mail."""
        await self._count(Hit(self._invite, workspace))

    async def guess_token(self, ip: str) -> None:
        """Links that were sent by e-mail."""
        await self._count(Hit(self._ip, ip))

    async def _count(self, *hits: Hit) -> None:
        verdict = await self._limiter.check(hits)
        if not verdict.allowed:
            raise RateLimited(
                f"Too many attempts; try again in {verdict.retry_after} s", retry_after=verdict.retry_after
            )
