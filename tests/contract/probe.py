"""Operations that only the tests know, served by the real surface over the real pipeline and database.

The contracts of the kernel hold for every operation; these make the rare cases happen on demand: a failure in the
middle, a provider between two transactions, a deadlock, every kind of field.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Any, Literal

import httpx

from dealwright.app import Services
from dealwright.kernel.context import Context, Steps
from dealwright.kernel.errors import Conflict, Unavailable
from dealwright.kernel.fields import (
    Amount,
    Csv,
    Currency,
    Flag,
    Identifier,
    Input,
    InQuery,
    Instant,
    Integer,
    Metadata,
    Number,
    PositiveAmount,
    ShortText,
)
from dealwright.kernel.operations import Registry, Reply, operation
from dealwright.modules.customers.models import NewCustomer
from dealwright.modules.customers.operations import change, create
from dealwright.modules.customers.records import resource as customers
from dealwright.surfaces.salesbooth.http import SalesboothApi
from tests.conftest import Client

probes = Registry()
runs: Counter[str] = Counter()
"""How often the body of an operation ran, by the name that the caller gave."""

Failure = Literal["none", "conflict", "unavailable", "defect"]
_once: set[str] = set()


def fail_once(name: str) -> None:
    """Let the next call under this name fail as it asks to; the ones after it succeed."""
    _once.add(name)


def _fail(params: Breakable) -> None:
    if params.fail == "none" or (params.only_once and params.name not in _once):
        return
    _once.discard(params.name)
    if params.fail == "conflict":
        raise Conflict(f"{params.name} collided")
    if params.fail == "unavailable":
        raise Unavailable("the provider is away")
    raise RuntimeError("a defect with a secret in it")


class Fields(Input):
    amount: Amount | None = None
    price: PositiveAmount | None = None
    number: Number | None = None
    count: Annotated[Integer, InQuery()] = 1
    currency: Currency = "USD"
    metadata: Metadata | None = None
    at: Instant | None = None
    name: ShortText | None = None
    tags: Csv | None = None
    flag: Flag | None = None


class Breakable(NewCustomer):
    """A customer to create, and how the operation ends after it is written."""

    fail: Failure = "none"
    only_once: bool = False
    seconds: float = 0


class Two(Input):
    first: Identifier
    second: Identifier


@operation("probe.fields", "POST", "/probe", scope="probe:write", result=None, into=probes)
async def take_fields(ctx: Context, params: Fields) -> Reply:
    """Take every kind of field."""
    return Reply(params.model_dump(mode="json"))


@operation("probe.merge", "POST", "/probe", action="merge", scope="probe:write", result=None, into=probes)
async def merge(ctx: Context, params: Fields) -> Reply:
    """An action beside the plain operation."""
    return Reply({"merged": True})


@operation("probe.create", "POST", "/probe-create", scope="probe:write", result=None, status=201, into=probes)
async def create_and_fail(ctx: Context, params: Breakable) -> Reply:
    """Create a customer, then end as asked."""
    runs[params.name] += 1
    row = await create(ctx, params.model_dump())
    await ctx.flush()
    if params.seconds:
        await asyncio.sleep(params.seconds)
    _fail(params)
    return Reply(await ctx.wire_one(customers, row), row["version"], headers=(("X-Job-ID", "job_1"),))


@operation(
    "probe.steps", "POST", "/probe-steps", scope="probe:write", result=None, status=201, own_transactions=True,
    into=probes,
)  # fmt: skip
async def create_between_steps(steps: Steps, params: Breakable) -> Reply:
    """Ask a slow provider, then create a customer."""
    runs[params.name] += 1
    await asyncio.sleep(params.seconds)
    _fail(params)
    async with steps.transaction() as ctx:
        row = await create(ctx, params.model_dump())
        wire = await ctx.wire_one(customers, row)
    return Reply(wire, row["version"])


@operation("probe.pair", "POST", "/probe-pair", scope="probe:write", result=None, into=probes)
async def change_two(ctx: Context, params: Two) -> Reply:
    """Change two customers in the order given, slowly: two calls with opposite orders deadlock."""
    runs[f"{params.first} {params.second}"] += 1
    for wire_id in (params.first, params.second):
        row = await customers.lock(ctx.tx, wire_id)
        await change(ctx, row, {"city": "Perth"})
        await asyncio.sleep(0.1)
    return Reply({"changed": [params.first, params.second]})


@operation(
    "probe.shared", "POST", "/probe-shared", scope="deals:write", result=None,
    auth=("secret_key", "publishable_key"), into=probes,
)  # fmt: skip
async def tell_kind(ctx: Context, params: Fields) -> Reply:
    """Answer what only this kind of caller should see."""
    return Reply({"for": ctx.principal.kind})


def served(services: Services) -> httpx.ASGITransport:
    """The probes below ``/api/v1``, through the application's own pipeline and admission."""
    api = SalesboothApi(services.pipeline, services.admission, probes, services.settings)
    transport: Any = api
    return httpx.ASGITransport(app=transport)


def on(http: httpx.AsyncClient, client: Client) -> Client:
    """The same caller, speaking to the probes."""
    return Client(http, client.key, client.key_id, client.tenant_id, client.workspace)
