"""Pure rules of signing: canonical JSON, hashes, Ed25519, the spellings of keys, who has yet to sign."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dealwright.kernel import clock

ALGORITHM: Final = "ed25519"
_STATEMENT: Final = "dealwright.signature.1"
_EXACT: Final = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 7493)."""
_ED25519_PUB: Final = b"\xed\x01"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _portable(value: Any) -> Any:
    """Whole numbers beyond 2^53 - 1 as text, which is what RFC 8785 asks for; all else as it is."""
    if isinstance(value, Mapping):
        return {name: _portable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_portable(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return str(value)
    return value


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value (RFC 8785): sorted members, no white space, shortest numbers, UTF-8."""
    return rfc8785.dumps(_portable(value))


def content_hash(content: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: ``kind`` is user, customer, agent or api_key, ``actor`` the credential that the call came with."""

    kind: str
    id: str
    customer_id: str | None
    consented: bool
    actor: str


def statement(
    signer: Signer, *, signature_id: str, entity_type: str, entity_id: str, digest: str, key_id: str, at: datetime
) -> bytes:
    """The bytes that a signature is made over: who signs which content, with which key, when."""
    return canonical(
        {
            "format": _STATEMENT,
            "signature_id": signature_id,
            "entity_type": entity_type,
            "entity_id": entity_id,
            "content_hash": digest,
            "signer_type": signer.kind,
            "signer_id": signer.id,
            "signer_customer_id": signer.customer_id,
            "consent_to_sign": signer.consented,
            "authenticated_as": signer.actor,
            "key_id": key_id,
            "signed_at": clock.iso_exact(at),
        }
    )


def verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) over ``message`` is by the owner of this key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def sign(seed: bytes, message: bytes) -> bytes:
    """The 64 bytes of an Ed25519 signature by the key with this seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def new_key_pair() -> tuple[bytes, bytes]:
    """The seed and the public key of a fresh Ed25519 pair, 32 bytes each."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes_raw(), made.public_key().public_bytes_raw()


def public_key_of(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def spki(public_key: bytes) -> str:
    """SubjectPublicKeyInfo (RFC 8410) in base64: the text inside the PEM form."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def pem(public_key: bytes) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{spki(public_key)}\n-----END PUBLIC KEY-----\n"


def jwk(public_key: bytes, key_id: str) -> dict[str, Any]:
    """A JSON Web Key (RFC 8037)."""
    return {"kty": "OKP", "crv": "Ed25519", "kid": key_id, "x": base64url(public_key)}


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def base58btc(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    found = ""
    while number:
        number, digit = divmod(number, 58)
        found = _BASE58[digit] + found
    return "1" * (len(raw) - len(raw.lstrip(b"\0"))) + found


def from_base58btc(text: str) -> bytes:
    """Raises ValueError for a character outside the alphabet."""
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    zeros = len(text) - len(text.lstrip("1"))
    return b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multibase(public_key: bytes) -> str:
    """A Multikey: ``z``, then base58btc over the multicodec prefix of Ed25519 and the key."""
    return "z" + base58btc(_ED25519_PUB + public_key)


def did(url: str, tenant: str) -> str:
    """The did:web identifier of a workspace on the server that is reached at ``url``; a port's colon is escaped."""
    parts = urlsplit(url)
    segments = [quote(parts.netloc, safe="[]"), *(quote(each) for each in parts.path.split("/") if each), tenant]
    return ":".join(("did:web", *segments))


def verification_method(issuer: str, key_version: int) -> str:
    """How a key of a workspace is referred to: its DID and the key's number."""
    return f"{issuer}#key-{key_version}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One signature that is asked for; without an id anybody of that kind may give it."""

    kind: str
    id: str | None


def outstanding(wanted: Sequence[Wanted], signed: Sequence[tuple[str, str]]) -> list[Wanted]:
    """What is still asked for, given who has signed as ``(kind, id)``; each signature meets one wish.

    Wishes that name somebody are met before those that name a kind only. Without wishes one signature is enough.
    """
    if not wanted:
        return [] if signed else [Wanted("", None)]
    left = list(signed)
    missing = set()
    for index, wish in sorted(enumerate(wanted), key=lambda each: each[1].id is None):
        found = next((one for one in left if one[0] == wish.kind and wish.id in (None, one[1])), None)
        if found is None:
            missing.add(index)
        else:
            left.remove(found)
    return [wish for index, wish in enumerate(wanted) if index in missing]
