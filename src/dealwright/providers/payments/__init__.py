"""Payment providers behind one protocol, and the choice between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self
from uuid import UUID

from dealwright.kernel.clock import Clock
from dealwright.kernel.settings import Settings, SettingsError
from dealwright.kernel.store.database import Database
from dealwright.providers.payments.protocol import PaymentProvider
from dealwright.providers.payments.sandbox import SandboxGateway
from dealwright.providers.payments.stripe import Stripe


class PaymentProviders:
    """Which provider serves a workspace: Stripe in each mode that has a key, else the sandbox gateway for test keys."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        stripe: Mapping[bool, Stripe] | None = None,
        webhook_secrets: Mapping[bool, str] | None = None,
    ) -> None:
        """``stripe`` and ``webhook_secrets`` by mode, True for live."""
        self._database = database
        self._clock = clock
        self._stripe = dict(stripe or {})
        self.webhook_secrets = dict(webhook_secrets or {})

    @classmethod
    def of(cls, settings: Settings, database: Database, clock: Clock) -> Self:
        """Those that are configured. Raises SettingsError for a key of the other mode."""
        accounts = {}
        keys = {
            True: (settings.stripe_secret_key, settings.stripe_publishable_key),
            False: (settings.stripe_test_secret_key, settings.stripe_test_publishable_key),
        }
        for livemode, (secret, publishable) in keys.items():
            if secret is None:
                continue
            name, mode = ("stripe_secret_key", "live") if livemode else ("stripe_test_secret_key", "test")
            if not secret.startswith((f"sk_{mode}_", f"rk_{mode}_")):
                raise SettingsError(f"{name} must be a {mode} key of Stripe: sk_{mode}_… or rk_{mode}_…")
            accounts[livemode] = Stripe(
                secret, publishable, settings.stripe_url, timeout=settings.stripe_timeout_seconds
            )
        secrets = {True: settings.stripe_webhook_secret, False: settings.stripe_test_webhook_secret}
        return cls(database, clock, accounts, {mode: secret for mode, secret in secrets.items() if secret is not None})

    def for_mode(self, tenant_id: UUID, *, livemode: bool) -> PaymentProvider | None:
        """The workspace's provider in this mode, or None where no provider is configured."""
        return self._stripe.get(livemode) or self._sandbox(tenant_id, livemode)

    def named(self, name: str, tenant_id: UUID, *, livemode: bool) -> PaymentProvider | None:
        """The provider that made an earlier payment, also where another one serves new payments by now."""
        known = (self._stripe.get(livemode), self._sandbox(tenant_id, livemode))
        return next((each for each in known if each is not None and each.name == name), None)

    def _sandbox(self, tenant_id: UUID, livemode: bool) -> SandboxGateway | None:
        return None if livemode else SandboxGateway(self._database, tenant_id, self._clock)

    async def close(self) -> None:
        for account in self._stripe.values():
            await account.close()
