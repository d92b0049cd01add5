"""Who earns from a deal, and money that is held for it: participants, settlements and escrow."""

from __future__ import annotations

from typing import Any, Final, get_args

from starlette.responses import Response

from dealwright.modules.escrow.rules import LIVE
from dealwright.modules.partners.rules import CHANGEABLE_DEALS, Role
from dealwright.surfaces.desk import words
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.visit import Visit, wrong_field

ROLES: Final = [(role, words.title(role)) for role in get_args(Role)]
_CONDITIONS: Final = 3


def _here(visit: Visit) -> str:
    return f"/deals/{visit.path['id']}/parties"


@page("/deals/{id}/parties")
async def show(visit: Visit) -> Response:
    deal_id = visit.path["id"]
    found = await visit.together(
        deal=("deals.get", {"id": deal_id}),
        taking_part=("deal_participants.list", {"deal_id": deal_id}),
        split=("deal_participants.settlements", {"deal_id": deal_id}),
        team=("team.list", {}),
    )
    held = await visit.find("deals.get_escrow", id=deal_id)
    escrow = held["escrow"] if held else None
    members = [each for each in (found.pop("team") or {"members": []})["members"] if each["status"] == "active"]
    people = [(each["user_id"], each["name"] or each["email"]) for each in members]
    ended = found["deal"]["status"] in ("closed", "cancelled", "expired")
    return visit.show(
        "deal_parties.html",
        escrow=escrow,
        held=escrow is not None and escrow["status"] in LIVE,
        ready=escrow is not None and all(each["fulfilled"] for each in escrow["conditions"]),
        changeable=found["deal"]["status"] in CHANGEABLE_DEALS,
        ended=ended,
        people=people,
        names=dict(people),
        roles=ROLES,
        conditions=_CONDITIONS,
        **found,
    )


# --- escrow


@action("/deals/{id}/escrow", again=show)
async def hold(visit: Visit) -> Response:
    wanted = [visit.form.get(f"conditions.{at}.type") for at in range(_CONDITIONS)]
    arguments: dict[str, Any] = {
        "id": visit.path["id"],
        "conditions": [{"type": each} for each in wanted if each],
    }
    if visit.form.get("payment_method"):
        arguments["payment_method"] = visit.form.get("payment_method")
    await visit.write("deals.create_escrow", arguments)
    return visit.go(_here(visit), "The money is held")


@action("/deals/{id}/escrow/condition", again=show)
async def meet_condition(visit: Visit) -> Response:
    arguments = {"id": visit.path["id"], "condition_id": visit.form.get("condition_id")}
    await visit.write("deals.fulfill_condition", arguments)
    return visit.go(_here(visit), "Noted as met")


@action("/deals/{id}/escrow/release", again=show)
async def release(visit: Visit) -> Response:
    visit.confirm(
        "Release the money?",
        "It is taken from the buyer and the deal closes. That cannot be undone.",
        "Release",
        _here(visit),
    )
    await visit.write("deals.release_escrow", {"id": visit.path["id"]})
    return visit.go(_here(visit), "The money was released")


@action("/deals/{id}/escrow/refund", again=show)
async def refund(visit: Visit) -> Response:
    visit.confirm(
        "Let go of the money?", "It goes back to the buyer; the deal stays as it is.", "Let it go", _here(visit)
    )
    await visit.write("deals.refund_escrow", {"id": visit.path["id"]})
    return visit.go(_here(visit), "The money went back")


# --- participants


@action("/deals/{id}/participants", again=show)
async def invite(visit: Visit) -> Response:
    person, agent = visit.form.get("user_id"), visit.form.get("agent_id")
    if bool(person) == bool(agent):
        raise wrong_field("agent_id", "Choose a person of the team, or name an agent")
    who = {"user_id": person} if person else {"agent_id": agent}
    arguments = visit.arguments("deal_participants.invite", ("role", "revenue_share"))
    await visit.write("deal_participants.invite", {"deal_id": visit.path["id"], **who, **arguments})
    return visit.go(_here(visit), "Invited")


@action("/deals/{id}/participants/{participant}/accept", again=show)
async def accept(visit: Visit) -> Response:
    await visit.write("deal_participants.accept", _participant(visit))
    return visit.go(_here(visit), "Accepted")


@action("/deals/{id}/participants/{participant}/remove", again=show)
async def remove(visit: Visit) -> Response:
    visit.confirm("Remove this participant?", "They lose their share of this deal.", "Remove", _here(visit))
    await visit.write("deal_participants.remove", _participant(visit), visit.form.get("version"))
    return visit.go(_here(visit), "Removed")


def _participant(visit: Visit) -> dict[str, str]:
    return {"deal_id": visit.path["id"], "id": visit.path["participant"]}
