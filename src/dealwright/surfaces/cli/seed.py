"""``dealwright seed``: a business to look at, written through the operations like any caller would.

The story takes place over the last three months: the application runs on a clock that this module moves forward, so
that every record, audit entry and event has the time at which it would have happened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

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
from dealwright.surfaces.cli.problems import Refused, in_plain_words
from dealwright.surfaces.cli.seed_data import CURRENCY, CUSTOMERS, DAYS, PRODUCTS, STORIES, TAX_RATE, Story

_HOUR: Final = timedelta(hours=1)
_DECLINED_CARD: Final = "pm_card_chargeDeclined"


def run(overrides: Mapping[str, Any], workspace: str) -> None:
    """Fill a workspace; one that already has customers, products or deals is left as it is."""
    with in_plain_words():
        made = asyncio.run(_seed(settings_of.load(overrides), workspace))
    if made is None:
        typer.echo(f"Workspace {workspace!r} already has records; nothing was added.")
        return
    counts = f"{len(PRODUCTS)} products, {len(CUSTOMERS)} customers and {len(STORIES)} deals"
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
    story_clock = StoryClock(today - timedelta(days=DAYS))
    # Background work belongs to servers, whose clock is the real one.
    settings = settings.model_copy(update={"run_workers": False})
    async with services(settings, story_clock) as running:
        async with running.database.system() as tx:
            made = await keys.create_key(
                tx, workspace=workspace, kind="test", now=clock.utc_now(), name="seed", region=settings.region
            )
        teller = Teller(running, await running.directory.find(made.secret), story_clock)
        if await teller.has_records():
            async with running.database.system() as tx:
                await keys.revoke_key(tx, made.key_id, clock.utc_now())
            return None
        await teller.tell()
    return made


@dataclass(order=True, slots=True)
class Step:
    """One call at its time; ``number`` keeps the steps of one moment in the order in which they were thought of."""

    at: datetime
    number: int
    operation: str = field(compare=False)
    story: Story = field(compare=False)
    arguments: dict[str, Any] = field(compare=False)
    refused: bool = field(compare=False, default=False)
    """The call is meant to fail, as a declined card does."""


class Teller:
    """Makes the calls of the story, and remembers the ids that later calls need."""

    def __init__(self, running: Services, principal: Principal, story_clock: StoryClock) -> None:
        self._pipeline = running.pipeline
        self._principal = principal
        self._clock = story_clock
        self._products: dict[str, str] = {}
        self._customers: dict[str, str] = {}
        self._deals: dict[int, str] = {}
        self._intents: dict[int, str] = {}

    async def has_records(self) -> bool:
        found = [await self._call(name, {"limit": 1}) for name in ("customers.list", "products.list", "deals.list")]
        return any(page["pagination"]["total"] for page in found)

    async def tell(self) -> None:
        for product in PRODUCTS:
            self._products[product["sku"]] = (await self._call("products.create", product))["id"]
        for customer in CUSTOMERS:
            made = await self._call("customers.create", customer)
            self._customers[customer["name"].split()[0]] = made["id"]
        start = self._clock.now
        steps = [step for number, story in enumerate(STORIES) for step in _steps(story, number * 100, start)]
        for step in sorted(steps):
            self._clock.now = step.at
            await self._take(step)

    async def _take(self, step: Step) -> None:
        story = step.story
        arguments = dict(step.arguments)
        if step.operation == "deals.create":
            arguments["customer_id"] = self._customers[story.buyer]
            self._deals[story.day] = (await self._call(step.operation, arguments))["id"]
            return
        deal = self._deals[story.day]
        if step.operation == "deals.add_item":
            arguments["product_id"] = self._products[arguments.pop("sku")]
        if step.operation in ("payments.confirm", "payments.refund"):
            arguments["payment_intent_id"] = self._intents[story.day]
        else:
            arguments["deal_id" if step.operation.startswith("payments.") else "id"] = deal
        if "share" in arguments:
            total = float((await self._call("deals.get", {"id": deal}))["total"])
            arguments["amount"] = round(total * arguments.pop("share"), 2)
        answer = await self._call(step.operation, arguments, refused=step.refused)
        if step.operation == "payments.create_intent":
            self._intents[story.day] = answer["payment_intent_id"]

    async def _call(self, operation: str, arguments: Mapping[str, Any], *, refused: bool = False) -> Any:
        call = Call(registry[operation], arguments, self._principal, new_ref())
        outcome = await self._pipeline.run(call)
        if outcome.error is not None and not refused:
            raise Refused(f"{operation} was refused: {outcome.error['message']} {outcome.error['details'] or ''}")
        return outcome.data


def _steps(story: Story, number: int, start: datetime) -> Iterator[Step]:
    """The calls of one deal, a few hours or days apart, as its ending asks for."""
    at = start + timedelta(days=story.day)

    def step(operation: str, after: timedelta, *, refused: bool = False, **arguments: Any) -> Step:
        nonlocal at, number
        at += after
        number += 1
        return Step(at, number, operation, story, arguments, refused)

    yield step("deals.create", _HOUR, title=story.title, currency=CURRENCY, tax_rate=TAX_RATE, notes=story.notes)
    for sku, quantity in story.items.items():
        yield step("deals.add_item", timedelta(minutes=2), sku=sku, quantity=quantity)
    if story.discount is not None:
        kind, value = story.discount
        yield step("deals.apply_discount", timedelta(minutes=3), type=kind, value=value, description="As agreed")
    if story.ending == "draft":
        return
    yield step("deals.transition", 3 * _HOUR, status="in_progress")
    if story.ending == "open":
        return
    if story.ending in ("lost", "withdrawn"):
        if story.ending == "lost":
            yield step("deals.record_outcome", 80 * _HOUR, reason="lost", notes=story.notes or "")
        yield step("deals.transition", _HOUR, status="cancelled")
        return
    yield step("deals.transition", 20 * _HOUR, status="pending_signature")
    if story.ending == "sent":
        return
    yield step("deals.transition", 22 * _HOUR, status="pending_payment")
    yield from _payments(story, step)


def _payments(story: Story, step: Any) -> Iterator[Step]:
    match story.ending:
        case "deposit":
            yield step("payments.record_manual", 6 * _HOUR, share=0.3)
        case "transferred":
            yield step("payments.record_manual", 6 * _HOUR, share=0.5)
            yield step("payments.record_manual", 90 * _HOUR, share=0.5)
        case "card" | "refunded" | "declined":
            yield step("payments.create_intent", _HOUR)
            if story.ending == "declined":
                yield step("payments.confirm", _HOUR / 30, payment_method=_DECLINED_CARD, refused=True)
                return
            yield step("payments.confirm", _HOUR / 30)
            if story.ending == "refunded":
                yield step("payments.refund", 50 * _HOUR, share=0.15, reason="Part of the order came back")
