"""Test records for a workspace to look at: the sample story, told inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dealwright.kernel import fields, ids
from dealwright.kernel.context import Context
from dealwright.kernel.operations import registry
from dealwright.modules.customers import records as customers
from dealwright.modules.sandbox.demonstration import SAMPLE
from dealwright.modules.sandbox.story import Business, Teller


async def seed(ctx: Context) -> dict[str, int]:
    """Tell the sample story, ending today; answers how many records of each kind were made.

    Customers whose addresses are taken, because this is not the first time, get others.
    """
    start = ctx.now.replace(minute=0, second=0, microsecond=0) - timedelta(days=SAMPLE.days)
    return await Teller(await _with_free_addresses(ctx), _Performer(ctx), start).tell()


async def _with_free_addresses(ctx: Context) -> Business:
    if not any([await customers.find_by_email(ctx, each["email"]) for each in SAMPLE.customers]):
        return SAMPLE
    tag = ids.token(6).lower()
    again = [{**each, "email": each["email"].replace("@", f"+{tag}@")} for each in SAMPLE.customers]
    return replace(SAMPLE, customers=again)


class _Performer:
    """Runs the handlers themselves, so that a story is told as a whole or not at all."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def __call__(
        self, operation: str, arguments: Mapping[str, Any], at: datetime, *, refused: bool = False
    ) -> Any:
        called = registry[operation]
        assert not called.own_transactions
        assert not refused
        inner = replace(self._ctx, operation=called, now=at, expected_version=None)
        reply = await called.handler(inner, fields.validate(called.input, arguments))
        await inner.flush()
        return reply.data
