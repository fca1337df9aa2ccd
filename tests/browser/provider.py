"""A company's own sign-in: a small OIDC provider on its own host, which signs for the stack."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

from local.tokens import AUDIENCE
from tests.browser.hosts import Asked, Told, html, page
from tests.e2e.deployed import Deployed

LOGIN = "login.shop.test"
ISSUER = f"https://{LOGIN}"
# As Cognito does, it may give out tokens elsewhere than it names itself.
TOKENS = "tokens.shop.test"
TOKEN_URL = f"https://{TOKENS}/oauth2/token"
CLIENT = "console"
# What the page may read of another origin's answers.
READABLE = [("Access-Control-Allow-Origin", "*")]


@dataclass
class Provider:
    """Who stands before it is `user`, of a role; what it gave a code for is in `asked`."""

    service: Deployed
    user: str = "jane"
    role: str | None = "admin"
    refuses: bool = False
    token_url: str = f"{ISSUER}/token"
    # Claims of the ID token that are not as they should be.
    twisted: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, dict[str, str]] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Told:
        place = urlsplit(asked.path)
        if place.path == "/.well-known/openid-configuration":
            return _json(
                {
                    "issuer": ISSUER,
                    "authorization_endpoint": f"{ISSUER}/authorize",
                    "token_endpoint": self.token_url,
                }
            )
        given = asked.body.decode() if asked.method == "POST" else place.query
        query = {name: value for name, (value,) in parse_qs(given).items()}
        if place.path == "/authorize":
            back = f"{query['redirect_uri']}?{urlencode(self._answer(query))}"
            return page(html(f'<a href="{back.replace("&", "&amp;")}">Yes, it is me</a>'))
        there = f"https://{asked.headers['Host']}{place.path}" == self.token_url
        return self._tokens(query) if there else Told(status=404)

    def _answer(self, query: dict[str, str]) -> dict[str, str]:
        if self.refuses:
            return {"error": "access_denied", "state": query["state"]}
        code = uuid4().hex
        self.asked[code] = query
        return {"code": code, "state": query["state"]}

    def _tokens(self, given: dict[str, str]) -> Told:
        asked = self.asked.pop(given["code"], None)
        hashed = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["code_challenge_method"] != "S256"
            or asked["redirect_uri"] != given["redirect_uri"]
            or not given["client_id"] == asked["client_id"] == CLIENT
        ):
            return _json({"error": "invalid_grant"}, 400)
        claims = {"aud": CLIENT, "nonce": asked["nonce"]} | self.twisted
        token = self.service.signer.token
        return _json(
            {
                "access_token": token(ISSUER, self.user, self.role, aud=AUDIENCE),
                "id_token": token(ISSUER, self.user, **claims),
                "token_type": "Bearer",
            }
        )


def _json(told: object, status: int = 200) -> Told:
    return Told(
        json.dumps(told).encode(), [("Content-Type", "application/json"), *READABLE], status
    )
