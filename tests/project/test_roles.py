# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every role says what it takes and what it gives, in each place where somebody looks for it."""

from __future__ import annotations

import re

import pytest
from content import ROLES, ROOT, defaults, entry_points, inputs_without_default, tasks

pytestmark = pytest.mark.parametrize("role", ROLES)


def test_defaults_and_argument_specs_name_the_same_inputs(role: str) -> None:
    specified = {option for options in entry_points(role).values() for option in options}
    assert set(defaults(role)) | inputs_without_default(role) == specified


def test_an_input_is_either_set_or_commented_out_in_the_defaults(role: str) -> None:
    assert not set(defaults(role)) & inputs_without_default(role)


def test_required_inputs_have_no_default(role: str) -> None:
    required = {
        option for options in entry_points(role).values() for option, spec in options.items() if spec.get("required")
    }
    assert not required & set(defaults(role))


def test_defaults_in_argument_specs_are_those_of_the_role(role: str) -> None:
    given = defaults(role)
    documented = {
        option: spec["default"]
        for options in entry_points(role).values()
        for option, spec in options.items()
        if "default" in spec
    }
    # What is computed cannot be compared; the specification says it in words.
    literal = {option: value for option, value in documented.items() if "{{" not in str(given.get(option))}
    assert literal == {option: given.get(option) for option in literal}


def test_every_entry_point_has_a_task_file(role: str) -> None:
    folder = ROOT / "roles" / role / "tasks"
    assert {name for name in entry_points(role) if not (folder / f"{name}.yml").is_file()} == set()


def test_every_variable_starts_with_the_role_name(role: str) -> None:
    names = set(defaults(role))
    for options in entry_points(role).values():
        names |= set(options)
    assert {name for name in names if not name.startswith(f"{role}_")} == set()


def test_a_role_publishes_its_output_and_nothing_else(role: str) -> None:
    published = set()
    for task in tasks(role):
        facts = task.get("ansible.builtin.set_fact") or {}
        published |= {name for name in facts if name != "cacheable"}
        if "register" in task:
            registered = task["register"]
            published |= set(registered.values()) if isinstance(registered, dict) else {registered}
    assert {name for name in published if not name.startswith(f"__{role}_")} <= {f"{role}_output"}


def section(role: str, name: str) -> str:
    """A section of the role's README, with its subsections."""
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    match = re.search(rf"^## {name}$\n(.*?)(?=^## |\Z)", readme, re.MULTILINE | re.DOTALL)
    assert match, f"no section {name!r}"
    return match[1]


def test_readme_lists_every_input(role: str) -> None:
    specified = {option for options in entry_points(role).values() for option in options}
    text = section(role, "Inputs")
    assert {option for option in specified if f"`{option}`" not in text} == set()


def test_readme_lists_no_input_that_does_not_exist(role: str) -> None:
    specified = {option for options in entry_points(role).values() for option in options}
    listed = set(re.findall(rf"^\|\s*`({role}_\w+)`", section(role, "Inputs"), re.MULTILINE))
    assert listed - specified == set()


@pytest.mark.parametrize("name", ["Inputs", "Outputs?", "IAM actions"])
def test_readme_has_the_section(role: str, name: str) -> None:
    assert section(role, name).strip()
