"""``dealwright seed --shop``: a tint shop's week, written through the operations like any caller would.

The whole life of every job is laid out in time; the application runs on a clock that this module moves forward, and
what lies ahead of now is left undone.
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
from dealwright.kernel.pipeline import Call
from dealwright.kernel.settings import Settings
from dealwright.modules.shop import schedule
from dealwright.modules.shop.registry import shop_registry
from dealwright.surfaces.cli.problems import Refused, in_plain_words
from dealwright.surfaces.cli.seed import StoryClock
from dealwright.surfaces.cli.seed_shop_data import (
    BAYS,
    CLIENTS,
    OPENS_AT,
    SERVICES,
    TAX_PERCENT,
    TECHNICIANS,
    WEEK,
    Job,
)

_BEFORE: Final = timedelta(days=20)
"""How long before today the story begins."""


def run(overrides: Mapping[str, Any], workspace: str) -> None:
    """Fill a workspace; one that already has customers is left as it is."""
    with in_plain_words():
        made = asyncio.run(_seed(settings_of.load(overrides), workspace))
    if made is None:
        typer.echo(f"Workspace {workspace!r} already has customers; nothing was added.")
        return
    typer.echo(f"Workspace {workspace!r} has {len(CLIENTS)} customers and a week of {len(WEEK)} jobs, in test mode.")
    typer.echo("A key for the SalesThumb API to look at them, shown this once:\n")
    typer.echo(made.secret)


async def _seed(settings: Settings, workspace: str) -> NewKey | None:
    now = clock.utc_now()
    today = now.replace(hour=OPENS_AT, minute=0, second=0, microsecond=0)
    story_clock = StoryClock(today - _BEFORE)
    async with services(settings, story_clock) as running:
        async with running.database.system() as tx:
            made = await keys.create_key(tx, workspace=workspace, kind="test", now=now, name="seed", brand="st")
        principal = await running.directory.find(made.secret, "st")
        teller = Teller(running, principal, story_clock)
        if await teller.has_customers():
            async with running.database.system() as tx:
                await keys.revoke_key(tx, made.key_id, now)
            return None
        await teller.tell(today, now)
    return made


@dataclass(order=True, slots=True)
class _Step:
    """One call at its time; ``number`` keeps the steps of one moment in the order in which they were thought of."""

    at: datetime
    number: int
    operation: str = field(compare=False)
    job: int = field(compare=False)
    arguments: dict[str, Any] = field(compare=False)


class Teller:
    """Makes the calls of the story, and remembers the ids that later calls need."""

    def __init__(self, running: Services, principal: Principal, story_clock: StoryClock) -> None:
        self._pipeline = running.pipeline
        self._principal = principal
        self._clock = story_clock
        self._bays: dict[str, str] = {}
        self._technicians: dict[str, str] = {}
        self._customers: dict[str, str] = {}
        self._vehicles: dict[tuple[str, int], str] = {}
        self._made: dict[tuple[int, str], Any] = {}
        """What a job has made so far: its quote, appointment and invoice."""

    async def has_customers(self) -> bool:
        return bool((await self._call("customers.list", {"limit": 1}))["data"])

    async def tell(self, today: datetime, now: datetime) -> None:
        await self._set_up()
        steps = [step for number, job in enumerate(WEEK) for step in _life(number, job, today)]
        for step in sorted(steps):
            if step.at <= now:
                self._clock.now = max(self._clock.now, step.at)
                await self._take(step)
        self._clock.now = now
        await schedule.run(self._pipeline)

    async def _set_up(self) -> None:
        [first] = (await self._call("shop.get", {}))["bays"]
        self._bays[BAYS[0]] = first["id"]
        await self._call("bays.update", {"id": first["id"], "name": BAYS[0]})
        for name in BAYS[1:]:
            self._bays[name] = (await self._call("bays.create", {"name": name}))["id"]
        for name, bay in TECHNICIANS:
            made = await self._call("technicians.create", {"name": name, "primary_bay_id": self._bays[bay]})
            self._technicians[bay] = made["id"]
        for short, (client, cars) in CLIENTS.items():
            self._clock.now += timedelta(minutes=50)
            customer = (await self._call("customers.create", client))["id"]
            self._customers[short] = customer
            for number, car in enumerate(cars):
                made = await self._call("vehicles.create", {"customer_id": customer, **car})
                self._vehicles[short, number] = made["id"]

    async def _take(self, step: _Step) -> None:
        job, arguments = WEEK[step.job], dict(step.arguments)
        group = step.operation.partition(".")[0]
        if step.operation in ("quotes.create", "appointments.create"):
            arguments["customer_id"] = self._customers[job.client]
            arguments["vehicle_id"] = self._vehicles[job.client, job.car]
        if step.operation == "appointments.create":
            arguments |= {"bay_id": self._bays[job.bay], "technician_id": self._technicians[job.bay]}
        if step.operation == "payments.record":
            invoice = self._made[step.job, "invoices"]
            arguments |= {"invoice_id": invoice["id"], "method": job.method}
            arguments["amount_cents"] = invoice["total_cents"] * arguments.pop("percent") // 100
        elif not step.operation.endswith(".create"):
            arguments["id"] = self._made[step.job, group]["id"]
        answer = await self._call(step.operation, arguments)
        if step.operation.endswith(".create"):
            self._made[step.job, group] = answer
        elif step.operation == "quotes.convert_to_invoice":
            self._made[step.job, "invoices"] = answer

    async def _call(self, operation: str, arguments: Mapping[str, Any]) -> Any:
        outcome = await self._pipeline.run(Call(shop_registry[operation], arguments, self._principal, new_ref()))
        if outcome.error is not None:
            raise Refused(f"{operation} was refused: {outcome.error['message']}")
        return outcome.data


def _life(number: int, job: Job, today: datetime) -> Iterator[_Step]:
    """Everything that happens to a job: quote, booking, the day itself, invoice and payment."""
    due = today + timedelta(days=job.day, hours=job.hour)
    minutes = sum(SERVICES[name][2] for name in job.services)
    asked = due - timedelta(days=9, hours=3 - number % 5, minutes=7 * number)
    count = number * 100

    def step(operation: str, at: datetime, **arguments: Any) -> _Step:
        nonlocal count
        count += 1
        return _Step(at, count, operation, number, arguments)

    lines = [
        {"description": SERVICES[name][0], "quantity": 1, "unit_price_cents": SERVICES[name][1]}
        for name in job.services
    ]
    tax = sum(SERVICES[name][1] for name in job.services) * TAX_PERCENT // 100
    lapses = asked + timedelta(days=7 if job.ending == "lapsed" else 30)
    yield step("quotes.create", asked, line_items=lines, tax_cents=tax, expires_at=clock.iso(lapses))
    yield step("quotes.update", asked + timedelta(minutes=25), status="sent")
    if job.ending == "lapsed":
        return
    answered = asked + timedelta(hours=20 + number)
    if job.ending == "declined":
        yield step("quotes.update", answered, status="declined")
        return
    yield step("quotes.update", answered, status="accepted")
    yield step(
        "appointments.create",
        answered + timedelta(minutes=10),
        service_type=" + ".join(SERVICES[name][0] for name in job.services),
        scheduled_at=clock.iso(due),
        duration_minutes=minutes,
        notes=job.notes,
    )
    if job.ending == "canceled":
        yield step("appointments.update", answered + timedelta(days=2), status="canceled")
        return
    yield step("appointments.update", due - timedelta(days=3, hours=2), status="confirmed")
    if job.ending == "no_show":
        yield step("appointments.update", due + timedelta(minutes=45), status="no_show")
        return
    yield step("appointments.update", due - timedelta(minutes=5), status="checked_in")
    yield step("appointments.update", due + timedelta(minutes=15), status="in_progress")
    done = due + timedelta(minutes=minutes)
    yield step("appointments.update", done, status="completed")
    yield step("quotes.convert_to_invoice", done + timedelta(minutes=5))
    if job.ending != "owing":
        percent = 50 if job.ending == "deposit" else 100
        yield step("payments.record", done + timedelta(minutes=30), percent=percent)
