# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules are documented for the people who call them, and reached by the collection's module_defaults."""

from __future__ import annotations

import re

import pytest
import write_generated
import yaml
from content import MODULES, ROOT, literals, load

PLUGINS = ROOT / "plugins"


def test_action_group_has_every_module_and_extends_the_one_of_amazon_aws() -> None:
    group = load(ROOT / "meta" / "runtime.yml")["action_groups"]["aws"]
    metadata = [entry["metadata"] for entry in group if isinstance(entry, dict)]
    assert metadata == [{"extend_group": ["amazon.aws.aws"]}]
    assert [entry for entry in group if isinstance(entry, str)] == MODULES


def test_action_group_of_the_roles_has_what_they_call() -> None:
    groups = load(ROOT / "meta" / "runtime.yml")["action_groups"]
    assert groups["roles"] == [*MODULES, *write_generated.called_of_amazon_aws(ROOT)]
    assert "amazon.aws.ec2_vpc_net" in groups["roles"]


def test_generated_files_are_up_to_date() -> None:
    """`make format` writes them."""
    wanted = write_generated.generated(ROOT)
    assert {
        path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text
    } == set()
    assert write_generated.stale(ROOT) == []


@pytest.mark.parametrize("module", MODULES)
def test_the_design_gives_the_reason_for_each_module(module: str) -> None:
    assert f"`{module}`" in (ROOT / "docs" / "design.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_module_is_documented(module: str) -> None:
    texts = literals(PLUGINS / "modules" / f"{module}.py")
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    assert documentation["module"] == module
    examples = yaml.safe_load(texts["EXAMPLES"])
    assert any(f"slipway.aws.{module}" in task for task in examples), "no example calls the module by its full name"
    assert yaml.safe_load(texts["RETURN"])


@pytest.mark.parametrize("module", MODULES)
def test_module_names_the_iam_actions_it_needs(module: str) -> None:
    documentation = yaml.safe_load(literals(PLUGINS / "modules" / f"{module}.py")["DOCUMENTATION"])
    lines = [*documentation["description"], *documentation.get("notes", [])]
    needed = [line for line in lines if line.startswith("IAM actions:")]
    assert len(needed) == 1
    assert re.search(r"\b[a-z0-9-]+:[A-Z][A-Za-z]+", needed[0])


@pytest.mark.parametrize("kind", ["filter", "inventory", "callback", "lookup", "test"])
def test_other_plugins_are_documented(kind: str) -> None:
    for path in (PLUGINS / kind).glob("*.py"):
        if path.stem != "__init__":
            texts = literals(path)
            assert yaml.safe_load(texts["DOCUMENTATION"]), path
            assert texts.get("EXAMPLES", "").strip() or kind == "callback", path
