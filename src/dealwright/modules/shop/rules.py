"""Pure rules of vehicles and of the calendar: VINs, the appointment's lifecycle, who is free when."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from dealwright.kernel.state_machine import Move, StateMachine

_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES: Final = {
    **{digit: int(digit) for digit in "0123456789"},
    **dict(zip("ABCDEFGH", range(1, 9), strict=True)),
    **dict(zip("JKLMN", range(1, 6), strict=True)),
    "P": 7,
    "R": 9,
    **dict(zip("STUVWXYZ", range(2, 10), strict=True)),
}
FIRST_YEAR: Final = 1886
"""The year of the first motor car."""


def normal_vin(text: str) -> str:
    """Upper case, 17 characters of A-Z without I, O and Q, and 0-9 (ISO 3779). Raises ValueError."""
    vin = text.strip().upper()
    if _VIN.fullmatch(vin) is None:
        raise ValueError("must have 17 characters, letters without I, O and Q, and digits")
    return vin


def vin_warning(vin: str | None) -> str | None:
    """What is odd about a VIN without making it unusable: its check digit (49 CFR 565.15, North America only)."""
    if vin is None:
        return None
    rest = sum(_VIN_VALUES[letter] * weight for letter, weight in zip(vin, _VIN_WEIGHTS, strict=True)) % 11
    expected = "X" if rest == 10 else str(rest)
    if vin[8] == expected:
        return None
    return f"The check digit (position 9) should be {expected} if this is a North American VIN"


def is_model_year(year: int, now: datetime) -> bool:
    """From the first car to those sold ahead of their year."""
    return FIRST_YEAR <= year <= now.year + 2


AppointmentStatus = Literal["pending", "confirmed", "checked_in", "in_progress", "completed", "canceled", "no_show"]
_APPOINTMENT_STATUSES: Final[tuple[AppointmentStatus, ...]] = (
    "pending", "confirmed", "checked_in", "in_progress", "completed", "canceled", "no_show",
)  # fmt: skip
FREES_ITS_BAY: Final[tuple[AppointmentStatus, ...]] = ("canceled", "no_show")

APPOINTMENTS: Final = StateMachine[AppointmentStatus, None](
    name="appointment",
    states=_APPOINTMENT_STATUSES,
    initial=("pending",),
    moves=(
        Move("pending", "confirmed", "Confirm"),
        Move("confirmed", "checked_in", "Check in"),
        Move("checked_in", "in_progress", "Start work"),
        Move("in_progress", "completed", "Complete"),
        Move("pending", "canceled", "Cancel"),
        Move("confirmed", "canceled", "Cancel"),
        Move("checked_in", "canceled", "Cancel"),
        Move("in_progress", "canceled", "Cancel"),
        Move("pending", "no_show", "Did not come"),
        Move("confirmed", "no_show", "Did not come"),
    ),
)
"""SalesThumb REST API, Appointments: pending → confirmed → checked_in → in_progress → completed, and ways off it."""


def end_of(start: datetime, minutes: int) -> datetime:
    return start + timedelta(minutes=minutes)


def overlap(start: datetime, end: datetime, other_start: datetime, other_end: datetime) -> bool:
    """Whether two windows share a moment; one that ends when the other starts does not."""
    return start < other_end and other_start < end


@dataclass(frozen=True, slots=True)
class Need:
    """What an appointment asks of the shop. ``bay`` is a wish of the caller, ``usual_bays`` are tried first."""

    vehicle: UUID | None
    technician: UUID | None
    bay: UUID | None = None
    usual_bays: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Occupied:
    """What another appointment holds in the same window."""

    bay: UUID
    vehicle: UUID | None
    technician: UUID | None


@dataclass(frozen=True, slots=True)
class Clash:
    """What is not free."""

    what: Literal["vehicle", "technician", "bay", "bays"]


def place(need: Need, bays: Sequence[UUID], meanwhile: Iterable[Occupied]) -> UUID | Clash:
    """The bay for an appointment among those of the shop, in their order, or what stands in its way.

    An appointment needs one bay, its vehicle and its technician for its whole window.
    """
    taken = list(meanwhile)
    if need.vehicle is not None and any(each.vehicle == need.vehicle for each in taken):
        return Clash("vehicle")
    if need.technician is not None and any(each.technician == need.technician for each in taken):
        return Clash("technician")
    busy = {each.bay for each in taken}
    if need.bay is not None:
        return Clash("bay") if need.bay in busy else need.bay
    usual = [bay for bay in need.usual_bays if bay in bays]
    free = [bay for bay in (*usual, *bays) if bay not in busy]
    return free[0] if free else Clash("bays")
