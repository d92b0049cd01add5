"""``dealwright seed``: a business to look at, written through the operations like any caller would.

The story takes place over the last three months: the application runs on a clock that this module moves forward, so
that every record, audit entry and event has the time at which it would have happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import typer

from dealwright.app import Services, services
from dealwright.kernel import clock
from dealwright.kernel import settings as settings_of
from dealwright.kernel.access import keys
from dealwright.kernel.access.keys import NewKey
from dealwright.kernel.access.principals import Principal
from dealwright.kernel.context import new_ref
from dealwright.kernel.operations import registry
from dealwright.kernel.pipeline import Call
from dealwright.kernel.settings import Settings
from dealwright.modules.sandbox.demonstration import COMPLETE
from dealwright.modules.sandbox.story import Teller
from dealwright.surfaces.cli.problems import Refused, in_plain_words


def run(overrides: Mapping[str, Any], workspace: str) -> None:
    """Fill a workspace; one that already has customers, products or deals is left as it is."""
    with in_plain_words():
        made = asyncio.run(_seed(settings_of.load(overrides), workspace))
    if made is None:
        typer.echo(f"Workspace {workspace!r} already has records; nothing was added.")
        return
    counts = f"{len(COMPLETE.products)} products, {len(COMPLETE.customers)} customers and {len(COMPLETE.stories)} deals"
    typer.echo(f"Workspace {workspace!r} has {counts}, in test mode. A key to look at them, shown this once:\n")
    typer.echo(made.secret)


class StoryClock:
    """The application's clock while the story is told."""

    def __init__(self, start: datetime) -> None:
        self.now = start

    def __call__(self) -> datetime:
        return self.now


async def _seed(settings: Settings, workspace: str) -> NewKey | None:
    today = clock.utc_now().replace(minute=0, second=0, microsecond=0)
    story_clock = StoryClock(today - timedelta(days=COMPLETE.days))
    # Background work belongs to servers, whose clock is the real one.
    settings = settings.model_copy(update={"run_workers": False})
    async with services(settings, story_clock) as running:
        async with running.database.system() as tx:
            made = await keys.create_key(
                tx, workspace=workspace, kind="test", now=clock.utc_now(), name="seed", region=settings.region
            )
        caller = Caller(running, await running.directory.find(made.secret), story_clock)
        if await caller.has_records():
            async with running.database.system() as tx:
                await keys.revoke_key(tx, made.key_id, clock.utc_now())
            return None
        await Teller(COMPLETE, caller, story_clock.now).tell()
    return made


class Caller:
    """Performs the calls of the story through the pipeline, moving the application's clock to the time of each."""

    def __init__(self, running: Services, principal: Principal, story_clock: StoryClock) -> None:
        self._pipeline = running.pipeline
        self._principal = principal
        self._clock = story_clock

    async def has_records(self) -> bool:
        names = ("customers.list", "products.list", "deals.list")
        found = [await self(name, {"limit": 1}, self._clock.now) for name in names]
        return any(page["pagination"]["total"] for page in found)

    async def __call__(
        self, operation: str, arguments: Mapping[str, Any], at: datetime, *, refused: bool = False
    ) -> Any:
        self._clock.now = at
        outcome = await self._pipeline.run(Call(registry[operation], arguments, self._principal, new_ref()))
        if outcome.error is not None and not refused:
            raise Refused(f"{operation} was refused: {outcome.error['message']} {outcome.error['details'] or ''}")
        return outcome.data
