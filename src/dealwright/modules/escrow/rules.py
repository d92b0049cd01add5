"""Pure rules of escrow: its states, its conditions, and what the provider's word means for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, get_args

from dealwright.kernel.state_machine import Condition, Move, StateMachine, publish

Status = Literal["pending", "held", "releasing", "refunding", "released", "refunded", "expired", "failed"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)

LIVE: Final = frozenset({"pending", "held", "releasing", "refunding"})
"""Money is held, or may be."""
UNANSWERED: Final = frozenset({"pending", "releasing", "refunding"})
"""The provider was asked for something and has the next word."""

RefundReason = Literal["manual", "condition_failed", "deal_cancelled", "fraud", "duplicate"]
EXPIRED: Final = "expired"
"""The reason of a refund that the clock made."""

DEFAULT_LIFE: Final = timedelta(days=7)
LONGEST_LIFE: Final = timedelta(days=365)
RENEW_AHEAD: Final = timedelta(days=1)
"""A hold is made anew this long before it runs out."""
RENEW_EVERY: Final = timedelta(hours=6)
"""How long to wait after an attempt to make a hold anew failed."""
ASSUMED_HOLD: Final = timedelta(days=7)
"""How long a provider holds money that does not say so: what cards usually allow."""
UNANSWERED_AFTER: Final = timedelta(minutes=1)
"""Whoever asked the provider this long ago is not waiting any more; anybody may ask again."""

_FULFILLED: Final = Condition[Sequence[Mapping[str, Any]]](
    "conditions_met", "every condition must be fulfilled", lambda conditions: not open_conditions(conditions)
)

MACHINE: Final = StateMachine[Status, Sequence[Mapping[str, Any]]](
    name="escrow",
    states=STATUSES,
    initial=("pending",),
    moves=(
        Move("pending", "held", "The money is held", requestable=False),
        Move("pending", "failed", "The money could not be held", requestable=False),
        Move("pending", "refunding", "Refund"),
        Move("held", "releasing", "Release", (_FULFILLED,)),
        Move("held", "refunding", "Refund"),
        Move("releasing", "released", "The money was taken", requestable=False),
        Move("releasing", "held", "The money could not be taken", requestable=False),
        Move("refunding", "refunded", "The money is free", requestable=False),
        # The provider's word wins, whatever was asked of it.
        Move("pending", "released", "The money was taken", requestable=False),
        Move("held", "released", "The money was taken", requestable=False),
        Move("refunding", "released", "The money was taken", requestable=False),
        Move("held", "expired", "The hold lapsed", requestable=False),
        Move("releasing", "expired", "The hold lapsed", requestable=False),
        Move("refunding", "expired", "The time is over", requestable=False),
    ),
)
"""Salesbooth API, Deals: held until released or refunded, or until its time is over."""

publish("escrows", MACHINE)


def open_conditions(conditions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that nobody has fulfilled, in order."""
    return [condition for condition in conditions if condition["met_at"] is None]


Word = Literal["held", "taken", "free", "waiting"]
"""What a provider says of the money: it holds it, it has taken it, it has let go of it, or it does not know yet."""


def after(status: Status, word: Word, refund_reason: str | None) -> Status:
    """What an escrow becomes when the provider has spoken."""
    if word == "waiting" or status not in LIVE:
        return status
    if word == "taken":
        return "released"
    if word == "held":
        return status if status == "refunding" else "held"
    if status == "pending":
        return "failed"
    if status == "refunding":
        return "expired" if refund_reason == EXPIRED else "refunded"
    return EXPIRED


def is_asked_about(asked_at: datetime | None, now: datetime) -> bool:
    """Whether somebody is waiting for the provider's answer at this moment."""
    return asked_at is not None and asked_at + UNANSWERED_AFTER > now


def needs_renewal(
    hold_expires_at: datetime | None, expires_at: datetime, renewed_at: datetime | None, now: datetime
) -> bool:
    """Whether a hold must be made anew: it runs out soon and before the escrow does, and was not just tried."""
    if hold_expires_at is None or hold_expires_at - RENEW_AHEAD > now or hold_expires_at >= expires_at:
        return False
    return renewed_at is None or renewed_at + RENEW_EVERY <= now
