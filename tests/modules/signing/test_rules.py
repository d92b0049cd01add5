"""Laws of the pure rules: one spelling for one content, another hash for any change, signers counted once."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.deals import signed_content
from dealwright.modules.signing import rules
from dealwright.modules.signing.rules import Wanted, outstanding

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, min_size=1, max_size=6)


def shuffled(value: Any) -> Any:
    """The same JSON with the members of every object the other way round."""
    if isinstance(value, dict):
        return {name: shuffled(each) for name, each in reversed(value.items())}
    return [shuffled(each) for each in value] if isinstance(value, list) else value


@given(OBJECTS)
def test_the_order_of_members_changes_nothing(value: dict[str, Any]) -> None:
    assert rules.canonical(shuffled(value)) == rules.canonical(value)


@given(OBJECTS)
def test_the_canonical_form_is_json_of_the_same_value_and_canonical_itself(value: dict[str, Any]) -> None:
    text = rules.canonical(value)
    assert rules.canonical(json.loads(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        # RFC 8785, section 3.2.4 and appendix B
        ({"peach": "x", "péché": 1, "sin": True, "pêche": None}, '{"peach":"x","péché":1,"pêche":null,"sin":true}'),
        (
            {"numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 1e-27]},
            '{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
        ),
        ({"string": '€$\u000f\nA\'B"\\\\"/'}, '{"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'),
        ({"\ufb33": 1, "\U0001f600": 2, "1": 3}, '{"1":3,"\U0001f600":2,"\ufb33":1}'),
        ({"a": 9007199254740991, "b": 9007199254740992}, '{"a":9007199254740991,"b":"9007199254740992"}'),
    ],
)
def test_the_published_examples(value: Any, text: str) -> None:
    assert rules.canonical(value) == text.encode()


MONEY = st.decimals(0, 10**9, places=4)
MOMENT = datetime(2026, 3, 10, 14, 22, tzinfo=UTC)


@st.composite
def deals(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    deal = {
        "tenant_id": draw(st.uuids()),
        "livemode": draw(st.booleans()),
        "id": draw(st.uuids()),
        "number": draw(st.integers(1, 10**9)),
        "customer_id": draw(st.none() | st.uuids()),
        "title": draw(st.none() | TEXT),
        "description": draw(st.none() | TEXT),
        "deal_type": draw(st.sampled_from(["one_time", "recurring"])),
        "billing_cycle": draw(st.sampled_from([None, "monthly", "annual"])),
        "currency": draw(st.sampled_from(["USD", "JPY", "KWD"])),
        "presentation_currency": draw(st.none() | st.just("EUR")),
        "settlement_currency": draw(st.none() | st.just("EUR")),
        "discounts": draw(st.lists(st.fixed_dictionaries({"type": st.just("fixed"), "value": TEXT}), max_size=2)),
        "tax_rate": draw(st.decimals(0, 1, places=6)),
        "terms": draw(st.none() | OBJECTS),
        **{name: draw(MONEY) for name in ("subtotal", "discount_total", "tax_amount", "total")},
    }
    item = st.fixed_dictionaries(
        {
            "id": st.uuids(),
            "product_id": st.uuids(),
            "name": TEXT,
            "quantity": st.integers(1, 1000),
            "unit_price": MONEY,
            "discount": MONEY,
            "line_total": MONEY,
            "options": st.none() | OBJECTS,
            "configuration": st.none() | OBJECTS,
            "accepted": st.none() | st.booleans(),
        }
    )
    return deal, draw(st.lists(item, min_size=1, max_size=3))


def digest(deal: dict[str, Any], items: list[dict[str, Any]]) -> str:
    return rules.content_hash(rules.canonical(signed_content.of(deal, items)))


def different(value: Any) -> Any:
    """The nearest other value of the same kind."""
    if value is None:
        return {"": None}
    if isinstance(value, bool):
        return not value
    if isinstance(value, UUID):
        return UUID(int=value.int ^ 1)
    if isinstance(value, Decimal):
        return value + Decimal(1).scaleb(int(value.as_tuple().exponent))
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return value + " "
    return [*value, {}] if isinstance(value, list) else {**value, "another member of it": None}


@given(deals(), st.data())
def test_any_change_of_a_signed_field_changes_the_hash(
    made: tuple[dict[str, Any], list[dict[str, Any]]], data: st.DataObject
) -> None:
    deal, items = made
    before = digest(deal, items)
    assert digest(dict(reversed(deal.items())), [dict(reversed(item.items())) for item in items]) == before
    changed, changed_items = copy.deepcopy(deal), copy.deepcopy(items)
    place = data.draw(st.sampled_from([changed, *changed_items]))
    name = data.draw(st.sampled_from(sorted(place)))
    if name in ("customer_id", "tenant_id", "id", "product_id") and place[name] is None:
        place[name] = UUID(int=7)
    elif name in ("title", "description", "billing_cycle", "presentation_currency", "settlement_currency"):
        place[name] = "" if place[name] is None else different(place[name])
    else:
        place[name] = different(place[name])
    assert digest(changed, changed_items) != before


class Watched(dict[str, Any]):
    """Remembers which members were read."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.read.add(name)
        return super().__getitem__(name)


