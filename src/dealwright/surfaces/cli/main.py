"""``dealwright``: the commands and their options. Each imports what it needs when called, so that all start fast."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(
    help="Dealwright, an open, self-hosted server for making deals.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local variables, and those can hold secrets
)
keys_app = typer.Typer(help="Make, list and revoke API keys, whether the server runs or not.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
users_app = typer.Typer(help="Let people in, whether the server runs or not.", no_args_is_help=True)
app.add_typer(users_app, name="users")

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one.")]
DataDir = Annotated[Path | None, typer.Option(help="Embedded database, secret key and files.")]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML); <data-dir>/dealwright.toml unless given.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


class Environment(StrEnum):
    test = "test"
    live = "live"


class Api(StrEnum):
    salesbooth = "salesbooth"
    salesthumb = "salesthumb"


class MemberRole(StrEnum):
    owner = "owner"
    admin = "admin"
    member = "member"
    viewer = "viewer"


class KeyType(StrEnum):
    secret = "secret"
    publishable = "publishable"


def _given(**overrides: Any) -> dict[str, Any]:
    return overrides


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        from dealwright import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    config: Config = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make another test key and print it.")] = False,
) -> None:
    """Start the server; the first start makes a workspace with a test key and prints it."""
    from dealwright.surfaces.cli import serving

    serving.serve(_given(host=host, port=port, data_dir=data_dir, config=config), introduce=True, new_key=new_key)


@app.command()
def serve(host: Host = None, port: Port = None, data_dir: DataDir = None, config: Config = None) -> None:
    """Start the server for production: one line, then logs."""
    from dealwright.surfaces.cli import serving

    serving.serve(_given(host=host, port=port, data_dir=data_dir, config=config), introduce=False)


@app.command()
def worker(data_dir: DataDir = None, config: Config = None) -> None:
    """Place events and deliver webhooks without serving requests; any number of workers may run beside servers."""
    from dealwright.surfaces.cli import working

    working.work(_given(data_dir=data_dir, config=config))


@app.command()
def migrate(data_dir: DataDir = None, config: Config = None) -> None:
    """Bring the database's schema to the newest version; every start does this by itself."""
    from dealwright.surfaces.cli import store

    store.migrate_now(_given(data_dir=data_dir, config=config))


@app.command()
def operations(
    api: Annotated[Api, typer.Option(help="The published API whose operations are listed.")] = Api.salesbooth,
    as_json: Json = False,
) -> None:
    """List every operation that this server declares, with its path, scope, events and tool."""
    from dealwright.surfaces.cli import listing

    listing.show(salesthumb=api is Api.salesthumb, as_json=as_json)


@app.command()
def doctor(
    host: Host = None, port: Port = None, data_dir: DataDir = None, config: Config = None, as_json: Json = False
) -> None:
    """Say in plain words what is wrong with this machine's set-up; exit code 1 if anything is."""
    from dealwright.surfaces.cli import doctor as examination

    examination.run(_given(host=host, port=port, data_dir=data_dir, config=config), as_json=as_json)


@app.command()
def seed(
    workspace: Annotated[
        str | None, typer.Option(help="Workspace to fill, made when it is new; the demonstration business's own name.")
    ] = None,
    shop: Annotated[bool, typer.Option("--shop", help="A tint shop's week for the SalesThumb API instead.")] = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Fill a workspace with the demonstration data of a dealer in coffee equipment, or of a tint shop, once."""
    if shop:
        from dealwright.surfaces.cli import seed_shop

        seed_shop.run(_given(data_dir=data_dir, config=config), workspace or "Meridian Tint & Film")
    else:
        from dealwright.surfaces.cli import seed as seeding

        seeding.run(_given(data_dir=data_dir, config=config), workspace or "Crema & Iron")


@keys_app.command("create")
def keys_create(
    workspace: Annotated[str, typer.Option(help="Workspace of the key; made when it is new.")],
    env: Annotated[Environment | None, typer.Option(help="test unless given; a publishable key is live.")] = None,
    kind: Annotated[KeyType, typer.Option(help="secret for servers, publishable for browsers.")] = KeyType.secret,
    scopes: Annotated[
        str, typer.Option(help="Comma-separated, for example deals:read,deals:write; read-only for *:read.")
    ] = "*",
    api: Annotated[Api, typer.Option(help="The published API that the key opens.")] = Api.salesbooth,
    agent: Annotated[bool, typer.Option("--agent", help="The key belongs to an AI agent.")] = False,
    rate_limit: Annotated[int | None, typer.Option(help="Requests per minute.", min=1)] = None,
    name: Annotated[str, typer.Option(help="What the key is for.")] = "",
    allowed_origins: Annotated[str, typer.Option(help="Comma-separated origins that browsers may call from.")] = "",
    data_dir: DataDir = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Make an API key and print it; it is shown this once, only its hash is kept."""
    from dealwright.surfaces.cli import keys

    wanted = keys.Wanted(
        workspace=workspace,
        env=env,
        publishable=kind is KeyType.publishable,
        brand="st" if api is Api.salesthumb else "sb",
        scopes=scopes,
        agent=agent,
        rate_limit=rate_limit,
        name=name,
        allowed_origins=allowed_origins,
    )
    keys.create(_given(data_dir=data_dir, config=config), wanted, as_json=as_json)


@keys_app.command("list")
def keys_list(
    workspace: Annotated[str | None, typer.Option(help="Only the keys of this workspace.")] = None,
    data_dir: DataDir = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """List API keys by what may be known of them: never the secret."""
    from dealwright.surfaces.cli import keys

    keys.show(_given(data_dir=data_dir, config=config), workspace, as_json=as_json)


@keys_app.command("revoke")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, key_….")],
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Revoke a key for good; running servers refuse it from the next request on."""
    from dealwright.surfaces.cli import keys

    keys.revoke(_given(data_dir=data_dir, config=config), key_id)


Stdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of making one.")
]


@users_app.command("create")
def users_create(
    email: Annotated[str, typer.Argument(help="What the person signs in with.")],
    workspace: Annotated[str, typer.Option(help="Workspace that they work in; made when it is new.")],
    first_name: Annotated[str, typer.Option(help="For a new account.")] = "",
    last_name: Annotated[str, typer.Option(help="For a new account.")] = "",
    role: Annotated[MemberRole, typer.Option(help="What they may do there.")] = MemberRole.owner,
    password_stdin: Stdin = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Make somebody a member of a workspace, with an account if they have none, and print its password."""
    from dealwright.surfaces.cli import users

    name = (first_name, last_name)
    overrides = _given(data_dir=data_dir, config=config)
    users.create(overrides, email, name, workspace, role.value, from_stdin=password_stdin)


@users_app.command("list")
def users_list(data_dir: DataDir = None, config: Config = None, as_json: Json = False) -> None:
    """List everybody with their workspaces and roles."""
    from dealwright.surfaces.cli import users

    users.show(_given(data_dir=data_dir, config=config), as_json=as_json)


@users_app.command("reset-password")
def users_reset_password(
    email: Annotated[str, typer.Argument(help="What the person signs in with.")],
    password_stdin: Stdin = False,
    data_dir: DataDir = None,
    config: Config = None,
) -> None:
    """Give somebody a new password, and sign them out everywhere."""
    from dealwright.surfaces.cli import users

    users.reset_password(_given(data_dir=data_dir, config=config), email, from_stdin=password_stdin)
