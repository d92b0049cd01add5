"""Resources: live data and schemas under ``salesbooth://`` (Salesbooth API, MCP: Resource Browsing).

Each is a view of one operation, so it needs that operation's scope and appears by itself once the operation exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

import mcp_types as types
import orjson
from mcp.shared.exceptions import MCPError
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Operation, Registry
from dealwright.kernel.pipeline import authorise
from dealwright.surfaces.agents import definitions
from dealwright.surfaces.mcp.caller import Caller
from dealwright.surfaces.mcp.calls import Calls
from dealwright.surfaces.mcp.methods import CONNECT_SCOPE
from dealwright.surfaces.mcp.tools import rendered_error

RESOURCE_NOT_FOUND: Final = -32002
"""The code of revisions before 2026-07-28, which uses -32602."""

_JSON: Final = "application/json"
_TEXT: Final = "text/plain"
_SHOWN: Final = 20
"""Records that a list resource holds."""

View = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A uri, or a template with one parameter, and the operation that it shows.

    ``entity`` is the kind of record whose events tell that it changed; ``member`` the list that a list resource holds.
    """

    uri: str
    name: str
    operation: str | None
    mime_type: str = _JSON
    entity: str = ""
    arguments: Mapping[str, Any] | None = None
    view: View = lambda data: data


def _listed(member: str, record: View = lambda record: record) -> View:
    """A list answer as this protocol shows it: the records, and where they lie in the whole."""

    def view(data: Any) -> Any:
        records = data if isinstance(data, list) else data[member]
        found: dict[str, Any] = {member: [record(each) for each in records[:_SHOWN]]}
        if isinstance(data, dict) and "pagination" in data:
            whole = data["pagination"]
            found["pagination"] = {name: whole[name] for name in ("total", "limit", "offset") if name in whole}
        return found

    return view


def _deal(deal: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": deal["id"],
        "status": deal["status"],
        "total_amount": deal["total"],
        "currency": deal["currency"],
        "customer_id": deal["customer_id"],
    }


_FIRST: Final = {"limit": _SHOWN, "offset": 0}
TOOLS_URI: Final = "salesbooth://docs/tools"

RESOURCES: Final = (
    Resource(
        "salesbooth://schemas/deal-terms",
        "Deal Terms Schema",
        "schema.deal_terms",
        "application/schema+json",
    ),
    Resource("salesbooth://schemas/state-machine", "Deal State Machine", "schema.state_machine"),
    Resource(TOOLS_URI, "Agent Tool Reference", None, _TEXT),
    Resource(
        "salesbooth://deals",
        "Active Deals",
        "deals.list",
        entity="deal",
        arguments={**_FIRST, "active": True},
        view=_listed("deals", _deal),
    ),
    Resource(
        "salesbooth://products",
        "Product Catalog",
        "products.list",
        entity="product",
        arguments=_FIRST,
        view=_listed("products"),
    ),
    Resource(
        "salesbooth://customers",
        "Customer Directory",
        "customers.list",
        entity="customer",
        arguments=_FIRST,
        view=_listed("customers"),
    ),
    Resource(
        "salesbooth://widgets",
        "Widget Configurations",
        "widget_config.list",
        entity="widget",
        arguments=_FIRST,
        view=_listed("widgets"),
    ),
    Resource(
        "salesbooth://intelligence/pipeline", "Pipeline Analytics", "intelligence.pipeline_forecast", entity="deal"
    ),
    Resource(
        "salesbooth://delegations",
        "Agent Delegations",
        "delegations.list",
        entity="delegation",
        arguments=_FIRST,
        view=_listed("delegations"),
    ),
    Resource(
        "salesbooth://contracts",
        "Contracts",
        "contracts.list",
        entity="contract",
        arguments=_FIRST,
        view=_listed("contracts"),
    ),
    Resource(
        "salesbooth://templates",
        "Deal Templates",
        "deal_templates.list",
        entity="deal_template",
        arguments=_FIRST,
        view=_listed("templates"),
    ),
    Resource(
        "salesbooth://saved-configs",
        "Saved Configurations",
        "saved_configs_admin.list",
        entity="saved_config",
        arguments=_FIRST,
        view=_listed("saved_configs"),
    ),
    Resource(
        "salesbooth://subscriptions",
        "Subscriptions",
        "subscriptions.list",
        entity="subscription",
        arguments=_FIRST,
        view=_listed("subscriptions"),
    ),
    Resource(
        "salesbooth://webhooks",
        "Webhook Endpoints",
        "webhooks.list",
        entity="webhook",
        arguments=_FIRST,
        view=_listed("webhooks"),
    ),
)
"""In the documented order."""

TEMPLATES: Final = (
    Resource("salesbooth://deals/{deal_id}", "Deal by ID", "deals.get", entity="deal"),
    Resource("salesbooth://products/{product_id}", "Product by ID", "products.get", entity="product"),
    Resource("salesbooth://customers/{customer_id}", "Customer by ID", "customers.get", entity="customer"),
    Resource("salesbooth://contracts/{contract_id}", "Contract by ID", "contracts.get", entity="contract"),
)