@given(deals())
def test_every_stored_column_is_signed_or_left_out_on_purpose(
    made: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    from dealwright.modules.deals.tables import deal_items
    from dealwright.modules.deals.tables import deals as table

    left_out = {"status", "payment_status", "contract_status", "amount_paid", "amount_refunded", "notes", "metadata",
                "outcome", "template_id", "search", "expires_at", "signed_at", "closed_at", "fulfilled_at", "version",
                "created_at", "updated_at"}  # fmt: skip
    deal, item = Watched(made[0]), Watched(made[1][0])
    signed_content.of(deal, [item])
    columns = {column.name for column in table.columns}
    assert deal.read == columns - left_out, "a new column of deals: sign it, or say here that nobody agrees on it"
    columns = {column.name for column in deal_items.columns}
    assert item.read == columns - {"tenant_id", "livemode", "deal_id", "created_at"}


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_a_signature_is_for_one_message_and_one_key(seed: bytes, message: bytes, bit: int) -> None:
    public_key = rules.public_key_of(seed)
    signature = rules.sign(seed, message)
    assert rules.verifies(public_key, signature, message)
    assert not rules.verifies(public_key, signature, message + b"x")
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not rules.verifies(public_key, bytes(flipped), message)
    assert not rules.verifies(rules.new_key_pair()[1], signature, message)
    assert not rules.verifies(b"short", signature, message)


@given(st.binary(max_size=80))
def test_base58_is_the_one_of_everybody_else(raw: bytes) -> None:
    assert rules.base58btc(raw) == base58.b58encode(raw).decode()
    assert rules.from_base58btc(rules.base58btc(raw)) == raw


@pytest.mark.parametrize(
    ("url", "did"),
    [
        ("https://deals.example.com", "did:web:deals.example.com:tenant_x"),
        ("https://deals.example.com:8443", "did:web:deals.example.com%3A8443:tenant_x"),
        ("https://example.com/shop/eu", "did:web:example.com:shop:eu:tenant_x"),
    ],
)
def test_did_web_identifiers(url: str, did: str) -> None:
    assert rules.did(url, "tenant_x") == did


WISHES = st.builds(Wanted, st.sampled_from(["user", "customer"]), st.sampled_from([None, "a", "b"]))
SIGNED = st.tuples(st.sampled_from(["user", "customer"]), st.sampled_from(["a", "b", "c"]))


@given(st.lists(WISHES, max_size=5), st.lists(SIGNED, unique=True, max_size=6))
def test_each_signature_meets_one_wish(wanted: list[Wanted], signed: list[tuple[str, str]]) -> None:
    left = outstanding(wanted, signed)
    if not wanted:
        assert bool(left) is not bool(signed)
        return
    assert len(wanted) - len(left) <= len(signed)
    for wish in left:
        if wish.id is not None:
            assert wanted.count(wish) > 1 or (wish.kind, wish.id) not in signed
    for extra in [*signed, ("user", "d"), ("customer", "d")]:
        more = outstanding(wanted, [*signed, extra])
        assert len(left) - 1 <= len(more) <= len(left), "one more signature meets at most one more wish"
    all_of_them = [(wish.kind, wish.id or f"n{number}") for number, wish in enumerate(wanted)]
    assert outstanding(wanted, all_of_them) == []
