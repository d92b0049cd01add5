"""Inputs and results of signing in and out (Salesbooth API, Auth)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from dealwright.kernel.access.roles import Role
from dealwright.kernel.errors import FieldError, InvalidFields
from dealwright.kernel.fields import Amount, Flag, Identifier, Input, InQuery, LongText, Patch, ShortText, Wire
from dealwright.modules.customers.models import Country, EmailAddress, Phone
from dealwright.modules.customers.rules import normal_phone
from dealwright.modules.people.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD
from dealwright.modules.products.models import WebAddress

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


LinkToken = Annotated[
    str, StringConstraints(min_length=1, max_length=100), Field(description="the last part of the link in the e-mail")
]


class SignIn(Input):
    email: EmailAddress
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


class Service(Input):
    name: ShortText
    description: LongText | None = None
    price_min: Amount | None = None
    price_max: Amount | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Service:
        if self.price_min is not None and self.price_max is not None and self.price_max < self.price_min:
            raise ValueError("price_max must not be lower than price_min")
        return self


AccountType = Literal["human", "agent"]
_WHO: Final = ("first_name", "last_name", "email", "password")
_BUSINESS: Final = ("business_name", "industry", "services")


class SignUp(Input):
    """Who somebody is is needed of new people only; what the business is, of people and not of agents."""

    first_name: PersonName | None = None
    last_name: PersonName | None = None
    email: EmailAddress | None = None
    password: NewSecret | None = None
    business_name: ShortText | None = None
    industry: ShortText | None = None
    services: (
        Annotated[list[Service], Field(max_length=100, description="become draft products, price_min their price")]
        | None
    ) = None
    deposit_percentage: Annotated[
        float | None, Field(ge=0, le=100, allow_inf_nan=False, description="what a checkout asks for first")
    ] = None
    country: Country = "US"
    phone: Annotated[Phone | None, Field(description="of the business")] = None
    website: WebAddress | None = None
    region: Annotated[
        Literal["au", "eu", "us"] | None, Field(description="must be the server's own, when that has one")
    ] = None
    account_type: AccountType = "human"

    @field_validator("phone")
    @classmethod
    def _normal_phone(cls, phone: str | None, info: ValidationInfo) -> str | None:
        return normal_phone(phone, info.data.get("country")) if phone else None

    def require(self, *, signed_in: bool) -> None:
        """Raises InvalidFields naming everything that is missing."""
        needed = [*(() if signed_in else _WHO), *(_BUSINESS if self.account_type == "human" else ())]
        missing = {
            name: FieldError("required", f"{name.replace('_', ' ').capitalize()} is required")
            for name in needed
            if not getattr(self, name)
        }
        if missing:
            raise InvalidFields(missing)


class SignUpView(Wire):
    """Whether somebody new can sign up."""

    first_start: Annotated[bool, Field(description="nobody has an account on this server yet")]
    sign_up: Annotated[bool, Field(description="somebody new may sign up without an invitation")]


class SignedUpView(Wire):
    user_id: str
    tenant_id: str
    account_type: AccountType
    region: str | None
    regional_endpoint: str
    authenticated: Literal[True]
    csrf_token: str


class ProfilePatch(Patch):
    first_name: PersonName = ""
    last_name: PersonName = ""
    phone: Phone | None = None

    @field_validator("phone")
    @classmethod
    def _normal_phone(cls, phone: str | None) -> str | None:
        return normal_phone(phone) if phone else None


class ProfileView(Wire):
    first_name: str
    last_name: str
    email: str
    phone: str | None


class NewPassword(Input):
    old_password: Annotated[Secret, Field(description="the current one")]
    new_password: NewSecret


class PasswordChanged(Wire):
    changed: Literal[True]
    csrf_token: Annotated[str, Field(description="of the session, which goes on under a new cookie")]


class ForgottenPassword(Input):
    email: EmailAddress


class ResetRequested(Wire):
    requested: Literal[True]


class ResetPassword(Input):
    token: LinkToken
    new_password: NewSecret


class PasswordReset(Wire):
    changed: Literal[True]


PreferenceScope = Annotated[
    Literal["user", "tenant"],
    InQuery(),
    Field(description="user: the person's own, in every workspace; tenant: of the workspace"),
]


class PreferenceQuery(Input):
    scope: PreferenceScope = "user"


class PreferencePatch(Patch):
    scope: PreferenceScope = "user"
    language: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"),
        Field(description="BCP 47, of the person", examples=["en"]),
    ] = ""
    theme: Annotated[Literal["light", "dark", "system"], Field(description="of the person")] = "system"
    recommendations_dismissed: Annotated[bool, Field(description="of the workspace")] = False


class PreferenceView(Wire):
    """Of the scope that was asked for."""

    language: str | None = None
    theme: str | None = None
    recommendations_dismissed: bool | None = None


class SignedOutView(Wire):
    authenticated: Literal[False]
