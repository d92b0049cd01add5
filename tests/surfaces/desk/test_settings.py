"""Settings, team, notifications, test mode and the person themselves, by forms alone."""

from __future__ import annotations

import re

from tests.conftest import PASSWORD, Workspace
from tests.surfaces.desk.conftest import At, Person


async def test_the_workspace_says_where_it_is(at_desk: At) -> None:
    person = await at_desk("admin")
    await person.open("/settings")
    await person.send("/settings", 400, primary_color="green")
    assert "primary_color-error" in person.text
    there = {"time_zone": "Europe/Berlin", "locale": "de_DE", "default_currency": "EUR", "default_tax_rate": "19"}
    await person.send("/settings", primary_color="#aa3311", **there)
    fields = person.form("/settings").fields
    assert {name: fields[name] for name in there} == there
    assert "/brand/aa3311.css" in person.text
    await person.open("/settings/profile")
    assert "1.234,50" in person.text
    await person.send("/settings/profile", first_name="Ada")
    await person.open("/settings")
    await person.send("/settings", default_tax_rate="", deposit_percentage="12.5")
    assert person.form("/settings").fields["default_tax_rate"] == ""
    assert person.form("/settings").fields["deposit_percentage"] == "12.5"


async def test_what_the_business_is_who_writes_and_what_is_recorded(at_desk: At) -> None:
    person = await at_desk("owner")
    await person.open("/settings/business")
    await person.send("/settings/business", business_name="Engines", description="Mills\nand stores")
    assert person.form("/settings/business").fields["description"] == "Mills\nand stores"
    await person.open("/settings/messages")
    await person.send("/settings/messages", 400, phone_number="12")
    assert "phone_number-error" in person.text
    await person.send("/settings/messages", phone_number="+15550001234", from_name="Engines")
    assert person.form("/settings/messages").fields["phone_number"] == "+15550001234"
    await person.open("/settings/visitors")
    assert person.form("/settings/visitors").fields["enabled"] == "1"
    await person.send("/settings/visitors", enabled=None, block_selector=".private")
    assert "enabled" not in person.form("/settings/visitors").fields


async def test_a_viewer_reads_the_settings(at_desk: At, workspace: Workspace) -> None:
    owner = await at_desk("owner", workspace)
    await owner.open("/settings")
    await owner.send("/settings", industry="Computing")
    viewer = await at_desk("viewer", workspace)
    await viewer.open("/settings")
    assert not viewer.can("/settings")
    assert "Computing" in viewer.text
    assert "An owner or admin" in viewer.text


async def test_somebody_is_invited_promoted_and_taken_out(at_desk: At, workspace: Workspace) -> None:
    owner = await at_desk("owner", workspace)
    await at_desk("member", workspace, first_name="Bo", last_name="Member")
    await owner.open("/settings/team")
    await owner.send("/settings/team/invite", email="new@example.com", role="viewer")
    assert "new@example.com is invited" in owner.text
    await owner.send("/settings/team/invite", 409, email="new@example.com", role="viewer")
    await owner.open("/settings/team")
    assert not any("/role" in each.action and each.fields.get("role") == "owner" for each in owner.page.forms)
    bo = re.search(r'id="r-(tm_\w+)"', owner.text[: owner.text.index("Role of Bo")] + owner.text)
    assert bo is not None
    found = re.search(r'<label class="hidden" for="r-(tm_\w+)">Role of Bo Member', owner.text)
    assert found is not None
    there = f"/settings/team/{found[1]}"
    await owner.send(f"{there}/role", role="admin")
    assert "Bo Member is admin now" in owner.text
    await owner.send(f"{there}/remove")
    assert "Take this person out" in owner.text
    await owner.send(f"{there}/remove")
    assert "Bo Member" not in owner.text


async def test_rules_switches_and_the_address(at_desk: At) -> None:
    person = await at_desk("admin")
    here = "/settings/notifications"
    await person.open(here)
    await person.send(f"{here}/address", 400, notification_email="nobody")
    assert "notification_email-error" in person.text
    await person.send(f"{here}/address", notification_email="ops@example.com")
    await person.send(f"{here}/rules", event_type="deal.*", channel="email", name="Deals")
    assert "ops@example.com" in person.text
    await person.send(f"{here}/rules/*")
    assert "The rule is paused" in person.text
    await person.send(f"{here}/rules/*")
    assert "The rule holds again" in person.text
    await person.send(f"{here}/rules/*/remove")
    await person.send(f"{here}/rules/*/remove")
    assert "No rules yet" in person.text
    await person.send(f"{here}/switches", new="deal.closed", switch__new__email="1")
    form = person.form(f"{here}/switches")
    assert form.fields["switch.deal.closed.email"] == "1"
    assert "switch.deal.closed.in_app" not in form.fields
    await person.send(f"{here}/switches", switch__deal__closed__email=None, switch__deal__closed__in_app="1")
    form = person.form(f"{here}/switches")
    assert "switch.deal.closed.email" not in form.fields
    assert form.fields["switch.deal.closed.in_app"] == "1"


async def test_the_clock_of_test_mode_is_made_moved_and_removed(at_desk: At) -> None:
    person = await at_desk("member")
    here = "/settings/test-mode"
    await person.open(here)
    assert "Test mode and live mode go by the same time" in person.text
    await person.send(f"{here}/clock")
    assert "The test clock stands at the real time" in person.text
    week = next(each for each in person.page.forms if each.fields.get("days") == "7")
    await person.http.post(week.action, data=week.fields)
    await person.open(here)
    assert "7 days ahead of the real time" in person.text
    await person.send(f"{here}/clock/remove")
    await person.send(f"{here}/clock/remove")
    assert "go by the same time" in person.text


async def test_the_sandbox_is_filled_and_emptied(at_desk: At) -> None:
    person = await at_desk("member")
    here = "/settings/test-mode"
    await person.open(here)
    assert "Nothing in test mode yet" in person.text
    assert not person.can(f"{here}/reset")
    await person.send(f"{here}/seed")
    assert "test records were made" in person.text
    await person.send(f"{here}/reset")
    assert "Delete all test records?" in person.text
    await person.send(f"{here}/reset")
    assert "test records were deleted" in person.text
    live = await at_desk("member", livemode=True)
    await live.open(here)
    assert "You work with live records" in live.text
    assert not live.can(f"{here}/reset")


async def test_ones_own_name_password_and_looks(at_desk: At, http_desk: Person) -> None:
    person = await at_desk("viewer")
    here = "/settings/profile"
    await person.open(here)
    await person.send(here, first_name="Grace", phone="+1 555 000 1234")
    assert person.form(here).fields["first_name"] == "Grace"
    await person.send(f"{here}/preferences", theme="dark")
    assert 'data-theme="dark"' in person.text
    new = "another long password"
    wrong = {"old_password": "not this one", "new_password": new, "repeated": new}
    await person.send(f"{here}/password", 400, **wrong)
    assert "old_password-error" in person.text
    assert "not this one" not in person.text
    await person.send(f"{here}/password", 400, **{**wrong, "old_password": PASSWORD, "repeated": "x"})
    assert "The two passwords differ" in person.text
    await person.send(f"{here}/password", **{**wrong, "old_password": PASSWORD})
    assert "Your password was changed" in person.text
    assert person.browser is not None
    await http_desk.open("/sign-in")
    await http_desk.send("/sign-in", email=person.browser.email, password=new)
    assert http_desk.path == "/"
