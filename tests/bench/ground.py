"""What is measured, and on what: made once under .bench and .venv-bench, and made anew when stale.

A function is measured as it is deployed: the built layer with its bytecode, the function's
directory, boto3 and Lambda's runtime client, and nothing else. What this project's own
environment has besides (pyOpenSSL, awscrt) would slow the bare handler down.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".bench"
DOCS = ROOT / "docs"
FUNCTIONS = ROOT / "functions"
PROCESS = Path(__file__).parent / "process"
LAYER = BENCH / "layer" / "python"
OTHERS = ROOT / ".venv-bench"
RUNTIME = BENCH / "runtime"

_PINNED = ROOT / "requirements-bench.txt"
LAYER_SOURCE = ROOT / "layers" / "referrals"
# Lambda's own environment, and nothing that only the comparisons need.
_RUNTIME_PACKAGES = {
    *("awslambdaric", "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer"),
    *("simplejson", "six", "snapshot-restore-py", "urllib3"),
}
FASTAPI = BENCH / "fastapi"
_FASTAPI_PACKAGES = {
    *("annotated-doc", "annotated-types", "anyio", "fastapi", "idna", "mangum"),
    *("opentelemetry-api", "starlette"),
}


def function_names() -> list[str]:
    return sorted(path.parent.name for path in FUNCTIONS.glob("*/handler.py"))


def prepare() -> None:
    """Environments and layer, as the pinned requirements and the sources say."""
    BENCH.mkdir(exist_ok=True)
    if stale("environments", _PINNED.read_bytes() + sys.version.encode()):
        _say("installing what the benchmarks measure, once")
        for environment in (OTHERS, RUNTIME):
            _run(sys.executable, "-m", "venv", "--clear", str(environment))
        _install(OTHERS, _PINNED.read_text())
        _install(RUNTIME, _pinned(_RUNTIME_PACKAGES))
        _install(RUNTIME, _pinned(_FASTAPI_PACKAGES), "--target", str(FASTAPI), "--upgrade")
        for environment in (RUNTIME, FASTAPI):
            _run(sys.executable, "-m", "compileall", "-q", "-j", "0", str(environment), check=False)
        fresh("environments", _PINNED.read_bytes() + sys.version.encode())
    sources = b"".join(
        path.read_bytes()
        for path in sorted(LAYER_SOURCE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    )
    if stale("layer-built", sources):
        _say("building the layer for this machine")
        _run("rm", "-rf", str(LAYER.parent))
        built = {"ARTIFACTS_DIR": str(LAYER.parent), "LAYER_PLATFORM": "native"}
        make = ("make", "-s", "-C", str(LAYER_SOURCE), "build-ReferralsLayer")
        _run(*make, f"PYTHON={sys.executable}", env=os.environ | built)
        fresh("layer-built", sources)


def environment(*ahead: Path, **more: str) -> dict[str, str]:
    """The variables of a function's process; `ahead` goes before the layer on its path."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": ":".join(str(path) for path in (*ahead, LAYER)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TABLE_NAME": "referrals",
        "HASHING_SECRET": "hashing",
        "STRIPE_SECRET": "stripe",
        "POWERTOOLS_SERVICE_NAME": "referrals",
        "POWERTOOLS_METRICS_NAMESPACE": "Referrals",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",
        **more,
    }


def _pinned(packages: set[str]) -> str:
    """The requirements of these packages alone, hashes and all."""
    blocks = re.split(r"\n(?=[a-z])", _PINNED.read_text())
    return "\n".join(block for block in blocks if block.split("==")[0] in packages)


def _install(environment: Path, requirements: str, *where: str) -> None:
    wanted = BENCH / "wanted.txt"
    wanted.write_text(requirements)
    python = str(environment / "bin" / "python")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--require-hashes", "--no-deps", "--requirement", str(wanted), *where)


def stale(what: str, content: bytes) -> bool:
    mark = BENCH / what
    return not mark.exists() or mark.read_text() != hashlib.sha256(content).hexdigest()


def fresh(what: str, content: bytes) -> None:
    (BENCH / what).write_text(hashlib.sha256(content).hexdigest())


def _run(*command: str, env: dict[str, str] | None = None, check: bool = True) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
