"""What an SMS provider is to this server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sms:
    """One text to one number in E.164. ``id`` is the same at every attempt."""

    id: str
    to: str
    text: str
    at: datetime


class SmsProvider(Protocol):
    """Raises :class:`dealwright.providers.delivery.Refused` or ``NotNow``."""

    @property
    def name(self) -> str:
        """``twilio``, ``folder``."""

    async def send(self, sms: Sms) -> None:
        """Hand over for delivery."""
