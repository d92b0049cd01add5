"""The deliveries in the database: queued with the events, claimed by workers, finished with an outcome.

Deliveries of one entity to one endpoint go out one after the other. Only the first pending one has a time at which it
is due; the next gets its time when that one is finished for good, delivered or dead-lettered. Queuing a delivery locks
its predecessor (FOR SHARE) before it decides to wait for it, and finishing one looks for its successor in a transaction
after its own commit; so either the newcomer sees that the predecessor is done, or the finisher sees the newcomer.
Every statement that locks several rows locks them in the order of their ids.

Such queues change faster than the planner's statistics, so the statements say how they are to be run: one lookup for
each row, by key. ``(status = 'pending') IS TRUE`` keeps the planner from walking a partial index instead.

All times are the database's, as the clocks of several workers differ. Statements on deliveries run in system
transactions, except queuing a replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from dealwright.kernel import ids
from dealwright.kernel.store.database import Transaction
from dealwright.kernel.store.statements import RawStatement
from dealwright.modules.webhooks import rules
from dealwright.modules.webhooks.dialects import Dialects
from dealwright.modules.webhooks.tables import SALESBOOTH

DELIVERIES_DUE: Final = "webhook_deliveries_due"
"""Signal: there are deliveries to make."""
LEASE_SECONDS: Final = 30
"""A worker that took a delivery and says nothing for this long is taken for dead. An attempt, with a second one under
the other secret, ends within twenty seconds."""

Lane = tuple[UUID, bool, UUID]
"""An endpoint by tenant, mode and id: the unit of concurrency."""

_matching = RawStatement(
    f"""
    SELECT event.tenant_id, event.livemode, endpoint.id AS webhook_id, event.id AS event_id
    FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::text[], $5::text[])
         AS event(tenant_id, livemode, id, patterns, dialects)
    JOIN webhook_endpoints AS endpoint
      ON endpoint.tenant_id = event.tenant_id AND endpoint.livemode = event.livemode AND endpoint.status = 'active'
     AND (endpoint.events && string_to_array(event.patterns, ' ')
          OR endpoint.dialect = '{SALESBOOTH}' AND event.id = ANY ($6::uuid[]))
     AND endpoint.dialect = ANY (string_to_array(event.dialects, ' '))
    """,
    ("tenants", "modes", "events", "patterns", "dialects", "everywhere"),
)
_queue = RawStatement(
    """
    WITH fresh AS (
        SELECT *, row_number() OVER (PARTITION BY tenant_id, livemode, webhook_id, entity
                                     ORDER BY position, id) AS place
        FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::text[])
             AS fresh(tenant_id, livemode, id, webhook_id, event_id, position, event_type, entity)
    ), before AS (
        SELECT DISTINCT last.tenant_id, last.livemode, last.id FROM fresh
        CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.livemode, d.id FROM webhook_deliveries d
            WHERE d.tenant_id = fresh.tenant_id AND d.livemode = fresh.livemode AND d.webhook_id = fresh.webhook_id
              AND d.entity = fresh.entity AND d.status = 'pending' AND d.position <= fresh.position
            ORDER BY d.position DESC, d.id DESC LIMIT 1
        ) AS last
        WHERE fresh.place = 1
    ), held AS (
        SELECT d.webhook_id, d.entity FROM (SELECT * FROM before ORDER BY id) AS before
        CROSS JOIN LATERAL (
            SELECT d.webhook_id, d.entity FROM webhook_deliveries d
            WHERE d.tenant_id = before.tenant_id AND d.livemode = before.livemode AND d.id = before.id
              AND (d.status = 'pending') IS TRUE
            FOR SHARE
        ) AS d
    )
    INSERT INTO webhook_deliveries (tenant_id, livemode, id, webhook_id, event_id, position, event_type, entity, status,
                                    replayed, superseded, attempts, claims, next_attempt_at, created_at)
    SELECT tenant_id, livemode, id, webhook_id, event_id, position, event_type, entity, 'pending', $9, false, 0, 0,
           CASE WHEN place = 1 AND NOT EXISTS (SELECT FROM held
                                               WHERE held.webhook_id = fresh.webhook_id AND held.entity = fresh.entity)
                THEN now() END,
           now()
    FROM fresh
    """,
    ("tenants", "modes", "ids", "webhooks", "events", "positions", "types", "entities", "replayed"),
)

# Walks from endpoint to endpoint through the index of what is due, so that a long queue of one costs no more than a
# short one.
_lanes = RawStatement(
    """
    WITH RECURSIVE lane AS (
        (SELECT tenant_id, livemode, webhook_id FROM webhook_deliveries
         WHERE status = 'pending' AND next_attempt_at IS NOT NULL
         ORDER BY tenant_id, livemode, webhook_id LIMIT 1)
        UNION ALL
        SELECT following.* FROM lane CROSS JOIN LATERAL (
            SELECT tenant_id, livemode, webhook_id FROM webhook_deliveries
            WHERE status = 'pending' AND next_attempt_at IS NOT NULL
              AND (tenant_id, livemode, webhook_id) > (lane.tenant_id, lane.livemode, lane.webhook_id)
            ORDER BY tenant_id, livemode, webhook_id LIMIT 1
        ) AS following
    )
    SELECT lane.*, first.due_at, endpoint.circuit_opened_at IS NOT NULL AS open
    FROM lane
    JOIN webhook_endpoints AS endpoint ON endpoint.tenant_id = lane.tenant_id AND endpoint.livemode = lane.livemode
                                      AND endpoint.id = lane.webhook_id AND endpoint.status = 'active'
    CROSS JOIN LATERAL (
        SELECT min(d.next_attempt_at) AS due_at FROM webhook_deliveries d
        WHERE d.tenant_id = lane.tenant_id AND d.livemode = lane.livemode AND d.webhook_id = lane.webhook_id
          AND d.status = 'pending' AND d.next_attempt_at IS NOT NULL
    ) AS first
    WHERE first.due_at <= now() AND (endpoint.circuit_until IS NULL OR endpoint.circuit_until <= now())
    ORDER BY first.due_at
    """,
    (),
)
_take_trials = RawStatement(
    f"""
    WITH wanted AS (
        SELECT e.tenant_id, e.livemode, e.id FROM webhook_endpoints e
        JOIN unnest($1::uuid[], $2::boolean[], $3::uuid[]) AS lane(tenant_id, livemode, id)
          USING (tenant_id, livemode, id)
        WHERE e.circuit_until <= now() ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE webhook_endpoints e SET circuit_until = now() + interval '{LEASE_SECONDS} seconds' FROM wanted
    WHERE e.tenant_id = wanted.tenant_id AND e.livemode = wanted.livemode AND e.id = wanted.id
    RETURNING e.tenant_id, e.livemode, e.id
    """,
    ("tenants", "modes", "webhooks"),
)
_claim = RawStatement(
    f"""
    WITH picked AS (
        SELECT due.tenant_id, due.livemode, due.id
        FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::integer[])
             AS lane(tenant_id, livemode, webhook_id, quota)
        JOIN webhook_endpoints e
          ON e.tenant_id = lane.tenant_id AND e.livemode = lane.livemode AND e.id = lane.webhook_id
         AND e.status = 'active'
        CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.livemode, d.id FROM webhook_deliveries d
            WHERE d.tenant_id = lane.tenant_id AND d.livemode = lane.livemode AND d.webhook_id = lane.webhook_id
              AND d.status = 'pending' AND d.next_attempt_at <= now()
            ORDER BY d.next_attempt_at LIMIT lane.quota FOR UPDATE SKIP LOCKED
        ) AS due
    ), claimed AS (
        UPDATE webhook_deliveries d
        SET next_attempt_at = now() + interval '{LEASE_SECONDS} seconds', claims = d.claims + 1
        FROM picked WHERE d.tenant_id = picked.tenant_id AND d.livemode = picked.livemode AND d.id = picked.id
        RETURNING d.*
    )
    SELECT d.tenant_id, d.livemode, d.id, d.webhook_id, d.attempts, d.claims, d.replayed, d.position,
           event.id AS event_id, event.event, event.entity_type, event.entity_id, event.data, event.created_at,
           e.dialect, e.url, e.secret,
           CASE WHEN e.previous_secret_until > now() THEN e.previous_secret END AS previous_secret,
           e.circuit_opened_at IS NOT NULL AS trial
    FROM claimed d
    JOIN events event ON event.tenant_id = d.tenant_id AND event.livemode = d.livemode AND event.id = d.event_id
    JOIN webhook_endpoints e ON e.tenant_id = d.tenant_id AND e.livemode = d.livemode AND e.id = d.webhook_id
    """,
    ("tenants", "modes", "webhooks", "quotas"),
)
_finish = RawStatement(
    """
    WITH outcome AS (
        SELECT * FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::integer[], $5::text[], $6::integer[],
                             $7::text[], $8::double precision[])
        AS outcome(tenant_id, livemode, id, claims, status, code, error, wait)
    ), held AS (
        SELECT outcome.* FROM outcome
        CROSS JOIN LATERAL (
            SELECT FROM webhook_deliveries d
            WHERE d.tenant_id = outcome.tenant_id AND d.livemode = outcome.livemode AND d.id = outcome.id
              AND (d.status = 'pending') IS TRUE AND d.claims = outcome.claims
            FOR NO KEY UPDATE
        ) AS d
    )
    UPDATE webhook_deliveries d
    SET status = held.status, attempts = d.attempts + 1, response_code = held.code, error_message = held.error,
        last_attempted_at = now(), delivered_at = CASE WHEN held.status = 'success' THEN now() END,
        next_attempt_at = CASE WHEN held.status = 'pending' THEN now() + held.wait * interval '1 second' END
    FROM held WHERE d.tenant_id = held.tenant_id AND d.livemode = held.livemode AND d.id = held.id
    RETURNING d.tenant_id, d.livemode, d.id, d.webhook_id, d.entity, d.status
    """,
    ("tenants", "modes", "ids", "claims", "statuses", "codes", "errors", "waits"),
)
_release_next = RawStatement(
    """
    WITH finished AS (
        SELECT DISTINCT * FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::text[])
        AS finished(tenant_id, livemode, webhook_id, entity)
    ), following AS (
        SELECT first.tenant_id, first.livemode, first.id FROM finished
        CROSS JOIN LATERAL (
            SELECT d.tenant_id, d.livemode, d.id, d.next_attempt_at FROM webhook_deliveries d
            WHERE d.tenant_id = finished.tenant_id AND d.livemode = finished.livemode
              AND d.webhook_id = finished.webhook_id AND d.entity = finished.entity AND d.status = 'pending'
            ORDER BY d.position, d.id LIMIT 1
        ) AS first
        WHERE first.next_attempt_at IS NULL
    ), held AS (
        SELECT following.* FROM (SELECT * FROM following ORDER BY id) AS following
        CROSS JOIN LATERAL (
            SELECT FROM webhook_deliveries d
            WHERE d.tenant_id = following.tenant_id AND d.livemode = following.livemode AND d.id = following.id
              AND (d.status = 'pending') IS TRUE AND d.next_attempt_at IS NULL
            FOR NO KEY UPDATE
        ) AS d
    )
    UPDATE webhook_deliveries d SET next_attempt_at = now() FROM held
    WHERE d.tenant_id = held.tenant_id AND d.livemode = held.livemode AND d.id = held.id
    """,
    ("tenants", "modes", "webhooks", "entities"),
)
_give_back = RawStatement(
    """
    UPDATE webhook_deliveries d SET next_attempt_at = now()
    FROM unnest($1::uuid[], $2::boolean[], $3::uuid[], $4::integer[]) AS mine(tenant_id, livemode, id, claims)
    WHERE d.tenant_id = mine.tenant_id AND d.livemode = mine.livemode AND d.id = mine.id
      AND d.status = 'pending' AND d.claims = mine.claims
    """,
    ("tenants", "modes", "ids", "claims"),
)

_give_up = RawStatement(
    """
    WITH late AS (
        SELECT d.tenant_id, d.livemode, d.id FROM webhook_endpoints e
        JOIN webhook_deliveries d ON d.tenant_id = e.tenant_id AND d.livemode = e.livemode AND d.webhook_id = e.id
        WHERE e.circuit_opened_at IS NOT NULL AND d.status = 'pending'
          AND (d.next_attempt_at IS NULL OR d.next_attempt_at <= now())
          AND d.created_at < now() - $1 * interval '1 second'
        ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED
    )
    UPDATE webhook_deliveries d
    SET status = 'failed', next_attempt_at = NULL, last_attempted_at = coalesce(d.last_attempted_at, now()),
        error_message = coalesce(d.error_message, 'Not sent: the endpoint kept failing')
    FROM late WHERE d.tenant_id = late.tenant_id AND d.livemode = late.livemode AND d.id = late.id
    """,
    ("seconds",),
)
_free_stranded = RawStatement(
    """
    UPDATE webhook_deliveries d SET next_attempt_at = now()
    WHERE d.status = 'pending' AND d.next_attempt_at IS NULL AND NOT EXISTS (
        SELECT FROM webhook_deliveries earlier
        WHERE earlier.tenant_id = d.tenant_id AND earlier.livemode = d.livemode
          AND earlier.webhook_id = d.webhook_id AND earlier.entity = d.entity AND earlier.status = 'pending'
          AND (earlier.position, earlier.id) < (d.position, d.id))
    """,
    (),
)
_remove_orphans = RawStatement(
    """
    DELETE FROM webhook_deliveries d
    WHERE d.status = 'pending' AND NOT EXISTS (
        SELECT FROM webhook_endpoints e
        WHERE e.tenant_id = d.tenant_id AND e.livemode = d.livemode AND e.id = d.webhook_id)
    """,
    (),
)
LOOKUPS: Final = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
"""Settings of the transactions that claim and finish deliveries."""
LOOSELY: Final = f"{LOOKUPS}; SET LOCAL synchronous_commit = off"
"""… and of those whose loss in a crash costs nothing but time."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a claimed delivery."""

    row: Mapping[str, Any]
    answer: rules.Answer
    next: rules.Next


