"""Onboarding: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NotRequired, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint
from dealwright_client.values import Number


class Service(TypedDict):
    name: str
    description: NotRequired[str | None]
    price_min: NotRequired[Number | None]
    price_max: NotRequired[Number | None]


class SignUp(TypedDict):
    """Whether somebody new can sign up."""

    first_start: bool
    """nobody has an account on this server yet"""
    sign_up: bool
    """somebody new may sign up without an invitation"""


class SignedUp(TypedDict):
    user_id: str
    tenant_id: str
    account_type: Literal["human", "agent"]
    region: str | None
    regional_endpoint: str
    authenticated: Literal[True]
    csrf_token: str


_COMPLETE: Final[Endpoint[SignedUp]] = Endpoint("POST", "/onboarding")
_GET: Final[Endpoint[SignUp]] = Endpoint("GET", "/onboarding")


class OnboardingGroup(Group):
    """``client.onboarding``."""

    def complete(
        self,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        password: str | None = None,
        business_name: str | None = None,
        industry: str | None = None,
        services: Sequence[Service] | None = None,
        deposit_percentage: Number | None = None,
        country: str | None = None,
        phone: str | None = None,
        website: str | None = None,
        region: Literal["au", "eu", "us"] | None = None,
        account_type: Literal["human", "agent"] | None = None,
        timeout: float | None = None,
    ) -> SignedUp:
        """Create an account with a workspace, and sign in.

        Somebody who is signed in gets one more workspace, which becomes the active one; name, e-mail and password
        are then not needed. Agents need no business fields. Services become draft products of the live mode.

        ``deposit_percentage``: what a checkout asks for first
        ``country``: ISO 3166-1 alpha-2
        ``phone``: of the business
        ``region``: must be the server's own, when that has one

        Errors: ``authentication_error.session_required``, ``authorization_error.registration_closed``,
        ``rate_limited``.
        """
        return self._client._run(
            _COMPLETE,
            {
                "first_name": first_name,
                "last_name": last_name,
                "email": email,
                "password": password,
                "business_name": business_name,
                "industry": industry,
                "services": services,
                "deposit_percentage": deposit_percentage,
                "country": country,
                "phone": phone,
                "website": website,
                "region": region,
                "account_type": account_type,
            },
            timeout=timeout,
        )

    def get(
        self,
        *,
        timeout: float | None = None,
    ) -> SignUp:
        """Tell whether somebody new can sign up here, and whether they would be the first (ours)."""
        return self._client._run(_GET, {}, timeout=timeout)


class AsyncOnboardingGroup(AsyncGroup):
    """``client.onboarding``, asynchronously."""

    async def complete(
        self,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        email: str | None = None,
        password: str | None = None,
        business_name: str | None = None,
        industry: str | None = None,
        services: Sequence[Service] | None = None,
        deposit_percentage: Number | None = None,
        country: str | None = None,
        phone: str | None = None,
        website: str | None = None,
        region: Literal["au", "eu", "us"] | None = None,
        account_type: Literal["human", "agent"] | None = None,
        timeout: float | None = None,
    ) -> SignedUp:
        """Create an account with a workspace, and sign in."""
        return await self._client._run(
            _COMPLETE,
            {
                "first_name": first_name,
                "last_name": last_name,
                "email": email,
                "password": password,
                "business_name": business_name,
                "industry": industry,
                "services": services,
                "deposit_percentage": deposit_percentage,
                "country": country,
                "phone": phone,
                "website": website,
                "region": region,
                "account_type": account_type,
            },
            timeout=timeout,
        )

    async def get(
        self,
        *,
        timeout: float | None = None,
    ) -> SignUp:
        """Tell whether somebody new can sign up here, and whether they would be the first (ours)."""
        return await self._client._run(_GET, {}, timeout=timeout)
