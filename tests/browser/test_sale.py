"""A first sale from an empty server to a closed deal: once by mouse, once without ever touching it."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import PASSWORD, Site, Tab


async def test_by_mouse(fresh: Site, tab: Tab) -> None:
    page = await tab()
    await page.goto(fresh.url)
    await expect(page.get_by_role("heading", name="Set up your server")).to_be_visible()
    for label, text in (
        ("First name", "Ada"),
        ("Last name", "King"),
        ("E-mail", "ada@example.com"),
        ("Password", PASSWORD),
        ("Name", "Engines"),
        ("Industry", "Computing"),
    ):
        await page.get_by_label(label, exact=True).fill(text)
    await page.get_by_label("Offer").first.fill("Analysis")
    await page.get_by_label("Price").first.fill("120")
    await page.get_by_role("button", name="Create account").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    await page.get_by_role("button", name="Switch to test mode").click()
    await expect(page.get_by_role("region", name="Mode")).to_contain_text("Test mode")

    await page.get_by_role("link", name="Add a product").click()
    await page.get_by_label("Name").fill("Grinder")
    await page.get_by_label("Price", exact=True).fill("250")
    await page.get_by_role("button", name="Add product").click()
    await expect(page.get_by_role("heading", name="Grinder")).to_be_visible()

    await page.get_by_role("link", name="Customers").click()
    await page.get_by_role("link", name="New customer").click()
    await page.get_by_label("Name").fill("Charles Babbage")
    await page.get_by_label("E-mail").fill("charles@example.com")
    await page.get_by_role("button", name="Add customer").click()
    await expect(page.get_by_role("heading", name="Charles Babbage")).to_be_visible()

    await page.get_by_role("main").get_by_role("link", name="New deal").click()
    await page.get_by_label("Product").first.select_option(label="Grinder · $250.00")
    await page.get_by_label("Quantity").first.fill("2")
    await page.get_by_role("button", name="Work out the total").click()
    await expect(page.get_by_text("$500.00").first).to_be_visible()
    await page.get_by_role("button", name="Make it and send for signature").click()
    await expect(page.get_by_role("heading", name="Charles Babbage")).to_be_visible()
    await page.get_by_label("They agreed to sign electronically").check()
    await page.get_by_role("button", name="Sign", exact=True).click()
    await expect(page.get_by_text("Ed25519")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Certificate").click()
    assert (await download.value).suggested_filename == "certificate.pdf"
    await page.get_by_label("Money received, USD").fill("100")
    await page.get_by_role("button", name="Book payment").click()
    await expect(page.get_by_text("Partly paid").first).to_be_visible()
    await page.get_by_role("button", name="Charge a test card").click()
    await expect(page.get_by_text("This deal is closed")).to_be_visible()
    await page.get_by_role("link", name="History").click()
    await expect(page.get_by_text("The audit trail is whole")).to_be_visible()


async def _reach(page: Page, name: str, *, among: int = 90) -> None:
    """Press Tab until what has the focus is called that."""
    for _ in range(among):
        found = await page.evaluate(
            """() => {
                const here = document.activeElement;
                const own = here.getAttribute('aria-label') || here.textContent;
                const label = here.labels?.length ? here.labels[0].textContent : own;
                return label.replace('optional', '').replace(/\\s+/g, ' ').trim();
            }"""
        )
        if found == name:
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} cannot be reached by Tab")


async def _type(page: Page, **fields: str) -> None:
    for name, text in fields.items():
        await _reach(page, name.replace("_", " "))
        await page.keyboard.press("Control+A")
        await page.keyboard.type(text)


async def _press(page: Page, name: str) -> None:
    await _reach(page, name)
    await page.keyboard.press("Enter")


async def _jump(page: Page, words: str) -> None:
    """Go somewhere by the command palette."""
    await page.keyboard.press("Control+K")
    await expect(page.get_by_role("combobox", name="Search or jump to")).to_be_focused()
    await page.keyboard.type(words)
    await expect(page.get_by_role("option", name=words).first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")


async def test_by_keyboard(fresh: Site, tab: Tab) -> None:
    page = await tab()
    await page.goto(fresh.url)
    await _type(page, First_name="Ada", Last_name="King", **{"E-mail": "ada@example.com"}, Password=PASSWORD)
    await _type(page, Name="Engines", Industry="Computing", Offer="Analysis", Price="120")
    await _press(page, "Create account")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Ada")
    await _press(page, "Switch to test mode")
    await expect(page.get_by_role("region", name="Mode")).to_be_visible()

    await _jump(page, "New product")
    await expect(page.get_by_role("heading", name="New product")).to_be_visible()
    await _type(page, Name="Grinder", Price="250")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("heading", name="Grinder")).to_be_visible()

    await _jump(page, "New customer")
    await expect(page.get_by_role("heading", name="New customer")).to_be_visible()
    await _type(page, Name="Charles Babbage", **{"E-mail": "charles@example.com"})
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Charles Babbage")).to_be_visible()

    await _jump(page, "New deal")
    await expect(page.get_by_role("heading", name="New deal")).to_be_visible()
    await _type(page, Existing_customer="Charles")
    await _type(page, Product="Grinder")
    await _press(page, "Make it and send for signature")
    await expect(page.get_by_role("heading", name="Charles Babbage")).to_be_visible()
    await _reach(page, "They agreed to sign electronically")
    await page.keyboard.press("Space")
    await _press(page, "Sign")
    await expect(page.get_by_text("Ed25519")).to_be_visible()
    await _press(page, "Charge a test card")
    await expect(page.get_by_text("This deal is closed")).to_be_visible()