def columns(rows: Sequence[Mapping[str, Any]], **names: str) -> dict[str, list[Any]]:
    """Parallel arrays for ``unnest``: ``columns(rows, ids="id")``."""
    return {argument: [row[column] for row in rows] for argument, column in names.items()}


async def fan_out(
    dialects: Dialects, tx: Transaction, events: Sequence[Record], everywhere: Sequence[UUID] = ()
) -> None:
    """Queue a delivery for every active endpoint that subscribed to an event of its own API, and of the events with
    the ids in ``everywhere`` for all of Salesbooth, whose rules ask for it; part of placing the events.
    """
    patterns = [" ".join(rules.patterns_of(event["event"])) for event in events]
    by_id = {event["id"]: event for event in events}
    found = await tx.rows(
        _matching,
        **columns(events, tenants="tenant_id", modes="livemode", events="id"),
        patterns=patterns,
        dialects=[" ".join(dialects.hearing(event["event"], event["entity_type"])) for event in events],
        everywhere=list(everywhere),
    )
    if found:
        await queue(tx, [{**by_id[row["event_id"]], **row} for row in found])


async def queue(tx: Transaction, wanted: Sequence[Mapping[str, Any]], *, replayed: bool = False) -> list[UUID]:
    """Queue events (``event_id``, ``event``, ``entity_id``, ``position``) for endpoints (``webhook_id``); answers the
    ids of the deliveries.
    """
    made = [ids.uuid7() for _ in wanted]
    await tx.run(
        _queue,
        **columns(
            wanted,
            tenants="tenant_id",
            modes="livemode",
            webhooks="webhook_id",
            events="event_id",
            positions="position",
            types="event",
            entities="entity_id",
        ),
        ids=made,
        replayed=replayed,
    )
    tx.signal(DELIVERIES_DUE)
    return made


