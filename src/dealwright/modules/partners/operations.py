"""Who takes part in a deal (Salesbooth API, Deal Participants)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dealwright.kernel import clock, ids
from dealwright.kernel.access.principals import Principal, grants
from dealwright.kernel.context import Context, on
from dealwright.kernel.errors import Conflict, Duplicate, Forbidden, NotFound
from dealwright.kernel.ledger.ledger import Event
from dealwright.kernel.operations import Reply, operation
from dealwright.kernel.resources import Row
from dealwright.kernel.store.database import Record
from dealwright.modules.deals import records as deals
from dealwright.modules.deals import service as deal_service
from dealwright.modules.partners import records, rules
from dealwright.modules.partners.models import (
    FulfillDeal,
    FulfilledView,
    Invitation,
    OwnParticipation,
    ParticipantList,
    ParticipantPatch,
    ParticipantRef,
    ParticipantsView,
    ParticipantView,
)


@operation(
    "deal_participants.list",
    "GET",
    "/deal-participants",
    scope="deals:read",
    result=ParticipantsView,
    errors=(NotFound,),
    tool=("list_deal_participants", "deals"),
    resource="deal_participant",
)
async def list_participants(ctx: Context, params: ParticipantList) -> Reply:
    """List the participants of a deal, also those who have withdrawn."""
    deal = await deals.get(ctx, params.deal_id)
    rows = await records.of_deal(ctx, deal["id"])
    return Reply(
        {
            "deal_id": params.deal_id,
            "participants": await ctx.wire(records.resource, rows),
            "total_share": float(records.total_share(rows)),
        }
    )


def _require_changeable(deal: Row) -> None:
    if deal["status"] not in rules.CHANGEABLE_DEALS:
        raise Conflict(
            f"The participants of a deal that is {deal['status']} no longer change",
            details={"current_status": deal["status"], "allowed": sorted(rules.CHANGEABLE_DEALS)},
        )


def _require_room(rows: list[Record], share: Decimal, besides: Any = None) -> None:
    """Raises Duplicate unless the shares of a locked deal, with this one, stay within 100 %."""
    others = records.total_share([row for row in rows if row["id"] != besides])
    if others + share > rules.WHOLE:
        free = rules.WHOLE - others
        raise Duplicate(f"The shares of this deal would exceed 100 %; {free:f} % is free")


def _require_held(principal: Principal, scopes: list[str]) -> None:
    """Raises Forbidden for a scope that the inviter does not hold."""
    for scope in scopes:
        if not grants(principal.scopes, scope):
            raise Forbidden(f"You cannot grant {scope}, which you do not hold", details={"scope": scope})


async def _reply(ctx: Context, row: Row) -> Reply:
    return Reply(await ctx.wire_one(records.resource, row), row["version"])


@operation(
    "deal_participants.invite",
    "POST",
    "/deal-participants",
    scope="deals:write",
    result=ParticipantView,
    status=201,
    events=("deal.participant_invited",),
    errors=(NotFound, Conflict, Forbidden),
    tool=("invite_deal_participant", "deals"),
    resource="deal_participant",
)
async def invite(ctx: Context, params: Invitation) -> Reply:
    """Invite an agent or a person to a deal with a role, a share of its revenue and a scope.

    The shares of a deal together are at most 100 %; a scope can only be granted by who holds it.
    """
    deal = await deals.lock(ctx, params.deal_id)
    _require_changeable(deal)
    _require_held(ctx.principal, params.scope)
    if params.user_id is not None and not await records.is_member(ctx, params.user_id):
        raise NotFound
    _require_room(await records.of_deal(ctx, deal["id"]), params.revenue_share)
    row = await records.resource.insert(
        ctx.tx,
        {
            **params.model_dump(exclude={"deal_id"}),
            "id": ids.uuid7(),
            "deal_id": deal["id"],
            "status": "invited",
            "version": 1,
            "created_at": ctx.now,
            "updated_at": ctx.now,
        },
    )
    ctx.record(records.resource, row, "deal_participant.invited")
    data = {"agent_id": row["agent_id"], "user_id": row["user_id"], "revenue_share": float(row["revenue_share"])}
    _announce(ctx, row, "deal.participant_invited", data)
    return await _reply(ctx, row)


def _announce(ctx: Context, row: Row, event: str, data: dict[str, Any]) -> None:
    """An event about a participant; it belongs to the deal."""
    deal_id = deals.resource.wire_id(row["deal_id"])
    facts = {"deal_id": deal_id, "participant_id": records.resource.wire_id(row["id"]), "role": row["role"]}
    ctx.announce(event, deals.resource, row["deal_id"], {**facts, **data})


def _is(principal: Principal, row: Row) -> bool:
    return principal.key_id in (row["agent_id"], row["user_id"])


def _require_speaker(principal: Principal, row: Row) -> None:
    """Raises Forbidden unless the caller is this participant or may speak for everybody in the workspace.

    Agents and people speak for themselves; the workspace's own keys, its owner and its admins for all.
    """
    manages = principal.role in ("owner", "admin") if principal.kind == "session" else not principal.is_agent
    if not _is(principal, row) and not manages:
        raise Forbidden("Only the participant itself may do that")


async def _own(ctx: Context, params: OwnParticipation) -> tuple[Record, Record]:
    """The deal and the participation that a call is about, both held. Raises NotFound and Forbidden."""
    deal = await deals.lock(ctx, params.deal_id)
    if params.id is not None:
        row = await records.lock(ctx, deal, params.id)
    else:
        mine = [each for each in await records.of_deal(ctx, deal["id"]) if _is(ctx.principal, each)]
        if not mine:
            raise NotFound("You do not take part in this deal")
        row = await records.lock(ctx, deal, records.resource.wire_id(mine[-1]["id"]))
    _require_speaker(ctx.principal, row)
    if deal["status"] in ("cancelled", "expired"):
        raise Conflict(f"The deal is {deal['status']}")
    return deal, row


async def _move(ctx: Context, row: Record, target: rules.Status, at: str) -> Record:
    """Take a participant to another status. Raises Conflict where the machine has no such move."""
    if rules.MACHINE.move(row["status"], target) is None:
        raise Conflict(
            f"A participant who is {row['status']} cannot become {target}",
            details={"current_status": row["status"], "requested_status": target},
        )
    written = await records.resource.change(ctx.tx, row, {"status": target, at: ctx.now}, ctx.now)
    ctx.record(records.resource, written, f"deal_participant.{target}", before=row)
    _announce(ctx, written, f"deal.participant_{target}", {at: clock.iso(ctx.now)})
    return written


@operation(
    "deal_participants.accept",
    "POST",
    "/deal-participants",
    action="accept",
    scope="deals:write",
    result=ParticipantView,
    events=("deal.participant_accepted",),
    errors=(NotFound, Conflict, Forbidden),
    tool=("accept_deal_participation", "deals"),
    resource="deal_participant",
)
async def accept(ctx: Context, params: OwnParticipation) -> Reply:
    """Accept an invitation, as the invited agent or person or on behalf of the whole workspace."""
    deal, row = await _own(ctx, params)
    if deal["status"] == "closed":
        raise Conflict("The deal is closed")
    return await _reply(ctx, await _move(ctx, row, "accepted", "accepted_at"))


@operation(
    "deal_participants.complete",
    "POST",
    "/deal-participants",
    action="complete",
    scope="deals:write",
    result=ParticipantView,
    events=("deal.participant_completed", "deal.fulfilled"),
    errors=(NotFound, Conflict, Forbidden),
    tool=("complete_deal_participation", "deals"),
    resource="deal_participant",
)
async def complete(ctx: Context, params: OwnParticipation) -> Reply:
    """Report that a participant has done its part. When all have, and the deal is closed, the deal is fulfilled."""
    _, row = await _own(ctx, params)
    return await _reply(ctx, await _move(ctx, row, "completed", "completed_at"))


@operation(
    "deal_participants.update",
    "PATCH",
    "/deal-participants",
    present=("id",),
    scope="deals:write",
    result=ParticipantView,
    errors=(NotFound, Conflict, Forbidden),
    tool=("update_deal_participant", "deals"),
    locking="optional",
    resource="deal_participant",
)
async def update(ctx: Context, params: ParticipantPatch) -> Reply:
    """Change role, share or scope of a participant while the deal is in draft or in progress."""
    deal = await deals.lock(ctx, params.deal_id)
    row = await records.lock(ctx, deal, params.id, ctx.expected_version)
    _require_changeable(deal)
    if row["status"] == "withdrawn":
        raise Conflict("This participant has withdrawn", details={"current_status": row["status"]})
    if ctx.principal.is_agent:
        raise Forbidden("Agents do not change what was agreed with participants")
    changes = params.changes(besides=frozenset({"deal_id", "id"}))
    _require_held(ctx.principal, changes.get("scope", []))
    if "revenue_share" in changes:
        _require_room(await records.of_deal(ctx, deal["id"]), changes["revenue_share"], besides=row["id"])
    if not changes:
        return await _reply(ctx, row)
    written = await records.resource.change(ctx.tx, row, changes, ctx.now)
    ctx.record(records.resource, written, "deal_participant.updated", before=row)
    return await _reply(ctx, written)


@operation(
    "deal_participants.remove",
    "DELETE",
    "/deal-participants",
    present=("id",),
    scope="deals:write",
    result=ParticipantView,
    events=("deal.participant_withdrawn",),
    errors=(NotFound, Conflict, Forbidden),
    tool=("remove_deal_participant", "deals"),
    locking="optional",
    resource="deal_participant",
)
async def remove(ctx: Context, params: ParticipantRef) -> Reply:
    """Remove a participant, or withdraw, while the deal is in draft or in progress."""
    deal = await deals.lock(ctx, params.deal_id)
    row = await records.lock(ctx, deal, params.id, ctx.expected_version)
    _require_speaker(ctx.principal, row)
    _require_changeable(deal)
    return await _reply(ctx, await _move(ctx, row, "withdrawn", "withdrawn_at"))


@operation(
    "deals.fulfill",
    "POST",
    "/deals",
    action="fulfill",
    present=("id",),
    scope="deals:write",
    result=FulfilledView,
    events=("deal.fulfilled",),
    errors=(NotFound, Conflict),
    tool=("fulfill_deal", "deals"),
    locking="optional",
    resource="deal",
)
async def fulfill(ctx: Context, params: FulfillDeal) -> Reply:
    """Note that all a closed deal promised was delivered (ours); a second time changes nothing."""
    deal = await deals.lock(ctx, params.id, ctx.expected_version)
    written = await deal_service.fulfill(ctx, deal)
    answer = {"deal_id": params.id, "fulfilled_at": clock.iso(written["fulfilled_at"]), "version": written["version"]}
    return Reply(answer, written["version"])


@on("deal.participant_completed")
@on("deal.closed")
async def _perhaps_fulfilled(ctx: Context, event: Event) -> None:
    """A closed deal is fulfilled when every participant has completed."""
    key = deals.resource.key(event.entity_id)
    if not rules.all_done(await records.of_deal(ctx, key)):
        return
    deal = await deals.lock(ctx, event.entity_id)
    if deal["status"] == "closed":
        await deal_service.fulfill(ctx, deal)
