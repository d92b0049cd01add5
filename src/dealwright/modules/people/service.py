"""What the operations on people need beside their transaction; put together by the composition root."""

from __future__ import annotations

from dealwright.kernel.access.rate_limits import RateLimiter
from dealwright.kernel.access.sessions import Lifetimes
from dealwright.kernel.crypto import Keyring
from dealwright.kernel.settings import Settings
from dealwright.modules.people.passwords import Passwords
from dealwright.modules.people.throttling import Throttle


class People:
    """Keys for people's data, password hashing, limits on guessing, and the operator's choices."""

    def __init__(self, keyring: Keyring, limiter: RateLimiter, settings: Settings) -> None:
        self.keyring = keyring
        self.cipher = keyring.installation()
        self.passwords = Passwords(settings)
        self.throttle = Throttle(limiter, settings)
        self.lifetimes = Lifetimes.of(settings)
        self.settings = settings
