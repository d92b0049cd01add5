"""Pure rules of participants and settlements: states, who may act for whom, and how money is split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal, get_args

from dealwright.kernel import money
from dealwright.kernel.state_machine import Move, StateMachine, publish

Role = Literal["primary_agent", "co_agent", "observer"]
Status = Literal["invited", "accepted", "completed", "withdrawn"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
TAKING_PART: Final = frozenset({"accepted", "completed"})
"""Whoever has agreed has a share; an invitation that was never accepted has none."""

CHANGEABLE_DEALS: Final = frozenset({"draft", "in_progress"})
"""Deals whose participants may change."""

WHOLE: Final = Decimal(100)
SELLER: Final = "seller"
"""The role of the workspace's own part."""

MACHINE: Final = StateMachine[Status, None](
    name="deal_participant",
    states=STATUSES,
    initial=("invited",),
    moves=(
        Move("invited", "accepted", "Accept"),
        Move("accepted", "completed", "Complete"),
        Move("invited", "withdrawn", "Remove"),
        Move("accepted", "withdrawn", "Remove"),
    ),
)
publish("deal_participants", MACHINE)

SagaStatus = Literal["pending", "executing", "completed", "compensating", "compensated"]
LegStatus = Literal["pending", "initiated", "settled", "failed", "reversed"]
ATTEMPTS: Final = 3
"""How often a payout is tried that is declined, before everything is taken back."""

SAGA: Final = StateMachine[SagaStatus, None](
    name="settlement",
    states=get_args(SagaStatus),
    initial=("pending",),
    moves=(
        Move("pending", "executing", "The deal is paid", requestable=False),
        Move("executing", "completed", "Everybody has their share", requestable=False),
        Move("executing", "compensating", "A payout failed for good", requestable=False),
        Move("compensating", "compensated", "All payouts are taken back", requestable=False),
        Move("compensated", "pending", "Settle again"),
    ),
)
publish("settlements", SAGA)


def split(total: Decimal, percents: Sequence[Decimal], currency: str) -> list[Decimal]:
    """``total`` divided by percentages that sum to 100, exactly, in the currency's smallest unit.

    Each part is its exact share rounded down; the units that are left over go to the largest remainders, the first of
    equals first. Raises ValueError when the percentages are not the whole.
    """
    if sum(percents, Decimal(0)) != WHOLE:
        raise ValueError("the shares are not the whole")
    units = money.to_minor(total, currency)
    exact = [Fraction(percent) * units / 100 for percent in percents]
    parts = [int(each) for each in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: (parts[index] - exact[index], index))
    for index in by_remainder[: units - sum(parts)]:
        parts[index] += 1
    return [money.from_minor(part, currency) for part in parts]


def parts_of(
    total: Decimal, participants: Sequence[Mapping[str, Any]], currency: str
) -> list[tuple[Mapping[str, Any] | None, Decimal, Decimal]]:
    """Who gets what of a deal: participant (None: the workspace), percent and amount, the workspace last.

    Only those who take part and have a share; the workspace only if something is left.
    """
    sharing = [each for each in participants if each["status"] in TAKING_PART and each["revenue_share"] > 0]
    percents = [each["revenue_share"] for each in sharing]
    left = WHOLE - sum(percents, Decimal(0))
    owners: list[Mapping[str, Any] | None] = [*sharing]
    if left > 0:
        owners.append(None)
        percents.append(left)
    return list(zip(owners, percents, split(total, percents, currency), strict=True))


def all_done(participants: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is somebody who had something to do, and all of those have completed it. Observers have not."""
    busy = [each for each in participants if each["status"] in TAKING_PART and each["role"] != "observer"]
    return bool(busy) and all(each["status"] == "completed" for each in busy)
