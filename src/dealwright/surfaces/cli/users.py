"""``dealwright users``: an operator's way to let people in. It works on the database itself, whether a server runs or
not.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import orjson
import typer
from pydantic import TypeAdapter, ValidationError

from dealwright.kernel import clock, ids
from dealwright.kernel import settings as settings_of
from dealwright.kernel.access import keys
from dealwright.kernel.access.keys import TENANT_PREFIX
from dealwright.kernel.access.roles import Role
from dealwright.kernel.crypto import Keyring, TenantCipher, load_root
from dealwright.kernel.settings import Settings
from dealwright.kernel.store.database import Transaction
from dealwright.modules.customers.models import EmailAddress
from dealwright.modules.people import memberships, records
from dealwright.modules.people.passwords import Passwords
from dealwright.modules.people.records import Person
from dealwright.modules.people.rules import LONGEST_PASSWORD, SHORTEST_PASSWORD
from dealwright.modules.signing import keys as signing_keys
from dealwright.surfaces.cli.problems import Refused, in_plain_words
from dealwright.surfaces.cli.store import in_system_transaction

T = TypeVar("T")


def _run(settings: Settings, work: Callable[[Transaction, Keyring], Awaitable[T]]) -> T:
    keyring = Keyring(load_root(settings.secret_key, settings.data_dir))
    return in_system_transaction(settings, lambda tx: work(tx, keyring), keyring)


def _address(text: str) -> str:
    try:
        found: str = TypeAdapter(EmailAddress).validate_python(text.strip())
    except ValidationError:
        raise Refused(f"{text!r} is not an e-mail address") from None
    return found


def _password(from_stdin: bool) -> str:
    """The one on standard input, else a new one."""
    if not from_stdin:
        return ids.token(20)
    password = sys.stdin.readline().rstrip("\r\n")
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return password


async def _hash(settings: Settings, password: str) -> str:
    passwords = Passwords(settings)
    try:
        return await passwords.hash(password)
    finally:
        passwords.close()


def create(
    overrides: Mapping[str, Any], email: str, name: tuple[str, str], workspace: str, role: Role, *, from_stdin: bool
) -> None:
    """Make a person a member of a workspace; the account and the workspace are made when they are new."""
    with in_plain_words():
        settings, address = settings_of.load(overrides), _address(email)
        if not workspace.strip():
            raise Refused("a workspace needs a name")
        password = _password(from_stdin)

        async def work(tx: Transaction, keyring: Keyring) -> bool:
            now, cipher = clock.utc_now(), keyring.installation()
            user: Any = await records.find(tx, cipher, address)
            is_new = user is None
            if is_new:
                hashed = await _hash(settings, password)
                user = await records.create(tx, cipher, Person(*name, address), hashed, now)
            tenant = await keys.ensure_workspace(tx, workspace.strip(), now)
            await signing_keys.make_missing(tx, keyring, now)
            if tenant in [row["tenant_id"] for row in await records.workspaces(tx, user["id"])]:
                raise Refused(f"{address} belongs to workspace {workspace!r} already")
            await memberships.withdraw(tx.inside(tenant, True), user["email_token"])
            await records.join(tx, user, tenant, role, now)
            return is_new

        is_new = _run(settings, work)
    typer.echo(f"{address} belongs to workspace {workspace.strip()!r} as {role}.")
    if is_new and not from_stdin:
        typer.echo(f"Password: {password}\nIt is not shown again; change it after signing in.")
    elif not is_new:
        typer.echo("The account was there already, and its password stays.")


def show(overrides: Mapping[str, Any], *, as_json: bool) -> None:
    """Every person with their workspaces."""

    async def work(tx: Transaction, keyring: Keyring) -> list[dict[str, Any]]:
        cipher = keyring.installation()
        return [await _described(tx, cipher, row) for row in await records.every(tx)]

    with in_plain_words():
        found = _run(settings_of.load(overrides), work)
    if as_json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
        return
    if not found:
        typer.echo("There is nobody yet; the first one signs up, or is made with `dealwright users create`.")
        return
    from dealwright.surfaces.cli import tables

    rows = (
        [each["email"], each["name"], "\n".join(f"{place['name']} ({place['role']})" for place in each["workspaces"])]
        for each in found
    )
    tables.show(f"{len(found)} people", ("email", "name", "workspaces"), rows)


async def _described(tx: Transaction, cipher: TenantCipher, row: Any) -> dict[str, Any]:
    person = records.person_of(cipher, row)
    places = await records.workspaces(tx, row["id"])
    return {
        "user_id": records.wire_id(row["id"]),
        "email": person.email,
        "name": person.name,
        "created_at": clock.iso(row["created_at"]),
        "workspaces": [
            {"tenant_id": ids.encode(TENANT_PREFIX, place["tenant_id"]), "name": place["name"], "role": place["role"]}
            for place in places
        ],
    }


def reset_password(overrides: Mapping[str, Any], email: str, *, from_stdin: bool) -> None:
    """Give a person a new password; whoever was signed in as them is signed out."""
    with in_plain_words():
        settings, address = settings_of.load(overrides), _address(email)
        password = _password(from_stdin)

        async def work(tx: Transaction, keyring: Keyring) -> None:
            user = await records.find(tx, keyring.installation(), address)
            if user is None:
                raise Refused(f"there is nobody with the e-mail address {address}")
            hashed = await _hash(settings, password)
            await records.lock(tx, user["id"])
            await records.set_password(tx, user["id"], hashed, clock.utc_now())

        _run(settings, work)
    typer.echo(f"{address} has a new password, and every session has ended.")
    if not from_stdin:
        typer.echo(f"Password: {password}\nIt is not shown again; change it after signing in.")
