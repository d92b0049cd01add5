"""Inputs and results of the key operations (Salesbooth API, API Keys)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, RootModel, StringConstraints

from dealwright.kernel.access.principals import PUBLISHABLE_SCOPES
from dealwright.kernel.fields import Flag, Identifier, Input, InQuery, Instant, Integer, Patch, ShortText, Wire
from dealwright.kernel.operations import registry
from dealwright.modules.keys import rules

Environment = Literal["live", "test"]


def _known_scope(text: str) -> str:
    known = {each.scope for each in registry if each.scope is not None} | PUBLISHABLE_SCOPES
    if not rules.is_scope(text, known):
        raise ValueError(f"{text} is not a scope; scopes look like deals:read, deals:*, *:read or *")
    return text


def _each_once(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


Scopes = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_known_scope)]],
    AfterValidator(_each_once),
    Field(
        min_length=1, max_length=100, description='what the key may do; ["*"]: everything', examples=[["deals:read"]]
    ),
]
Origins = Annotated[
    list[Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(rules.normal_origin)]],
    AfterValidator(_each_once),
    Field(max_length=100, description="the pages that may use the key in a browser; empty: all"),
]
PerMinute = Annotated[Integer, Field(ge=1, le=1_000_000, description="requests a minute, before the burst allowance")]


class KeyList(Input):
    environment: Environment | None = None


class KeyId(Input):
    id: Identifier


class RotateKey(Input):
    id: Annotated[Identifier, InQuery()]


class NewKey(Input):
    name: Annotated[ShortText, Field(description="what the key is for")]
    scopes: Scopes = Field(default_factory=lambda: ["*"])
    environment: Environment = "live"
    expires_at: Annotated[Instant | None, Field(description="in the future; left out: never")] = None
    allowed_origins: Origins | None = None
    agent_key: Annotated[Flag, Field(description="an agent's key: it has a trust level and grows with it")] = False
    rate_limit_per_minute: PerMinute | None = None


class KeyPatch(Patch):
    """``environment`` and ``agent_key`` stay as they were made."""

    id: Annotated[Identifier, InQuery()]
    name: ShortText = ""
    scopes: Scopes = Field(default_factory=list)
    expires_at: Annotated[Instant | None, Field(description="in the future; null: never")] = None
    allowed_origins: Origins | None = None
    rate_limit_per_minute: Annotated[PerMinute | None, Field(description="null: the server's default")] = None


class KeyView(Wire):
    id: str
    key_id: str
    name: str
    prefix: Annotated[str, Field(description="how the key begins: enough to recognise it, not to use it")]
    scopes: list[str]
    environment: Environment
    expires_at: str | None
    allowed_origins: list[str]
    agent_key: bool
    rate_limit_per_minute: int
    created_at: str
    last_used_at: Annotated[str | None, Field(description="to the minute")]


class KeyRows(RootModel[list[KeyView]]):
    """The keys of the workspace, newest first."""


class IssuedKey(KeyView):
    secret: Annotated[str, Field(description="the whole key, shown this once")]


class RotatedKey(IssuedKey):
    rotated_at: str
