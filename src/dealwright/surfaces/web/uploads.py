"""Uploaded images, given to anybody who knows their address."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dealwright.kernel.errors import Unavailable
from dealwright.modules.uploads import rules
from dealwright.providers.storage import Storage

_HEADERS: Final = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
"""A file under a name of its own never changes; and whatever hides in it, no browser runs it."""


class Uploads:
    """Answers ``/uploads/{name}``."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def serve(self, request: Request) -> Response:
        """The image; 404 for names that the server never gave, before any storage is asked."""
        name = request.path_params["name"]
        known = rules.NAME.fullmatch(name)
        if known is None:
            raise HTTPException(404)
        headers = {**_HEADERS, "ETag": f'"{name}"'}
        if f'"{name}"' in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        try:
            content = await self._storage.get(name)
        except Unavailable as problem:
            raise HTTPException(problem.status, headers={"Retry-After": str(problem.retry_after)}) from None
        if content is None:
            raise HTTPException(404)
        return Response(content, headers=headers, media_type=rules.MEDIA_TYPES[known[1]])
