# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents refer to exists, and their examples are such that they can run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from content import MODULES, ROLES, ROOT, entry_points, tracked_files

DOCUMENTS = [path for path in tracked_files() if path.suffix == ".md"]
FILTERS = {path.stem for path in (ROOT / "plugins" / "filter").glob("*.py")}
PLAYBOOKS = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
# The groups of module defaults, and the callback.
OTHERS = {"aws", "roles", "warm_up"}


def names(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(path: Path) -> set[str]:
    """The headings, as links name them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target in re.findall(r"\[[^\]]*\]\(([^)\s]+)\)", document.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        path, _hash, anchor = target.partition("#")
        to = (document.parent / path).resolve() if path else document
        if not to.exists() or (anchor and to.suffix == ".md" and anchor not in anchors(to)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_what_is_named_by_its_full_name_exists(document: Path) -> None:
    known = {*MODULES, *ROLES, *FILTERS, *PLAYBOOKS, *OTHERS}
    named = set(re.findall(r"\bslipway\.aws\.(\w+)\b(?!\*)", document.read_text(encoding="utf-8")))
    assert named - known == set()


def examples(document: Path) -> Iterator[Any]:
    for block in re.findall(r"^```ya?ml\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        yield yaml.safe_load(block)


def dictionaries(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from dictionaries(inner)


@pytest.fixture(scope="module")
def inputs() -> dict[str, set[str]]:
    return {role: {name for options in entry_points(role).values() for name in options} for role in ROLES}


@pytest.mark.parametrize("document", DOCUMENTS, ids=names)
def test_examples_set_variables_that_roles_know(document: Path, inputs: dict[str, set[str]]) -> None:
    for example in examples(document):
        unknown = {
            key
            for found in dictionaries(example)
            for key in found
            for role in ROLES
            if isinstance(key, str) and key.startswith(f"{role}_") and key not in {*inputs[role], f"{role}_output"}
        }
        assert unknown == set()
