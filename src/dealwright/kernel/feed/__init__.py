"""From the outbox to the world: positions in the order of commits, fan-out, and reading along."""

from __future__ import annotations

from typing import Final

from dealwright.kernel.ledger.ledger import EVENTS_WRITTEN

__all__ = ["EVENTS_PLACED", "EVENTS_WRITTEN"]

EVENTS_PLACED: Final = "events_placed"
"""Signal: events have got their positions; the word is the newest position."""
