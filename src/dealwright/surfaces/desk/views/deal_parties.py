"""Who else has a part in a deal: its escrow, its participants, and how its money is split among them."""

from __future__ import annotations

from typing import Any, Final, get_args

from starlette.responses import Response

from dealwright.modules.escrow import rules as escrow_rules
from dealwright.modules.partners import rules
from dealwright.modules.payments.rules import CHARGEABLE_DEALS
from dealwright.surfaces.desk import lines
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.visit import Refused, Visit, wrong_field

ROLES: Final = {"primary_agent": "Lead", "co_agent": "Partner", "observer": "Observer"}
REASONS: Final = {
    "manual": "We decided so",
    "condition_failed": "A condition cannot be met",
    "deal_cancelled": "The deal is off",
    "fraud": "Fraud",
    "duplicate": "It was held twice",
}
assert REASONS.keys() == set(get_args(escrow_rules.RefundReason))
assert ROLES.keys() == set(get_args(rules.Role))
_MOVES: Final = {state: {move.target for move in rules.MACHINE.moves_from(state)} for state in rules.STATUSES}
"""Where a participant of each status can go."""
_CONDITIONS: Final = "conditions"
_DAY: Final = 86_400


def _path(visit: Visit) -> str:
    return f"/deals/{visit.path['id']}/parties"


def _id(visit: Visit) -> dict[str, str]:
    return {"id": visit.path["id"]}


@page("/deals/{id}/parties")
async def show(visit: Visit) -> Response:
    deal_id = visit.path["id"]
    found = await visit.together(
        deal=("deals.get", {"id": deal_id}),
        money=("payments.list", {"deal_id": deal_id}),
        partners=("deal_participants.list", {"deal_id": deal_id}),
        shares=("deal_participants.settlements", {"deal_id": deal_id}),
        team=("team.list", {}),
    )
    held = await visit.find("deals.get_escrow", id=deal_id)
    members = found["team"]["members"] if found["team"] is not None else []
    names = {each["user_id"]: each["name"] or each["email"] for each in members if each["user_id"]}
    names.setdefault(visit.principal.key_id, visit.person.name or visit.person.email)
    return visit.show(
        "deal_parties.html",
        names=names,
        roles=ROLES,
        reasons=REASONS,
        escrow=held["escrow"] if held is not None else None,
        waiting=escrow_rules.LIVE,
        chargeable=found["deal"]["status"] in CHARGEABLE_DEALS and found["money"]["amount_due"] > 0,
        changeable=found["deal"]["status"] in rules.CHANGEABLE_DEALS,
        conditions=lines.shown(visit.form, _CONDITIONS, "type", least=2, more=visit.form.get("do") == "more"),
        speaks_for_all=visit.person.role in ("owner", "admin"),
        me=visit.principal.key_id,
        moves=_MOVES,
        **found,
    )


# --- escrow


@action("/deals/{id}/escrow", again=show)
async def hold(visit: Visit) -> Response:
    if visit.form.get("do") == "more":
        return await show(visit)
    numbers = lines.filled(visit.form, _CONDITIONS, "type")
    arguments: dict[str, Any] = {
        **_id(visit),
        _CONDITIONS: [{"type": visit.form.get(f"{_CONDITIONS}.{number}.type")} for number in numbers],
        **{name: text for name in ("amount", "payment_method") if (text := visit.form.get(name))},
    }
    if (days := visit.form.get("expires_in")).isdigit():
        arguments["expires_in"] = int(days) * _DAY
    try:
        made = await visit.write("deals.create_escrow", arguments)
    except Refused as refusal:
        raise Refused(lines.at_their_rows(refusal.problem, _CONDITIONS, numbers)) from None
    held = made["status"] == "held"
    return visit.go(_path(visit), "The money is held" if held else "The buyer has to confirm the payment")


@action("/deals/{id}/escrow/condition", again=show)
async def fulfil(visit: Visit) -> Response:
    who = visit.person.name or visit.person.email
    arguments = {**_id(visit), "condition_id": visit.form.get("condition_id"), "met_by": who}
    found = await visit.write("deals.fulfill_condition", arguments)
    done = "Every condition is met" if found["all_conditions_met"] else "The condition is met"
    return visit.go(_path(visit), done)


@action("/deals/{id}/escrow/release", again=show)
async def release(visit: Visit) -> Response:
    visit.confirm(
        "Release the money?",
        "The money that is held is taken, and the deal is closed with it.",
        "Release it",
        _path(visit),
    )
    await visit.write("deals.release_escrow", _id(visit))
    return visit.go(_path(visit), "The money was released")


@action("/deals/{id}/escrow/refund", again=show)
async def refund(visit: Visit) -> Response:
    visit.confirm(
        "Let go of the money?",
        "The money that is held goes back to the buyer. The deal stays as it is.",
        "Let go of it",
        _path(visit),
    )
    reason = visit.form.get("reason") or "manual"
    await visit.write("deals.refund_escrow", {**_id(visit), "reason": reason})
    return visit.go(_path(visit), "The money went back to the buyer")


# --- participants


def _one(visit: Visit) -> dict[str, str]:
    return {"deal_id": visit.path["id"], "id": visit.path["participant"]}


@action("/deals/{id}/participants", again=show)
async def invite(visit: Visit) -> Response:
    arguments = {"deal_id": visit.path["id"], "role": visit.form.get("role")}
    typed = {name: text for name in ("agent_id", "user_id", "revenue_share") if (text := visit.form.get(name))}
    if ("agent_id" in typed) == ("user_id" in typed):
        raise wrong_field("agent_id", "Choose a person of the team, or name an agent")
    await visit.write("deal_participants.invite", {**arguments, **typed})
    return visit.go(_path(visit), "Invited")


@action("/deals/{id}/participants/{participant}/share", again=show)
async def change(visit: Visit) -> Response:
    arguments = {name: visit.form.get(name) for name in ("role", "revenue_share")}
    await visit.write("deal_participants.update", {**_one(visit), **arguments}, visit.form.get("version"))
    return visit.go(_path(visit), "Saved")


@action("/deals/{id}/participants/{participant}/accept", again=show)
async def accept(visit: Visit) -> Response:
    await visit.write("deal_participants.accept", _one(visit))
    return visit.go(_path(visit), "Accepted")


@action("/deals/{id}/participants/{participant}/complete", again=show)
async def complete(visit: Visit) -> Response:
    await visit.write("deal_participants.complete", _one(visit))
    return visit.go(_path(visit), "Their part is done")


@action("/deals/{id}/participants/{participant}/remove", again=show)
async def remove(visit: Visit) -> Response:
    visit.confirm(
        "Withdraw them from this deal?",
        "Their share goes back to you. Who has withdrawn is invited anew to take part again.",
        "Withdraw",
        _path(visit),
    )
    await visit.write("deal_participants.remove", _one(visit), visit.form.get("version"))
    return visit.go(_path(visit), "Withdrawn")


@action("/deals/{id}/settle", again=show)
async def settle(visit: Visit) -> Response:
    await visit.write("deals.settle", _id(visit))
    return visit.go(_path(visit), "The shares are paid out again")
