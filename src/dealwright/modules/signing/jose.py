"""Credentials as JSON Web Tokens, signed with EdDSA. Imported when the first one is made or read: joserfc and what it
needs of cryptography take a tenth of all the time that imports take.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import OKPKey

from dealwright.modules.signing import rules

_ALGORITHMS: Final = ["EdDSA"]


@contextmanager
def _with_eddsa() -> Iterator[None]:
    """Without the warning that RFC 9864 prefers the name Ed25519: verifiers of credentials know the name EdDSA."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        yield


def encode(claims: dict[str, Any], method: str, public_key: bytes, seed: bytes) -> str:
    """A token by the key that ``method`` names."""
    private = OKPKey.import_key({**rules.jwk(public_key, method), "d": rules.base64url(seed)})
    with _with_eddsa():
        return jwt.encode({"alg": "EdDSA", "typ": "JWT", "kid": method}, claims, private, algorithms=_ALGORITHMS)


def decode(token: str, public_key: bytes) -> dict[str, Any] | None:
    """The claims of a token that the owner of this key signed, or None."""
    try:
        with _with_eddsa():
            found = jwt.decode(token, OKPKey.import_key(rules.jwk(public_key, "key")), algorithms=_ALGORITHMS)
    except (JoseError, ValueError):
        return None
    return found.claims
