"""The geometry of a calendar: which days a week has, which hours are shown, and where what overlaps stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

MINUTES: Final = 24 * 60
_OPENS: Final = 8
_CLOSES: Final = 18
LEAST: Final = 30
"""Minutes that a piece takes at least on the page, so that it can be read and hit."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of something that falls on one day, in minutes since its midnight by the wall clock."""

    key: int
    start: int
    end: int
    begins: bool
    """Whether it begins on this day, rather than on one before."""
    ends: bool = True
    """Whether it ends on this day, rather than on a later one."""

    @property
    def reach(self) -> int:
        """Where it ends on the page."""
        return max(self.end, self.start + LEAST)

    def within(self, first: int, last: int) -> tuple[int, int]:
        """Where it begins and ends on a page that shows these minutes."""
        start = min(max(self.start, first), last - LEAST)
        return start, max(min(self.reach, last), start + LEAST)


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece with its column: ``lane`` of ``lanes``, over ``width`` of them."""

    piece: Piece
    lane: int
    width: int
    lanes: int


def week_of(day: date) -> list[date]:
    """The seven days, from Monday on, of the week of a day. Clamped to the calendar's last week."""
    monday = day - timedelta(days=day.weekday())
    return [monday + timedelta(days=number) for number in range(7)]


def bounds(days: Sequence[date], zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The instants at which the first of some days begins and the last one ends."""
    first = datetime.combine(days[0], time(), zone)
    return first, datetime.combine(days[-1] + timedelta(days=1), time(), zone)


def pieces(spans: Iterable[tuple[datetime, datetime]], day: date, zone: ZoneInfo) -> list[Piece]:
    """What of some spans falls on a day, by the number of the span."""
    found = []
    for key, (start, end) in enumerate(spans):
        begins, ends = _minute(start.astimezone(zone), day), _minute(end.astimezone(zone), day)
        if begins < MINUTES and ends > 0:
            first = max(begins, 0)
            last = max(min(ends, MINUTES), first + 1)
            found.append(Piece(key, first, last, begins >= 0, ends <= MINUTES))
    return found


def _minute(moment: datetime, day: date) -> int:
    """Minutes from the midnight of a day to a moment as clocks on the wall show it."""
    return (moment.date() - day).days * MINUTES + moment.hour * 60 + moment.minute


def hours(found: Iterable[Piece]) -> tuple[int, int]:
    """The first and the last hour to show: the working day, and more where something begins or ends outside of it.

    What goes on over night does not bring the night in.
    """
    shown = list(found)
    first = min([_OPENS * 60, *(each.start if each.begins else max(each.end - LEAST, 0) for each in shown)]) // 60
    last = max([_CLOSES * 60, *(each.reach if each.ends else each.start + LEAST for each in shown)])
    return first, min(-(-last // 60), 24)


def place(found: Sequence[Piece]) -> list[Placed]:
    """Put the pieces of a day side by side where they overlap, each as wide as there is room to its right.

    Pieces that hang together by overlaps share one division of the day's width into lanes.
    """
    placed: list[Placed] = []
    cluster: list[tuple[Piece, int]] = []
    free_at: list[int] = []
    for piece in sorted(found, key=lambda each: (each.start, -each.end, each.key)):
        if cluster and piece.start >= max(free_at):
            placed += _widened(cluster, len(free_at))
            cluster, free_at = [], []
        lane = next((number for number, at in enumerate(free_at) if at <= piece.start), len(free_at))
        free_at[lane : lane + 1] = [piece.reach]
        cluster.append((piece, lane))
    return placed + _widened(cluster, len(free_at))


def _widened(cluster: Sequence[tuple[Piece, int]], lanes: int) -> list[Placed]:
    def free(piece: Piece, lane: int) -> bool:
        return not any(
            other == lane and each.start < piece.reach and piece.start < each.reach for each, other in cluster
        )

    found = []
    for piece, lane in cluster:
        width = 1
        while lane + width < lanes and free(piece, lane + width):
            width += 1
        found.append(Placed(piece, lane, width, lanes))
    return found
