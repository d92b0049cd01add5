"""What is written to people."""

from __future__ import annotations

from dealwright.modules.messages.rules import Content
from dealwright.modules.people.records import Person


def password_reset(person: Person, server: str, token: str) -> Content:
    text = (
        f"Hello {person.first_name},\n\n"
        "somebody, probably you, asked for a new password for your account. Choose one within an hour:\n\n"
        f"{server}/password-reset/{token}\n\n"
        "If it was not you, nothing needs to be done: your password stays as it is.\n"
    )
    return Content(to=person.email, subject="A new password", text=text)


def invitation(to: str, workspace: str, role: str, server: str, token: str, days: int) -> Content:
    text = (
        f"You are invited to work in {workspace} as {role}. The invitation holds for {days} days:\n\n"
        f"{server}/invitations/{token}\n\n"
        "If you do not know what this is about, nothing needs to be done.\n"
    )
    return Content(to=to, subject=f"Invitation to {workspace}", text=text)


def participation(person: Person, deal: str, workspace: str, deal_id: str) -> Content:
    text = (
        f"Hello {person.first_name},\n\n"
        f"{workspace} asks you to take part in the deal “{deal}” ({deal_id}). Sign in to accept.\n"
    )
    return Content(to=person.email, subject=f"Invitation to the deal “{deal}”", text=text)
