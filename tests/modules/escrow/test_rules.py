"""Laws of the escrow rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.escrow import rules

statuses = st.sampled_from(rules.STATUSES)
words = st.sampled_from(get_args(rules.Word))
reasons = st.sampled_from([None, rules.EXPIRED, "manual"])
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@given(statuses, words, reasons)
def test_the_providers_word_leads_along_the_machine(status: rules.Status, word: rules.Word, reason: str | None) -> None:
    target = rules.after(status, word, reason)
    assert target == status or rules.MACHINE.move(status, target) is not None


@given(statuses, st.lists(words, max_size=5), reasons)
def test_nothing_leaves_an_end(status: rules.Status, said: list[rules.Word], reason: str | None) -> None:
    ended = False
    for word in said:
        after = rules.after(status, word, reason)
        assert not ended or after == status
        status, ended = after, after not in rules.LIVE


@given(statuses.filter(lambda each: each in rules.LIVE), reasons)
def test_money_that_was_taken_is_released_whatever_was_asked(status: rules.Status, reason: str | None) -> None:
    assert rules.after(status, "taken", reason) == "released"
    assert rules.after(status, "free", reason) not in rules.LIVE


@given(moments, moments, st.none() | moments, moments)
def test_a_hold_is_renewed_only_for_an_escrow_that_outlives_it(
    hold: datetime, expires: datetime, renewed: datetime | None, now: datetime
) -> None:
    if rules.needs_renewal(hold, expires, renewed, now):
        assert hold < expires
        assert hold <= now + timedelta(days=1)
        assert renewed is None or now - renewed >= rules.RENEW_EVERY
    assert not rules.needs_renewal(None, expires, renewed, now)
