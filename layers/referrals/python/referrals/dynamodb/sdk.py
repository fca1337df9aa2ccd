"""The AWS SDK without what no function uses: its core alone, on data cut down by the build."""

from functools import cache
from pathlib import Path
from typing import Any

import botocore
from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

# Made by the layer's build; without it botocore reads its own data, and every start is slower.
_DATA = Path(__file__).with_name("sdk_data")
# Said once: botocore would put it together anew for every call, at a tenth of the call's time. It
# need not check what we send either: our types do before, and the service does after.
_AGENT = f"referrals Botocore/{botocore.__version__}"


class _Loader(Loader):
    """Knows which services there are; botocore's own looks through the directories of all 400."""

    def list_available_services(self, type_name: str) -> list[str]:  # noqa: ARG002 - its signature
        return ["dynamodb", "events", "lambda", "secretsmanager"]


@cache
def _session() -> Session:
    """One for all clients: what it has read serves the next."""
    session = Session()
    session.register_component("data_loader", _Loader([str(_DATA)]))
    return session


def client(service: str, **config: Any) -> Any:
    """A client of an AWS service, on the region and endpoint of the environment."""
    told = Config(user_agent=_AGENT, parameter_validation=False, **config)
    return _session().create_client(service, config=told)
