"""From request lines to operations, over a small registry that only these tests know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest

from dealwright.kernel.context import Context
from dealwright.kernel.errors import DealwrightError, InvalidFields, InvalidRequest, NotFound
from dealwright.kernel.fields import Identifier, Input, InQuery
from dealwright.kernel.operations import Registry, Reply, operation
from dealwright.surfaces.http import arguments_of
from dealwright.surfaces.routing import Router, WrongMethod

fakes = Registry()


class Nothing(Input):
    pass


class OneDeal(Input):
    id: Annotated[Identifier, InQuery()]


class OneItem(OneDeal):
    item_id: Annotated[Identifier, InQuery()]


class Filtered(Input):
    action: str | None = None
    type: str | None = None


class Settings(Input):
    action: Literal["settings"] = "settings"


class Participant(Input):
    deal_id: Identifier
    participant_id: Identifier


def declare(operation_id: str, method: Any, path: str, model: type[Input], **options: Any) -> None:
    async def handler(ctx: Context, params: Any) -> Reply:
        """Does nothing."""
        return Reply({})

    handler.__annotations__["params"] = model
    operation(operation_id, method, path, scope=None, result=None, into=fakes, **options)(handler)


declare("deals.list", "GET", "/deals", Nothing)
declare("deals.get", "GET", "/deals", OneDeal, present=("id",))
declare("deals.create", "POST", "/deals", Nothing)
declare("deals.delete", "DELETE", "/deals", OneDeal, present=("id",))
declare("deals.sign", "POST", "/deals", OneDeal, present=("id",), action="sign")
declare("deals.add_item", "POST", "/deals", OneDeal, present=("id",), action="add_item", rest="/deals/{id}/items")
declare(
    "deals.remove_item",
    "DELETE",
    "/deals",
    OneItem,
    present=("id", "item_id"),
    action="remove_item",
    rest="/deals/{id}/items/{item_id}",
)
declare("deals.audit", "GET", "/deals", OneDeal, present=("id",), action="verify_audit")
declare("deals.verify", "GET", "/deals/verify", Nothing)
declare("participants.get", "GET", "/deals/{deal_id}/participants/{participant_id}", Participant)
declare("customers.list", "GET", "/customers", Nothing)
declare("customers.delete", "DELETE", "/customers", OneDeal, present=("id",))
declare("audit.list", "GET", "/audit", Filtered)
declare("audit.verify", "GET", "/audit", Nothing, action="verify")
declare("subscriptions.create", "POST", "/subscriptions", Nothing)
declare("subscriptions.cancel", "POST", "/subscriptions", Nothing, action="cancel", selector_in="body")
declare("intelligence.score", "GET", "/intelligence", Nothing, action="score", selector="type")
declare("intelligence.risk", "GET", "/intelligence", Nothing, action="risk", selector="type")
declare("twilio.settings", "GET", "/twilio", Settings)
declare("twilio.history", "GET", "/twilio", Nothing, action="history")

router = Router(fakes)


def found(line: str, body: dict[str, Any] | None = None) -> str:
    return resolved(line, body)[0]


def resolved(line: str, body: dict[str, Any] | None = None) -> tuple[str, dict[str, str]]:
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    pairs = dict(each.split("=") for each in query.split("&")) if query else {}
    operation, parameters = router.resolve(method, path, pairs, body or {})
    return operation.id, parameters


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /deals", "deals.list"),
        ("GET /deals/", "deals.list"),
        ("HEAD /deals", "deals.list"),
        ("GET /deals?id=deal_1", "deals.get"),
        ("GET /deals?status=draft", "deals.list"),
        ("POST /deals", "deals.create"),
        ("POST /deals?action=", "deals.create"),
        ("POST /deals?id=deal_1&action=sign", "deals.sign"),
        ("POST /deals?id=deal_1&action=add_item", "deals.add_item"),
        ("POST /deals?id=deal_1&action=add-item", "deals.add_item"),
        ("GET /deals?id=deal_1&action=verify-audit", "deals.audit"),
        ("DELETE /deals?id=deal_1", "deals.delete"),
        ("DELETE /deals?id=deal_1&action=remove_item&item_id=item_1", "deals.remove_item"),
        ("GET /deals/verify", "deals.verify"),
        ("GET /audit", "audit.list"),
        ("GET /audit?action=verify", "audit.verify"),
        ("GET /intelligence?type=risk", "intelligence.risk"),
        ("GET /twilio?action=settings", "twilio.settings"),
        ("GET /twilio?action=history", "twilio.history"),
    ],
)
def test_the_documented_style(line: str, expected: str) -> None:
    assert found(line) == expected


@pytest.mark.parametrize(
    ("line", "expected", "parameters"),
    [
        ("GET /deals/deal_1", "deals.get", {"id": "deal_1"}),
        ("DELETE /deals/deal_1", "deals.delete", {"id": "deal_1"}),
        ("POST /deals/deal_1/sign", "deals.sign", {"id": "deal_1"}),
        ("POST /deals/deal_1/sign/", "deals.sign", {"id": "deal_1"}),
        ("POST /deals/deal_1/sign?action=sign", "deals.sign", {"id": "deal_1"}),
        ("POST /deals/deal_1?action=sign", "deals.sign", {"id": "deal_1"}),
        ("POST /deals/deal_1/items", "deals.add_item", {"id": "deal_1"}),
        ("DELETE /deals/deal_1/items/item_1", "deals.remove_item", {"id": "deal_1", "item_id": "item_1"}),
        ("DELETE /deals/deal_1?action=remove_item&item_id=item_1", "deals.remove_item", {"id": "deal_1"}),
        ("GET /deals/deal_1/verify-audit", "deals.audit", {"id": "deal_1"}),
        ("GET /deals/deal_1/participants/p_1", "participants.get", {"deal_id": "deal_1", "participant_id": "p_1"}),
        ("GET /intelligence/score", "intelligence.score", {}),
        ("POST /subscriptions/cancel", "subscriptions.cancel", {}),
    ],
)
def test_the_rest_style(line: str, expected: str, parameters: dict[str, str]) -> None:
    assert resolved(line) == (expected, parameters)


@pytest.mark.parametrize(
    "line",
    [
        "DELETE /deals?id=deal_1&action=remove_itm&item_id=item_1",
        "DELETE /deals/deal_1?action=remove_itm",
        "DELETE /deals/deal_1?action=sign",
        "DELETE /customers?id=cust_1&action=remove_item",
        "DELETE /customers/cust_1?action=remove_item",
        "POST /deals?action=creat",
        "POST /deals/deal_1/sign?action=unsign",
        "GET /deals?action=sign",
    ],
)
def test_an_action_that_is_unknown_here_never_runs_another_operation(line: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        found(line)
    assert refused.value.code == "validation_error.unknown_action"


@pytest.mark.parametrize("path", ["/deals/deal_1", "/deals?id=deal_1"])
def test_removing_an_item_never_deletes_the_deal(path: str) -> None:
    """Without its item the call is refused, whichever way it is spelled."""
    line = f"DELETE {path}{'&' if '?' in path else '?'}action=remove_item"
    with pytest.raises(InvalidFields) as refused:
        found(line)
    assert refused.value.details is not None
    assert "item_id" in refused.value.details["fields"]


def test_a_selector_in_the_body_is_found_there_and_in_the_query() -> None:
    assert found("POST /subscriptions", {"action": "cancel"}) == "subscriptions.cancel"
    assert found("POST /subscriptions?action=cancel") == "subscriptions.cancel"
    assert found("POST /subscriptions", {"plan": "pro"}) == "subscriptions.create"
    with pytest.raises(InvalidRequest):
        found("POST /subscriptions", {"action": "cancle"})


def test_a_known_action_in_the_body_is_never_taken_for_a_creation() -> None:
    assert found("POST /deals?id=deal_1", {"action": "sign"}) == "deals.sign"
    assert found("POST /deals", {"action": "something of the caller's own"}) == "deals.create"
    assert found("POST /deals", {"action": 7}) == "deals.create"


def test_a_filter_called_action_is_a_filter() -> None:
    assert found("GET /audit?action=deal.created") == "audit.list"
    assert found("GET /audit?type=deal") == "audit.list"


def test_a_missing_selector_names_the_known_values() -> None:
    with pytest.raises(InvalidRequest) as refused:
        found("GET /intelligence")
    assert refused.value.hint == "Known here: risk, score."


@pytest.mark.parametrize("line", ["GET /", "GET /nothing", "GET /deals/deal_1/nothing", "GET //deals", "GET /deals//"])
def test_unknown_paths(line: str) -> None:
    with pytest.raises(NotFound):
        found(line)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("PATCH /deals", "DELETE, GET, HEAD, OPTIONS, POST"),
        ("POST /customers", "DELETE, GET, HEAD, OPTIONS"),
        ("GET /deals/deal_1/sign", "OPTIONS, POST"),
        ("TRACE /deals/verify", "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_methods_name_the_right_ones(line: str, allowed: str) -> None:
    with pytest.raises(WrongMethod) as refused:
        found(line)
    assert refused.value.allowed == allowed


def test_the_path_wins_over_the_query_and_the_query_over_the_body() -> None:
    operation = fakes["deals.sign"]
    given: Any = {"id": "from the body", "note": "kept"}
    assert arguments_of(operation, {"id": "query"}, {"id": "path"}, given) == {"id": "path", "note": "kept"}
    assert arguments_of(operation, {"id": "query", "note": "ignored"}, {}, given) == {"id": "query", "note": "kept"}
    assert arguments_of(operation, {}, {}, given) == given


def test_every_refusal_is_an_error_that_the_surface_renders() -> None:
    for line in ("GET /nothing", "PUT /deals", "GET /intelligence", "DELETE /deals?action=x"):
        with pytest.raises(DealwrightError) as refused:
            found(line)
        assert 400 <= refused.value.status < 500
