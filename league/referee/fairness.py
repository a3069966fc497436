"""Fair chance: seeds that nobody can predict and everybody can check afterwards, and nonces that cannot be replayed.

Before an event the host publishes `commit(secret)`. Every match draws its chance from `match_seed(secret, name)`. After
the event the secret is revealed, and anybody can `verify` the commitment and compute every seed again.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from marl.errors import UserError

SECRET_BYTES = 32


def new_secret() -> bytes:
    """A fresh server secret."""
    return secrets.token_bytes(SECRET_BYTES)


def commit(secret: bytes) -> str:
    """What to publish before the event: the SHA-256 of the secret, in hexadecimal."""
    return hashlib.sha256(secret).hexdigest()


def reveal(secret: bytes) -> str:
    """What to publish after the event: the secret, in hexadecimal."""
    return secret.hex()


def verify(revealed: str, commitment: str) -> bytes:
    """The secret, if it is the one that was committed to. Raises UserError if not."""
    try:
        secret = bytes.fromhex(revealed)
    except ValueError:
        raise UserError(f"a revealed secret is hexadecimal, not {revealed!r:.60}") from None
    if not hmac.compare_digest(commit(secret), commitment.strip().lower()):
        raise UserError("this secret is not the one that the host committed to: its SHA-256 differs")
    return secret


def match_seed(secret: bytes, name: str) -> int:
    """The seed of the match called `name` (or of a pair of games, if they share it), below 2**64: HMAC-SHA-256."""
    return int.from_bytes(hmac.digest(secret, b"match seed\0" + name.encode(), "sha256")[:8], "big")


class Nonces:
    """The ids of one side's moves in one match: 16 hexadecimal digits each, in an order that only the host knows."""

    _BLOCK, _WIDTH = 64, 16

    def __init__(self, secret: bytes, match: str, side: int) -> None:
        self._key = hmac.digest(secret, f"nonce\0{match}\0{side}".encode(), "sha256")
        self._used = 0
        self._ready: list[str] = []

    def next(self) -> str:
        """The id of the next move."""
        if not self._ready:
            block = hmac.digest(self._key, self._used.to_bytes(8, "big"), "sha256")
            digits = hashlib.shake_128(block).hexdigest(self._BLOCK * self._WIDTH // 2)
            self._ready = [digits[at : at + self._WIDTH] for at in range(0, len(digits), self._WIDTH)]
            self._used += 1
        return self._ready.pop()
