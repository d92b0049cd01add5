"""What the parties of a contract agree on: the content that a signature covers. Described in docs/signing.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from dealwright.kernel import ids

FORMAT: Final = "dealwright.contract.1"

Row = Mapping[str, Any]


def of(contract: Row, renewals: Sequence[Row]) -> dict[str, Any]:
    """The agreed content of a contract: parties, subject, term, value, and what its deal held when it was made.

    ``end_date`` and ``value`` are those that were signed: renewals move both on, each leaving a record of it. What the
    workspace keeps for itself (notes), how it is filed (number) and how it is renewed is no part of the content.
    """
    end, value = _before_renewals(contract, renewals)
    return {
        "format": FORMAT,
        "tenant_id": ids.encode("tenant", contract["tenant_id"]),
        "livemode": contract["livemode"],
        "contract_id": ids.encode("contract", contract["id"]),
        "deal_id": ids.encode("deal", contract["deal_id"]) if contract["deal_id"] is not None else None,
        "customer_id": ids.encode("cust", contract["customer_id"]),
        "title": contract["title"],
        "description": contract["description"],
        "value": f"{value:.4f}",
        "currency": contract["currency"],
        "start_date": contract["start_date"].isoformat(),
        "end_date": end.isoformat(),
        "payment_terms": contract["payment_terms"],
        "schedule": contract["schedule"],
    }


def _before_renewals(contract: Row, renewals: Sequence[Row]) -> tuple[Any, Any]:
    """End and value as they were before the first renewal, if the renewals lead from there to where the contract is.

    Where they do not, somebody moved the contract without renewing it, and it is taken as it stands.
    """
    last = contract["end_date"], contract["value"]
    if not renewals:
        return last
    chained = all((one["end_date"], one["value"]) == _start(next_) for one, next_ in pairwise(renewals))
    if not chained or (renewals[-1]["end_date"], renewals[-1]["value"]) != last:
        return last
    return _start(renewals[0])


def _start(renewal: Row) -> tuple[Any, Any]:
    return renewal["previous_end_date"], renewal["previous_value"]
