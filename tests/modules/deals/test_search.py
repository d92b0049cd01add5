"""Finding deals by their words within the list (ours)."""

from __future__ import annotations

from tests.conftest import Client


async def test_the_list_is_searched(api: Client) -> None:
    for title, status in (("Opening fit-out", "draft"), ("Opening party", "in_progress"), ("Second site", "draft")):
        await api.data("POST", "/deals", json={"title": title, "status": status})

    async def found(query: str) -> list[str]:
        return [each["title"] for each in (await api.data("GET", f"/deals?{query}"))["deals"]]

    assert await found("search=open") == ["Opening party", "Opening fit-out"]
    assert await found("search=opening%20party") == ["Opening party"]
    assert await found("search=open&status=draft") == ["Opening fit-out"]
    assert await found("search=nothing") == []


async def test_an_empty_search_is_refused(api: Client) -> None:
    response = await api.get("/deals?search=")
    assert response.status_code == 400
    assert "search" in response.json()["details"]["fields"]
