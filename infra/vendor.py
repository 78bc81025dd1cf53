"""`make vendor`: the libraries of the console's pages, as their authors publish them, checked by the pinned hash.

What the console needs is kept in its folder, so that packaging fetches nothing; what only its tests need is fetched
when they run. `vendor.json` says which, and by what hash; `vendor.lock.json`, which this writes, holds the hash of each
file as it is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parent.parent
CONSOLE = ROOT / "chalicelib" / "console"
FOR_TESTS = ROOT / ".interleave" / "vendor"
PINS = Path(__file__).with_name("vendor.json")
LOCK = Path(__file__).with_name("vendor.lock.json")
LICENCES = "vendor-licences.txt"
SPECIFIERS = {'from"preact"': 'from"./vendor-preact.js"'}
"""Browsers find no module by a package's bare name; this is all that is changed."""


class NotAsPinned(Exception):
    """What came is not what was pinned."""


def pins() -> list[dict[str, Any]]:
    """The packages, their versions, hashes and files."""
    found: list[dict[str, Any]] = json.loads(PINS.read_text())
    return found


def fetch(pin: dict[str, Any], folder: Path) -> dict[str, bytes]:
    """The files of a package, by the name they are kept under, and its licence. Raises `NotAsPinned`."""
    named = f"{pin['package']}@{pin['version']}"
    command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), named]
    print(f"Fetching {named} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise SystemExit("There is no npm, which fetches it: `apt-get install npm`, then try again.") from error
    except subprocess.CalledProcessError as error:
        step = "Look at the connection to the registry, then try again."
        raise SystemExit(f"{named} could not be fetched. {step}\n{error.stderr}") from error
    archive = folder / done.stdout.split()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != pin["integrity"]:
        raise NotAsPinned(f"{named} is not what was pinned: sha512-{digest}")
    with tarfile.open(archive) as opened:
        return {kept: _read(opened, published) for published, kept in {**pin["files"], "LICENSE": "LICENSE"}.items()}


def axe() -> str:
    """The accessibility checker, for the browser tests."""
    kept = FOR_TESTS / "axe.min.js"
    if not kept.exists():
        pin = next(each for each in pins() if each["package"] == "axe-core")
        with TemporaryDirectory() as folder:
            FOR_TESTS.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(fetch(pin, Path(folder))["axe.min.js"])
    return kept.read_text()


def main() -> None:
    hashes, licences = {}, []
    for pin in (each for each in pins() if not each.get("for_tests")):
        with TemporaryDirectory() as folder:
            files = fetch(pin, Path(folder))
        licences.append(f"{pin['package']} {pin['version']} ({pin['licence']})\n\n{files.pop('LICENSE').decode()}")
        for name, content in files.items():
            text = content.decode()
            for published, kept in SPECIFIERS.items():
                text = text.replace(published, kept)
            (CONSOLE / name).write_text(text)
            hashes[name] = hashlib.sha256(text.encode()).hexdigest()
    (CONSOLE / LICENCES).write_text("\n\n".join(licences))
    LOCK.write_text(json.dumps(hashes, indent=2, sort_keys=True) + "\n")
    print(f"{', '.join(sorted(hashes))} are in {CONSOLE.relative_to(ROOT)}.")


def _read(opened: tarfile.TarFile, name: str) -> bytes:
    found = opened.extractfile(f"package/{name}")
    assert found is not None
    return found.read()


if __name__ == "__main__":
    main()
