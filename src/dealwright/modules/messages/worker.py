"""The worker that sends messages: claims what is due, hands it to a provider, writes what came of it.

Any number of processes may run one. No transaction is open while a provider is asked. A worker that dies between
sending and writing leaves a message that is sent once more, under the same id.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Final

import structlog
from asyncpg import Record

from dealwright.kernel import ids
from dealwright.kernel.clock import Clock
from dealwright.kernel.crypto import Tampered
from dealwright.kernel.errors import DealwrightError, NotFound
from dealwright.kernel.pipeline import Pipeline
from dealwright.kernel.store.signals import Signals
from dealwright.modules.messages import queue, rules
from dealwright.modules.messages.queue import MESSAGES_DUE
from dealwright.modules.messages.tables import PREFIX
from dealwright.providers.carriers import Carriers
from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.email.protocol import Email
from dealwright.providers.sms.protocol import Sms

log = structlog.get_logger("dealwright.messages")

SLOTS: Final = 16
_LOOK_SECONDS: Final = 2.0
_TROUBLE_SECONDS: Final = 2.0


class Messenger:
    """Sends for as long as it runs."""

    def __init__(self, pipeline: Pipeline, signals: Signals, carriers: Carriers, clock: Clock) -> None:
        self._pipeline = pipeline
        self._database = pipeline.database
        self._signals = signals
        self._carriers = carriers
        self._clock = clock
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Send whatever is due, until cancelled."""
        self._signals.on(MESSAGES_DUE, self._woken)
        try:
            while True:
                self._wake.clear()
                try:
                    if await self.send_due():
                        continue
                except Exception as problem:
                    if isinstance(problem, DealwrightError):
                        log.info("messages_wait", problem=str(problem))
                    else:
                        log.exception("messages_wait")
                    await asyncio.sleep(_TROUBLE_SECONDS)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS)
        finally:
            self._signals.off(MESSAGES_DUE, self._woken)

    def _woken(self, _word: str) -> None:
        self._wake.set()

    async def send_due(self) -> int:
        """Send one round of what is due; answers how many messages it held."""
        async with self._database.system() as tx:
            taken = await queue.claim(tx, SLOTS)
        await asyncio.gather(*(self._send(row) for row in taken))
        return len(taken)

    async def _send(self, row: Record) -> None:
        try:
            await self._hand_over(row)
        except Refused as refusal:
            await self._finish(row, "failed", str(refusal))
        except NotNow as refusal:
            await self._put_off(row, str(refusal))
        except DealwrightError as problem:
            log.info("message_waits", problem=str(problem))
        except Exception:
            log.exception("message_failed")
            await self._put_off(row, "The message could not be sent")
        else:
            await self._finish(row, "sent")

    async def _hand_over(self, row: Record) -> None:
        try:
            async with self._pipeline.within(row["tenant_id"], row["livemode"]) as ctx:
                content = await queue.content_of(ctx, row)
        except (Tampered, NotFound):
            raise Refused("The message cannot be read any more") from None
        if content is None:
            raise Refused("There is no address to send it to")
        carriers, id = self._carriers, ids.encode(PREFIX, row["id"])
        if row["channel"] == "sms":
            sms = Sms(id=id, to=content.to, text=content.text, at=self._clock())
            await (carriers.sms if row["livemode"] else carriers.test_sms).send(sms)
        else:
            email = Email(
                id=id,
                to=content.to,
                subject=content.subject,
                text=content.text,
                sender=carriers.sender,
                at=self._clock(),
            )
            await (carriers.email if row["livemode"] else carriers.test_email).send(email)

    async def _put_off(self, row: Record, error: str) -> None:
        wait = rules.wait(row["attempts"] + 1, random.random())
        await self._finish(row, "failed" if wait is None else "queued", error, wait)

    async def _finish(
        self, row: Record, status: rules.Status, error: str | None = None, wait: float | None = None
    ) -> None:
        try:
            async with self._database.system() as tx:
                await queue.finish(tx, row, status, error=error, wait=wait)
        except DealwrightError as problem:
            log.warning("message_outcome_lost", problem=str(problem))
