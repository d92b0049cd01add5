"""The compact mode: three tools in place of all of them, for clients that cannot carry so many definitions.

An agent finds a tool by words, reads its definition, and calls it; the registry behind it, and what a key may do with
it, are the same.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

import mcp_types as types
from pydantic import Field, StringConstraints

from dealwright.kernel import fields
from dealwright.kernel.context import new_ref
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.fields import Input, Integer
from dealwright.kernel.operations import Operation
from dealwright.modules.shop.registry import CATEGORY as SHOP
from dealwright.surfaces.agents import definitions
from dealwright.surfaces.mcp.caller import Caller
from dealwright.surfaces.mcp.tools import Tools, answer, hints, refusal, rendered_error

INSTRUCTIONS: Final = (
    "This server has more tools than it lists. Find one with find_tools, read its arguments with describe_tool, and "
    "run it with call_tool."
)

_WORD: Final = re.compile(r"[a-z0-9]+")
_READS: Final = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
_NAME_WEIGHT: Final = 4
_CATEGORY_WEIGHT: Final = 2


class FindTools(Input):
    query: Annotated[
        str, StringConstraints(max_length=200), Field(description="what to do, in a few words; empty for all tools")
    ] = ""
    category: Annotated[str | None, Field(json_schema_extra={"enum": [*definitions.CATEGORIES, SHOP]})] = None
    limit: Annotated[Integer, Field(ge=1, le=50)] = 10


class DescribeTool(Input):
    name: Annotated[str, Field(description="a name that find_tools answered")]


class CallTool(Input):
    name: Annotated[str, Field(description="the tool to run")]
    arguments: Annotated[dict[str, Any], Field(description="as describe_tool says")] = {}


def words(text: str) -> set[str]:
    """Words in a form that finds both ``deal`` and ``deals``."""
    return {word.removesuffix("s") if len(word) > 3 else word for word in _WORD.findall(text.lower())}


def relevance(query: str, name: str, category: str, text: str) -> int:
    """How well a tool fits a query: each word counts most in the name, less in the category, least in the text."""
    wanted = words(query)
    return (
        _NAME_WEIGHT * len(wanted & words(name))
        + _CATEGORY_WEIGHT * len(wanted & words(category))
        + len(wanted & words(text))
    )


def _listing(name: str, model: type[Input], text: str, annotations: types.ToolAnnotations) -> types.Tool:
    schema = definitions.schema_of(model, in_query=True)
    found = {"type": "object", **{part: schema[part] for part in ("properties", "required")}}
    return types.Tool(
        name=name,
        description=text,
        input_schema={**found, "additionalProperties": False},
        annotations=annotations,
    )


class CompactTools:
    """find_tools, describe_tool and call_tool over all tools."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def listed(self) -> list[types.Tool]:
        return [
            _listing(
                "find_tools",
                FindTools,
                "Find tools by what they do. Answers names and summaries, best first.",
                _READS,
            ),
            _listing(
                "describe_tool",
                DescribeTool,
                "The whole definition of one tool: its arguments as JSON Schema, its scope and what it may change.",
                _READS,
            ),
            _listing(
                "call_tool",
                CallTool,
                "Run a tool with arguments that fit its definition.",
                types.ToolAnnotations(read_only_hint=False),
            ),
        ]

    async def call(self, caller: Caller, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        """Raises MCPError for a tool that there is not."""
        try:
            if name == "find_tools":
                return self._find(fields.validate(FindTools, arguments))
            if name == "describe_tool":
                return self._describe(fields.validate(DescribeTool, arguments).name)
            if name == "call_tool":
                wanted = fields.validate(CallTool, arguments)
                if self._tools.find(wanted.name) is None:
                    return _unknown(wanted.name)
                return await self._tools.call(caller, wanted.name, wanted.arguments)
        except DealwrightError as error:
            rendered = rendered_error(
                error.answer(new_ref()), legacy_codes=caller.principal.settings.legacy_error_codes
            )
            return answer(rendered, failed=True)
        return await self._tools.call(caller, name, arguments)

    def _find(self, wanted: FindTools) -> types.CallToolResult:
        ranked: list[tuple[int, Operation]] = []
        for operation in self._tools.offered():
            assert operation.tool is not None
            name, category = operation.tool.name, operation.tool.category
            if wanted.category is not None and category != wanted.category:
                continue
            score = relevance(wanted.query, name, category, definitions.description(operation))
            if score or not wanted.query:
                ranked.append((score, operation))
        ranked.sort(key=lambda each: -each[0])
        found = [_brief(operation) for _, operation in ranked[: wanted.limit]]
        return answer({"tools": found, "total": len(ranked)})

    def _describe(self, name: str) -> types.CallToolResult:
        operation = self._tools.find(name)
        if operation is None:
            return _unknown(name)
        annotations = hints(operation).model_dump(mode="json", by_alias=True, exclude_none=True)
        return answer({**definitions.universal(operation), "annotations": annotations})


def _brief(operation: Operation) -> dict[str, Any]:
    assert operation.tool is not None
    return {"name": operation.tool.name, "category": operation.tool.category, "summary": operation.summary}


def _unknown(name: str) -> types.CallToolResult:
    return refusal("not_found", f"There is no tool '{name}'; find_tools knows the names")
