"""Verify: operations and their types.

Generated from the registry of operations; change those and run `make client`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, TypedDict

from dealwright_client.calling import AsyncGroup, Group
from dealwright_client.core import Endpoint


class CredentialVerdict(TypedDict):
    valid: bool
    credential_id: str | None
    deal_id: str | None
    issued_at: str | None
    expires_at: str | None
    revoked: bool
    livemode: bool | None
    reason: Literal["unknown_credential", "invalid_signature", "revoked", "expired"] | None


_CREDENTIAL: Final[Endpoint[CredentialVerdict]] = Endpoint("POST", "/verify")


class VerifyGroup(Group):
    """``client.verify``."""

    def credential(
        self,
        *,
        credential: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        timeout: float | None = None,
    ) -> CredentialVerdict:
        """Check whether a credential is authentic, unexpired and not revoked.

        A forged or altered one answers 200 with ``valid: false`` and the reason.

        ``credential``: the credential as it was issued
        ``jwt``: the credential's JWT form instead
        """
        return self._client._run(_CREDENTIAL, {"credential": credential, "jwt": jwt}, timeout=timeout)


class AsyncVerifyGroup(AsyncGroup):
    """``client.verify``, asynchronously."""

    async def credential(
        self,
        *,
        credential: Mapping[str, Any] | None = None,
        jwt: str | None = None,
        timeout: float | None = None,
    ) -> CredentialVerdict:
        """Check whether a credential is authentic, unexpired and not revoked."""
        return await self._client._run(_CREDENTIAL, {"credential": credential, "jwt": jwt}, timeout=timeout)
