"""Schema: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from typing import Any, Final, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class JsonSchema(TypedDict):
    """A JSON Schema document."""

    title: str
    type: str
    properties: dict[str, Any]


class Machine(TypedDict):
    states: list[str]
    transitions: list[SchemasMove]


class Machines(TypedDict):
    """One member per entity type besides the two fixed ones."""

    schema_version: str
    entity_types: list[str]


SchemasMove = TypedDict("SchemasMove", {"from": "str", "to": "str", "action": "str", "conditions": "list[str]"})


_DEAL_TERMS: Final[Endpoint[JsonSchema]] = Endpoint("GET", "/schema/deal-terms")
_STATE_MACHINE: Final[Endpoint[Machines]] = Endpoint("GET", "/schema/state-machine", query=frozenset({"entity"}))


class SchemaGroup(Group):
    """``client.schema``."""

    def deal_terms(
        self,
        *,
        timeout: float | None = None,
    ) -> JsonSchema:
        """The JSON Schema (draft-07) of the terms that can be negotiated."""
        return self._client._run(_DEAL_TERMS, {}, timeout=timeout)

    def state_machine(
        self,
        *,
        entity: str | None = None,
        timeout: float | None = None,
    ) -> Machines:
        """States and transitions of deals and contracts, as the server enforces them.

        ``entity``: leave out for all
        """
        return self._client._run(_STATE_MACHINE, {"entity": entity}, timeout=timeout)


class AsyncSchemaGroup(AsyncGroup):
    """``client.schema``, asynchronously."""

    async def deal_terms(
        self,
        *,
        timeout: float | None = None,
    ) -> JsonSchema:
        """The JSON Schema (draft-07) of the terms that can be negotiated."""
        return await self._client._run(_DEAL_TERMS, {}, timeout=timeout)

    async def state_machine(
        self,
        *,
        entity: str | None = None,
        timeout: float | None = None,
    ) -> Machines:
        """States and transitions of deals and contracts, as the server enforces them."""
        return await self._client._run(_STATE_MACHINE, {"entity": entity}, timeout=timeout)