async def claim(tx: Transaction, slots: int, quota: Callable[[Lane], int]) -> list[Record]:
    """Take up to ``slots`` due deliveries, the endpoint that waits longest first, and of each endpoint as many as
    ``quota`` says; an endpoint with an open circuit gets one as a trial.
    """
    lanes: list[tuple[Lane, int]] = []
    trials: list[Lane] = []
    for row in await tx.rows(_lanes):
        lane = (row["tenant_id"], row["livemode"], row["webhook_id"])
        free = min(quota(lane), slots)
        if free <= 0:
            continue
        if row["open"]:
            trials.append(lane)
            slots -= 1
        else:
            lanes.append((lane, free))
            slots -= free
    if trials:
        taken = await tx.rows(_take_trials, **_lane_arguments(trials))
        lanes += [((row["tenant_id"], row["livemode"], row["id"]), 1) for row in taken]
    if not lanes:
        return []
    return await tx.rows(_claim, **_lane_arguments([lane for lane, _ in lanes]), quotas=[free for _, free in lanes])


def _lane_arguments(lanes: Sequence[Lane]) -> dict[str, list[Any]]:
    tenants, modes, webhooks = (list(each) for each in zip(*lanes, strict=True))
    return {"tenants": tenants, "modes": modes, "webhooks": webhooks}


