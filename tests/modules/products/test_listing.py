"""Lists of products over HTTP: filters, paging, shaping, search."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dealwright.kernel import ids
from dealwright.kernel.store.search import Search
from dealwright.modules.products.tables import products
from tests.conftest import Client, Services

CATALOGUE: list[dict[str, Any]] = [
    {"name": "Enterprise License", "price": 999, "type": "service", "sku": "ENT-001", "category": "Licenses"},
    {"name": "Café Chair", "price": 80, "description": "Stackable, powder-coated aluminium", "family_id": "pf_seats"},
    {"name": "Consultation", "price": 150, "type": "service", "requires_booking": True, "category": "Services"},
    {"name": "Starter Bundle", "price": 1, "type": "bundle", "status": "inactive", "family_id": "pf_seats"},
    {"name": "Pro Plan", "price": 99, "type": "subscription", "sku": "PRO-2/a", "status": "archived"},
]


async def catalogue(api: Client) -> dict[str, str]:
    """The catalogue above; ids by name."""
    made = [await api.data("POST", "/products", json=product) for product in CATALOGUE]
    return {product["name"]: product["id"] for product in made}


async def names(api: Client, **query: Any) -> list[str]:
    page = await api.data("GET", "/products", params=query)
    assert page["pagination"]["total"] == len(page["products"])
    return [product["name"] for product in page["products"]]


async def test_the_list_answers_newest_first_with_pagination(api: Client) -> None:
    await catalogue(api)
    page = await api.data("GET", "/products")
    assert [product["name"] for product in page["products"]] == [
        "Starter Bundle", "Consultation", "Café Chair", "Enterprise License",
    ]  # fmt: skip
    assert page["pagination"] == {
        "total": 4,
        "limit": 50,
        "offset": 0,
        "count": 4,
        "next_cursor": None,
        "prev_cursor": None,
        "has_more": False,
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"status": "active"}, ["Consultation", "Café Chair", "Enterprise License"]),
        ({"status": "inactive"}, ["Starter Bundle"]),
        ({"status": "archived"}, ["Pro Plan"]),
        ({"type": "product"}, ["Café Chair"]),
        ({"type": "service"}, ["Consultation", "Enterprise License"]),
        ({"type": "bundle"}, ["Starter Bundle"]),
        ({"type": "subscription", "status": "archived"}, ["Pro Plan"]),
        ({"category": "Licenses"}, ["Enterprise License"]),
        ({"category": "licenses"}, []),
        ({"family": "pf_seats"}, ["Starter Bundle", "Café Chair"]),
        ({"family": "pf_seats", "status": "active"}, ["Café Chair"]),
        ({"requires_booking": "1"}, ["Consultation"]),
        ({"requires_booking": "true"}, ["Consultation"]),
        ({"requires_booking": "0"}, ["Starter Bundle", "Café Chair", "Enterprise License"]),
        ({"search": "service"}, []),
        ({"search": "con", "type": "service", "category": "Services", "requires_booking": "1"}, ["Consultation"]),
    ],
)
async def test_filters(api: Client, query: dict[str, str], expected: list[str]) -> None:
    await catalogue(api)
    assert await names(api, **query) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "many"),
        ("offset", "-1"),
        ("status", "deleted"),
        ("type", "thing"),
        ("requires_booking", "2"),
        ("sort", "price"),
        ("format", "full"),
        ("search", ""),
        ("after", "nonsense"),
        ("before", "nonsense"),
    ],
)
async def test_a_bad_parameter_is_named(api: Client, name: str, value: str) -> None:
    response = await api.get("/products", params={name: value})
    assert response.status_code == 400
    assert list(response.json()["details"]["fields"]) == [name]


async def test_search_finds_by_name_sku_and_description(api: Client) -> None:
    await catalogue(api)
    for text in ("enterprise", "ENT", "e", "licen enter", "ENT-001", "ent-0", "ent001", "ENT001"):
        assert await names(api, search=text) == ["Enterprise License"], text
    for text in ("cafe", "CAFÉ ch", "aluminium", "alum chair", "powder-coated"):
        assert await names(api, search=text) == ["Café Chair"], text
    assert await names(api, search="alu") == [], "descriptions are found from four letters on"
    assert await names(api, search="enterprise chair") == []
    assert await names(api, search="…") == []
    assert await names(api, search="pro-2", status="archived") == ["Pro Plan"]


async def test_search_follows_changes(api: Client) -> None:
    found = await catalogue(api)
    path = f"/products?id={found['Café Chair']}"
    await api.patch(path, {"name": "Bar Stool", "description": None, "sku": "ST-9"}, version=1)
    assert await names(api, search="cafe") == []
    assert await names(api, search="stackable") == []
    for text in ("stool", "st9"):
        assert await names(api, search=text) == ["Bar Stool"]
    await api.patch(path, {"price": 1}, version=2)
    assert await names(api, search="stool") == ["Bar Stool"]


async def test_frequent_and_rare_words_are_found_alike(api: Client, services: Services) -> None:
    """A rare word, a frequent one and one that only old records have are found in three ways, with one result."""
    texts = [f"Vintage {n}" for n in range(25)] + [f"Common {'rare' if n % 10 == 0 else n}" for n in range(60)]
    made = [(await api.data("POST", "/products", json={"name": text, "price": 1}))["id"] for text in texts]
    tenant = ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    cipher = services.pipeline._keyring.tenant(tenant, 1)
    search = Search(products)
    for livemode in (False, True):
        async with services.database.transaction(tenant, livemode, read_only=True) as tx:
            for words in (("common",), ("vintage",), ("rare",), ("common", "rare"), ("vintage", "rare")):
                tokens = [cipher.blind("product", word) for word in words]
                fits = [key for key, text in zip(made, texts, strict=True) if set(words) <= set(text.lower().split())]
                for at_most in (1, 2, 3, 1000):
                    found = [ids.encode("prod", key) for key in await search.newest(tx, tokens, at_most)]
                    assert found == ([] if livemode else fits[::-1][:at_most])


async def _page(api: Client, **query: Any) -> tuple[list[str], dict[str, Any]]:
    page = await api.data("GET", "/products", params={**query, "format": "minimal"})
    return [product["id"] for product in page["products"]], page["pagination"]


@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
async def test_cursors_walk_forward_and_back(api: Client, sort: str) -> None:
    made = [
        (await api.data("POST", "/products", json={"name": f"Item {number}", "price": number}))["id"]
        for number in range(120)
    ]
    if sort == "updated_at":
        for product_id in made[::7]:
            await api.patch(f"/products?id={product_id}", {"price": 7}, version=1)
        expected = (made[::7][::-1]) + [each for each in made[::-1] if each not in made[::7]]
    else:
        expected = made[::-1]
    walked: list[str] = []
    found, pagination = await _page(api, sort=sort, limit=25)
    assert pagination["total"] == 120
    assert pagination["prev_cursor"] is None
    walked += found
    while pagination["next_cursor"]:
        found, pagination = await _page(api, sort=sort, limit=25, after=pagination["next_cursor"])
        walked += found
    assert walked == expected
    back: list[str] = found
    while pagination["prev_cursor"]:
        found, pagination = await _page(api, sort=sort, limit=25, before=pagination["prev_cursor"])
        back = found + back
    assert back == expected
    found, pagination = await _page(api, sort=sort, limit=50, offset=100)
    assert found == expected[100:]
    assert pagination["offset"] == 100


async def test_a_page_does_not_move_when_products_are_added(api: Client) -> None:
    for number in range(4):
        await api.data("POST", "/products", json={"name": f"Item {number}", "price": number})
    first, pagination = await _page(api, limit=2)
    await asyncio.gather(*(api.post("/products", {"name": "New", "price": 1}) for _ in range(3)))
    second, _ = await _page(api, limit=2, after=pagination["next_cursor"])
    assert len({*first, *second}) == 4


async def test_shaping(api: Client) -> None:
    found = await catalogue(api)
    path = f"/products?id={found['Café Chair']}"
    assert set(await api.data("GET", f"{path}&fields=name,price")) == {"id", "name", "price"}
    assert set(await api.data("GET", f"{path}&format=minimal")) == {"id", "status", "updated_at"}
    whole = await api.data("GET", path)
    assert set(whole) - set(await api.data("GET", f"{path}&exclude=metadata,features")) == {"metadata", "features"}
    with_log = await api.data("GET", f"{path}&include=activity_log&fields=name")
    assert set(with_log) == {"id", "name", "activity_log"}
    assert [entry["action"] for entry in with_log["activity_log"]] == ["product.created"]
    page = await api.data("GET", "/products?fields=id,status,name,price&limit=2")
    assert [set(each) for each in page["products"]] == [{"id", "status", "name", "price"}] * 2
    page = await api.data("GET", "/products?include=activity_log")
    assert all(len(each["activity_log"]) == 1 for each in page["products"])
    refused = await api.get(f"{path}&include=everything")
    assert refused.status_code == 400
    assert list(refused.json()["details"]["fields"]) == ["include"]


@pytest.mark.parametrize(("query", "most"), [("", 1), ("?search=ent", 2), ("?include=activity_log", 2)])
async def test_a_page_costs_the_same_statements_whatever_its_length(
    api: Client, services: Services, query: str, most: int
) -> None:
    await catalogue(api)
    before = services.database.statements
    await api.data("GET", f"/products{query}")
    assert services.database.statements - before == most
