"""A business told as a story: who buys what on which day, and how each deal ends, as calls of the operations.

The story is told through whoever performs its calls: ``dealwright seed`` through the whole pipeline on a clock of its
own, ``POST /sandbox/seed`` inside one transaction. Either way every record, audit entry and event has the time at which
it would have happened.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Protocol

_HOUR: Final = timedelta(hours=1)
_DECLINED_CARD: Final = "pm_card_chargeDeclined"

Ending = Literal[
    "draft", "open", "sent", "due", "deposit", "declined", "transferred", "card", "refunded", "lost", "withdrawn"
]
"""How far a deal has come. Payment closed ``transferred`` and ``card``; ``lost`` and ``withdrawn`` are cancelled."""


@dataclass(frozen=True, slots=True)
class Story:
    """One deal: its first day, its buyer's first name, what is in it (SKU to quantity), its discount, its ending."""

    day: int
    buyer: str
    title: str
    items: dict[str, int]
    ending: Ending
    discount: tuple[Literal["percentage", "fixed"], float] | None = None
    notes: str | None = None
    contract: bool = False
    """Whether a contract was made of it when it had been agreed on."""


@dataclass(frozen=True, slots=True)
class Business:
    """What there is to tell. ``days``: how far back it begins."""

    days: int
    currency: str
    tax_rate: float
    products: Sequence[Mapping[str, Any]]
    customers: Sequence[Mapping[str, Any]]
    stories: Sequence[Story]


class Perform(Protocol):
    """Makes one call at its time and answers its data; ``refused``: the call is meant to fail, as a declined card."""

    async def __call__(
        self, operation: str, arguments: Mapping[str, Any], at: datetime, *, refused: bool = False
    ) -> Any: ...


@dataclass(order=True, slots=True)
class Step:
    """One call at its time; ``number`` keeps the steps of one moment in the order in which they were thought of."""

    at: datetime
    number: int
    operation: str = field(compare=False)
    story: Story = field(compare=False)
    arguments: dict[str, Any] = field(compare=False)
    refused: bool = field(compare=False, default=False)


class Teller:
    """Makes the calls of a story from ``start`` on, and remembers the ids that later calls need."""

    def __init__(self, business: Business, perform: Perform, start: datetime) -> None:
        self._business = business
        self._perform = perform
        self._start = start
        self._products: dict[str, str] = {}
        self._customers: dict[str, str] = {}
        self._deals: dict[int, str] = {}
        self._intents: dict[int, str] = {}

    async def tell(self) -> dict[str, int]:
        """Answers how many records of each kind were made."""
        for product in self._business.products:
            self._products[product["sku"]] = (await self._perform("products.create", product, self._start))["id"]
        for customer in self._business.customers:
            made = await self._perform("customers.create", customer, self._start)
            self._customers[customer["name"].split()[0]] = made["id"]
        for step in sorted(self._steps()):
            await self._take(step)
        return {
            "customers": len(self._customers),
            "products": len(self._products),
            "deals": len(self._deals),
            "deal_line_items": sum(len(story.items) for story in self._business.stories),
            "contracts": sum(story.contract for story in self._business.stories),
        }

    def _steps(self) -> Iterator[Step]:
        for number, story in enumerate(self._business.stories):
            yield from _steps(story, number * 100, self._start, self._business)

    async def _take(self, step: Step) -> None:
        story = step.story
        arguments = dict(step.arguments)
        if step.operation == "deals.create":
            arguments["customer_id"] = self._customers[story.buyer]
            self._deals[story.day] = (await self._perform(step.operation, arguments, step.at))["id"]
            return
        deal = self._deals[story.day]
        if step.operation == "deals.add_item":
            arguments["product_id"] = self._products[arguments.pop("sku")]
        if step.operation in ("payments.confirm", "payments.refund"):
            arguments["payment_intent_id"] = self._intents[story.day]
        else:
            arguments["id" if step.operation.startswith("deals.") else "deal_id"] = deal
        if "share" in arguments:
            total = float((await self._perform("deals.get", {"id": deal}, step.at))["total"])
            arguments["amount"] = round(total * arguments.pop("share"), 2)
        answer = await self._perform(step.operation, arguments, step.at, refused=step.refused)
        if step.operation == "payments.create_intent":
            self._intents[story.day] = answer["payment_intent_id"]


def _steps(story: Story, number: int, start: datetime, business: Business) -> Iterator[Step]:
    """The calls of one deal, a few hours or days apart, as its ending asks for."""
    at = start + timedelta(days=story.day)

    def step(operation: str, after: timedelta, *, refused: bool = False, **arguments: Any) -> Step:
        nonlocal at, number
        at += after
        number += 1
        return Step(at, number, operation, story, arguments, refused)

    facts: dict[str, Any] = {"currency": business.currency, "tax_rate": business.tax_rate, "notes": story.notes}
    yield step("deals.create", _HOUR, title=story.title, **facts)
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
    if story.contract:
        yield step("contracts.create", 2 * _HOUR, renewal_type="auto", payment_terms="net30")
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
