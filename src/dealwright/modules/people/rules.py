"""Pure rules of people: what they are found by, and which of their workspaces comes first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from dealwright.kernel.crypto import TenantCipher

SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 1000


def email_token(cipher: TenantCipher, email: str) -> bytes:
    """The blind index entry that makes an address unique and findable; letters' case does not matter."""
    return cipher.blind("user.email", email.casefold())


def first_workspace(last: UUID | None, mine: Sequence[UUID]) -> UUID | None:
    """Where somebody who signs in works: where they worked last, else in the workspace that they joined first."""
    if last in mine:
        return last
    return mine[0] if mine else None
