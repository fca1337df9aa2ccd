"""Write what botocore must know of the services that the functions call, and no more.

botocore reads the endpoints of all services and the models of all operations in every cold start;
that is a fifth of a bare function's start. It takes this directory's files before its own.
"""

import json
import sys
from pathlib import Path

from botocore.loaders import Loader

OPERATIONS = {
    "dynamodb": (
        "BatchGetItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactWriteItems",
        "UpdateItem",
    ),
    "events": ("PutEvents",),
    "lambda": ("Invoke",),
    "secretsmanager": ("GetSecretValue",),
}


def endpoints(whole: dict) -> dict:
    """Every partition and region, with these services only."""
    partitions = [
        partition
        | {"services": {k: v for k, v in partition["services"].items() if k in OPERATIONS}}
        for partition in whole["partitions"]
    ]
    return whole | {"partitions": partitions}


def model(whole: dict, operations: tuple[str, ...]) -> dict:
    """The operations with the shapes that they lead to, without their documentation."""
    kept = {name: undocumented(whole["operations"][name]) for name in operations}
    shapes: dict = {}
    found = named_shapes(kept)
    while found:
        shapes |= {name: undocumented(whole["shapes"][name]) for name in sorted(found)}
        found = named_shapes({name: shapes[name] for name in found}) - shapes.keys()
    return {
        "version": whole["version"],
        "metadata": whole["metadata"],
        "operations": kept,
        "shapes": shapes,
    }


def named_shapes(part: object) -> set[str]:
    """The shapes that a part of a model refers to."""
    if isinstance(part, dict):
        own = {part["shape"]} if isinstance(part.get("shape"), str) else set()
        return own.union(*map(named_shapes, part.values()))
    return set().union(*map(named_shapes, part)) if isinstance(part, list) else set()


def undocumented(part: object) -> object:
    """The part without the texts that only people read."""
    if isinstance(part, dict):
        # A member may be called documentation; its value is then no text.
        return {
            name: undocumented(inner)
            for name, inner in part.items()
            if name not in ("documentation", "documentationUrl") or not isinstance(inner, str)
        }
    return [undocumented(inner) for inner in part] if isinstance(part, list) else part


def write(directory: Path) -> None:
    """All files, laid out as botocore lays out its own."""
    loader = Loader()
    put(directory / "endpoints.json", endpoints(loader.load_data("endpoints")))
    for service, operations in OPERATIONS.items():
        version = loader.determine_latest_version(service, "service-2")
        whole = loader.load_service_model(service, "service-2", version)
        put(directory / service / version / "service-2.json", model(whole, operations))


def put(path: Path, content: dict) -> None:
    """One file, as small as JSON can be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
