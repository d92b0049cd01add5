"""Messages to the customers of deals: which channel, what they say, the hourly limit, retries."""

from __future__ import annotations

import asyncio
import random
import uuid
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dealwright.app import Services
from dealwright.kernel import ids
from dealwright.kernel.clock import utc_now
from dealwright.kernel.settings import Settings
from dealwright.kernel.store.signals import Signals
from dealwright.modules.messages import rules
from dealwright.modules.messages.worker import Messenger
from dealwright.providers.carriers import Carriers
from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.email.protocol import Email
from tests.conftest import Client, Workspace
from tests.outbox import mail_to, text_to

Deal = tuple[str, str, str, str]


async def deal(api: Client, **more: Any) -> Deal:
    """Deal, customer, e-mail address, phone number."""
    address, phone = f"{uuid.uuid4().hex}@example.com", f"+614{random.randrange(10**8):08}"
    body = {"name": "Jane Smith", "email": address, "phone": phone, **more}
    customer = (await api.data("POST", "/customers", json=body))["id"]
    made = await api.data("POST", "/deals", json={"customer_id": customer, "title": "Pro Plan"})
    return made["id"], customer, address, phone


async def notify(api: Client, deal_id: str, kind: str = "quote_sent", **more: Any) -> dict[str, Any]:
    body = {"deal_id": deal_id, "type": kind, **more}
    made: dict[str, Any] = await api.data("POST", "/deal-notifications", 201, json=body)
    return made


async def contact(api: Client, customer: str) -> dict[str, Any]:
    found: dict[str, Any] = await api.data("GET", "/deal-notifications", params={"customer_id": customer})
    return found


async def finished(api: Client, customer: str) -> dict[str, Any]:
    """The newest message to a customer, once it is sent or given up."""
    async with asyncio.timeout(5):
        while True:
            newest: dict[str, Any] = (await contact(api, customer))["recent_notifications"][0]
            if newest["status"] != "queued":
                return newest
            await asyncio.sleep(0.02)


async def test_a_notification_goes_out_and_is_remembered(api: Client, settings: Settings) -> None:
    deal_id, customer, address, _ = await deal(api)
    made = await notify(api, deal_id)
    assert made["id"] == made["notification_id"] and made["id"].startswith("dn_")
    assert (made["deal_id"], made["customer_id"], made["type"], made["channel"]) == (
        deal_id, customer, "quote_sent", "email",
    )  # fmt: skip
    assert (made["status"], made["sent_at"]) == ("queued", None), "nothing leaves before the commit"
    mail = await mail_to(settings, address)
    assert mail["Subject"] == "Your quote: Pro Plan"
    assert "Pro Plan" in mail.get_content() and api.workspace in mail.get_content()
    assert made["id"] in mail["Message-ID"]
    sent = await finished(api, customer)
    assert (sent["status"], sent["id"]) == ("sent", made["id"])
    assert sent["sent_at"] is not None


async def test_a_message_of_ones_own_replaces_the_text(api: Client, settings: Settings) -> None:
    deal_id, _, address, _ = await deal(api)
    await notify(api, deal_id, "payment_reminder", message="Zahlen Sie bitte – danke! ✓")
    mail = await mail_to(settings, address)
    assert mail.get_content().strip() == "Zahlen Sie bitte – danke! ✓"


async def test_the_customers_preference_decides_the_channel(api: Client, settings: Settings) -> None:
    deal_id, customer, _, phone = await deal(api)
    found = await contact(api, customer)
    assert found == {
        "customer_id": customer,
        "preferred_channel": "email",
        "has_email": True,
        "has_phone": True,
        "marketing_consent": False,
        "recent_notifications": [],
    }
    wanted = {"customer_id": customer, "preferred_channel": "sms", "marketing_consent": True}
    changed = await api.data("PUT", "/deal-notifications", json=wanted)
    assert (changed["preferred_channel"], changed["marketing_consent"]) == ("sms", True)
    kept = await api.data("PUT", "/deal-notifications", json={"customer_id": customer, "marketing_consent": False})
    assert (kept["preferred_channel"], kept["marketing_consent"]) == ("sms", False)
    assert (await notify(api, deal_id, "deal_update"))["channel"] == "sms", "transactional, so consent does not matter"
    assert "Pro Plan" in (await text_to(settings, phone))["text"]


async def test_the_other_channel_is_taken_when_only_that_reaches_them(api: Client) -> None:
    deal_id, customer, _, _ = await deal(api, phone=None)
    await api.data("PUT", "/deal-notifications", json={"customer_id": customer, "preferred_channel": "sms"})
    assert (await contact(api, customer))["preferred_channel"] == "email"
    assert (await notify(api, deal_id))["channel"] == "email"


