"""User tokens for the local stack: `python -m local.tokens USER [ROLE]` prints one."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from local.environment import LOCAL, read
from local.failure import Failure

AUDIENCE = "referrals"
KEY_ID = "local"
LIFETIME = 3600


class Signer:
    """Signs what the stack's JWKS document lets the functions verify."""

    def __init__(self, key_file: Path = LOCAL / "token-key.pem") -> None:
        self._key = _load_or_make(key_file)

    def jwks(self) -> bytes:
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return json.dumps(
            {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
        ).encode()

    def token(self, issuer: str, user_id: str, role: str | None = None, **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "iss": issuer,
            "aud": AUDIENCE,
            "sub": user_id,
            "iat": now,
            "exp": now + LIFETIME,
        }
        if role:
            payload["role"] = role
        return jwt.encode(
            {**payload, **claims}, self._key, algorithm="RS256", headers={"kid": KEY_ID}
        )


def _load_or_make(key_file: Path) -> rsa.RSAPrivateKey:
    if not key_file.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        key_file.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and linked, so that two stacks starting at once agree on one key.
        draft = key_file.with_suffix(f".{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_bytes(pem)
        with suppress(FileExistsError):
            os.link(draft, key_file)
        draft.unlink()
    key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{key_file} holds no RSA key")
    return key


def main() -> int:
    arguments = argparse.ArgumentParser(
        description="Print a token that the running local stack accepts."
    )
    arguments.add_argument("user")
    arguments.add_argument("role", nargs="?")
    given = arguments.parse_args()
    try:
        issuer = read()["REFERRALS_URL"].removesuffix("/api/v1")
    except Failure as failure:
        print(f"make token: {failure}", file=sys.stderr)
        return 1
    print(Signer().token(issuer, given.user, given.role))
    return 0


if __name__ == "__main__":
    sys.exit(main())
