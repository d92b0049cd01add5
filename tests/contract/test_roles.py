"""What people may do, over every operation there is: a viewer changes nothing, whatever is added later."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import dealwright.app  # noqa: F401 - fills the registry
from dealwright.app import Services
from dealwright.kernel.access.principals import grants
from dealwright.kernel.access.roles import RANKS, SCOPES
from dealwright.kernel.operations import Operation, registry
from tests.conftest import SignIn, Workspace
from tests.contract.calling import example, send
from tests.contract.samples import SAMPLES, arguments, subject

OWN_THINGS = {
    *("auth.select_tenant", "auth.logout", "invitations.accept", "onboarding.complete"),
    *("preferences.update", "profile.change_password", "profile.update"),
    *("switch_tenant.switch", "tenant_context.set", "sandbox_toggle.set", "display_mode.set"),
}
"""Writes that a viewer may do, because they change nothing but what is the viewer's own."""

FOR_PEOPLE = [each for each in registry if "session" in each.auth]
WRITES = [each for each in FOR_PEOPLE if each.writes and each.id not in OWN_THINGS]


@pytest.mark.parametrize("operation", WRITES, ids=lambda each: each.id)
async def test_a_viewer_cannot_write(
    operation: Operation, workspace: Workspace, sign_in: SignIn, services: Services
) -> None:
    api = await workspace.key()
    record = await SAMPLES[subject(operation)](api) if subject(operation) in SAMPLES else ""
    call = await arguments(operation, api, record)
    viewer = await sign_in("viewer", workspace)

    async def written() -> tuple[Any, ...]:
        async with services.database.system() as tx:
            row = await tx.connection.fetchrow(
                "SELECT (SELECT count(*) FROM audit_log a WHERE a.tenant_id = t.tenant_id),"
                " (SELECT count(*) FROM events e WHERE e.tenant_id = t.tenant_id), t.settings::text"
                " FROM tenants t WHERE t.name = $1",
                workspace.name,
            )
        return tuple(row)

    before = await written()
    response = await send(viewer, operation, call)
    assert response.status_code == 403, response.text
    assert response.json()["code"] in (
        "authorization_error.insufficient_scope",
        "authorization_error.insufficient_role",
    )
    assert await written() == before


@pytest.mark.parametrize("operation", [each for each in FOR_PEOPLE if not each.writes], ids=lambda each: each.id)
async def test_a_viewer_may_read_what_needs_a_reading_scope(
    operation: Operation, workspace: Workspace, sign_in: SignIn
) -> None:
    if operation.scope is None or not operation.scope.endswith(":read") or operation.least_role is not None:
        pytest.skip("it is not for every viewer")
    viewer = await sign_in("viewer", workspace)
    response = await send(viewer, operation, {**example(operation), "id": "x"})
    assert response.status_code not in (401, 403), response.text


def test_a_higher_role_may_do_whatever_a_lower_one_may() -> None:
    scopes = {each.scope for each in registry if each.scope is not None}
    for lower, higher in itertools.pairwise(RANKS):
        for scope in scopes:
            assert not grants(SCOPES[lower], scope) or grants(SCOPES[higher], scope), (lower, higher, scope)


@pytest.mark.parametrize(
    "scope", ["team:write", "billing:write", "keys:write", "webhooks:write", "audit:export", "admin"]
)
def test_a_member_does_not_administrate(scope: str) -> None:
    assert not grants(SCOPES["member"], scope)


@pytest.mark.parametrize("scope", ["deals:write", "deals:sign", "customers:write", "agent:negotiate", "bookings:write"])
def test_a_member_works_with_deals(scope: str) -> None:
    assert grants(SCOPES["member"], scope)
