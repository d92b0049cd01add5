"""Payment providers behind one protocol, and the choice between them."""

from __future__ import annotations

from uuid import UUID

from dealwright.kernel.clock import Clock
from dealwright.kernel.store.database import Database
from dealwright.providers.payments.protocol import PaymentProvider
from dealwright.providers.payments.sandbox import SandboxGateway


class PaymentProviders:
    """Which provider serves a workspace: the sandbox gateway for test keys, none as yet configured for live ones."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def for_mode(self, tenant_id: UUID, *, livemode: bool) -> PaymentProvider | None:
        """The workspace's provider in this mode, or None where no provider is configured."""
        return None if livemode else SandboxGateway(self._database, tenant_id, self._clock)
