"""Participants: invited, accepted, completed, withdrawn; their shares, and who may speak for whom."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from dealwright.kernel import ids
from dealwright.modules.messages import queue
from tests.conftest import Client, SignIn, Workspace
from tests.modules.partners.conftest import Table


async def test_an_invitation_as_documented(table: Table, outbox: Any) -> None:
    response = await table.invite("agent_xyz", 25, scope=["deals:read", "agent:negotiate"])
    assert response.status_code == 201
    made = response.json()["data"]
    assert made["id"] == made["participant_id"]
    assert made["participant_id"].startswith("part_")
    assert (made["agent_id"], made["role"], made["revenue_share"], made["status"]) == (
        "agent_xyz",
        "co_agent",
        25.0,
        "invited",
    )
    assert made["scope"] == ["deals:read", "agent:negotiate"]
    listed = await table.api.data("GET", f"/deal-participants?deal_id={table.deal_id}")
    assert listed == {"deal_id": table.deal_id, "participants": [made], "total_share": 25.0}
    name, data = (await outbox(table.api))[-1]
    assert name == "deal.participant_invited"
    assert (data["deal_id"], data["participant_id"], data["agent_id"], data["role"], data["revenue_share"]) == (
        table.deal_id,
        made["id"],
        "agent_xyz",
        "co_agent",
        25.0,
    )
    embedded = await table.api.data("GET", f"/deals?id={table.deal_id}&include=participants")
    assert embedded["participants"] == [made]


async def test_the_life_of_a_participant(table: Table, outbox: Any) -> None:
    made = (await table.invite("agent_xyz", 25)).json()["data"]
    assert (await table.act("complete", made)).status_code == 409, "not before it is accepted"
    accepted = (await table.act("accept", made)).json()["data"]
    assert (accepted["status"], accepted["accepted_at"] is not None) == ("accepted", True)
    assert (await table.act("accept", made)).json()["code"] == "conflict.invalid_state"
    done = (await table.act("complete", made)).json()["data"]
    assert (done["status"], done["completed_at"] is not None) == ("completed", True)
    names = [name for name, _ in await outbox(table.api)]
    assert names[-3:] == ["deal.participant_invited", "deal.participant_accepted", "deal.participant_completed"]
    gone = await table.api.delete(f"/deal-participants?deal_id={table.deal_id}&id={made['id']}")
    assert gone.status_code == 409, "what is completed stays"


async def test_a_participant_can_change_and_leave_while_the_deal_is_open(table: Table, outbox: Any) -> None:
    made = await table.seat("agent_xyz", 25)
    path = f"/deal-participants?deal_id={table.deal_id}&id={made['id']}"
    changed = await table.api.data("PATCH", path, json={"revenue_share": 30, "scope": ["deals:read"]})
    assert (changed["revenue_share"], changed["scope"], changed["status"]) == (30.0, ["deals:read"], "accepted")
    assert (await table.api.patch(path, {"revenue_share": 31}, version=1)).status_code == 412
    left = (await table.api.delete(path)).json()["data"]
    assert left["status"] == "withdrawn"
    assert (await outbox(table.api))[-1][0] == "deal.participant_withdrawn"
    assert (await table.api.patch(path, {"revenue_share": 5})).status_code == 409
    assert (await table.invite("agent_xyz", 100)).status_code == 201, "whoever left can be asked again"
    listed = await table.api.data("GET", f"/deal-participants?deal_id={table.deal_id}")
    assert [each["status"] for each in listed["participants"]] == ["withdrawn", "invited"]
    assert listed["total_share"] == 100.0


async def test_participants_are_fixed_once_the_deal_goes_out(table: Table) -> None:
    made = await table.seat("agent_xyz", 25)
    await table.api.data("POST", f"/deals?id={table.deal_id}&action=transition&status=pending_signature")
    path = f"/deal-participants?deal_id={table.deal_id}&id={made['id']}"
    answers = [
        await table.invite("agent_new", 5),
        await table.api.patch(path, {"revenue_share": 5}),
        await table.api.delete(path),
    ]
    assert {each.status_code for each in answers} == {409}
    assert {each.json()["code"] for each in answers} == {"conflict.invalid_state"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"role": "co_agent"}, 400),
        ({"role": "boss", "agent_id": "a"}, 400),
        ({"agent_id": "a"}, 400),
        ({"role": "co_agent", "agent_id": "a", "revenue_share": 101}, 400),
        ({"role": "co_agent", "agent_id": "a", "revenue_share": -1}, 400),
        ({"role": "co_agent", "agent_id": "a", "revenue_share": True}, 400),
        ({"role": "co_agent", "agent_id": "a", "user_id": "user_x"}, 400),
        ({"role": "co_agent", "agent_id": "a", "scope": ["everything"]}, 400),
        ({"role": "co_agent", "user_id": "user_unknown"}, 404),
    ],
)
async def test_bad_invitations(table: Table, body: dict[str, Any], status: int) -> None:
    response = await table.api.post(f"/deal-participants?deal_id={table.deal_id}", body)
    assert response.status_code == status, response.text


async def test_nobody_takes_part_twice_and_one_leads(table: Table) -> None:
    assert (await table.invite("agent_1", 10, "primary_agent")).status_code == 201
    for response in (await table.invite("agent_1"), await table.invite("agent_2", role="primary_agent")):
        assert (response.status_code, response.json()["code"]) == (409, "conflict.duplicate")
    second = (await table.invite("agent_2")).json()["data"]
    path = f"/deal-participants?deal_id={table.deal_id}&id={second['id']}"
    assert (await table.api.patch(path, {"role": "primary_agent"})).status_code == 409


async def test_shares_never_exceed_the_whole_whoever_asks_at_once(table: Table) -> None:
    answers = await asyncio.gather(*(table.invite(f"agent_{number}", 30) for number in range(8)))
    assert Counter(each.status_code for each in answers) == {201: 3, 409: 5}
    rows = (await table.api.data("GET", f"/deal-participants?deal_id={table.deal_id}"))["participants"]
    paths = [f"/deal-participants?deal_id={table.deal_id}&id={row['id']}" for row in rows]
    changed = await asyncio.gather(*(table.api.patch(path, {"revenue_share": 40}) for path in paths))
    assert Counter(each.status_code for each in changed) == {200: 1, 409: 2}
    listed = await table.api.data("GET", f"/deal-participants?deal_id={table.deal_id}")
    assert listed["total_share"] == 100.0


# --- who speaks for whom


async def test_an_agent_speaks_for_itself_only(table: Table, workspace: Workspace) -> None:
    agent = await workspace.key(is_agent=True)
    stranger = await workspace.key(is_agent=True)
    made = (await table.invite(agent.key_id, 10)).json()["data"]
    refused = await table.act("accept", made, stranger)
    assert (refused.status_code, refused.json()["code"]) == (403, "authorization_error.forbidden")
    assert (await table.act("accept", None, stranger)).status_code == 404
    assert (await table.act("accept", None, agent)).json()["data"]["id"] == made["id"], "its own, without naming it"
    raised = f"/deal-participants?deal_id={table.deal_id}&id={made['id']}"
    assert (await agent.patch(raised, {"revenue_share": 90})).status_code == 403
    assert (await stranger.delete(raised)).status_code == 403
    assert (await agent.delete(raised)).status_code == 200


async def test_a_person_speaks_for_themselves(table: Table, workspace: Workspace, sign_in: SignIn) -> None:
    jane, joe = await sign_in("member", workspace), await sign_in("member", workspace)
    admin = await sign_in("admin", workspace)
    body = {"user_id": jane.user_id, "role": "co_agent", "revenue_share": 10}
    made = await table.api.data("POST", f"/deal-participants?deal_id={table.deal_id}", json=body)
    assert (await table.act("accept", made, joe)).status_code == 403
    assert (await table.act("accept", None, jane)).status_code == 200
    assert (await table.act("complete", made, admin)).status_code == 200


async def test_a_stranger_is_not_invited(table: Table, sign_in: SignIn) -> None:
    elsewhere = await sign_in("member")
    body = {"user_id": elsewhere.user_id, "role": "observer"}
    response = await table.api.post(f"/deal-participants?deal_id={table.deal_id}", body)
    assert response.status_code == 404


async def test_nobody_grants_what_they_do_not_hold(table: Table, workspace: Workspace) -> None:
    narrow = await workspace.key(scopes=["deals:read", "deals:write"])
    path = f"/deal-participants?deal_id={table.deal_id}"
    body = {"agent_id": "agent_1", "role": "co_agent", "scope": ["customers:read"]}
    assert (await narrow.post(path, body)).status_code == 403
    made = await narrow.data("POST", path, json={**body, "scope": ["deals:read"]}, expect=201)
    assert (await narrow.patch(f"{path}&id={made['id']}", {"scope": ["*"]})).status_code == 403


async def test_a_participant_of_another_deal_is_not_found(table: Table) -> None:
    made = (await table.invite("agent_1")).json()["data"]
    other = await table.api.data("POST", "/deals", json={})
    path = f"/deal-participants?deal_id={other['id']}&id={made['id']}"
    assert (await table.api.post(f"{path}&action=accept")).status_code == 404
    assert (await table.api.delete(path)).status_code == 404


# --- fulfilled


async def test_a_closed_deal_is_fulfilled_when_all_have_completed(table: Table, outbox: Any) -> None:
    first, second = await table.seat("agent_1", 10), await table.seat("agent_2", 5)
    await table.seat("agent_3", role="observer")
    await table.invite("agent_4")
    await table.act("complete", first)
    await table.close()
    assert (await table.deal())["fulfilled_at"] is None
    await table.act("complete", second)
    assert (await table.deal())["fulfilled_at"] is not None
    assert Counter(name for name, _ in await outbox(table.api))["deal.fulfilled"] == 1


async def test_what_was_completed_before_counts_at_the_end(table: Table, outbox: Any) -> None:
    await table.act("complete", await table.seat("agent_1"))
    await table.close()
    assert Counter(name for name, _ in await outbox(table.api))["deal.fulfilled"] == 1


async def test_fulfilled_by_hand_once(table: Table, outbox: Any) -> None:
    path = f"/deals?id={table.deal_id}&action=fulfill"
    assert (await table.api.post(path)).status_code == 409
    await table.close()
    first = await table.api.data("POST", path)
    assert await table.api.data("POST", path) == first
    assert Counter(name for name, _ in await outbox(table.api))["deal.fulfilled"] == 1


async def test_a_deal_with_participants_is_kept(table: Table, api: Client) -> None:
    await table.invite("agent_1")
    for expected in (200, 409):
        response = await api.delete(f"/deals?id={table.deal_id}", version="*")
        assert response.status_code == expected


async def test_a_person_who_is_invited_is_told_by_mail(table: Table, workspace: Workspace, sign_in: SignIn) -> None:
    jane = await sign_in("member", workspace)
    body = {"user_id": jane.user_id, "role": "co_agent"}
    await table.api.data("POST", f"/deal-participants?deal_id={table.deal_id}", json=body)
    await table.work()
    tenant = ids.decode("tenant", table.api.tenant_id)
    assert tenant is not None
    async with table.services.pipeline.within(tenant, livemode=False) as ctx:
        rows = await ctx.tx.connection.fetch("SELECT * FROM messages WHERE kind = 'participant_invitation'")
        [content] = [await queue.content_of(ctx, row) for row in rows]
    assert content is not None
    assert content.to == jane.email
    assert table.deal_id in content.text
