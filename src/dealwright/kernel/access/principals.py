"""Who calls: a principal with its workspace, mode and scopes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from dealwright.kernel.access.roles import Role
from dealwright.kernel.fields import Currency

PUBLISHABLE_SCOPES = frozenset({"products:read", "customers:write", "deals:write", "agent:negotiate"})
"""What a key in a browser may hold at most (Salesbooth API, Key Types)."""

AGENT_MULTIPLIERS = (1.0, 1.5, 2.0, 3.0, 5.0)
"""Rate-limit multiplier of an agent key by trust level L0 to L4; other keys always have the plain limit."""


def _known_locale(name: str) -> str:
    try:
        return str(Locale.parse(name.replace("-", "_")))
    except (ValueError, UnknownLocaleError):
        raise ValueError(f"{name} is not a locale, for example en_US") from None


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name} is not a time zone, for example Europe/Berlin")
    return name


LocaleName = Annotated[str, AfterValidator(_known_locale), Field(max_length=40, examples=["de_DE"])]
ZoneName = Annotated[str, AfterValidator(_known_zone), Field(max_length=60, examples=["Europe/Berlin"])]


class WorkspaceSettings(BaseModel):
    """What a workspace may set about how the API treats it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    enforce_header_auth: bool = False
    """Refuse secret keys in the query string (400)."""
    require_if_match: bool = True
    """PATCH and DELETE of versioned records need If-Match (428)."""
    legacy_error_codes: bool = False
    """VALIDATION_ERROR and BAD_REQUEST instead of the dotted codes."""
    default_currency: Currency = "USD"
    deposit_percentage: Annotated[float, Field(ge=0, le=100)] | None = None
    """The part of a total that a checkout asks for first; None: no deposit."""
    primary_color: Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$")] | None = None
    """The brand's colour, for pages and papers."""
    locale: LocaleName = "en_US"
    """How people of the workspace read money, numbers and dates (CLDR, ``de_DE``)."""
    time_zone: ZoneName = "UTC"
    """Where they are (IANA, ``Europe/Berlin``)."""
    notification_email: Annotated[str, Field(max_length=254)] | None = None
    """Where notifications by e-mail go; None: only to rules that name an address."""
    signature_timeout_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long a deal may be out for signature before deal.signature_timeout fires."""
    test_clock_seconds: Annotated[int, Field(ge=0)] | None = None
    """How far the time of test mode is ahead of the server's; None: test mode has no clock of its own."""


PrincipalKind = Literal["public", "secret_key", "publishable_key", "session", "system"]
"""Where a call comes from; ``system`` is the server itself, in a schedule or on behalf of a public caller."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as the pipeline sees it. A public caller has no tenant, nor has a person without a workspace."""

    kind: PrincipalKind
    key_id: str
    """Wire id of the key or user, for audit and rate limits."""
    tenant_id: UUID | None
    livemode: bool
    scopes: frozenset[str] = frozenset()
    role: Role | None = None
    """A signed-in person's role in the workspace; None for everybody else."""
    is_agent: bool = False
    trust_level: int = 0
    rate_limit: int = 0
    """Requests per minute as configured, before the agent multiplier."""
    allowed_origins: frozenset[str] = frozenset()
    expires_at: datetime | None = None
    settings: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    encryption_version: int = 1
    has_shop: bool = False
    """Whether a signed-in person's workspace has, or had, a key of the SalesThumb API."""

    @property
    def ahead(self) -> timedelta:
        """How far this caller's time is ahead of the server's: a workspace may move the clock of its test mode."""
        return timedelta() if self.livemode else timedelta(seconds=self.settings.test_clock_seconds or 0)

    @property
    def actor_type(self) -> Literal["user", "agent", "system"]:
        """What the activity feed calls this caller."""
        if self.kind in ("system", "public"):
            return "system"
        return "agent" if self.is_agent else "user"

    @property
    def effective_rate_limit(self) -> int:
        multiplier = AGENT_MULTIPLIERS[self.trust_level] if self.is_agent else 1.0
        return int(self.rate_limit * multiplier)


PUBLIC = Principal(kind="public", key_id="public", tenant_id=None, livemode=False)


def grants(scopes: Iterable[str], wanted: str) -> bool:
    """Whether a set of scopes covers one: by name, by ``resource:*``, by ``*:read`` or by ``*``.

    Write does not imply read.
    """
    held = scopes if isinstance(scopes, frozenset) else frozenset(scopes)
    if wanted in held or "*" in held:
        return True
    resource, _, action = wanted.partition(":")
    return f"{resource}:*" in held or f"*:{action}" in held
