"""What an e-mail provider is to this server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Email:
    """One message of plain text to one person. ``id`` is the same at every attempt, so that a receiver can tell."""

    id: str
    to: str
    subject: str
    text: str
    sender: str
    """An address, or a name with one: ``Acme <sales@acme.example>``."""
    at: datetime
    reply_to: str | None = None
    """Where answers go, when not to the sender."""

    def composed(self) -> EmailMessage:
        """As it travels (RFC 5322)."""
        message = EmailMessage()
        domain = self.sender.rpartition("@")[2].rstrip("> ") or "localhost"
        message["Message-ID"] = f"<{self.id}@{domain}>"
        message["Date"] = format_datetime(self.at)
        message["From"] = self.sender
        message["To"] = self.to
        if self.reply_to is not None:
            message["Reply-To"] = self.reply_to
        message["Subject"] = " ".join(self.subject.split())
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        return message


class EmailProvider(Protocol):
    """Raises :class:`dealwright.providers.delivery.Refused` or ``NotNow``."""

    @property
    def name(self) -> str:
        """``smtp``, ``folder``."""

    async def send(self, email: Email) -> None:
        """Hand over for delivery."""
