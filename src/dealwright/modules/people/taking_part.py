"""People who are asked to take part in a deal are told by e-mail."""

from __future__ import annotations

from pydantic import BaseModel

from dealwright.kernel import ids
from dealwright.kernel.access.keys import workspace_name
from dealwright.kernel.access.sessions import USER_PREFIX
from dealwright.kernel.context import Context, Steps, on
from dealwright.kernel.jobs.jobs import job
from dealwright.kernel.ledger.ledger import Event
from dealwright.modules.deals import records as deals
from dealwright.modules.messages import records as messages
from dealwright.modules.people import mails, records
from dealwright.modules.people.service import People


class Asked(BaseModel):
    deal_id: str
    user_id: str


@on("deal.participant_invited")
async def _enqueue(ctx: Context, event: Event) -> None:
    """Who somebody is, is no workspace's business: a job looks that up."""
    if event.data.get("user_id") is not None:
        await ctx.enqueue(tell, Asked(deal_id=event.data["deal_id"], user_id=event.data["user_id"]))


@job("deal.tell_participant")
async def tell(steps: Steps, arguments: Asked) -> None:
    """Queue the e-mail to a person who was invited to a deal."""
    people, key = steps.providers.get(People), ids.decode(USER_PREFIX, arguments.user_id)
    async with steps.system() as tx:
        found = await records.get(tx, key) if key is not None else None
    if found is None:
        return
    person = records.person_of(people.cipher, found)

    async def queue(ctx: Context) -> None:
        deal = await deals.get(ctx, arguments.deal_id)
        title = (await ctx.wire_one(deals.resource, deal, exclude=("line_items", "pricing")))["title"]
        content = mails.participation(person, str(title), await workspace_name(ctx.tx), arguments.deal_id)
        await messages.queue_email(ctx.tx, ctx.cipher, "participant_invitation", content, ctx.now)

    await steps.run(queue)
