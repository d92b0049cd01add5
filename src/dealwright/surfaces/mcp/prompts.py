"""Prompt templates: how an agent goes about a task with these tools (Salesbooth API, MCP: Prompt Templates)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import mcp_types as types
from mcp.shared.exceptions import MCPError

Given = Mapping[str, str]

_CARE: Final = (
    "Use only tools that your key's scopes allow; when a call is refused with insufficient_scope, say which scope is "
    "missing and stop. Stop as well when a spending limit would be exceeded, and report what is done so far."
)

STRATEGIES: Final = {
    "balanced": "look for terms that are fair to both sides, and give only where something comes back",
    "aggressive": "hold the current terms as long as possible, and give little and late",
    "conservative": "put closing the deal first, and avoid whatever could make the other side walk away",
}


@dataclass(frozen=True, slots=True)
class Prompt:
    name: str
    description: str
    arguments: tuple[types.PromptArgument, ...]
    text: Callable[[Given], str]


def _argument(name: str, description: str, *, required: bool = False) -> types.PromptArgument:
    return types.PromptArgument(name=name, description=description, required=required)


def _steps(task: str, *steps: str) -> str:
    numbered = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    return "\n".join([task, *numbered, _CARE])


def _create_deal(given: Given) -> str:
    customer, products, currency = given.get("customer_id"), given.get("product_ids"), given.get("currency")
    who = (
        f"Fetch customer {customer} with get_customer."
        if customer
        else "Find the customer with search_customers; when there is none, collect name and email and use "
        "create_customer."
    )
    what = (
        f"Fetch each of these products with get_product: {products}."
        if products
        else "Choose the products with list_products, and ask when several fit."
    )
    money = f" in {currency}" if currency else ""
    return _steps(
        "Set up a new deal.",
        who,
        what,
        f"Open the deal{money} with create_deal.",
        "Put every product on it with add_deal_item, and read quantities and prices back to the user.",
        "Apply an agreed reduction with apply_deal_discount.",
        "When the user confirms the total, move the deal to in_progress with transition_deal.",
    )


def _negotiate_deal(given: Given) -> str:
    deal, strategy = given["deal_id"], given.get("strategy") or "balanced"
    if strategy not in STRATEGIES:
        raise MCPError(types.INVALID_PARAMS, f"strategy must be one of {', '.join(STRATEGIES)}")
    return _steps(
        f"You negotiate deal {deal}.",
        f"Read where deal {deal} stands with check_deal_status.",
        "Judge how healthy it is with score_deal.",
        "Go through what was offered so far with get_negotiation_history.",
        f"Follow a {strategy} strategy: {STRATEGIES[strategy]}.",
        "Answer with counter_proposal, or with negotiate_terms to propose, accept or reject.",
    )


def _configure_widget(given: Given) -> str:
    site, products = given.get("site_id"), given.get("product_ids")
    return _steps(
        "Set up a widget that sells on a website.",
        f"Use site {site}." if site else "List the sites with list_sites and let the user choose one.",
        f"Offer these products: {products}." if products else "Choose the products to offer with list_products.",
        "Agree on colours, texts and steps with the user, and save them with create_widget.",
        "Fetch the code for the page with get_widget_embed_code and explain where it goes.",
    )


def _review_pipeline(given: Given) -> str:
    period = given.get("period") or "30d"
    return _steps(
        f"Review the sales pipeline of the last {period}.",
        "Collect the open deals with list_deals and count them by status.",
        "Read the outlook with forecast_pipeline.",
        "Name the status in which deals wait longest, and the deals that are stuck there.",
        "Judge the three largest of them with score_deal.",
        "Propose one next step for each, and change nothing without being asked.",
    )


def _manage_delegation(given: Given) -> str:
    delegation, grantee = given.get("delegation_id"), given.get("grantee_agent_key_id")
    start = (
        f"Read what delegation {delegation} allows with get_delegation_scope."
        if delegation
        else "Read the existing ones with list_delegations, so that none is made twice."
    )
    whom = f" for agent key {grantee}" if grantee else ""
    return _steps(
        "Give a sub-agent a limited mandate, or change one.",
        start,
        f"Ask which actions it needs{whom}, how much it may spend at once and in all, and until when.",
        "Keep every limit within your own: a delegation never grants more than its giver has.",
        "Create it with create_delegation or change it with update_delegation, and read the result back.",
    )


PROMPTS: Final = (
    Prompt(
        "create-deal",
        "Set up a deal step by step: customer, products, prices, and the move to in progress.",
        (
            _argument("customer_id", "the customer, when known"),
            _argument("product_ids", "products to put on the deal, separated by commas"),
            _argument("currency", "ISO 4217 code"),
        ),
        _create_deal,
    ),
    Prompt(
        "negotiate-deal",
        "Negotiate a deal: read its terms, score it, then propose, counter or accept.",
        (
            _argument("deal_id", "the deal", required=True),
            _argument("strategy", f"one of {', '.join(STRATEGIES)}; balanced when left out"),
        ),
        _negotiate_deal,
    ),
    Prompt(
        "configure-widget",
        "Set up a widget: site, products, looks, and the code to embed.",
        (
            _argument("site_id", "the site, when known"),
            _argument("product_ids", "products to offer, separated by commas"),
        ),
        _configure_widget,
    ),
    Prompt(
        "review-pipeline",
        "Look at the open deals by status, find where they get stuck, and name next steps.",
        (_argument("period", "how far back, for example 30d"),),
        _review_pipeline,
    ),
    Prompt(
        "manage-delegation",
        "Give a sub-agent a mandate with scopes, spending limits and an end, or change one.",
        (
            _argument("delegation_id", "the delegation to change"),
            _argument("grantee_agent_key_id", "the agent key that gets the mandate"),
        ),
        _manage_delegation,
    ),
)
_BY_NAME: Final = {prompt.name: prompt for prompt in PROMPTS}


def listed() -> list[types.Prompt]:
    return [
        types.Prompt(name=each.name, description=each.description, arguments=list(each.arguments)) for each in PROMPTS
    ]


def render(name: str, given: Given) -> types.GetPromptResult:
    """Raises MCPError: unknown prompt or argument, or a missing one."""
    prompt = _BY_NAME.get(name)
    if prompt is None:
        raise MCPError(types.INVALID_PARAMS, f"Unknown prompt: {name}")
    known = {argument.name for argument in prompt.arguments}
    if unknown := sorted(given.keys() - known):
        raise MCPError(types.INVALID_PARAMS, f"Prompt '{name}' has no argument '{unknown[0]}'")
    for argument in prompt.arguments:
        if argument.required and not given.get(argument.name):
            raise MCPError(types.INVALID_PARAMS, f"Missing required parameter: {argument.name}")
    message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=prompt.text(given)))
    return types.GetPromptResult(messages=[message])
