"""One sample record of every resource, and what a call about it needs: where a new module makes itself known to the
generic tests.

A module adds a factory under the name of its operations' group (``deals`` for ``deals.get``), an entry in
``REFERENCES`` for each parameter that names one of its records from elsewhere, and in ``ARGUMENTS`` what an operation
needs beyond the required members of its input.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from dealwright.kernel import ids
from dealwright.kernel.operations import Operation
from tests.conftest import Client
from tests.contract.calling import example

Sample = Callable[[Client], Awaitable[str]]
Arguments = Callable[[Client, str], Awaitable[dict[str, Any]]]

SAMPLES: dict[str, Sample] = {}
"""By group: makes a record in the caller's workspace and answers its id."""

ARGUMENTS: dict[str, Arguments] = {}
"""By operation id: what a valid call about the given record carries."""

WORKSPACE_WIDE = {"team"}
"""Groups whose records are the workspace's in both modes."""

TEST_MODE_ONLY = {"payment_intents"}
"""Groups whose records need an outside account in live mode."""

REFERENCES: dict[str, str] = {
    "customer_id": "customers",
    "signer_customer_id": "customers",
    "product_id": "products",
    "deal_id": "deals",
    "contract_id": "contracts",
    "payment_intent_id": "payment_intents",
    "webhook_id": "webhooks",
    "rule_id": "notification_rules",
    "entity_id": "customers",
    "membership_id": "team",
    "template_id": "deal_templates",
    "job_id": "queue",
    "import_id": "import",
}
"""By parameter: the group whose record it names."""

UNTRACED = {"webhooks.cleanup", "activity.mark_read", "activity.mark_all_read"}
"""Operations that are sent like a write and change no record, so that the audit trail has nothing to say of them."""

SUBJECTS: dict[str, str] = {"webhooks.event": "event_log"}
"""By operation id: the group whose record ``id`` names, where it is not the operation's own."""

NOT_REFERENCES = {
    *("id", "item_id", "condition_id", "signer_id", "delivery_id", "tenant_id", "last_event_id"),
    *("family_id", "saved_config_id", "agent_id", "user_id"),
}
"""Parameters that are covered by ``id``, that name something inside the record that ``id`` names, or what is public."""


def sample(group: str) -> Callable[[Sample], Sample]:
    def register(factory: Sample) -> Sample:
        SAMPLES[group] = factory
        return factory

    return register


def arguments_for(*operation_ids: str) -> Callable[[Arguments], Arguments]:
    def register(build: Arguments) -> Arguments:
        ARGUMENTS.update(dict.fromkeys(operation_ids, build))
        return build

    return register


def subject(operation: Operation) -> str:
    """The group whose record the operation's ``id`` names."""
    return SUBJECTS.get(operation.id, operation.group)


async def arguments(operation: Operation, owner: Client, record: str) -> dict[str, Any]:
    """A valid call by the record's owner."""
    found = example(operation)
    if "id" in operation.input.model_fields:
        found["id"] = record
    if operation.id in ARGUMENTS:
        found |= await ARGUMENTS[operation.id](owner, record)
    return found


@sample("customers")
async def customer(api: Client) -> str:
    json = {"name": "Jane Smith", "email": f"{uuid.uuid4().hex}@example.com"}
    return str((await api.data("POST", "/customers", json=json))["id"])


@sample("products")
async def product(api: Client) -> str:
    return str((await api.data("POST", "/products", json={"name": "Pro Plan", "price": 99}))["id"])


@sample("deals")
async def deal(api: Client) -> str:
    json = {"customer_id": await customer(api), "title": "Pro Plan", "currency": "USD"}
    return str((await api.data("POST", "/deals", json=json))["id"])


async def _with_item(api: Client, deal_id: str) -> str:
    json = {"product_id": await product(api), "quantity": 1}
    changed = await api.data("POST", f"/deals?id={deal_id}&action=add_item", json=json)
    return str(changed["line_items"][0]["id"])


@arguments_for("deals.add_item")
async def _new_item(api: Client, deal_id: str) -> dict[str, Any]:
    return {"product_id": await product(api), "quantity": 1}


@arguments_for("deals.update_item", "deals.remove_item")
async def _item(api: Client, deal_id: str) -> dict[str, Any]:
    return {"item_id": await _with_item(api, deal_id)}


@sample("payment_intents")
async def _payment_intent(api: Client) -> str:
    deal_id = str((await api.data("POST", "/deals", json={"status": "in_progress"}))["id"])
    await _with_item(api, deal_id)
    made = await api.data("POST", "/payments?action=create-intent", json={"deal_id": deal_id})
    return str(made["payment_intent_id"])


@sample("team")
async def membership(api: Client) -> str:
    json = {"email": f"{uuid.uuid4().hex}@example.com", "role": "member"}
    return str((await api.data("POST", "/team", json=json))["id"])


@arguments_for("team.update_role")
async def _own_member(api: Client, _: str) -> dict[str, Any]:
    return {"membership_id": await membership(api), "role": "viewer"}


