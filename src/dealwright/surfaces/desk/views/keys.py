"""API keys: which there are, making, changing, rotating and revoking them. A secret is shown by the answer to the very
form that made it, and nowhere else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dealwright.kernel.access.principals import PUBLISHABLE_SCOPES
from dealwright.kernel.operations import registry
from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import corners
from dealwright.surfaces.desk.visit import Visit

_LIST: Final = "/developers/keys"
_FIELDS: Final = ("name", "environment", "expires_at", "agent_key", "rate_limit_per_minute")
_CHANGED: Final = ("name", "expires_at", "rate_limit_per_minute")
ENVIRONMENTS: Final = (("test", "Test"), ("live", "Live"))
_BROAD: Final = (("*", "Everything", ""), ("*:read", "Read everything", ""))


def _scopes(held: list[str]) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """What a key may be allowed, by kind of record, with the patterns that a key already holds."""
    known = {each.scope for each in registry if each.scope is not None} | PUBLISHABLE_SCOPES
    by_record: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for scope in sorted((known | set(held)) - {key for key, _, _ in _BROAD}):
        record, _, what = scope.partition(":")
        by_record[record].append((scope, "everything" if what == "*" else what, ""))
    return [("", list(_BROAD)), *by_record.items()]


def issued(visit: Visit, secret: str, **values: Any) -> Response:
    """The one page that shows a secret."""
    return corners.developers(visit, "issued.html", secret=secret, **values)


def _key_issued(visit: Visit, key: Mapping[str, Any], heading: str) -> Response:
    return issued(
        visit,
        key["secret"],
        heading=heading,
        text=f"This is the key “{key['name']}”. It goes into the header Authorization: Bearer of every request.",
        back=_LIST,
        label="All API keys",
    )


def _lines(text: str) -> list[str]:
    return [each for each in text.split() if each]


@page(_LIST)
async def index(visit: Visit) -> Response:
    return corners.developers(visit, "keys.html", keys=await visit.read("keys.list"))


def _form(visit: Visit, key: Mapping[str, Any] | None, values: Mapping[str, str], scopes: list[str]) -> Response:
    return corners.developers(
        visit, "key_form.html", key=key, values=values, scopes=_scopes(scopes), chosen=scopes, environments=ENVIRONMENTS
    )


@page(f"{_LIST}/new")
async def new(visit: Visit) -> Response:
    return _form(visit, None, dict.fromkeys((*_FIELDS, "allowed_origins"), ""), ["*"])


@action(f"{_LIST}/new", again=new)
async def create(visit: Visit) -> Response:
    arguments = {name: value for name, value in visit.arguments("keys.create", _FIELDS).items() if value is not None}
    arguments |= {"scopes": visit.form.all("scopes"), "allowed_origins": _lines(visit.form.get("allowed_origins"))}
    made = await visit.write("keys.create", arguments)
    return _key_issued(visit, made, "Copy this key now")


@page(f"{_LIST}/{{id}}")
async def edit(visit: Visit) -> Response:
    key = await visit.read("keys.get", id=visit.path["id"])
    values = {
        "name": key["name"],
        "expires_at": visit.local.field(key["expires_at"]),
        "rate_limit_per_minute": str(key["rate_limit_per_minute"]),
        "allowed_origins": "\n".join(key["allowed_origins"]),
    }
    return _form(visit, key, values, key["scopes"])


@action(f"{_LIST}/{{id}}", again=edit)
async def save(visit: Visit) -> Response:
    changes = visit.changes("keys.update", _CHANGED)
    changes |= {"scopes": visit.form.all("scopes"), "allowed_origins": _lines(visit.form.get("allowed_origins"))}
    await visit.write("keys.update", {"id": visit.path["id"], **changes})
    return visit.go(_LIST, "Saved")


@action(f"{_LIST}/{{id}}/rotate", again=edit)
async def rotate(visit: Visit) -> Response:
    visit.confirm(
        "Give this key a new secret?",
        "The old secret stops working at once, wherever it is in use. The new one is shown once.",
        "Rotate the key",
        f"{_LIST}/{visit.path['id']}",
    )
    return _key_issued(visit, await visit.write("keys.rotate", {"id": visit.path["id"]}), "Copy the new secret now")


@action(f"{_LIST}/{{id}}/revoke", again=edit)
async def revoke(visit: Visit) -> Response:
    visit.confirm(
        "Revoke this key for good?",
        "Whoever uses it is refused from now on. A revoked key cannot be brought back.",
        "Revoke the key",
        f"{_LIST}/{visit.path['id']}",
    )
    await visit.write("keys.revoke", {"id": visit.path["id"]})
    return visit.go(_LIST, "The key was revoked")
