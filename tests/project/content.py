# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection consists of, read from its files."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if (path / "tasks").is_dir())
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")


def load(path: Path) -> Any:
    """One YAML file; Ansible's own tags are read as plain values."""

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def entry_points(role: str) -> dict[str, dict[str, Any]]:
    """The role's argument specs: entry point to options."""
    specs = load(ROOT / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]
    return {name: spec.get("options") or {} for name, spec in specs.items()}


def defaults(role: str) -> dict[str, Any]:
    """The inputs that the role gives a default."""
    return load(ROOT / "roles" / role / "defaults" / "main.yml") or {}


def inputs_without_default(role: str) -> set[str]:
    """The inputs that stand in the defaults file as a comment, because nothing sensible can be the default."""
    text = (ROOT / "roles" / role / "defaults" / "main.yml").read_text(encoding="utf-8")
    return set(re.findall(rf"^#\s*({role}_\w+):", text, re.MULTILINE))


def tasks(role: str) -> list[dict[str, Any]]:
    """All tasks of the role, those in blocks included."""
    found: list[dict[str, Any]] = []

    def collect(items: list[dict[str, Any]]) -> None:
        for item in items:
            found.append(item)
            for part in ("block", "rescue", "always"):
                collect(item.get(part) or [])

    for folder in ("tasks", "handlers"):
        for path in sorted((ROOT / "roles" / role / folder).rglob("*.yml")):
            collect(load(path) or [])
    return found


def literals(path: Path) -> dict[str, str]:
    """The text constants of a Python file, above all DOCUMENTATION, EXAMPLES and RETURN."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


def tracked_files() -> list[Path]:
    """The files that git knows, or would after `git add`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
