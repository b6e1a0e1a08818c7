# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the demo's site as a bundler would: assets get the hash of their content into their names.

C(python tools/demo_site/build.py FOLDER) makes the same files from the same source, whenever and wherever it runs. In a
page C({{ asset:style.css }}) becomes the address of the asset, and C({{ page:guide.html }}) that of another page.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parent / "source"
ASSETS = "assets"
REFERENCE = re.compile(r"\{\{ (asset|page):([\w./-]+) \}\}")


def hashed_name(path: Path, content: bytes) -> str:
    return f"{ASSETS}/{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"


def pages(source: Path) -> list[Path]:
    return sorted(source.rglob("*.html"))


def build(target: Path, source: Path = SOURCE) -> list[str]:
    """The files of the site, anew each time."""
    shutil.rmtree(target, ignore_errors=True)
    addresses: dict[str, str] = {}
    made: dict[str, bytes] = {}
    # Pictures before the styles and scripts that refer to them.
    assets = sorted((source / ASSETS).iterdir(), key=lambda path: (path.suffix in (".css", ".js"), path.name))
    for path in assets:
        content = resolved(path.read_text(encoding="utf-8"), addresses, source).encode()
        addresses[path.name] = hashed_name(path, content)
        made[addresses[path.name]] = content
    for path in pages(source):
        text = resolved(path.read_text(encoding="utf-8"), addresses, source)
        made[path.relative_to(source).as_posix()] = text.encode()
    for name, content in made.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    return sorted(made)


def resolved(text: str, assets: dict[str, str], source: Path) -> str:
    def address(match: re.Match[str]) -> str:
        kind, name = match.groups()
        if kind == "asset":
            return f"/{assets[name]}"
        if not (source / name).is_file():
            raise KeyError(f"there is no page {name}")
        return f"/{name}".removesuffix("index.html")

    return REFERENCE.sub(address, text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: build.py FOLDER")
    print("\n".join(build(Path(sys.argv[1]))))
