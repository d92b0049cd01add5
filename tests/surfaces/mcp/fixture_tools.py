"""The tools that the official conformance suite calls by name: each does what its scenario describes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError

Context = ServerRequestContext[Any, Any]
Wire = dict[str, Any]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
_SOUND = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA="
_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"

bus = InMemorySubscriptionBus()


def text(said: str, **more: Any) -> Wire:
    return {"content": [{"type": "text", "text": said}], **more}


def question(message: str, **properties: str) -> Wire:
    schema = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    return {"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}}


def completion(prompt: str, tokens: int) -> Wire:
    messages = [{"role": "user", "content": {"type": "text", "text": prompt}}]
    return {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": tokens}}


ROOTS: Wire = {"method": "roots/list", "params": {}}


def needs(requests: dict[str, Wire], state: str | None = None) -> Wire:
    asked: Wire = {"resultType": "input_required", "inputRequests": requests}
    return asked if state is None else {**asked, "requestState": state}


def responses(ctx: Context) -> Wire:
    found = (ctx.params or {}).get("inputResponses")
    return found if isinstance(found, dict) else {}


def state(ctx: Context) -> str | None:
    return (ctx.params or {}).get("requestState")


def content(ctx: Context, key: str) -> Wire | None:
    """What the user filled in, when it was accepted and is a form at all."""
    given = responses(ctx).get(key)
    filled = given.get("content") if isinstance(given, dict) else None
    return filled if isinstance(filled, dict) else None


async def with_logging(ctx: Context, arguments: Wire) -> Wire:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.session.send_log_message("info", said, related_request_id=ctx.request_id)
        await asyncio.sleep(0.05)
    return text("Logged three times")


async def with_progress(ctx: Context, arguments: Wire) -> Wire:
    for done in (0, 50, 100):
        await ctx.session.report_progress(done, 100)
        await asyncio.sleep(0.05)
    return text("Reported progress three times")


async def sampling(ctx: Context, arguments: Wire) -> Wire:
    answer = await ctx.session.send_request(
        types.CreateMessageRequest.model_validate(completion(arguments["prompt"], 100)), types.CreateMessageResult
    )
    return text(f"LLM response: {answer.content}")


async def elicitation(ctx: Context, arguments: Wire) -> Wire:
    asked = question(arguments.get("message", "Please fill in"), username="string", email="string")
    answer = await ctx.session.send_request(types.ElicitRequest.model_validate(asked), types.ElicitResult)
    return text(f"User response: {answer.action}")


async def missing_capability(ctx: Context, arguments: Wire) -> Wire:
    declared = ((ctx.params or {}).get("_meta") or {}).get(_CAPABILITIES) or {}
    if "sampling" not in declared:
        raise MCPError(
            types.MISSING_REQUIRED_CLIENT_CAPABILITY,
            "This tool needs sampling",
            {"requiredCapabilities": {"sampling": {}}},
        )
    return text("Sampling is there")


async def change_tools(ctx: Context, arguments: Wire) -> Wire:
    await bus.publish(ToolsListChanged())
    return text("The tools have changed")


async def change_prompts(ctx: Context, arguments: Wire) -> Wire:
    await bus.publish(PromptsListChanged())
    return text("The prompts have changed")


async def ask_name(ctx: Context, arguments: Wire) -> Wire:
    filled = content(ctx, "user_name")
    if filled is None or not isinstance(filled.get("name"), str):
        return needs({"user_name": question("What is your name?", name="string")})
    return text(f"Hello, {filled['name']}!")


async def ask_model(ctx: Context, arguments: Wire) -> Wire:
    if "capital_question" not in responses(ctx):
        return needs({"capital_question": completion("What is the capital of France?", 100)})
    return text(json.dumps(responses(ctx)["capital_question"]))


async def ask_roots(ctx: Context, arguments: Wire) -> Wire:
    if "client_roots" not in responses(ctx):
        return needs({"client_roots": ROOTS})
    return text(json.dumps(responses(ctx)["client_roots"]))


async def with_state(ctx: Context, arguments: Wire) -> Wire:
    if content(ctx, "confirm") is None or state(ctx) != "asked":
        return needs({"confirm": question("Please confirm", ok="boolean")}, "asked")
    return text("state-ok")


async def several(ctx: Context, arguments: Wire) -> Wire:
    asked = {
        "user_name": question("What is your name?", name="string"),
        "greeting": completion("Generate a greeting", 50),
        "client_roots": ROOTS,
    }
    return text("All there") if asked.keys() <= responses(ctx).keys() else needs(asked, "several")


async def rounds(ctx: Context, arguments: Wire) -> Wire:
    if state(ctx) == "step2" and content(ctx, "step2") is not None:
        return text("Done after two questions")
    if state(ctx) == "step1" and content(ctx, "step1") is not None:
        return needs({"step2": question("Step 2: What is your favorite color?", color="string")}, "step2")
    return needs({"step1": question("Step 1: What is your name?", name="string")}, "step1")


async def by_capability(ctx: Context, arguments: Wire) -> Wire:
    declared = ((ctx.params or {}).get("_meta") or {}).get(_CAPABILITIES) or {}
    possible = {
        "elicitation": ("name", question("What is your name?", name="string")),
        "sampling": ("greeting", completion("Generate a greeting", 50)),
        "roots": ("roots", ROOTS),
    }
    asked = dict(possible[capability] for capability in possible if capability in declared)
    return text("Done") if not asked or responses(ctx) else needs(asked)


def plain(said: Wire) -> Any:
    async def answer(ctx: Context, arguments: Wire) -> Wire:
        return said

    return answer


_EMBEDDED = {
    "uri": "test://embedded-resource",
    "mimeType": "text/plain",
    "text": "This is an embedded resource content.",
}
_MIXED = {
    "uri": "test://mixed-content-resource",
    "mimeType": "application/json",
    "text": '{"test":"data","value":123}',
}
IMAGE = {"type": "image", "data": PIXEL, "mimeType": "image/png"}

TOOLS: dict[str, Any] = {
    "test_simple_text": plain(text("This is a simple text response for testing.")),
    "test_image_content": plain({"content": [IMAGE]}),
    "test_audio_content": plain({"content": [{"type": "audio", "data": _SOUND, "mimeType": "audio/wav"}]}),
    "test_embedded_resource": plain({"content": [{"type": "resource", "resource": _EMBEDDED}]}),
    "test_multiple_content_types": plain(
        {
            "content": [
                {"type": "text", "text": "Multiple content types test:"},
                IMAGE,
                {"type": "resource", "resource": _MIXED},
            ]
        }
    ),
    "test_error_handling": plain(text("This tool intentionally returns an error for testing", isError=True)),
    "test_tool_with_logging": with_logging,
    "test_logging_tool": with_logging,
    "test_tool_with_progress": with_progress,
    "test_sampling": sampling,
    "test_elicitation": elicitation,
    "test_elicitation_sep1034_defaults": elicitation,
    "test_elicitation_sep1330_enums": elicitation,
    "test_missing_capability": missing_capability,
    "test_streaming_elicitation": ask_name,
    "test_trigger_tool_change": change_tools,
    "test_trigger_prompt_change": change_prompts,
    "test_input_required_result_elicitation": ask_name,
    "test_input_required_result_sampling": ask_model,
    "test_input_required_result_list_roots": ask_roots,
    "test_input_required_result_request_state": with_state,
    "test_input_required_result_multiple_inputs": several,
    "test_input_required_result_multi_round": rounds,
    "test_input_required_result_tampered_state": with_state,
    "test_input_required_result_capabilities": by_capability,
    "test_x_mcp_header": plain(text("Header and body agree")),
    "json_schema_2020_12_tool": plain(text("Fine")),
}
NO_ARGUMENTS: Wire = {"type": "object", "properties": {}, "additionalProperties": False}
SCHEMAS: dict[str, Wire] = {
    "test_sampling": {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]},
    "test_elicitation": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
    "test_x_mcp_header": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
        "required": ["region"],
    },
    "json_schema_2020_12_tool": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
            }
        },
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": False,
    },
}