_PARAMETER: Final = re.compile(r"\{\w+\}$")


class Resources:
    """The resources whose operations this server has."""

    def __init__(self, registry: Registry, calls: Calls) -> None:
        self._registry = registry
        self._calls = calls

    def _there(self, resource: Resource) -> bool:
        return resource.operation is None or resource.operation in self._registry

    def fixed(self) -> list[types.Resource]:
        return [
            types.Resource(uri=each.uri, name=each.name, mime_type=each.mime_type)
            for each in RESOURCES
            if self._there(each)
        ]

    def templates(self) -> list[types.ResourceTemplate]:
        return [
            types.ResourceTemplate(uri_template=each.uri, name=each.name, mime_type=each.mime_type)
            for each in TEMPLATES
            if self._there(each)
        ]

    def find(self, uri: str) -> tuple[Resource, str | None] | None:
        """The resource behind a uri and, for a template, the id in it."""
        for resource in RESOURCES:
            if resource.uri == uri and self._there(resource):
                return resource, None
        for resource in TEMPLATES:
            start = _PARAMETER.sub("", resource.uri)
            key = unquote(uri[len(start) :])
            if uri.startswith(start) and key and "/" not in key and self._there(resource):
                return resource, key
        return None

    def authorise(self, caller: Caller, resource: Resource) -> None:
        """Raises MCPError when the key lacks the scope that the data needs."""
        if resource.operation is not None:
            try:
                authorise(self._registry[resource.operation], caller.principal)
            except DealwrightError as error:
                raise self._refused(caller, resource.uri, error.answer(new_ref())) from None

    def changed(self, principal: Principal, entity_type: str, entity_id: str) -> list[str]:
        """The uris of what an event about this record has changed, as far as the principal may read them."""
        return [
            _PARAMETER.sub(quote(entity_id, safe=""), resource.uri)
            for resource in (*RESOURCES, *TEMPLATES)
            if resource.entity == entity_type and resource.operation is not None
            if resource.operation in self._registry
            if grants(principal.scopes, self._registry[resource.operation].scope or CONNECT_SCOPE)
        ]

    async def read(self, caller: Caller, uri: str, protocol: str) -> types.ReadResourceResult:
        """Raises MCPError: unknown uri or record, missing scope, or whatever else the operation refuses."""
        found = self.find(uri)
        if found is None:
            raise not_found(uri, protocol)
        resource, key = found
        text = (
            self._reference() if resource.operation is None else await self._read(caller, resource, key, uri, protocol)
        )
        contents = types.TextResourceContents(uri=uri, mime_type=resource.mime_type, text=text)
        return types.ReadResourceResult(contents=[contents])

    async def _read(self, caller: Caller, resource: Resource, key: str | None, uri: str, protocol: str) -> str:
        assert resource.operation is not None
        operation = self._registry[resource.operation]
        given = {"id": key} if key is not None else dict(resource.arguments or {})
        arguments = {name: value for name, value in given.items() if name in operation.input.model_fields}
        outcome = await self._calls.run(caller, operation, arguments)
        if outcome.error is None:
            return orjson.dumps(resource.view(outcome.data), default=str).decode()
        if outcome.error["category"] == "not_found":
            raise not_found(uri, protocol)
        raise self._refused(caller, uri, outcome.error)

    @staticmethod
    def _refused(caller: Caller, uri: str, error: dict[str, Any]) -> MCPError:
        if error["code"] == "authorization_error.insufficient_scope":
            wanted = error["details"]["required_scope"]
            return MCPError(
                types.INTERNAL_ERROR,
                f"Resource '{uri}' requires scope '{wanted}'",
                {"code": "insufficient_scope", "required_scope": wanted},
            )
        rendered = rendered_error(error, legacy_codes=caller.principal.settings.legacy_error_codes)
        return MCPError(types.INTERNAL_ERROR, rendered["message"], rendered)

    def _reference(self) -> str:
        """Every tool with its scope and arguments, by category."""
        by_category: dict[str, list[Operation]] = {}
        for operation in self._registry:
            if operation.tool is not None:
                by_category.setdefault(operation.tool.category, []).append(operation)
        return "\n\n".join(
            "\n".join([category.upper(), *(_line(operation) for operation in by_category[category])])
            for category in definitions.CATEGORIES
            if category in by_category
        )


def _line(operation: Operation) -> str:
    assert operation.tool is not None
    schema = definitions.parameters(operation)
    named = [name if name in schema["required"] else f"[{name}]" for name in schema["properties"]]
    scope = f" (scope {operation.scope})" if operation.scope is not None else ""
    return f"{operation.tool.name}({', '.join(named)}){scope}: {operation.summary}."


def not_found(uri: str, protocol: str) -> MCPError:
    code = types.INVALID_PARAMS if protocol in MODERN_PROTOCOL_VERSIONS else RESOURCE_NOT_FOUND
    return MCPError(code, "Resource not found", {"uri": uri})
