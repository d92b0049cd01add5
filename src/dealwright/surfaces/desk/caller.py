"""Who a request to the desk comes from: the session of its cookie, admitted like every other caller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from dealwright.kernel.access.admission import Admission, Credential, Refused
from dealwright.kernel.access.principals import PUBLIC, Principal
from dealwright.kernel.access.sessions import REMEMBER_COOKIE, SESSION_COOKIE, Visitor
from dealwright.kernel.errors import DealwrightError
from dealwright.kernel.operations import Operation
from dealwright.surfaces import browsers


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, and where it calls from."""

    principal: Principal
    visitor: Visitor

    @property
    def signed_in(self) -> bool:
        return self.visitor.session is not None

    @property
    def csrf(self) -> str:
        """What the forms of the session carry; nothing without one."""
        return self.visitor.session.csrf if self.visitor.session is not None else ""

    def acting(self, operation: Operation) -> Principal:
        """The principal for an operation; one that asks for no session gets none."""
        for_everybody = "public" in operation.auth and "session" not in operation.auth
        return PUBLIC if for_everybody else self.principal


async def admit(request: Request, admission: Admission, origin: str) -> Caller:
    """Raises DealwrightError when the limits are used up."""
    headers = dict(request.scope["headers"])
    kept = browsers.cookies(headers.get(b"cookie"))
    ip = request.client.host if request.client is not None else "unknown"
    token = kept.get(SESSION_COOKIE)
    try:
        admitted = await admission.admit(Credential(session=token), ip)
    except Refused as refusal:
        raise refusal.error from None
    own = browsers.own_origins(origin, request.headers.get("host", ""))
    visitor = Visitor(
        ip=ip,
        session=admitted.session,
        remember=kept.get(REMEMBER_COOKIE),
        stale=token is not None and admitted.session is None,
        foreign=browsers.is_foreign(headers, own),
    )
    return Caller(admitted.principal, visitor)


async def charge(admission: Admission, operation: Operation, ip: str) -> DealwrightError | None:
    """Charge an operation's own limit; what speaks against the call, if that is used up."""
    if operation.limit is None:
        return None
    try:
        await admission.charge(operation.limit, ip)
    except Refused as refusal:
        return refusal.error
    return None


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as ``auth.session`` tells it."""

    name: str
    email: str
    workspace: str
    role: str
    workspaces: tuple[tuple[str, str], ...]
    """Ids and names of all workspaces of the person."""

    @classmethod
    def of(cls, told: dict[str, Any]) -> Person:
        user, tenant = told["user"], told["tenant"] or {}
        return cls(
            name=f"{user['first_name']} {user['last_name']}".strip(),
            email=user["email"],
            workspace=tenant.get("name", "Dealwright"),
            role=tenant.get("role", ""),
            workspaces=tuple((each["tenant_id"], each["name"]) for each in told["tenants"]),
        )
