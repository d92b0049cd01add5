"""Static files and protective headers of what browsers show."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; report-uri /api/v1/csp-report"
)
_PROTECTION: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Protected:
    """Puts the protective headers on every answer that does not carry them yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _PROTECTION.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, protected)


class Assets(StaticFiles):
    """A folder of static files below an address that names the content of all of them.

    Modules and style sheets may therefore name their neighbours relatively, and everything is kept for a year. Under
    the name of an earlier content the current file is served, to be asked for again.
    """

    def __init__(self, folder: Path, at: str) -> None:
        super().__init__(directory=folder)
        whole = hashlib.sha256()
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                whole.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes())
        self._name = whole.hexdigest()[:12]
        self._folder = folder
        self.at = at

    def address(self, name: str) -> str:
        """Where a file of the folder is. Raises FileNotFoundError for one that is not there."""
        if not (self._folder / name).is_file():
            raise FileNotFoundError(name)
        return f"{self.at}/{self._name}/{name}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        named, _, rest = path.partition("/")
        response = await super().get_response(rest, scope)
        kept = named == self._name and response.status_code < 400
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response
