# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of every file of the project."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from content import ROOT, load, tracked_files

#: A home directory, or a mount point, of the machine on which something was written.
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:root|home|Users|work|opt|mnt)/[\w.]")

PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
#: A folder with one environment in hosts.yml, or with several in a file each.
INVENTORIES = sorted(
    {
        path.parent
        for path in (ROOT / "inventories").glob("*/*.yml")
        if re.search(r"^environment:$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
)


def test_no_file_names_a_path_of_one_machine() -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in MACHINE_PATH.finditer(text)]
    assert found == []


def test_no_symbolic_link_leaves_the_project() -> None:
    outside = [path for path in tracked_files() if path.is_symlink() and not path.resolve().is_relative_to(ROOT)]
    assert outside == []


@pytest.mark.parametrize("inventory", INVENTORIES, ids=lambda path: path.name)
def test_inventory_runs_modules_with_the_python_that_runs_ansible(inventory: Path) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(inventory.rglob("*.yml")))
    assert 'ansible_python_interpreter: "{{ ansible_playbook_python }}"' in text
    assert "ansible_connection: local" in text


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_playbooks_only_wire_roles_together(playbook: Path) -> None:
    """The work is in roles; a playbook may check that what it was told makes sense."""
    allowed = {
        "ansible.builtin.import_role",
        "ansible.builtin.include_role",
        "ansible.builtin.assert",
        "ansible.builtin.fail",
        "ansible.builtin.debug",
    }
    for play in load(playbook):
        for task in [*play.get("pre_tasks", []), *play.get("tasks", []), *play.get("post_tasks", [])]:
            assert allowed & set(task), f"{task.get('name')} belongs into a role"