async def finish(tx: Transaction, outcomes: Sequence[Outcome]) -> list[Record]:
    """Write outcomes, except those of deliveries that another worker took meanwhile; answers the ones written."""
    outcomes = sorted(outcomes, key=lambda each: each.row["id"])
    return await tx.rows(
        _finish,
        **columns([each.row for each in outcomes], tenants="tenant_id", modes="livemode", ids="id", claims="claims"),
        statuses=[each.next.status for each in outcomes],
        codes=[each.answer.code for each in outcomes],
        errors=[each.answer.error for each in outcomes],
        waits=[each.next.wait for each in outcomes],
    )


async def release_next(tx: Transaction, finished: Sequence[Mapping[str, Any]]) -> None:
    """Make the successors of finished deliveries due; in a transaction that begins after theirs has committed."""
    await tx.run(
        _release_next,
        **columns(finished, tenants="tenant_id", modes="livemode", webhooks="webhook_id", entities="entity"),
    )


async def give_back(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Let others have claimed deliveries that will not be attempted here."""
    await tx.run(_give_back, **columns(rows, tenants="tenant_id", modes="livemode", ids="id", claims="claims"))


async def keep_house(tx: Transaction, schedule: Sequence[float]) -> None:
    """What is nobody's turn: deliveries that waited for a circuit beyond their whole schedule go to the dead letters,
    deliveries whose predecessor vanished become due, those whose endpoint vanished are removed.
    """
    await tx.run(_give_up, seconds=sum(schedule) * (1 + rules.JITTER) + rules.PATIENCE_SECONDS)
    await tx.run(_free_stranded)
    await tx.run(_remove_orphans)
