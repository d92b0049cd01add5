"""Laws of the stream's rules."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dealwright.app  # noqa: F401 - fills the registry of events
from dealwright.kernel.event_types import event_types
from dealwright.modules.streams import rules

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner), max_leaves=8
)


@given(st.integers(0, 10**18 - 1))
def test_an_id_leads_back_to_its_position(position: int) -> None:
    assert rules.position_of(rules.event_id(position)) == position


@pytest.mark.parametrize("text", ["", "seq:", "seq:-1", "seq:1 ", "evt_1", "seq:1.0", "seq:" + "9" * 19, "seq:١"])
def test_other_ids_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="seq:1234"):
        rules.position_of(text)


names = st.text().filter(lambda name: not name.startswith("_"))


@given(st.dictionaries(names, json_values), st.binary(min_size=1))
def test_the_signature_covers_everything_but_itself(data: dict[str, object], key: bytes) -> None:
    sent = json.loads(rules.signed(data, "2026-03-15T10:30:00Z", key))
    signature = sent.pop("_signature")
    text = json.dumps(sent, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert signature == "sha256=" + hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    assert sent == {**data, "_timestamp": "2026-03-15T10:30:00Z"}


def test_every_family_of_events_has_a_scope() -> None:
    assert {kind.name.partition(".")[0] for kind in event_types} <= set(rules._SCOPES)


def test_a_deal_becomes_a_customers_when_an_event_says_so() -> None:
    about = rules.About(None, "cust_1", ["deal_1"])
    assert about.concerns("deal", "deal_1", {})
    assert not about.concerns("deal", "deal_2", {"deal_id": "deal_2"})
    assert not about.concerns("deal", "deal_2", {"deal_id": "deal_2", "customer_id": "cust_2"})
    assert about.concerns("deal", "deal_2", {"deal_id": "deal_2", "customer_id": "cust_1"})
    assert about.concerns("deal", "deal_2", {"deal_id": "deal_2"})
    assert about.concerns("customer", "cust_1", {"id": "cust_1"})
    assert not about.concerns("product", "prod_1", {})