@sample("webhooks")
async def webhook(api: Client) -> str:
    """It subscribes to what no test makes happen, at a name that never resolves (RFC 2606)."""
    json = {"url": "https://receiver.invalid/hook", "events": ["deal.expired"]}
    return str((await api.data("POST", "/webhooks", json=json))["id"])


@sample("event_log")
async def event(api: Client) -> str:
    await customer(api)
    newest = (await api.data("GET", "/activity?limit=1"))["activities"][0]
    return ids.encode("evt", ids.decode("act", newest["id"]) or uuid.UUID(int=0))


@arguments_for("webhooks.create")
async def _new_webhook(api: Client, _: str) -> dict[str, Any]:
    return {"url": "https://receiver.invalid/hook", "events": ["deal.expired"]}


@arguments_for("audit.list", "audit.verify", "audit.export")
async def _about_a_customer(api: Client, _: str) -> dict[str, Any]:
    return {"entity_type": "customer"}


@arguments_for("deals.update", "products.update", "deal_templates.update")
async def _new_description(api: Client, _: str) -> dict[str, Any]:
    return {"description": "changed"}


@arguments_for("batch.execute")
async def _one_step(api: Client, _: str) -> dict[str, Any]:
    return {"operations": [{"method": "POST", "resource": "customers", "body": {"name": "Jane Smith"}}]}


@arguments_for("deals.sign")
async def _out_for_signature(api: Client, deal_id: str) -> dict[str, Any]:
    await _with_item(api, deal_id)
    for status in ("in_progress", "pending_signature"):
        await api.data("POST", f"/deals?id={deal_id}&action=transition&status={status}")
    return {}


@arguments_for("deals.revoke_credential")
async def _attested(api: Client, deal_id: str) -> dict[str, Any]:
    await _out_for_signature(api, deal_id)
    for status in ("pending_payment", "closed"):
        await api.data("POST", f"/deals?id={deal_id}&action=transition&status={status}")
    await api.data("GET", f"/deals?id={deal_id}&action=credential")
    return {}


@sample("queue")
async def failed_job(api: Client) -> str:
    """A job that came to a bad end, as only a worker leaves it behind: written where the worker writes."""
    key, tenant = ids.uuid7(), ids.decode("tenant", api.tenant_id)
    assert tenant is not None
    assert api.database is not None
    async with api.database.transaction(tenant, api.livemode) as tx:
        await tx.connection.execute(
            "INSERT INTO jobs (tenant_id, livemode, id, type, status, arguments, attempts, max_attempts, runs, lost,"
            " last_error, created_at, finished_at)"
            " VALUES ($1, $2, $3, 'sample', 'dead_letter', '{}', 3, 3, 3, 0, 'timeout', now(), now())",
            tenant, api.livemode, key,
        )  # fmt: skip
    return ids.encode("job", key)


@sample("contracts")
async def contract(api: Client, **members: Any) -> str:
    today = datetime.now(UTC).date()
    json = {
        "customer_id": await customer(api),
        "title": "Annual Support Agreement",
        "value": 12000,
        "start_date": today.isoformat(),
        "end_date": (today + timedelta(days=365)).isoformat(),
        "renewal_type": "auto",
        **members,
    }
    return str((await api.data("POST", "/contracts", json=json))["id"])


@arguments_for("contracts.create")
async def _from_own_deal(api: Client, _: str) -> dict[str, Any]:
    return {"deal_id": await deal(api), "title": "Annual Support Agreement"}


@arguments_for("contracts.update")
async def _new_notes(api: Client, _: str) -> dict[str, Any]:
    return {"notes": "changed"}


@arguments_for("contracts.activate", "contracts.terminate", "contracts.opt_out_renewal")
async def _signed(api: Client, contract_id: str) -> dict[str, Any]:
    await api.data("POST", f"/contracts?id={contract_id}&action=sign")
    return {}


@arguments_for("contracts.renew")
async def _in_force(api: Client, contract_id: str) -> dict[str, Any]:
    await _signed(api, contract_id)
    await api.data("POST", f"/contracts?id={contract_id}&action=activate")
    return {}


@sample("notification_rules")
async def notification_rule(api: Client) -> str:
    """It waits for what no test makes happen."""
    json = {"event_type": "deal.expired", "channel": "in_app"}
    return str((await api.data("POST", "/activity?action=create_rule", json=json))["id"])


@arguments_for("activity.update_rule", "activity.delete_rule")
async def _own_rule(api: Client, _: str) -> dict[str, Any]:
    return {"rule_id": await notification_rule(api)}


@arguments_for("activity.update_preferences")
async def _a_switch(api: Client, _: str) -> dict[str, Any]:
    return {"deal.expired": {"in_app": True}}


@arguments_for("activity.mark_read")
async def _a_notification(api: Client, _: str) -> dict[str, Any]:
    return {"notification_ids": ["notif_unknown"]}


