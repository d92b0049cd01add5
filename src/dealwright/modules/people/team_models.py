"""Inputs and results of the team operations and of invitations (Salesbooth API, Team)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dealwright.kernel.access.roles import Role
from dealwright.kernel.fields import Identifier, Input, Wire
from dealwright.modules.customers.models import EmailAddress
from dealwright.modules.people.models import LinkToken, NewSecret, PersonName

AssignableRole = Annotated[Literal["admin", "member", "viewer"], Field(description="an owner is not made here")]
Status = Literal["invited", "active"]


class Invite(Input):
    email: EmailAddress
    role: AssignableRole


class RoleChange(Input):
    membership_id: Annotated[Identifier, Field(description="tm_…")]
    role: AssignableRole


class MemberId(Input):
    id: Annotated[Identifier, Field(description="membership (tm_…)")]


class MemberView(Wire):
    id: str
    membership_id: str
    user_id: str | None
    email: str
    name: str | None
    role: Role
    status: Status
    joined_at: str | None
    expires_at: Annotated[str | None, Field(description="of an invitation: when its link stops working")]


class TeamView(Wire):
    members: list[MemberView]


class InvitationQuery(Input):
    token: LinkToken


class InvitationView(Wire):
    workspace: str
    email: str
    role: Role
    expires_at: str
    has_account: Annotated[bool, Field(description="sign in to accept; otherwise a name and a password are needed")]


class Acceptance(Input):
    """Name and password are needed of somebody without an account."""

    token: LinkToken
    first_name: PersonName | None = None
    last_name: PersonName | None = None
    password: NewSecret | None = None
