"""Inputs and results of signing in and out (Salesbooth API, Auth)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from dealwright.kernel.access.roles import Role
from dealwright.kernel.fields import Flag, Identifier, Input, Wire
from dealwright.modules.customers.models import Email
from dealwright.modules.people.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD

Secret = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_PASSWORD, strip_whitespace=False),
    Field(description="as it was chosen, white space included"),
]
NewSecret = Annotated[
    str,
    StringConstraints(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD, strip_whitespace=False),
    Field(description=f"{SHORTEST_PASSWORD} characters or more", examples=["correct horse battery"]),
]
PersonName = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Nothing(Input):
    """No arguments."""


class SignIn(Input):
    email: Email
    password: Secret
    remember: Annotated[Flag, Field(description="stay signed in when the browser is closed")] = False


class ChooseWorkspace(Input):
    tenant_id: Annotated[Identifier, Field(description="a workspace that the person belongs to")]


class UserView(Wire):
    id: str
    user_id: str
    email: str
    first_name: str
    last_name: str
    is_system_admin: bool


class WorkspaceOfUser(Wire):
    tenant_id: str
    name: str
    role: Role


class SignedInView(Wire):
    """Who is signed in, and where. ``csrf_token`` goes along with every write as X-CSRF-Token."""

    authenticated: bool
    user: UserView | None
    tenant: Annotated[WorkspaceOfUser | None, Field(description="the active workspace")]
    tenants: list[WorkspaceOfUser]
    requires_tenant_selection: bool
    mode: Literal["live", "test"] | None
    csrf_token: str | None


class SignedOutView(Wire):
    authenticated: Literal[False]
