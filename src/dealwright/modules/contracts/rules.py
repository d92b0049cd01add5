"""Pure rules of contracts: the state machine, terms and how they are renewed, the days on which something is due."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, get_args

from dealwright.kernel.money import LARGEST, round_money
from dealwright.kernel.state_machine import Condition, Move, StateMachine, publish

Status = Literal["draft", "signed", "active", "expired", "terminated"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
RUNNING: Final[tuple[Status, ...]] = ("signed", "active")
"""Statuses in which a contract binds."""

RenewalType = Literal["auto", "manual", "none"]

DAY: Final = timedelta(days=1)
_NOTICE_DAYS: Final = 30

SIGNED_FIELDS: Final = frozenset(
    {"customer_id", "title", "description", "value", "currency", "start_date", "end_date", "payment_terms"}
)
"""What a signature covers, so that it changes in drafts only; the rest stays editable."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the conditions of a move look at."""

    today: date
    end_date: date
    renewal_type: str


_NOT_OVER: Final = Condition[Facts](
    "end_date_not_passed", "its end_date lies in the past", lambda facts: facts.end_date >= facts.today
)
_RENEWABLE: Final = Condition[Facts](
    "renewal_type_not_none", "its renewal_type is none", lambda facts: facts.renewal_type != "none"
)

MACHINE: Final = StateMachine[Status, Facts](
    name="contract",
    states=STATUSES,
    initial=("draft",),
    moves=(
        Move("draft", "signed", "Sign", requestable=False),
        Move("signed", "active", "Activate", (_NOT_OVER,)),
        Move("signed", "terminated", "Terminate"),
        Move("active", "terminated", "Terminate"),
        # What follows is done by renewing or by the calendar, never by writing a status.
        Move("active", "active", "Renew", (_RENEWABLE,), requestable=False),
        Move("active", "expired", "Expire", requestable=False),
        Move("expired", "active", "Renew", (_RENEWABLE,), requestable=False),
    ),
)
"""Salesbooth API, Contracts: draft → signed → active → expired or terminated; renewing leads back to active."""

publish("contracts", MACHINE)


# --- terms


class Unrenewable(ValueError):
    """A further term cannot be worked out; the text is the reason in one word."""


def add_months(day: date, months: int, anchor: int) -> date:
    """``months`` calendar months later, on the day ``anchor`` of the month, or on its last day where it is shorter.

    Raises Unrenewable beyond the year 9999.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        raise Unrenewable("end_date_out_of_range")
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))


def _whole_months(start: date, end: date) -> int | None:
    """How many calendar months lead from ``start`` to exactly ``end``; None when no number does."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if months > 0 and add_months(start, months, start.day) == end else None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a term repeats: in calendar months from a fixed day of the month, or in days.

    An end date is the last day of its term (1 April to 31 March) or, as it is also written, the first day after it
    (1 April to 1 April); ``inclusive`` says which. Month ends clamp and return: 31 January, 28 February, 31 March.
    """

    months: int | None
    days: int
    anchor: int
    inclusive: bool

    @classmethod
    def of(cls, start: date, end: date) -> Rhythm:
        """The rhythm of a term from ``start`` to ``end``, as they are written down."""
        days = (end - start).days
        if end < date.max and (months := _whole_months(start, end + DAY)) is not None:
            return cls(months, days + 1, start.day, True)
        if (months := _whole_months(start, end)) is not None:
            return cls(months, days, start.day, False)
        return cls(None, days + 1, (end + DAY).day if end < date.max else 1, True)

    def next_end(self, end: date, period_months: int | None = None) -> date:
        """The end of the term that follows one that ends on ``end``. Raises Unrenewable beyond the year 9999."""
        try:
            months = period_months or self.months
            if months is None:
                return end + self.days * DAY
            if self.inclusive:
                return add_months(end + DAY, months, self.anchor) - DAY
        except OverflowError:
            raise Unrenewable("end_date_out_of_range") from None
        return add_months(end, months, self.anchor)

    def next_start(self, end: date) -> date:
        """The first day of the term that follows one that ends on ``end``."""
        return end + DAY if self.inclusive else end


def renewed_until(contract: Mapping[str, Any]) -> date:
    """Where the next term of a contract ends, if nothing else is said. Raises Unrenewable."""
    rhythm = Rhythm.of(contract["agreed_from"], contract["agreed_until"])
    return rhythm.next_end(contract["end_date"], _known(contract, "period_months"))


def renewed_from(contract: Mapping[str, Any]) -> date:
    """The first day of the next term of a contract."""
    return Rhythm.of(contract["agreed_from"], contract["agreed_until"]).next_start(contract["end_date"])


def renewed_value(contract: Mapping[str, Any]) -> Decimal:
    """What the next term is worth, if nothing else is said: ``price_adjustment_percent`` more, rounded once.

    Raises Unrenewable when that is more than any amount may be.
    """
    percent = _known(contract, "price_adjustment_percent")
    if percent is None:
        value: Decimal = contract["value"]
        return value
    value = round_money(contract["value"] * (100 + Decimal(str(percent))) / 100, contract["currency"])
    if value > LARGEST:
        raise Unrenewable("value_out_of_range")
    return value


# --- what is due


def _known(contract: Mapping[str, Any], name: str) -> Any:
    return (contract["renewal_terms"] or {}).get(name)


def renews_itself(contract: Mapping[str, Any]) -> bool:
    """Whether a further term follows by itself: automatic renewal, fewer times so far than ``max_renewals``."""
    most = _known(contract, "max_renewals")
    return contract["renewal_type"] == "auto" and (most is None or contract["renewals"] < most)


def notice_on(contract: Mapping[str, Any]) -> date | None:
    """The day to announce the coming renewal: ``notice_days`` before the end, 30 by default."""
    if not renews_itself(contract):
        return None
    days = _known(contract, "notice_days")
    return _days_before(contract["end_date"], _NOTICE_DAYS if days is None else days)


def opt_out_until(contract: Mapping[str, Any]) -> date:
    """The last day to decline the coming renewal: ``opt_out_days`` before the end, the end itself by default."""
    return _days_before(contract["end_date"], _known(contract, "opt_out_days") or 0)


def _days_before(end: date, days: int) -> date:
    return end - min(days, (end - date.min).days) * DAY


def is_over(contract: Mapping[str, Any], today: date) -> bool:
    """Whether the last day of an active contract has passed."""
    over: bool = contract["status"] == "active" and contract["end_date"] < today
    return over
