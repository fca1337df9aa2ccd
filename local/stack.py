"""The local stack as one object, for `make run` and for the end-to-end tests.

with Stack(port=3000, emulator_port=4566) as stack:
    requests go to stack.environment["REFERRALS_URL"]
"""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local import deployment
from local.cors import Cors
from local.emulator import CREDENTIALS, Emulator, clients, refuse_busy
from local.environment import LOCAL, write, write_for_sam
from local.gateway import JWKS_PATH, Gateway
from local.tokens import AUDIENCE, Signer
from referrals.rules.risk import RISK_RULES


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def silent(_: str) -> None:
    """For callers that want no progress."""


class Stack:
    """Two may run at once, on other ports and in other directories; they share the build."""

    def __init__(
        self,
        port: int,
        emulator_port: int,
        *,
        parameters: Mapping[str, str] | None = None,
        directory: Path = LOCAL,
        say: Callable[[str], None] = silent,
    ) -> None:
        self.port = port
        self.issuer = f"http://127.0.0.1:{port}"
        self.names: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self._directory = directory
        self._parameters = parameters or {}
        self._say = say
        self._signer = Signer()
        self._emulator = Emulator(emulator_port, directory)
        self.client = clients(self._emulator.url)
        self._gateway: Gateway | None = None

    def start(self) -> None:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self._gateway is not None:
            self._gateway.stop()
            self._gateway = None
        self._emulator.stop()

    def running(self) -> bool:
        return self._emulator.alive()

    def invoke(self, directory: str, payload: Mapping[str, Any]) -> Any:
        """What functions/<directory> answers to a payload."""
        return deployment.invoke(
            self.client, self.names[deployment.function_resource(directory)], payload
        )

    def token(self, user_id: str, role: str | None = None, **claims: Any) -> str:
        return self._signer.token(self.issuer, user_id, role, **claims)

    def deploy(self, built: Path, **changed: str) -> None:
        """Deploy a build, with other parameters than at the start; its address stays the same."""
        parameters = self._all_parameters() | changed
        deployment.deploy(built, self._emulator.url, parameters, self._directory / "sam.log")
        before, self.names = self.names, deployment.resources(self.client)
        if self.names["Api"] == before.get("Api"):
            return
        deployment.create_routes(self.client, self.names)
        if self._gateway is not None:
            self._gateway.stop()
        self._gateway = Gateway(
            self.port,
            self._emulator.port,
            self.names["Api"],
            self._signer.jwks(),
            Cors.of(deployment.template(), self._parameters.get("AllowedOrigins", "")),
        )
        self._gateway.start()

    def _start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        refuse_busy(self.port)
        log = self._directory / "sam.log"
        log.write_bytes(b"")
        self._say("starting MiniStack")
        self._emulator.start()
        self._say("building (sam build)")
        built = deployment.build(log)
        self._say("deploying template.yaml (sam deploy)")
        self.deploy(built)
        self._say("creating keys")
        self._create_credentials()

    def _all_parameters(self) -> dict[str, str]:
        return {
            "Environment": "local",
            "EndpointUrl": self._emulator.url,
            "ReserveConcurrency": "false",
            "RecoverySchedule": "rate(1 minute)",
            "LandingUrl": "https://example.com/welcome",
            # Everybody here has one address, so that it says nothing.
            "RiskRules": ",".join(rule for rule in RISK_RULES if rule != "same_ip"),
            "JwtJwksUrl": f"{self.issuer}{JWKS_PATH}",
            "JwtIssuer": self.issuer,
            "JwtAudience": AUDIENCE,
            **self._parameters,
        }

    def _create_credentials(self) -> None:
        signing_secret = f"whsec_{secrets.token_hex(24)}"
        self.client("secretsmanager").put_secret_value(
            SecretId=self.names["StripeSecret"],
            SecretString=json.dumps({"signing_secrets": [signing_secret]}),
        )
        self.environment = {
            "REFERRALS_URL": f"{self.issuer}/api/v1",
            "REFERRALS_ADMIN_KEY": self._api_key("admin", "admin-user"),
            "REFERRALS_SERVICE_KEY": self._api_key("service", "service-backend"),
            "REFERRALS_STRIPE_WEBHOOK_SECRET": signing_secret,
            "REFERRALS_TABLE": self.names["Table"],
            "AWS_ENDPOINT_URL": self._emulator.url,
            **CREDENTIALS,
        }
        write(self.environment, self._directory)
        write_for_sam(deployment.variables(self.client, self.names), self._directory)

    def _api_key(self, role: str, user_id: str) -> str:
        made = self.invoke(
            "create_api_key", {"role": role, "user_id": user_id, "plan": "enterprise"}
        )
        key: str = made["api_key"]
        return key

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
