"""Coming in: signing in and up, invitations, forgotten passwords, choosing a workspace; and going out."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from dealwright.surfaces.desk.pages import action, page
from dealwright.surfaces.desk.views import home
from dealwright.surfaces.desk.visit import Visit, wrong_field

_SERVICES: Final = 3
_WHO: Final = ("first_name", "last_name", "email", "password")


# --- signing in and out


@page("/sign-in", public=True)
async def sign_in_form(visit: Visit) -> Response:
    if visit.signed_in:
        return visit.go(_next(visit))
    told = await visit.read("onboarding.get")
    if told["first_start"] and visit.problem is None:
        return visit.go("/sign-up")
    return visit.show("sign_in.html", next=_next(visit), sign_up=told["sign_up"])


def _next(visit: Visit) -> str:
    return visit.inside(visit.form.get("next") or visit.asked("next") or "/")


@action("/sign-in", again=sign_in_form, public=True)
async def sign_in(visit: Visit) -> Response:
    arguments = {
        "email": visit.form.get("email"),
        "password": visit.form.raw("password"),
        "remember": "remember" in visit.form,
    }
    await visit.write("auth.login", arguments)
    return visit.go(_next(visit))


@action("/sign-out", again=home.show, across=True)
async def sign_out(visit: Visit) -> Response:
    await visit.write("auth.logout", {})
    return visit.go("/sign-in")


# --- a new account, or one more workspace


@page("/sign-up", public=True)
async def sign_up_form(visit: Visit) -> Response:
    told = await visit.read("onboarding.get")
    if not told["sign_up"] and not visit.signed_in:
        return visit.show("closed.html")
    return visit.show("sign_up.html", first=told["first_start"], services=_SERVICES)


@action("/sign-up", again=sign_up_form, public=True)
async def sign_up(visit: Visit) -> Response:
    form = visit.form
    services = [
        {"name": form.get(f"services.{at}.name"), "price_min": form.get(f"services.{at}.price_min") or None}
        for at in range(_SERVICES)
        if form.get(f"services.{at}.name")
    ]
    names = ("business_name", "industry", "country", "phone", "website")
    arguments: dict[str, Any] = {name: form.get(name) for name in names if form.get(name)}
    if not visit.signed_in:
        arguments |= {name: form.raw(name) for name in _WHO if form.get(name)}
    await visit.write("onboarding.complete", {**arguments, "services": services})
    return visit.go("/", "Welcome to your workspace")


# --- invitations


@page("/invitations/{token}", public=True)
async def invitation(visit: Visit) -> Response:
    told = await visit.read("invitations.get", token=visit.path["token"])
    if told["has_account"] and not visit.signed_in:
        return visit.show("invitation_known.html", told=told, sign_in=f"/sign-in?next={quote(visit.request.url.path)}")
    return visit.show("invitation.html", told=told)


@action("/invitations/{token}", again=invitation, public=True)
async def accept(visit: Visit) -> Response:
    arguments = {name: visit.form.raw(name) for name in ("first_name", "last_name", "password") if visit.form.get(name)}
    await visit.write("invitations.accept", {"token": visit.path["token"], **arguments})
    return visit.go("/", "You are in")


# --- a forgotten password


@page("/password-reset", public=True)
async def forgotten(visit: Visit) -> Response:
    return visit.show("forgotten.html", asked=bool(visit.asked("asked")))


@action("/password-reset", again=forgotten, public=True)
async def ask_for_link(visit: Visit) -> Response:
    await visit.write("password_reset.request", {"email": visit.form.get("email")})
    return visit.go("/password-reset?asked=1")


@page("/password-reset/{token}", public=True)
async def new_password_form(visit: Visit) -> Response:
    return visit.show("new_password.html")


@action("/password-reset/{token}", again=new_password_form, public=True)
async def new_password(visit: Visit) -> Response:
    if visit.form.raw("new_password") != visit.form.raw("repeated"):
        raise wrong_field("repeated", "The two passwords differ")
    arguments = {"token": visit.path["token"], "new_password": visit.form.raw("new_password")}
    await visit.write("password_reset.complete", arguments)
    return visit.go("/sign-in", "Your password was changed; sign in with the new one")


# --- workspaces and modes


@page("/workspaces", across=True)
async def workspaces(visit: Visit) -> Response:
    return visit.show("workspaces.html")


@action("/workspaces", again=workspaces, across=True)
async def choose_workspace(visit: Visit) -> Response:
    await visit.write("auth.select_tenant", {"tenant_id": visit.form.get("tenant_id")})
    return visit.go("/")


@action("/mode", again=home.show)
async def choose_mode(visit: Visit) -> Response:
    mode = visit.form.get("mode")
    await visit.write("sandbox_toggle.set", {"mode": mode})
    return visit.go("/", "You are in live mode now" if mode == "live" else "You are in test mode now")
