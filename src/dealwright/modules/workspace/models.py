"""Inputs and results of the workspace operations (Salesbooth API, Tenant Settings and what stands around it)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, RootModel, StringConstraints

from dealwright.kernel.access.principals import LocaleName, ZoneName
from dealwright.kernel.access.roles import Role
from dealwright.kernel.fields import Currency, Flag, Identifier, InHeader, Input, Integer, LongText, Patch, Wire
from dealwright.modules.customers.models import Country, Email
from dealwright.modules.customers.rules import normal_phone
from dealwright.modules.products.models import WebAddress
from dealwright.modules.workspace import rules

Mode = Literal["live", "test"]
DisplayMode = Literal["standalone", "browser", "auto"]
Line = Annotated[str, StringConstraints(max_length=255)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n]*$")]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-fA-F]{6}$"), Field(examples=["#635bff"])]
Rate = Annotated[str, BeforeValidator(rules.normal_rate), Field(description="0.10 is ten percent", examples=["0.10"])]
Domain = Annotated[str, AfterValidator(rules.normal_domain), Field(examples=["shop.example.com"])]
Tab = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class SetMode(Input):
    mode: Mode


class ModeView(Wire):
    mode: Annotated[Mode, Field(description="test: the session works with the records of the sandbox")]


class SetDisplayMode(Input):
    mode: DisplayMode


class DisplayModeView(Wire):
    mode: Annotated[DisplayMode, Field(description="auto: whatever the browser detects")]


class BusinessPatch(Patch):
    business_name: Annotated[Line | None, Field(description="trading name")] = None
    description: Annotated[LongText | None, Field(description="what is sold, and to whom")] = None
    industry: Line | None = None
    target_market: Line | None = None


class BusinessView(Wire):
    business_name: str | None
    description: str | None
    industry: str | None
    target_market: str | None


class AnalyticsPatch(Patch):
    enabled: Annotated[Flag, Field(description="collect at all")] = True
    record_mouse: Annotated[Flag, Field(description="mouse movements in replays")] = True
    block_selector: Annotated[Line | None, Field(description="CSS selector of what is never recorded")] = None


class AnalyticsView(Wire):
    enabled: bool
    record_mouse: bool
    block_selector: str | None


class SettingsPatch(Patch):
    name: Annotated[Name, Field(description="new for the whole server")] = ""
    industry: Line | None = None
    tax_id: Line | None = None
    phone: Annotated[Line | None, Field(description="of the business")] = None
    website: WebAddress | None = None
    country: Country | None = None
    default_currency: Currency = "USD"
    primary_color: Colour | None = None
    default_tax_rate: Rate | None = None
    custom_domain: Domain | None = None
    enforce_header_auth: Annotated[Flag, Field(description="1: secret keys in the query string are refused")] = False
    require_if_match: Annotated[Flag, Field(description="PATCH and DELETE need the version (428)")] = True
    legacy_error_codes: Annotated[Flag, Field(description="VALIDATION_ERROR and BAD_REQUEST")] = False
    deposit_percentage: Annotated[float | None, Field(ge=0, le=100)] = None
    notification_email: Email | None = None
    signature_timeout_days: Annotated[Integer, Field(ge=1, le=3650)] = 30
    locale: Annotated[LocaleName, Field(description="how people read money and dates (ours)")] = "en_US"
    time_zone: Annotated[ZoneName, Field(description="where they are, IANA (ours)")] = "UTC"


class SettingsView(Wire):
    tenant_id: str
    name: str
    industry: str | None
    tax_id: str | None
    phone: str | None
    website: str | None
    country: str | None
    default_currency: str
    primary_color: str | None
    default_tax_rate: str | None
    custom_domain: str | None
    enforce_header_auth: Literal[0, 1]
    require_if_match: bool
    legacy_error_codes: bool
    deposit_percentage: float | None
    notification_email: str | None
    signature_timeout_days: int
    locale: str
    time_zone: str


class ChannelsPatch(Patch):
    phone_number: Annotated[
        Annotated[str, StringConstraints(pattern=r"^\+"), AfterValidator(normal_phone)] | None,
        Field(description="number that SMS come from, in E.164", examples=["+15550001234"]),
    ] = None
    from_email: Annotated[Email | None, Field(description="where answers to e-mail go")] = None
    from_name: Annotated[Name | None, Field(description="who e-mail comes from")] = None


class ChannelsView(Wire):
    phone_number: str | None
    from_email: str | None
    from_name: str | None


class Switch(Input):
    tenant_id: Identifier


class _Place(Wire):
    tenant_id: str
    name: str
    role: Role
    is_sandbox: Annotated[bool, Field(description="whether the session works with test records there")]
    region: str | None


class SwitchedView(_Place):
    csrf_token: Annotated[str, Field(description="goes along with writes from now on")]


class TenantRow(_Place):
    slug: str
    logo_url: str | None
    is_current: bool
    regional_endpoint: str


class TenantRows(RootModel[list[TenantRow]]):
    """Every workspace of the person."""


class TabQuery(Input):
    tab_id: Annotated[Tab, InHeader("X-Tab-ID")]


class BindTab(Input):
    tab_id: Tab
    tenant_id: Annotated[Identifier | None, Field(description="null: the tab follows the session again")] = None


class TabView(Wire):
    tab_id: str
    tenant_id: str | None
    source: Annotated[Literal["tab", "session"], Field(description="tab: bound to it; session: the session's own")]