@arguments_for("deal_notifications.send")
async def _own_deal(api: Client, _: str) -> dict[str, Any]:
    return {"deal_id": await deal(api)}


@arguments_for("deal_notifications.get", "deal_notifications.set_preferences")
async def _own_customer(api: Client, _: str) -> dict[str, Any]:
    return {"customer_id": await customer(api)}


@sample("deal_templates")
async def deal_template(api: Client) -> str:
    json = {"name": "Starter pack", "line_items": [{"product_id": await product(api)}]}
    return str((await api.data("POST", "/deal-templates", json=json))["id"])


@arguments_for("deals.partial_accept")
async def _one_accepted(api: Client, deal_id: str) -> dict[str, Any]:
    item = await _with_item(api, deal_id)
    await api.data("POST", f"/deals?id={deal_id}&action=transition&status=in_progress")
    return {"accepted_items": [item]}


@arguments_for("test_clock.advance", "test_clock.remove")
async def _with_a_clock(api: Client, _: str) -> dict[str, Any]:
    await api.post("/test-clock", {})
    return {"days": 1}


_INVITED_TO: dict[str, str] = {}
"""By participant: its deal."""


@sample("deal_participants")
async def participant(api: Client) -> str:
    deal_id = await deal(api)
    json = {"agent_id": f"agent_{uuid.uuid4().hex}", "role": "co_agent", "revenue_share": 25, "scope": ["deals:read"]}
    made = await api.data("POST", f"/deal-participants?deal_id={deal_id}", json=json)
    _INVITED_TO[made["id"]] = deal_id
    return str(made["id"])


@arguments_for("deal_participants.accept", "deal_participants.remove")
async def _invited(_: Client, participant_id: str) -> dict[str, Any]:
    return {"deal_id": _INVITED_TO[participant_id]}


@arguments_for("deal_participants.update")
async def _another_share(_: Client, participant_id: str) -> dict[str, Any]:
    return {"deal_id": _INVITED_TO[participant_id], "revenue_share": 30}


@arguments_for("deal_participants.complete")
async def _accepted(api: Client, participant_id: str) -> dict[str, Any]:
    deal_id = _INVITED_TO[participant_id]
    await api.data("POST", f"/deal-participants?deal_id={deal_id}&id={participant_id}&action=accept")
    return {"deal_id": deal_id}


@arguments_for("deal_participants.invite")
async def _somebody(api: Client, _: str) -> dict[str, Any]:
    return {"deal_id": await deal(api), "agent_id": "agent_new"}


@arguments_for("deal_participants.list", "deal_participants.settlements")
async def _deal_with_participants(api: Client, _: str) -> dict[str, Any]:
    return {"deal_id": await deal(api)}


async def _in_escrow(api: Client, deal_id: str) -> dict[str, Any]:
    await _with_item(api, deal_id)
    await api.data("POST", f"/deals?id={deal_id}&action=transition&status=in_progress")
    body = {"conditions": [{"type": "delivery"}]}
    made = await api.data("POST", f"/deals?id={deal_id}&action=escrow", json=body)
    return {"condition_id": made["conditions"][0]["condition_id"]}


@arguments_for("deals.create_escrow")
async def _conditions(api: Client, deal_id: str) -> dict[str, Any]:
    await _with_item(api, deal_id)
    await api.data("POST", f"/deals?id={deal_id}&action=transition&status=in_progress")
    return {"conditions": [{"type": "delivery"}]}


@arguments_for("deals.get_escrow", "deals.refund_escrow")
async def _held(api: Client, deal_id: str) -> dict[str, Any]:
    await _in_escrow(api, deal_id)
    return {}


@arguments_for("deals.fulfill_condition")
async def _open_condition(api: Client, deal_id: str) -> dict[str, Any]:
    return await _in_escrow(api, deal_id)


@arguments_for("deals.release_escrow")
async def _releasable(api: Client, deal_id: str) -> dict[str, Any]:
    condition = await _in_escrow(api, deal_id)
    await api.data("POST", f"/deals?id={deal_id}&action=fulfill_condition", json=condition)
    return {}


_CUSTOMERS_CSV = b"Full Name,Email\nJane Smith,jane.imported@example.com\n"


@sample("import")
async def parsed_import(api: Client) -> str:
    file = {"file": ("customers.csv", _CUSTOMERS_CSV)}
    return str((await api.data("POST", "/import", files=file, data={"entity": "customers"}))["id"])


@arguments_for("import.parse")
async def _csv(_: Client, __: str) -> dict[str, Any]:
    return {"file": _CUSTOMERS_CSV, "entity": "customers"}


@arguments_for("import.validate", "import.execute")
async def _mapped(api: Client, _: str) -> dict[str, Any]:
    return {"import_id": await parsed_import(api), "mapping": {"Full Name": "name", "Email": "email"}}


_PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
"""A GIF of one pixel."""


@arguments_for("uploads.create")
async def _image(_: Client, __: str) -> dict[str, Any]:
    return {"file": _PIXEL}
