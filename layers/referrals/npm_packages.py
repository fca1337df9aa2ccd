"""Packages of npm, as pinned: `python npm_packages.py npm.json DIRECTORY` brings what is missing.

Each is packed by npm, held against its pinned integrity and unpacked into DIRECTORY/<name>. Nothing
of it is committed, and no lock file tells where it came from.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def bring(pins: Path, directory: Path) -> None:
    """Every pinned package that is not there already. SystemExit says what is wrong."""
    for name, pin in json.loads(pins.read_text()).items():
        place = directory / name
        if _version(place) != pin["version"]:
            with tempfile.TemporaryDirectory() as scratch:
                packed = _packed(f"{name}@{pin['version']}", Path(scratch))
                if _integrity(packed) != pin["integrity"]:
                    raise SystemExit(f"{name} {pin['version']} is not what {pins.name} pins")
                _unpack(packed, place)


def _version(place: Path) -> str | None:
    described = place / "package.json"
    return json.loads(described.read_text())["version"] if described.exists() else None


def _packed(wanted: str, scratch: Path) -> Path:
    npm = shutil.which("npm", path=str(Path(sys.executable).parent)) or shutil.which("npm")
    if npm is None:
        raise SystemExit("npm is not here: `make setup` brings it, .venv/bin has it then")
    command = [npm, "pack", wanted, "--silent", "--pack-destination", str(scratch)]
    if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode != 0:
        raise SystemExit(f"npm could not bring {wanted}")
    (packed,) = scratch.glob("*.tgz")
    return packed


def _integrity(packed: Path) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()


def _unpack(packed: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    # Under its name it is whole.
    partial = place.with_name(f"{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with tarfile.open(packed) as archive:
        for member in archive:
            inside = Path(*Path(member.name).parts[1:])
            content = archive.extractfile(member)
            if content is not None and ".." not in inside.parts:
                target = partial / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
    place.parent.mkdir(parents=True, exist_ok=True)
    partial.rename(place)


if __name__ == "__main__":
    bring(Path(sys.argv[1]), Path(sys.argv[2]))
