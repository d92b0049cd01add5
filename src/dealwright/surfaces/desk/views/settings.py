"""The settings of the workspace: what it is called, how it counts, who its messages come from, what it records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale, localedata
from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.rates import fraction
from dealwright.surfaces.desk.views import corners, fields
from dealwright.surfaces.desk.views.fields import Entry, Group
from dealwright.surfaces.desk.visit import Visit


@lru_cache(maxsize=1)
def _locales() -> tuple[tuple[str, str], ...]:
    """Languages with a country, by name."""
    known = [each for each in localedata.locale_identifiers() if "_" in each]
    named = [(each, Locale.parse(each).get_display_name("en") or each) for each in known]
    return tuple(sorted(named, key=lambda each: each[1]))


@lru_cache(maxsize=1)
def _zones() -> tuple[tuple[str, str], ...]:
    return tuple(
        (each, each.replace("_", " ")) for each in sorted(available_timezones()) if "/" in each or each == "UTC"
    )


@lru_cache(maxsize=1)
def workspace_form() -> tuple[Group, ...]:
    """The fields of the workspace page; the long lists of choices are made when they are first needed."""
    return (
        Group(
            "Name and look",
            (
                Entry("name", "Name", required=True),
                Entry("industry", "Industry"),
                Entry("primary_color", "Brand colour", help="Six digits, as in #0f5f5c. Contrast is corrected."),
                Entry("custom_domain", "Own domain", help="As in shop.example.com"),
            ),
        ),
        Group(
            "Money",
            (
                Entry("default_currency", "Currency", required=True, help="Three letters, as in USD"),
                Entry("default_tax_rate", "Tax rate", "percent", help="What new deals begin with"),
                Entry("tax_id", "Tax number"),
                Entry("deposit_percentage", "Deposit", "number", unit="%", help="Asked for first at a checkout"),
            ),
        ),
        Group(
            "Place",
            (
                Entry("country", "Country", help="Two letters, as in US"),
                Entry("phone", "Phone", "tel"),
                Entry("website", "Website", broad=True, help="As in https://example.com"),
                Entry("time_zone", "Time zone", "choice", options=_zones()),
                Entry("locale", "Money, numbers and dates", "choice", options=_locales()),
            ),
        ),
        Group(
            "Deals",
            (
                Entry(
                    "signature_timeout_days",
                    "Out for signature at most",
                    "number",
                    required=True,
                    unit="days",
                    help="Then deal.signature_timeout is announced.",
                ),
            ),
        ),
        Group(
            "API",
            (
                Entry(
                    "require_if_match", "Changes need the version", "tick", "Nobody overwrites what they have not seen."
                ),
                Entry("enforce_header_auth", "Keys in headers only", "tick", "Keys in an address are refused."),
                Entry("legacy_error_codes", "Older error codes", "tick", "VALIDATION_ERROR and BAD_REQUEST."),
            ),
        ),
    )


BUSINESS: Final = (
    Group(
        "What you do",
        (
            Entry("business_name", "Trading name"),
            Entry("industry", "Industry"),
            Entry("description", "What is sold, and to whom", "area"),
            Entry("target_market", "Customers", broad=True),
        ),
    ),
)
MESSAGES: Final = (
    Group(
        "Who messages come from",
        (
            Entry("from_name", "Name", help="Stands in front of the server's own address."),
            Entry("from_email", "Answers go to", "email"),
            Entry("phone_number", "Number that SMS come from", "tel", "With country code, as in +1 555 000 1234"),
        ),
    ),
)
VISITORS: Final = (
    Group(
        "What is collected",
        (
            Entry("enabled", "Collect what visitors do", "tick"),
            Entry("record_mouse", "Record mouse movements", "tick"),
            Entry("block_selector", "Never record", help="A CSS selector, as in .private", broad=True),
        ),
    ),
)


async def _page(visit: Visit, title: str, read: str, write: str, groups: Sequence[Group], text: str = "") -> Response:
    record = await visit.read(read)
    return corners.settings(
        visit,
        "settings_form.html",
        heading=title,
        text=text,
        groups=groups,
        values=fields.values(groups, record),
        write=write,
        shown=fields.shown,
    )


async def _save(visit: Visit, write: str, groups: Sequence[Group]) -> Response:
    changes = visit.changes(write, fields.names(groups))
    for entry in (each for group in groups for each in group.entries if each.kind == "percent"):
        if changes.get(entry.name) is not None:
            changes[entry.name] = fraction(changes[entry.name])
    if changes:
        await visit.write(write, changes)
    return visit.go(visit.request.url.path, "Saved")


@page("/settings")
async def workspace(visit: Visit) -> Response:
    return await _page(visit, "Workspace", "tenant_settings.get", "tenant_settings.update", workspace_form())


@action("/settings", again=workspace)
async def save_workspace(visit: Visit) -> Response:
    return await _save(visit, "tenant_settings.update", workspace_form())


@page("/settings/business")
async def business(visit: Visit) -> Response:
    text = "Your own words about the business. Pages and texts that are made for you start from them."
    return await _page(visit, "Business", "business_profile.get", "business_profile.update", BUSINESS, text)


@action("/settings/business", again=business)
async def save_business(visit: Visit) -> Response:
    return await _save(visit, "business_profile.update", BUSINESS)


@page("/settings/messages")
async def messages(visit: Visit) -> Response:
    text = "What customers see as the sender of e-mail and SMS."
    return await _page(visit, "Messages", "channels.get", "channels.update", MESSAGES, text)


@action("/settings/messages", again=messages)
async def save_messages(visit: Visit) -> Response:
    return await _save(visit, "channels.update", MESSAGES)


@page("/settings/visitors")
async def visitors(visit: Visit) -> Response:
    text = "What is collected about visitors of your pages."
    return await _page(visit, "Visitors", "analytics_settings.get", "analytics_settings.update", VISITORS, text)


@action("/settings/visitors", again=visitors)
async def save_visitors(visit: Visit) -> Response:
    return await _save(visit, "analytics_settings.update", VISITORS)
