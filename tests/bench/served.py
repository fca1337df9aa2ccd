"""The store in a process of its own, so that a function's CPU time is the function's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.emulator import Emulator, clients
from referrals.dynamodb.table import Table
from tests.bench.ground import BENCH, PROCESS, environment
from tests.bench.programme import CHOSEN, SECRETS, Requests, in_this_process
from tests.functions.identity_provider import IdentityProvider
from tests.tables import create_table

_PORT = 9610


@dataclass(frozen=True)
class Served:
    """A programme on a store that is reached over HTTP, and the variables that lead to it."""

    requests: Requests
    variables: dict[str, str]

    def environment(self, *directories: Path) -> dict[str, str]:
        return environment(PROCESS, *directories, **self.variables)


@contextmanager
def served() -> Iterator[Served]:
    """Start the store, fill it, and end it."""
    emulator, identity = Emulator(_PORT, BENCH), IdentityProvider()
    emulator.start()
    try:
        client = clients(emulator.url)
        dynamodb = client("dynamodb")
        table = Table(create_table(dynamodb), dynamodb)
        table.__dict__["unrepeated"] = dynamodb
        for name, secret in SECRETS.items():
            client("secretsmanager").create_secret(Name=name, SecretString=secret)
        variables = CHOSEN | {
            "TABLE_NAME": table.name,
            "AWS_ENDPOINT_URL": emulator.url,
            "ENVIRONMENT": "local",
            "JWT_JWKS_URL": identity.jwks_url,
        }
        with in_this_process(table, identity) as programme:
            yield Served(Requests(programme, identity), variables)
    finally:
        emulator.stop()
        identity.stop()