async def test_bad_requests(api: Client) -> None:
    deal_id, *_ = await deal(api)
    without = (await api.data("POST", "/deals", json={"title": "Nobody's"}))["id"]
    for body in (
        {"type": "quote_sent"},
        {"deal_id": deal_id},
        {"deal_id": deal_id, "type": "love_letter"},
        {"deal_id": deal_id, "type": "quote_sent", "message": ""},
        {"deal_id": without, "type": "quote_sent"},
    ):
        answer = await api.post("/deal-notifications", body)
        assert answer.status_code == 400, body
        assert answer.json()["code"] == "validation_error.invalid_fields"
    assert (await api.get("/deal-notifications")).status_code == 400
    assert (await api.post("/deal-notifications", {"deal_id": "deal_x", "type": "quote_sent"})).status_code == 404


async def test_a_key_sends_ten_an_hour_however_it_hurries(room: Workspace, api: Client) -> None:
    deal_id, *_ = await deal(api)
    body = {"deal_id": deal_id, "type": "deal_update"}
    answers = await asyncio.gather(*(api.post("/deal-notifications", body) for _ in range(14)))
    assert sorted(each.status_code for each in answers) == [201] * 10 + [429] * 4
    refused = next(each for each in answers if each.status_code == 429)
    assert refused.json()["category"] == "rate_limited"
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    other = await room.key()
    assert (await other.post("/deal-notifications", body)).status_code == 201


class Flaky:
    """A provider that does as it is told."""

    name = "flaky"

    def __init__(self, *problems: Exception) -> None:
        self.problems = list(problems)
        self.sent: list[Email] = []
        self.tries = 0

    async def send(self, email: Email) -> None:
        self.tries += 1
        if self.problems:
            raise self.problems.pop(0)
        self.sent.append(email)


async def deliver(services: Services, settings: Settings, provider: Flaky, rounds: int) -> None:
    carriers = replace(Carriers.of(settings), email=provider, test_email=provider)
    messenger = Messenger(services.pipeline, Signals(services.database), carriers, utc_now)
    for _ in range(rounds):
        await messenger.send_due()
        await asyncio.sleep(0.05)


@pytest.fixture
async def alone(services: Services, http: Any) -> Client:
    """A caller of the application without workers."""
    return await Workspace(services, http).key()


@pytest.mark.parametrize(
    ("problems", "status", "tries"),
    [
        ([NotNow("busy"), RuntimeError("a defect")], "sent", 3),
        ([Refused("no such mailbox")], "failed", 1),
        ([NotNow("busy")] * 9, "failed", 4),
    ],
    ids=["after two failures", "refused for good", "given up"],
)
async def test_what_cannot_be_sent_now_is_sent_later(
    services: Services,
    settings: Settings,
    alone: Client,
    monkeypatch: pytest.MonkeyPatch,
    problems: list[Exception],
    status: str,
    tries: int,
) -> None:
    monkeypatch.setattr(rules, "SCHEDULE", (0.01, 0.01, 0.01))
    await deliver(services, settings, Flaky(), 3)
    deal_id, customer, address, _ = await deal(alone)
    await notify(alone, deal_id)
    provider = Flaky(*problems)
    await deliver(services, settings, provider, 6)
    assert (await finished(alone, customer))["status"] == status
    assert provider.tries == tries
    assert [each.to for each in provider.sent] == ([address] if status == "sent" else [])


async def test_what_is_stored_cannot_be_read(services: Services, alone: Client) -> None:
    deal_id, _, address, _ = await deal(alone)
    made = await notify(alone, deal_id, message="a very private matter")
    tenant = ids.decode("tenant", alone.tenant_id)
    assert tenant is not None
    async with services.database.transaction(tenant, False) as tx:
        rows = await tx.connection.fetch("SELECT content FROM messages")
        log = await tx.connection.fetch("SELECT snapshot FROM audit_log WHERE entity_id = $1", made["id"])
    [content] = [row["content"] for row in rows]
    assert address.encode() not in content and b"private" not in content
    assert len(log) == 1
    assert "private" not in log[0]["snapshot"] and address not in log[0]["snapshot"]


@given(st.sampled_from([None, "email", "sms"]), st.sampled_from([None, "a@b.c"]), st.sampled_from([None, "+1"]))
def test_a_channel_is_one_that_reaches_the_customer(
    preferred: rules.Channel | None, email: str | None, phone: str | None
) -> None:
    channel = rules.channel_for(preferred, email, phone)
    reachable = {name for name, there in (("email", email), ("sms", phone)) if there}
    assert (channel in reachable) if reachable else channel is None
    if preferred in reachable:
        assert channel == preferred


@given(st.integers(1, len(rules.SCHEDULE)), st.floats(0, 1, exclude_max=True))
def test_waits_stay_near_the_schedule_and_end(attempts: int, chance: float) -> None:
    wait = rules.wait(attempts, chance)
    assert wait is not None
    assert abs(wait / rules.SCHEDULE[attempts - 1] - 1) <= rules.JITTER + 1e-9
    assert rules.wait(len(rules.SCHEDULE) + 1, chance) is None
