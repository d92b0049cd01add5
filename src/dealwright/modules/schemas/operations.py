"""Published schemas (Salesbooth API, Schema)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from dealwright.kernel import json_schema, state_machine
from dealwright.kernel.access.rate_limits import Rule
from dealwright.kernel.context import Context
from dealwright.kernel.fields import Input, Nothing, Wire
from dealwright.kernel.operations import Reply, operation
from dealwright.modules.deals.models import NegotiableTerms

_LIMIT: Final = Rule("endpoint:schema", 30)
_CACHEABLE: Final = (("cache-control", "public, max-age=86400"),)


def _published(entity: str | None) -> str | None:
    if entity is not None and entity not in state_machine.published:
        raise ValueError(f"must be one of {', '.join(sorted(state_machine.published))}")
    return entity


class MachineInput(Input):
    entity: Annotated[str | None, AfterValidator(_published), Field(description="leave out for all")] = None


class MoveView(Wire):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    source: Annotated[str, Field(alias="from")]
    to: str
    action: str
    conditions: list[str]


class MachineView(Wire):
    states: list[str]
    transitions: list[MoveView]


class MachinesView(BaseModel):
    """One member per entity type besides the two fixed ones."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, MachineView]

    schema_version: str
    entity_types: list[str]


class JsonSchemaView(BaseModel):
    """A JSON Schema document."""

    model_config = ConfigDict(extra="allow")

    title: str
    type: str
    properties: dict[str, Any]


@operation(
    "schema.state_machine",
    "GET",
    "/schema/state-machine",
    scope=None,
    auth=("public",),
    result=MachinesView,
    tool=("get_state_machine", "discovery"),
    limit=_LIMIT,
)
async def machines(ctx: Context, params: MachineInput) -> Reply:
    """States and transitions of deals and contracts, as the server enforces them."""
    wanted = [params.entity] if params.entity is not None else sorted(state_machine.published)
    data: dict[str, Any] = {"schema_version": "1.0.0", "entity_types": sorted(state_machine.published)}
    for name in wanted:
        machine = state_machine.published[name]
        data[name] = {
            "states": list(machine.states),
            "transitions": [
                {
                    "from": move.source,
                    "to": move.target,
                    "action": re.sub(r"[^a-z]+", "_", move.label.lower()),
                    "conditions": [condition.name for condition in move.conditions],
                }
                for move in machine.moves
            ],
        }
    return Reply(data, headers=_CACHEABLE)


@operation(
    "schema.deal_terms",
    "GET",
    "/schema/deal-terms",
    scope=None,
    auth=("public",),
    result=JsonSchemaView,
    tool=("get_deal_terms_schema", "discovery"),
    limit=_LIMIT,
)
async def deal_terms(ctx: Context, params: Nothing) -> Reply:
    """The JSON Schema (draft-07) of the terms that can be negotiated."""
    return Reply(DEAL_TERMS, headers=_CACHEABLE)


def _draft_07(model: type[BaseModel]) -> dict[str, Any]:
    schema = json_schema.standard(model.model_json_schema())
    return {"$schema": "http://json-schema.org/draft-07/schema#", **schema}


DEAL_TERMS: Final = _draft_07(NegotiableTerms)
