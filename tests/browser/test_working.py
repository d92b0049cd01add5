"""What the script of the desk adds: pages that stay current, dragging, dialogs, and two people on one deal."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from tests.browser.conftest import Site, Tab, sign_in


async def _open_deal(page: Page, site: Site, status: str) -> str:
    await page.goto(f"{site.url}/deals?status={status}")
    await page.locator("a.row-link").first.click()
    await page.wait_for_url(re.compile(r"/deals/deal_"))
    return page.url


async def test_two_people_on_one_deal(seeded: Site, tab: Tab) -> None:
    first, second = await tab(), await tab()
    await sign_in(first, seeded)
    await sign_in(second, seeded)
    deal = await _open_deal(first, seeded, "draft")
    for page in (first, second):
        await page.goto(f"{deal}/edit")
    await first.get_by_label("Title").fill("Their title")
    await first.get_by_label("Internal notes").fill("Their note")
    await first.get_by_role("button", name="Save").click()
    await expect(first.get_by_role("heading", name="Their title")).to_be_visible()
    await second.get_by_label("Title").fill("My title")
    await second.get_by_role("button", name="Save").click()
    await expect(second.get_by_text("Somebody else saved this meanwhile")).to_be_visible()
    await expect(second.get_by_role("textbox", name="Title")).to_have_value("My title")
    await expect(second.get_by_label("Internal notes")).to_have_value("Their note")
    await second.get_by_role("button", name="Save").click()
    await expect(second.get_by_role("heading", name="My title")).to_be_visible()
    await expect(second.get_by_text("Their note")).to_be_visible()


async def test_what_happens_elsewhere_appears(seeded: Site, tab: Tab) -> None:
    watching, working = await tab(), await tab()
    await sign_in(watching, seeded)
    await sign_in(working, seeded)
    await expect(watching.locator("#live-state")).to_be_visible()
    await working.goto(f"{seeded.url}/customers/new")
    await working.get_by_label("Name").fill("Somebody New")
    await working.get_by_label("E-mail").fill("new@example.com")
    await working.get_by_role("button", name="Add customer").click()
    await expect(watching.locator("#activity li").first).to_contain_text("Customer added", timeout=5000)


async def test_a_deal_is_dragged_to_where_it_may_go(seeded: Site, tab: Tab) -> None:
    page = await tab(width=1600)
    await sign_in(page, seeded)
    await page.goto(f"{seeded.url}/deals/board")
    ticket = page.locator('.lane[data-status="draft"] .ticket').first
    name = await ticket.locator("a").inner_text()
    await ticket.drag_to(page.locator('.lane[data-status="in_progress"]'))
    await expect(page.locator('.lane[data-status="in_progress"] .ticket', has_text=name).first).to_be_visible()
    await expect(page.locator(".toast")).to_contain_text("was moved")


async def test_what_destroys_asks_in_a_dialog(seeded: Site, tab: Tab) -> None:
    page = await tab()
    await sign_in(page, seeded)
    await _open_deal(page, seeded, "in_progress")
    await page.get_by_role("button", name="Cancel deal").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Cancel this deal?")
    await dialog.get_by_role("link", name="Keep it").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Cancel deal").click()
    await expect(dialog).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await page.get_by_role("button", name="Cancel deal").click()
    await dialog.get_by_role("button", name="Cancel the deal").click()
    await expect(page.get_by_text("This deal was cancelled.")).to_be_visible()


async def test_a_list_is_filtered_while_one_types(seeded: Site, tab: Tab) -> None:
    page = await tab()
    await sign_in(page, seeded)
    await page.get_by_role("link", name="Customers").first.click()
    await expect(page.get_by_role("heading", name="Customers")).to_be_visible()
    search = page.get_by_label("Search", exact=True).last
    await search.press_sequentially("grace")
    await expect(page.locator("#list tbody tr")).to_have_count(1)
    await expect(search).to_be_focused()
    assert "q=grace" in page.url
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Good")


async def test_a_viewer_sees_no_button_that_would_be_refused(seeded: Site, tab: Tab) -> None:
    page = await tab()
    await sign_in(page, seeded, "vic@example.com")
    await _open_deal(page, seeded, "pending_signature")
    names = await page.get_by_role("main").get_by_role("button").all_inner_texts()
    assert names == []
    await page.goto(f"{seeded.url}/deals/board")
    assert await page.locator("[draggable=true]").count() == 0


async def test_everything_is_usable_on_a_small_screen(seeded: Site, tab: Tab) -> None:
    page = await tab(width=360, height=740, has_touch=True)
    await sign_in(page, seeded)
    await page.get_by_role("button", name="Menu").click()
    await page.get_by_role("navigation", name="Desk").get_by_role("link", name="Products").click()
    await expect(page.get_by_role("heading", name="Products", exact=True)).to_be_visible()
    await expect(page.get_by_role("navigation", name="Desk")).to_be_hidden()


async def test_it_works_without_javascript(seeded: Site, tab: Tab) -> None:
    page = await tab(java_script_enabled=False)
    await sign_in(page, seeded)
    await page.goto(f"{seeded.url}/customers/new")
    await page.get_by_label("Name").fill("Nora Noscript")
    await page.get_by_label("E-mail").fill("nora@example.com")
    await page.get_by_role("button", name="Add customer").click()
    await expect(page.get_by_role("heading", name="Nora Noscript")).to_be_visible()
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_role("heading", name="Archive this customer?")).to_be_visible()
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_text("The customer was archived")).to_be_visible()


async def test_no_page_breaks_the_policy_or_scrolls_sideways(seeded: Site, tab: Tab) -> None:
    for width in (360, 768, 1280, 2560):
        page = await tab(width=width)
        reports: list[str] = []
        page.on("request", lambda sent, reports=reports: reports.append(sent.url) if "csp-report" in sent.url else None)
        await sign_in(page, seeded)
        links = page.locator(".side li a")
        for path in [await each.get_attribute("href") or "" for each in await links.all()]:
            await page.goto(seeded.url + path)
            wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wider <= 0, (path, width, wider)
        assert not reports
