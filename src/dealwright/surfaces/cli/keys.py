"""``dealwright keys``: they work on the database itself, so no server need run, and a running one learns of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson
import typer

from dealwright.kernel import clock, ids
from dealwright.kernel import settings as settings_of
from dealwright.kernel.access import keys
from dealwright.kernel.access.keys import KEY_PREFIX, TENANT_PREFIX, Brand, NewKey
from dealwright.kernel.crypto import Keyring, load_root
from dealwright.kernel.store.database import Record, Transaction
from dealwright.modules.signing import keys as signing_keys
from dealwright.surfaces.cli.problems import Refused, in_plain_words
from dealwright.surfaces.cli.store import in_system_transaction

_SCOPE: Final = re.compile(r"\*|\*:read|[a-z0-9_-]+:(\*|[a-z0-9_-]+)")
_READ_ONLY: Final = "read-only"
_ORIGIN: Final = re.compile(r"https?://[^/\s,]+")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options of ``keys create``."""

    workspace: str
    env: str | None
    publishable: bool
    brand: Brand
    scopes: str
    agent: bool
    rate_limit: int | None
    name: str
    allowed_origins: str


def _listed(text: str, form: re.Pattern[str], what: str) -> list[str]:
    """The parts of a comma-separated option. Raises Refused naming the first part that has not the right form."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    for part in parts:
        if form.fullmatch(part) is None:
            raise Refused(f"{part!r} is not {what}")
    return parts


def create(overrides: Mapping[str, Any], wanted: Wanted, *, as_json: bool) -> None:
    """Make a key, and the workspace when it is new; print the secret, this once."""
    with in_plain_words():
        if not wanted.workspace.strip():
            raise Refused("a workspace needs a name")
        if wanted.publishable and wanted.brand == "st":
            raise Refused("the SalesThumb API has no publishable keys")
        asked = "*:read" if wanted.scopes.strip() == _READ_ONLY else wanted.scopes
        scopes = _listed(asked, _SCOPE, "a scope; scopes look like deals:read, deals:*, read-only or *")
        if not scopes:
            raise Refused("a key needs at least one scope; * allows everything")
        origins = _listed(wanted.allowed_origins, _ORIGIN, "an origin; origins look like https://shop.example")
        settings = settings_of.load(overrides)
        environment: Literal["live", "test"] = "live" if wanted.env == "live" else "test"

        keyring = Keyring(load_root(settings.secret_key, settings.data_dir))

        async def make(tx: Transaction) -> NewKey:
            made = await keys.create_key(
                tx,
                workspace=wanted.workspace.strip(),
                kind="pub" if wanted.publishable else environment,
                now=clock.utc_now(),
                name=wanted.name,
                scopes=scopes,
                is_agent=wanted.agent,
                rate_limit=wanted.rate_limit,
                allowed_origins=origins,
                region=settings.region,
                livemode=environment == "live",
                brand=wanted.brand,
            )
            await signing_keys.make_missing(tx, keyring, clock.utc_now())
            return made

        made = in_system_transaction(settings, make, keyring)
    if as_json:
        answer = {
            "key": made.secret,
            "key_id": made.key_id,
            "tenant_id": made.tenant_id,
            "workspace": made.workspace,
        }
        typer.echo(orjson.dumps(answer))
    else:
        typer.echo(f"{made.secret}\n")
        typer.echo(f"Key {made.key_id} of workspace {made.workspace!r} ({made.tenant_id}), {environment} mode.")
        typer.echo("It is not shown again: keep it where secrets belong.")


def _described(row: Record) -> dict[str, Any]:
    return {
        "key_id": ids.encode(KEY_PREFIX, row["id"]),
        "workspace": row["workspace"],
        "tenant_id": ids.encode(TENANT_PREFIX, row["tenant_id"]),
        "name": row["name"],
        "kind": "publishable" if row["kind"] == "publishable_key" else "secret",
        "env": "live" if row["livemode"] else "test",
        "prefix": row["prefix"],
        "scopes": row["scopes"],
        "agent": row["is_agent"],
        "rate_limit": row["rate_limit"],
        "allowed_origins": row["allowed_origins"],
        "created_at": clock.iso(row["created_at"]),
        "last_used_at": clock.iso_or_none(row["last_used_at"]),
        "expires_at": clock.iso_or_none(row["expires_at"]),
        "revoked_at": clock.iso_or_none(row["revoked_at"]),
    }


def show(overrides: Mapping[str, Any], workspace: str | None, *, as_json: bool) -> None:
    """Every key, or those of one workspace, without what could be used to call with."""
    with in_plain_words():
        rows = in_system_transaction(settings_of.load(overrides), keys.list_keys)
    found = [_described(row) for row in rows if workspace in (None, row["workspace"])]
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    if not found:
        typer.echo("There is no key yet; make one with `dealwright keys create --workspace NAME --env test`.")
        return
    from dealwright.surfaces.cli import tables

    tables.show(f"{len(found)} keys", ("key", "workspace", "name", "scopes", "last used"), map(_cells, found))


def _cells(key: Mapping[str, Any]) -> list[str]:
    state = "revoked" if key["revoked_at"] else f"expires {key['expires_at']}" if key["expires_at"] else "active"
    kind = f"{key['env']}, {key['kind']}{', agent' if key['agent'] else ''}, {state}"
    used = key["last_used_at"] or "never"
    return [
        f"{key['key_id']}\n{key['prefix']}…",
        key["workspace"],
        f"{key['name']}\n{kind}",
        ", ".join(key["scopes"]),
        used,
    ]


def revoke(overrides: Mapping[str, Any], key_id: str) -> None:
    """Revoke a key. The database tells every running server, which forgets it at once."""
    with in_plain_words():
        settings = settings_of.load(overrides)

        async def end(tx: Transaction) -> bool:
            return await keys.revoke_key(tx, key_id, clock.utc_now())

        if not in_system_transaction(settings, end):
            raise Refused(f"there is no key {key_id[:80]!r} that could be revoked; see `dealwright keys list`")
    typer.echo(f"{key_id} is revoked.")
