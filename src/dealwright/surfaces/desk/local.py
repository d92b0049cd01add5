"""How a person of a workspace reads money, numbers and times: in its locale and its time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from dealwright.kernel import clock, money

_AGO = timedelta(days=6)


@lru_cache(maxsize=64)
def of(locale: str, time_zone: str) -> Local:
    """The formats of a locale and a zone, kept for the next page."""
    return Local(locale, time_zone)


@dataclass(frozen=True)
class Local:
    """Formats for one locale (``en_US``) and one IANA time zone."""

    locale: str
    time_zone: str

    @cached_property
    def _locale(self) -> Locale:
        return Locale.parse(self.locale)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def language(self) -> str:
        """For the ``lang`` attribute of what is written in this locale."""
        return self.locale.replace("_", "-")

    def money(self, amount: object, currency: str) -> str:
        """``$1,099.00``: with as many places as the currency has."""
        value = money.round_money(Decimal(str(amount)), currency)
        if get_currency_precision(currency) == money.exponent(currency):
            return format_currency(value, currency, locale=self._locale)
        # What is usual in shops differs from ISO 4217 (RSD): show the places that the value has.
        return format_currency(value, currency, locale=self._locale, currency_digits=False, decimal_quantization=False)

    def plain(self, amount: object, currency: str) -> str:
        """The value of a number field: with the currency's places, whatever the locale."""
        return f"{money.round_money(Decimal(str(amount)), currency):f}"

    def short_money(self, amount: object, currency: str) -> str:
        """``$12K``, for tiles and axes; small sums in full."""
        value = Decimal(str(amount))
        if abs(value) < 10_000:
            return self.money(value, currency)
        return format_compact_currency(value, currency, locale=self._locale, fraction_digits=1)

    def number(self, value: object) -> str:
        return format_decimal(Decimal(str(value)), locale=self._locale)

    def percent(self, fraction: object) -> str:
        """``0.685`` → ``68.5%``."""
        return format_percent(Decimal(str(fraction)), "#,##0.##%", locale=self._locale)

    def at(self, moment: str | datetime) -> datetime:
        """An instant of the wire in the workspace's zone."""
        found = clock.parse_iso(moment) if isinstance(moment, str) else moment
        return found.astimezone(self.zone)

    def day(self, moment: str | datetime | date) -> str:
        """``Mar 9, 2026``."""
        found = moment if isinstance(moment, date) and not isinstance(moment, datetime) else self.at(moment).date()
        return format_date(found, "medium", locale=self._locale)

    def calendar_day(self, day: str) -> str:
        """A calendar day of the wire (``2026-03-09``), which is the same day everywhere: ``Mar 9, 2026``."""
        return self.day(date.fromisoformat(day))

    def short_day(self, moment: date) -> str:
        """``Mar 9``."""
        return format_skeleton("MMMd", moment, locale=self._locale)

    def moment(self, moment: str | datetime) -> str:
        """``Mar 9, 2026, 10:30 AM``."""
        there = self.at(moment)
        return f"{self.day(there)}, {format_time(there, 'short', tzinfo=self.zone, locale=self._locale)}"

    def clock(self, moment: str | datetime) -> str:
        """``10:30 AM``."""
        return format_time(self.at(moment), "short", tzinfo=self.zone, locale=self._locale)

    def hour(self, number: int) -> str:
        """An hour of the day, from 0 to 23, on a ruler: ``9:00 AM``."""
        return format_time(time(number), "short", locale=self._locale)

    def weekday(self, day: date) -> str:
        """``Mon``."""
        return format_date(day, "EEE", locale=self._locale)

    def ago(self, moment: str | datetime, now: datetime) -> str:
        """``3 hours ago``, and the day when that is longer ago."""
        passed = self.at(moment) - now
        if abs(passed) > _AGO:
            return self.day(moment)
        if abs(passed) < timedelta(seconds=45):
            return "just now"
        return format_timedelta(passed, add_direction=True, locale=self._locale, threshold=1.2)

    def span(self, seconds: int) -> str:
        """``1 day``: a distance in its largest unit."""
        return format_timedelta(timedelta(seconds=seconds), locale=self._locale, threshold=1.2)

    def field(self, moment: str | None) -> str:
        """The value of a ``datetime-local`` field."""
        return self.at(moment).strftime("%Y-%m-%dT%H:%M") if moment else ""
