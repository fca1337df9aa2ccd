"""An identity provider: keys, a JWKS document served over HTTP, and tokens of every kind."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests import forged_tokens

ISSUER = "https://id.example.com/"
AUDIENCE = "referrals"
KEY_ID = "key-1"


class IdentityProvider:
    """Serves its public key on a port of its own until `stop`."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public: dict[str, Any] = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        document = {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
        served = json.dumps(document).encode()

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(served)))
                self.end_headers()
                self.wfile.write(served)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Answer)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def jwks_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/jwks.json"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def claims(self, user_id: str, **changed: Any) -> dict[str, Any]:
        """The claims of a good token; None leaves one out."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "iat": now, "exp": now + 600}
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def of(self, user_id: str, *, key_id: str | None = KEY_ID, **changed: Any) -> str:
        """A token that this provider signed."""
        headers = {"kid": key_id} if key_id else {}
        return jwt.encode(
            self.claims(user_id, **changed), self.key, algorithm="RS256", headers=headers
        )

    def signed_by_another(self, user_id: str) -> str:
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(self.claims(user_id), other, algorithm="RS256", headers={"kid": KEY_ID})

    def unsigned(self, user_id: str) -> str:
        return forged_tokens.unsigned(self.claims(user_id), KEY_ID)

    def signed_with_the_public_key(self, user_id: str) -> str:
        return forged_tokens.signed_with_the_public_key(self.claims(user_id), KEY_ID, self.key)
