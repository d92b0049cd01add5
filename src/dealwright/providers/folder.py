"""A folder in place of the outside world: one ``.eml`` or ``.json`` file for each message, for the operator to read."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson

from dealwright.providers.delivery import NotNow
from dealwright.providers.email.protocol import Email
from dealwright.providers.sms.protocol import Sms


class _Folder:
    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def _write(self, id: str, ending: str, content: bytes) -> None:
        await asyncio.to_thread(self._write_now, f"{id}.{ending}", content)

    def _write_now(self, name: str, content: bytes) -> None:
        """Complete or not at all; a message that is sent again replaces itself."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft = self._folder / f".{name}.{os.getpid()}.tmp"
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            draft.replace(self._folder / name)
        except OSError as problem:
            raise NotNow(f"The outbox folder cannot be written ({type(problem).__name__})") from None


class EmailFolder(_Folder):
    """E-mails as files that mail programs open."""

    async def send(self, email: Email) -> None:
        await self._write(email.id, "eml", email.composed().as_bytes())


class SmsFolder(_Folder):
    """SMS, and what would be said in calls, as JSON."""

    async def send(self, sms: Sms, channel: str = "sms") -> None:
        content = {"id": sms.id, "channel": channel, "to": sms.to, "text": sms.text, "at": sms.at.isoformat()}
        await self._write(sms.id, "json", orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
