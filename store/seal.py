"""Columns that may hold a secret are sealed: AES-256-GCM, bound to the row and column they stand in.

A value is one byte of form, then
    0   the bytes as they are
    1   four bytes of key id, a random 96-bit nonce, the ciphertext with its tag
The key id says which key sealed a value, so that keys can be rotated without touching every row at once.
"""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.errors import StoreError

PLAIN, SEALED = b"\0", b"\1"
KEY_BYTES = 32
_ID, _NONCE = 4, 12


class Seal:
    """Seals and opens values with a key derived from the instance's secret. StoreError for one that is too short."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise StoreError(
                f"SIGNOFF_SECRET_KEY has {len(secret)} bytes; sealing sensitive values takes {KEY_BYTES} random ones"
            )
        key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"signoff-seal-v1").derive(secret)
        self._cipher = AESGCM(key)
        self.key_id = hashlib.sha256(b"signoff-key-id" + key).digest()[:_ID]

    def close(self, value: bytes, *place: str | int) -> bytes:
        """Sealed for this place (column, request, number): in another one it does not open."""
        nonce = secrets.token_bytes(_NONCE)
        return SEALED + self.key_id + nonce + self._cipher.encrypt(nonce, value, _bound(place))

    def open(self, stored: bytes, *place: str | int) -> bytes:
        """The value. StoreError where another key sealed it, or where it was changed or moved, or is not sealed."""
        key_id, nonce, rest = stored[1:5], stored[5:17], stored[17:]
        if stored[:1] == SEALED and key_id != self.key_id:
            raise StoreError(
                f"SIGNOFF_SECRET_KEY is another key ({self.key_id.hex()}) than the one this database was made with "
                f"({key_id.hex()}); start Signoff with that one"
            )
        try:
            if stored[:1] == SEALED:
                return self._cipher.decrypt(nonce, rest, _bound(place))
        except (InvalidTag, ValueError):
            pass
        raise StoreError(f"{place[0]} of {place[1:]} was changed in the database; it is not used")

    def read(self, stored: bytes, *place: str | int) -> bytes:
        """A value of a column that is sealed only where it must be."""
        return stored[1:] if stored[:1] == PLAIN else self.open(stored, *place)


def plain(value: bytes) -> bytes:
    """A value that needs no seal, in the form `Seal.read` reads."""
    return PLAIN + value


def _bound(place: tuple[str | int, ...]) -> bytes:
    return "\0".join(map(str, place)).encode()
