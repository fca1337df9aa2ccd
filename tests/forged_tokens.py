"""Tokens as attackers write them, which PyJWT itself would not sign."""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

Claims = dict[str, Any]


def unsigned(claims: Claims, key_id: str) -> str:
    """`alg: none`, with an empty signature."""
    return f"{_head('none', claims, key_id)}."


def signed_with_the_public_key(claims: Claims, key_id: str, key: rsa.RSAPrivateKey) -> str:
    """HS256 with the public key as the secret, which a naive verifier accepts."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = _head("HS256", claims, key_id)
    return f"{head}.{_text(hmac.new(public, head.encode(), hashlib.sha256).digest())}"


def _head(algorithm: str, claims: Claims, key_id: str) -> str:
    header = {"alg": algorithm, "kid": key_id, "typ": "JWT"}
    return ".".join(_text(json.dumps(part).encode()) for part in (header, claims))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
