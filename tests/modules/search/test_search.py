"""One search over everything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dealwright.modules.search import rules
from tests.conftest import Client, Workspace


async def test_it_finds_every_kind_best_first(api: Client) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Enterprise Software Package"})
    await api.data("POST", "/deals", json={"title": "Hardware"})
    product = await api.data("POST", "/products", json={"name": "Platform Pro (Enterprise)", "price": 1})
    customer = await api.data(
        "POST", "/customers", json={"name": "Ann", "email": "ann@example.com", "company": "Enterprise"}
    )
    found = await api.data("GET", "/search", params={"q": "enterprise"})
    assert found["total"] == 3
    assert {hit["id"]: hit["type"] for hit in found["results"]} == {
        deal["id"]: "deal",
        product["id"]: "product",
        customer["id"]: "customer",
    }
    scores = [hit["score"] for hit in found["results"]]
    assert scores == sorted(scores, reverse=True)
    only = await api.data("GET", "/search", params={"q": "enter", "types": "deals,contracts", "limit": 1})
    assert [hit["id"] for hit in only["results"]] == [deal["id"]]


async def test_a_changed_title_is_found_by_its_new_words_only(api: Client) -> None:
    deal = await api.data("POST", "/deals", json={"title": "Alpha"})
    await api.patch(f"/deals?id={deal['id']}", {"title": "Bravo"}, version=1)
    assert (await api.data("GET", "/search", params={"q": "alpha"}))["total"] == 0
    assert (await api.data("GET", "/search", params={"q": "bravo"}))["total"] == 1


async def test_archived_records_are_left_out(api: Client) -> None:
    product = await api.data("POST", "/products", json={"name": "Gone", "price": 1})
    await api.delete(f"/products?id={product['id']}", version=1)
    assert (await api.data("GET", "/search", params={"q": "gone"}))["results"] == []


async def test_only_readable_kinds_are_searched(workspace: Workspace, api: Client) -> None:
    await api.data("POST", "/deals", json={"title": "Secret"})
    await api.data("POST", "/products", json={"name": "Secret", "price": 1})
    reader = await workspace.key(scopes=["products:read"])
    assert [hit["type"] for hit in (await reader.data("GET", "/search?q=secret"))["results"]] == ["product"]
    none = await workspace.key(scopes=["webhooks:read"])
    assert (await none.get("/search?q=secret")).status_code == 403


async def test_a_short_query_is_refused(api: Client) -> None:
    for query in ("", "?q=a", "?q=ab&limit=26", "?q=ab&types=planets"):
        assert (await api.get(f"/search{query}")).status_code == 400


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_score_lies_between_0_and_1(query: str, label: str) -> None:
    assert 0 < rules.score(query, label) <= 1


@given(st.text(alphabet="abc ", min_size=1, max_size=20).filter(str.strip))
def test_the_label_itself_scores_highest(label: str) -> None:
    assert rules.score(label, label) == 1
    assert rules.score(label, f"{label} zz") < 1
