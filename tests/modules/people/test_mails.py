"""Invitations and links for a new password reach a mailbox, whichever mode the workspace is used in."""

from __future__ import annotations

import re
import uuid

import httpx

from dealwright.app import Application
from tests.conftest import Workspace
from tests.outbox import mail_to


async def test_an_invitation_and_a_new_password_by_mail(working_room: Workspace, working_app: Application) -> None:
    inviting = await working_room.key("test")
    email = f"{uuid.uuid4().hex}@example.com"
    await inviting.data("POST", "/team", json={"email": email, "role": "member"}, expect=201)
    mail = await mail_to(working_app.settings, email)
    text = mail.get_content()
    assert working_room.name in mail["Subject"]
    found = re.search(r"^http://localhost:8080/invitations/(\S{43})$", text, re.MULTILINE)
    assert found is not None, text

    anonymous: httpx.AsyncClient = working_room.http
    new = {"token": found[1], "first_name": "Colleague", "last_name": "Jones", "password": "eight or more"}
    joined = await anonymous.post("/api/v1/invitations?action=accept", json=new)
    assert joined.status_code == 200, joined.text
    anonymous.cookies.clear()
    asked = await anonymous.post("/api/v1/password-reset", json={"email": email})
    assert asked.status_code == 200
    mail = await mail_to(working_app.settings, email, subject="A new password")
    assert "Hello Colleague" in mail.get_content()
    assert re.search(r"^http://localhost:8080/password-reset/\S{43}$", mail.get_content(), re.MULTILINE)
