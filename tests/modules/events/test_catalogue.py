"""The events that exist: all of them are described, and it is known which can happen."""

from __future__ import annotations

import pytest

import dealwright.app  # noqa: F401 - declares every operation
from dealwright.kernel.clock import utc_now
from dealwright.kernel.event_types import event_types
from dealwright.kernel.operations import registry
from dealwright.modules.events import samples

FAMILIES = {
    "deal": 28, "negotiation_legacy": 4, "negotiation": 6, "contract": 8, "subscription": 19, "customer": 3,
    "booking": 7, "billing": 5, "delegation": 8, "agent": 12, "agent_workflow": 9, "escrow": 7, "federation": 4,
    "catalogue": 15, "saved_config": 5, "portal": 3, "consent": 2, "tenant_trust": 5, "workflow": 3, "system": 9,
    "other": 3,
}  # fmt: skip

NOTHING_FIRES_YET_IN = frozenset(
    {
        "negotiation_legacy", "negotiation", "contract", "subscription", "booking", "billing", "delegation", "agent",
        "agent_workflow", "escrow", "federation", "catalogue", "saved_config", "portal", "consent", "tenant_trust",
        "workflow",
    }
)  # fmt: skip
NOTHING_FIRES_YET = frozenset(
    {
        "api_key.rotated",
        "credential.issued",
        "deal.fulfilled",
        "deal.participant_accepted",
        "deal.participant_completed",
        "deal.participant_invited",
        "deal.participant_withdrawn",
        "deal.partially_accepted",
        "deal.payment_overdue",
        "deal.settlement_all_completed",
        "deal.settlement_completed",
        "deal.settlement_created",
        "deal.settlement_failed",
        "deal.settlement_initiated",
        "deal.signature_added",
        "deal.signature_timeout",
        "deal.unsigned",
        "encryption.rekey_completed",
        "security.csp_spike",
    }
)
"""Described and accepted in subscriptions, but no part of the server announces them so far; besides whole families."""


def test_all_documented_events_are_described() -> None:
    found: dict[str, int] = {}
    for kind in event_types:
        found[kind.family] = found.get(kind.family, 0) + 1
        assert kind.description.endswith(".")
        assert kind.members
        assert len(set(kind.members)) == len(kind.members)
    assert found == FAMILIES
    assert len(event_types) == 165


def test_every_declared_event_is_described() -> None:
    declared = {name for operation in registry for name in operation.events}
    assert declared <= {kind.name for kind in event_types}


def test_no_event_has_lost_its_source() -> None:
    sources = event_types.sources(registry)
    silent = {kind.name for kind in event_types if not sources[kind.name] and kind.family not in NOTHING_FIRES_YET_IN}
    assert silent <= NOTHING_FIRES_YET


def test_the_circuit_breaker_is_known_as_a_source() -> None:
    assert event_types.sources(registry)["service.circuit_opened"] == ["system:circuit_breaker"]
    assert "webhooks.update" in event_types.sources(registry)["service.circuit_closed"]


@pytest.mark.parametrize("kind", list(event_types), ids=lambda kind: kind.name)
def test_every_event_has_a_schema_and_an_example_that_fits(kind: object) -> None:
    name = kind.name  # type: ignore[attr-defined]
    schema, example = samples.schema(name), samples.payload(name, utc_now())
    assert list(example) == schema["required"]
    types = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    for member, value in example.items():
        assert isinstance(value, types[schema["properties"][member]["type"]]), member


def test_a_payload_without_a_promised_member_is_noticed() -> None:
    example = samples.payload("deal.closed", utc_now())
    event_types.check("deal.closed", example)
    del example["total"]
    with pytest.raises(AssertionError, match="total"):
        event_types.check("deal.closed", example)
