"""Messages that were written into the outbox folder, for tests to read."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from dealwright.kernel.settings import Settings


def mails(settings: Settings) -> list[EmailMessage]:
    """Every e-mail so far."""
    files = sorted(Path(settings.data_dir, "outbox").glob("*.eml"))
    return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]


def texts(settings: Settings) -> list[dict[str, Any]]:
    """Every SMS so far."""
    return [json.loads(file.read_text()) for file in sorted(Path(settings.data_dir, "outbox").glob("*.json"))]


async def mail_to(settings: Settings, address: str, subject: str | None = None) -> EmailMessage:
    """The first e-mail to an address, under a subject if one is given, once it is there."""
    async with asyncio.timeout(5):
        while True:
            for found in mails(settings):
                if found["To"] == address and subject in (None, found["Subject"]):
                    return found
            await asyncio.sleep(0.02)


async def text_to(settings: Settings, number: str) -> dict[str, Any]:
    """The first SMS to a number, once it is there."""
    async with asyncio.timeout(5):
        while True:
            for found in texts(settings):
                if found["to"] == number:
                    return found
            await asyncio.sleep(0.02)
