"""What stands in links for a proposition: its identifier, and a proof that we wrote it."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from hashlib import sha256
from uuid import UUID

from django.conf import settings

PROOF = 11  # bytes: with the sixteen before them they fill 36 characters
LENGTH = 36


@cache
def begun() -> hmac.HMAC:
    """A proof of nothing yet, to be copied: what depends on the key alone is worked out once."""
    secret = hmac.digest(settings.SECRET_KEY.encode(), b"decisioning.propositions", sha256)
    return hmac.new(secret, digestmod=sha256)


def token_of(proposition: UUID | str) -> str:
    """The token of an identifier, or of its text."""
    identifier = bytes.fromhex(str(proposition).replace("-", ""))
    return urlsafe_b64encode(identifier + proof_of(identifier)).decode()


def proposition_of(token: str) -> UUID | None:
    """The identifier in a token; None when it is not one of ours."""
    if len(token) != LENGTH or not token.isascii():
        return None
    try:
        written = urlsafe_b64decode(token)
    except binascii.Error:
        return None
    identifier, proof = written[:16], written[16:]
    return UUID(bytes=identifier) if hmac.compare_digest(proof, proof_of(identifier)) else None


def proof_of(identifier: bytes) -> bytes:
    proof = begun().copy()
    proof.update(identifier)
    return proof.digest()[:PROOF]
