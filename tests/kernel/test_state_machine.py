"""State machines are checked when they are built and answer what leads where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.kernel.state_machine import Condition, Move, StateMachine, unmet

Facts = dict[str, bool]


def signed(facts: Facts) -> bool:
    return facts["signed"]


def machine(*moves: tuple[str, str]) -> StateMachine[str, Facts]:
    return StateMachine("m", ("a", "b", "c"), ("a",), [Move(source, target, "go") for source, target in moves])


def test_a_machine_knows_its_moves() -> None:
    made = machine(("a", "b"), ("b", "a"), ("b", "c"))
    assert made.move("a", "b") is not None
    assert made.move("a", "c") is None
    assert made.move("c", "c") is None
    assert [move.target for move in made.moves_from("b")] == ["a", "c"]
    assert made.is_final("c")
    assert not made.is_final("a")


@pytest.mark.parametrize(
    ("moves", "says"),
    [([("a", "b")], "unreachable"), ([("a", "b"), ("b", "c"), ("c", "d")], "unknown state 'd'"),
     ([("a", "b"), ("a", "b"), ("b", "c")], "twice"), ([], "unreachable"), ([("b", "c"), ("c", "b")], "unreachable")],
)  # fmt: skip
def test_a_broken_machine_is_not_built(moves: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        machine(*moves)


@given(st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("abc"))))
def test_a_machine_that_is_built_leads_everywhere(moves: set[tuple[str, str]]) -> None:
    try:
        made = machine(*sorted(moves))
    except ValueError:
        return
    reached = {"a"}
    before: set[str] = set()
    while reached != before:
        before = set(reached)
        reached |= {move.target for state in before for move in made.moves_from(state)}
    assert reached == {"a", "b", "c"}


def test_conditions_that_do_not_hold_are_named_in_order() -> None:
    conditions = [
        Condition("never", "it cannot be", lambda facts: False),
        Condition("signed", "everybody has signed", signed),
        Condition("always", "it is so", lambda facts: True),
    ]
    assert [each.name for each in unmet(conditions, {"signed": False})] == ["never", "signed"]
    assert [each.name for each in unmet(conditions, {"signed": True})] == ["never"]
