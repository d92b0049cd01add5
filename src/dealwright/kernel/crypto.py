"""Personal data at rest: AES-256-GCM under keys derived per tenant, and blind indexes to search without reading.

One root secret per installation; HKDF-SHA256 derives from it, for each tenant and key version, a data key and an index
key. A sealed value is ``version (2 bytes) ‖ nonce (12) ‖ ciphertext and tag``, bound to the identity of its row by the
associated data, so that a value copied to another row does not open.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12
_TOKEN_BYTES: Final = 8
_COMMITMENT_BYTES: Final = 16
_LONGEST_PREFIX: Final = 12
_SHORTEST_PREFIX: Final = 2
_NO_TENANT: Final = UUID(int=0)


class Tampered(Exception):
    """A sealed value does not open: wrong key, wrong row, or changed by hand."""


def _derive(root: bytes, salt: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose.encode()).derive(root)


class TenantCipher:
    """The keys of one tenant at its current version; opens values of older versions too."""

    def __init__(self, root: bytes, tenant: UUID, version: int) -> None:
        self._root = root
        self._salt = tenant.bytes
        self.version = version
        self._ciphers: dict[int, AESGCM] = {}
        self._index_key = _derive(root, self._salt, "blind-index")
        self._blinding: dict[str, Any] = {}
        """Keyed hashes that have already taken in the kind of word."""

    def _cipher(self, version: int) -> AESGCM:
        cipher = self._ciphers.get(version)
        if cipher is None:
            cipher = self._ciphers[version] = AESGCM(_derive(self._root, self._salt, f"personal-data:{version}"))
        return cipher

    def seal(self, plain: bytes, bound_to: bytes) -> bytes:
        """Encrypt under the current version; ``bound_to`` names the row and must be given again to open."""
        nonce = os.urandom(_NONCE)
        return self.version.to_bytes(2, "big") + nonce + self._cipher(self.version).encrypt(nonce, plain, bound_to)

    def open(self, sealed: bytes, bound_to: bytes) -> bytes:
        """Raises Tampered when the value is not what was sealed for this row."""
        version = int.from_bytes(sealed[:2], "big")
        try:
            return self._cipher(version).decrypt(sealed[2 : 2 + _NONCE], sealed[2 + _NONCE :], bound_to)
        except (InvalidTag, ValueError):
            raise Tampered("a sealed value does not open") from None

    def commitment(self, bound_to: str, value: bytes) -> str:
        """A keyed BLAKE2b that commits to a private value without telling it (32 hexadecimal characters)."""
        text = b"commitment\x1f" + bound_to.encode() + b"\x1f" + value
        return hashlib.blake2b(text, key=self._index_key, digest_size=_COMMITMENT_BYTES).hexdigest()

    def blind(self, kind: str, word: str) -> bytes:
        """The blind index entry of one normalised word: 8 bytes of keyed BLAKE2b (RFC 7693). ``kind`` keeps fields
        apart. A record has some fifty entries, and this message authentication code costs a fifth of HMAC-SHA256.
        """
        keyed = self._blinding.get(kind)
        if keyed is None:
            start = f"{kind}\x1f".encode()
            keyed = self._blinding[kind] = hashlib.blake2b(start, key=self._index_key, digest_size=_TOKEN_BYTES)
        state = keyed.copy()
        state.update(word.encode())
        return state.digest()

    def blind_prefixes(self, kind: str, words_: Iterable[str]) -> set[bytes]:
        """Entries for every word and each of its beginnings of 2 to 12 characters."""
        return {self.blind(kind, start) for start in {start for word in words_ for start in beginnings(word)}}


class Keyring:
    """Hands out tenant ciphers; the root secret never leaves it."""

    def __init__(self, root: bytes) -> None:
        self._root = hashlib.sha256(root).digest()
        self.tenant = lru_cache(maxsize=4096)(self._tenant)

    def _tenant(self, tenant: UUID, version: int = 1) -> TenantCipher:
        return TenantCipher(self._root, tenant, version)

    def installation(self) -> TenantCipher:
        """The keys for what belongs to no tenant: people, who may work in several workspaces."""
        return self.tenant(_NO_TENANT, 1)

    def fingerprint(self) -> str:
        """Tells two roots apart without telling either; kept in the database and compared at every start."""
        return _derive(self._root, b"dealwright", "fingerprint").hex()[:32]


_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)


def words(text: str) -> list[str]:
    """Normalised words of a text: compatibility-folded, without accents, lower case."""
    plain = text.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold())
        plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return [word.replace("'", "").replace("’", "") for word in _WORD.findall(plain)]


def beginnings(word: str, shortest: int = _SHORTEST_PREFIX, longest: int = _LONGEST_PREFIX) -> list[str]:
    """The word itself and its beginnings of ``shortest`` to ``longest`` characters: ``jane`` → ``ja, jan, jane``."""
    head = [word[:length] for length in range(shortest, min(len(word), longest) + 1)]
    return head if head and head[-1] == word else [*head, word]


def load_root(secret: str | None, data_dir: Path) -> bytes:
    """The root secret: the one that is set, else ``data_dir/secret.key``, made at the first start (mode 0600)."""
    if secret:
        return secret.encode()
    path = data_dir / "secret.key"
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        pass
    data_dir.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(48).hex().encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes().strip()
