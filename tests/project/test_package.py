# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection can be built, installed from its package, and used from there without the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
from content import MODULES, ROLES, ROOT, load

#: Everything at the top of the package. Run-time content lies in the first four.
WANTED = {"meta", "plugins", "playbooks", "roles"} | {
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "LICENSES",
    "MAINTAINERS.md",
    "MANIFEST.json",
    "README.md",
    "SECURITY.md",
    "changelogs",
    "docs",
    "inventories",
}


def run(*command: str, cwd: Path, collections: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    if collections is not None:
        environment["ANSIBLE_COLLECTIONS_PATH"] = str(collections)
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    run("ansible-galaxy", "collection", "build", "--output-path", str(folder), cwd=ROOT)
    (path,) = folder.glob("*.tar.gz")
    return path


@pytest.fixture(scope="module")
def installed(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An own collections folder with the package in it, and nothing of the checkout."""
    folder = tmp_path_factory.mktemp("collections")
    run("ansible-galaxy", "collection", "install", str(package), "-p", str(folder), "--offline", cwd=folder)
    return folder


def test_package_is_named_after_the_version(package: Path) -> None:
    assert package.name == f"slipway-aws-{load(ROOT / 'galaxy.yml')['version']}.tar.gz"


def test_package_holds_what_users_need_and_nothing_else(package: Path) -> None:
    with tarfile.open(package) as archive:
        names = archive.getnames()
    assert {name.split("/")[0] for name in names} == WANTED
    assert [name for name in names if "__pycache__" in name or name.endswith(".pyc")] == []


def test_modules_are_documented_from_the_installed_copy(installed: Path) -> None:
    names = [f"slipway.aws.{module}" for module in MODULES]
    documented = json.loads(run("ansible-doc", "--json", *names, cwd=installed, collections=installed))
    assert sorted(documented) == sorted(names)
    for name, found in documented.items():
        assert Path(found["doc"]["filename"]).is_relative_to(installed), name


def test_roles_are_documented_from_the_installed_copy(installed: Path) -> None:
    names = [f"slipway.aws.{role}" for role in ROLES]
    documented = json.loads(run("ansible-doc", "-t", "role", "--json", *names, cwd=installed, collections=installed))
    assert sorted(documented) == sorted(names)
    assert all(found["entry_points"] for found in documented.values())


@pytest.mark.parametrize("playbook", sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml")))
def test_playbooks_are_found_in_the_installed_copy(installed: Path, playbook: str) -> None:
    inventory = installed / "ansible_collections" / "slipway" / "aws" / "inventories" / "dev"
    run(
        *("ansible-playbook", f"slipway.aws.{playbook}", "--syntax-check", "--inventory", str(inventory)),
        cwd=installed,
        collections=installed,
    )


def test_who_has_only_the_package_is_told_the_version_of_moto() -> None:
    """requirements/ is not in it, and the mends are made for one version."""
    pinned = re.search(r"^moto\[server\]==(.+)$", (ROOT / "requirements" / "local-aws.txt").read_text(), re.MULTILINE)
    assert pinned
    assert f"`moto[server]` {pinned[1]}, exactly" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"'moto[server]=={pinned[1]}'" in (ROOT / "docs" / "own-project.md").read_text(encoding="utf-8")
