"""The carriers of messages: a real SMTP server, an HTTP server in Twilio's place, the outbox folder."""

from __future__ import annotations

import base64
import json
import socket
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiosmtpd.controller import Controller

from dealwright.kernel.settings import Settings, SettingsError
from dealwright.providers.carriers import Carriers
from dealwright.providers.delivery import NotNow, Refused
from dealwright.providers.email.protocol import Email
from dealwright.providers.email.smtp import SmtpServer
from dealwright.providers.folder import EmailFolder, SmsFolder
from dealwright.providers.sms.protocol import Sms
from dealwright.providers.sms.twilio import Twilio
from tests.receiver import Reply, receiver

NOON = datetime(2026, 3, 15, 12, tzinfo=UTC)
MAIL = Email("dn_1", "jane@example.com", "Your\r\nBcc: quote ✓", "Grüße\n.\nEnd", "Acme <sales@acme.example>", NOON)
TEXT = Sms("dn_2", "+61412345678", "Your quote is ready ✓", NOON)


class Sink:
    """Takes what comes, or answers as told."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: dict[str, str] = {}

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if "RCPT" in self.answers:
            return self.answers["RCPT"]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(envelope)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


async def test_an_email_reaches_a_real_server(sink: tuple[Sink, str]) -> None:
    handler, url = sink
    await SmtpServer(url).send(MAIL)
    [envelope] = handler.taken
    assert (envelope.mail_from, envelope.rcpt_tos) == ("sales@acme.example", ["jane@example.com"])
    head, _, _ = envelope.content.partition(b"\r\n\r\n")
    assert b"Message-ID: <dn_1@acme.example>" in head
    assert b"\r\nBcc" not in head, "a subject cannot smuggle a header in"


@pytest.mark.parametrize(
    ("where", "answer", "problem"),
    [
        ("RCPT", "550 no such mailbox", Refused),
        ("RCPT", "451 greylisted", NotNow),
        ("DATA", "554 spam", Refused),
        ("DATA", "452 disk full", NotNow),
    ],
)
async def test_refusals_are_for_good_or_for_now(
    sink: tuple[Sink, str], where: str, answer: str, problem: type[Exception]
) -> None:
    handler, url = sink
    handler.answers[where] = answer
    with pytest.raises(problem, match=answer[:3]):
        await SmtpServer(url).send(MAIL)
    assert not handler.taken


async def test_a_server_that_is_away_is_tried_later() -> None:
    with pytest.raises(NotNow):
        await SmtpServer(f"smtp://127.0.0.1:{free_port()}").send(MAIL)


async def test_a_password_is_not_sent_in_the_clear(sink: tuple[Sink, str]) -> None:
    handler, url = sink
    with pytest.raises(NotNow):
        await SmtpServer(url.replace("smtp://", "smtp://user:secret@")).send(MAIL)
    assert not handler.taken


@pytest.mark.parametrize("url", ["", "mail.example.com", "http://mail.example.com", "smtp://"])
def test_an_address_that_is_none_stops_the_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DEALWRIGHT_SMTP_URL"):
        Carriers.of(Settings(smtp_url=url, data_dir=tmp_path))


def test_test_keys_never_reach_the_outside(tmp_path: Path) -> None:
    carriers = Carriers.of(
        Settings(
            smtp_url="smtps://mail.example.com",
            twilio_account="AC1",
            twilio_token="t",
            twilio_from="+1",
            data_dir=tmp_path,
        )
    )
    assert (carriers.email.name, carriers.sms.name) == ("smtp", "twilio")
    assert (carriers.test_email.name, carriers.test_sms.name) == ("folder", "folder")
    with pytest.raises(SettingsError, match="twilio_token"):
        Carriers.of(Settings(twilio_account="AC1", data_dir=tmp_path))


async def test_twilio_gets_its_documented_request() -> None:
    async with receiver() as api:
        api.decide = lambda _: Reply(201, body=b'{"sid": "SM1"}')
        await Twilio("AC1", "secret", "+15550001234", api.url("")).send(TEXT)
        [request] = api.received
    assert request.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"AC1:secret").decode()
    assert parse_qs(request.body.decode()) == {"To": [TEXT.to], "Body": [TEXT.text], "From": ["+15550001234"]}


@pytest.mark.parametrize(
    ("status", "problem"), [(400, Refused), (404, Refused), (302, NotNow), (401, NotNow), (429, NotNow), (503, NotNow)]
)
async def test_twilios_refusals_are_for_good_or_for_now(status: int, problem: type[Exception]) -> None:
    async with receiver() as api:
        api.decide = lambda _: Reply(status, {"Location": api.url("/elsewhere")})
        with pytest.raises(problem, match=str(status)):
            await Twilio("AC1", "secret", "MG1", api.url("")).send(TEXT)
        assert len(api.received) == 1
        assert parse_qs(api.received[0].body.decode())["MessagingServiceSid"] == ["MG1"]


async def test_the_folder_holds_one_private_file_for_each_message(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    for _ in range(2):
        await EmailFolder(folder).send(MAIL)
        await SmsFolder(folder).send(TEXT)
    assert sorted(each.name for each in folder.iterdir()) == ["dn_1.eml", "dn_2.json"]
    assert stat.S_IMODE((folder / "dn_1.eml").stat().st_mode) == 0o600
    assert json.loads((folder / "dn_2.json").read_text())["text"] == TEXT.text
    (tmp_path / "file").write_text("")
    with pytest.raises(NotNow):
        await SmsFolder(tmp_path / "file").send(TEXT)
