"""Inputs and results of the sandbox and playground operations (Salesbooth API, Sandbox and Playground)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from dealwright.kernel.event_types import event_types
from dealwright.kernel.fields import Input, Wire

Environment = Literal["test"]


def _known(name: str) -> str:
    if name not in event_types:
        raise ValueError(f"{name} is not the name of an event")
    return name


class SimulateWebhook(Input):
    event: Annotated[
        str,
        StringConstraints(min_length=1, max_length=100),
        AfterValidator(_known),
        Field(description="the kind of event", examples=["deal.closed"]),
    ]
    data: Annotated[
        dict[str, Any] | None, Field(description="the payload to send; left out: an invented one with every member")
    ] = None


class _Done(Wire):
    environment: Environment
    sandbox: Literal[True]
    message: str


class ResetView(_Done):
    action: Literal["reset"]
    deleted: Annotated[dict[str, int], Field(description="how many records of each kind are gone")]
    total_deleted: int


class SeedView(_Done):
    action: Literal["seed"]
    seeded: Annotated[dict[str, int], Field(description="how many records of each kind were made")]
    total_seeded: int


class SimulatedView(_Done):
    action: Literal["simulate_webhook"]
    event: str
    event_id: Annotated[str, Field(description="as in the event log and in every delivery")]
    deliveries: Annotated[int, Field(description="how many webhooks the event goes to")]
    webhook_ids: list[str]


class StatusView(Wire):
    environment: Environment
    sandbox: Literal[True]
    counts: dict[str, int]
    total_test_records: int


class SessionCheck(Input):
    key_prefix: Annotated[
        str,
        StringConstraints(min_length=8, max_length=128),
        Field(description="the first 12 characters of the key; at least 8", examples=["sb_test_a1B2"]),
    ]


class SessionView(Wire):
    api_key: Annotated[str, Field(description="shown this once")]
    key_prefix: str
    expires_at: str
    expires_in: Annotated[int, Field(description="seconds")]
    environment: Environment
    sandbox: Literal[True]
    scopes: list[str]
    seeded: bool


class SessionState(Wire):
    valid: bool
    expires_at: str | None
    reason: Literal["expired", "revoked", "not_found"] | None
