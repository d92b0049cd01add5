"""Global search (Salesbooth API, Search)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from dealwright.kernel.access.principals import grants
from dealwright.kernel.context import Context
from dealwright.kernel.errors import InsufficientScope
from dealwright.kernel.fields import Csv, Input, Integer, Wire
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.contracts import records as contracts
from dealwright.modules.customers import records as customers
from dealwright.modules.deals import records as deals
from dealwright.modules.products import records as products
from dealwright.modules.search import rules

_LOOKED_AT: Final = 200
"""Of each kind, the newest matches that are scored and counted."""

Labels = Callable[[Context, str], Awaitable[list[tuple[str, str]]]]
"""Wire ids and labels of the records that a query finds."""


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of record that can be searched: what it is called, the scope it needs, how it is found."""

    kind: str
    plural: str
    find: Labels

    @property
    def scope(self) -> str:
        return f"{self.plural}:read"


async def _customers(ctx: Context, query: str) -> list[tuple[str, str]]:
    found = await customers.by_ids(ctx, (await customers.matching(ctx, query))[:_LOOKED_AT])
    rows = [row for row in found.values() if row["status"] != "archived"]
    wires = await customers.resource.render(ctx, rows)
    return [(wire["id"], " · ".join(filter(None, (wire["name"], wire["company"])))) for wire in wires]


async def _products(ctx: Context, query: str) -> list[tuple[str, str]]:
    found = await products.by_ids(ctx, (await products.matching(ctx, query))[:_LOOKED_AT])
    return [
        (products.resource.wire_id(row["id"]), row["name"]) for row in found.values() if row["status"] != "archived"
    ]


async def _deals(ctx: Context, query: str) -> list[tuple[str, str]]:
    found = await deals.by_ids(ctx, await deals.search.matching(ctx.tx, ctx.cipher, query, _LOOKED_AT))
    return [(wire["id"], wire["title"]) for wire in await deals.resource.render(ctx, list(found.values()))]


async def _contracts(ctx: Context, query: str) -> list[tuple[str, str]]:
    found = await contracts.by_ids(ctx, await contracts.search.matching(ctx.tx, ctx.cipher, query, _LOOKED_AT))
    return [
        (contracts.resource.wire_id(row["id"]), " · ".join(filter(None, (row["title"], row["contract_number"]))))
        for row in found.values()
    ]


SOURCES: Final = [
    Source("customer", "customers", _customers),
    Source("product", "products", _products),
    Source("deal", "deals", _deals),
    Source("contract", "contracts", _contracts),
]
"""Everything that is searched; a higher module may add its own kind."""

_KINDS: Final = ("deals", "customers", "products", "contracts")


def _known(types: list[str]) -> list[str]:
    if unknown := [each for each in types if each not in _KINDS]:
        raise ValueError(f"{unknown[0]} is not one of {', '.join(_KINDS)}")
    return types


class SearchInput(Input):
    q: Annotated[str, StringConstraints(min_length=2, max_length=200), Field(description="words to look for")]
    limit: Annotated[Integer, Field(ge=1, le=25)] = 10
    types: Annotated[
        Csv | None,
        AfterValidator(lambda types: _known(types) if types else types),
        Field(description=f"any of {', '.join(_KINDS)}; all when left out"),
    ] = None


class Hit(Wire):
    type: Literal["customer", "product", "deal", "contract"]
    id: str
    label: str
    score: float


class SearchResult(Wire):
    results: list[Hit]
    total: int


@operation(
    "search.list",
    "GET",
    "/search",
    scope=None,
    result=SearchResult,
    errors=(InsufficientScope,),
    tool=("global_search", "discovery"),
    tool_arguments={"query": "q"},
)
async def search(ctx: Context, params: SearchInput) -> Reply:
    """Search customers, products, deals and contracts at once, best first.

    Every word must be a word of the record or the beginning of one. Only kinds that the key may read are searched, of
    each the newest 200 matches; with none of them the answer is 403.
    """
    wanted = [source for source in SOURCES if params.types is None or source.plural in params.types]
    allowed = [source for source in wanted if grants(ctx.principal.scopes, source.scope)]
    if wanted and not allowed:
        raise InsufficientScope(wanted[0].scope, "search.list")
    hits = [
        {"type": source.kind, "id": wire_id, "label": label, "score": rules.score(params.q, label)}
        for source in allowed
        for wire_id, label in await source.find(ctx, params.q)
    ]
    hits.sort(key=lambda hit: (-hit["score"], hit["label"], hit["id"]))  # type: ignore[operator]
    return Reply({"results": hits[: params.limit], "total": len(hits)})
