# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tools that stand between a developer and a green run must notice what was not run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import demo
import link_collection
import pytest
import run_molecule
import run_sanity
from content import ROOT

REPORT = """\
SCENARIO RECAP
default                   : actions=1  successful=1  disabled=0  skipped=0  missing=0  failed=0
vpc                       : actions=6  successful=6  disabled=0  skipped=0  missing=0  failed=0
default                   : actions=1  successful=1  disabled=0  skipped=0  missing=0  failed=0
"""


def test_molecule_report_with_all_scenarios_is_fine() -> None:
    assert run_molecule.judge(REPORT, ["default", "vpc"], 6) == []


def test_molecule_report_without_a_scenario_is_not() -> None:
    assert run_molecule.judge(REPORT, ["default", "vpc", "data"], 6) == ["data: not in Molecule's report"]


def test_molecule_report_with_a_missing_playbook_is_not() -> None:
    report = REPORT.replace(
        "successful=6  disabled=0  skipped=0  missing=0", "successful=5  disabled=0  skipped=0  missing=1"
    )
    assert run_molecule.judge(report, ["default", "vpc"], 6) == ["vpc: 5 of 6 actions were successful"]


def test_molecule_that_ran_nothing_is_noticed() -> None:
    assert run_molecule.judge("", ["default", "vpc"], 6) == [
        "default: not in Molecule's report",
        "vpc: not in Molecule's report",
    ]


@pytest.mark.parametrize(
    ("output", "only_some", "problem"),
    [
        ('Running sanity test "pep8"\nWARNING: All targets skipped.\n', True, "skipped everything"),
        ('Running sanity test "pep8"\n', False, "only 1 sanity tests"),
        ("", True, "no sanity test"),
        ('Running sanity test "pep8"\n', True, ""),
        ("".join(f'Running sanity test "test-{number}"\n' for number in range(24)), False, ""),
    ],
)
def test_sanity_that_checked_too_little_is_noticed(output: str, only_some: bool, problem: str) -> None:
    found = run_sanity.judge(output, only_some)
    assert problem in found
    assert bool(found) == bool(problem)


def test_link_makes_the_checkout_a_collection(tmp_path: Path) -> None:
    (tmp_path / "galaxy.yml").touch()
    base = link_collection.link(tmp_path)
    assert base == tmp_path / ".collections"
    assert (base / "ansible_collections" / "slipway" / "aws" / "galaxy.yml").is_file()


def test_link_that_points_elsewhere_is_mended(tmp_path: Path) -> None:
    wrong = tmp_path / ".collections" / "ansible_collections" / "slipway" / "aws"
    wrong.parent.mkdir(parents=True)
    wrong.symlink_to("/nowhere")
    link_collection.link(tmp_path)
    assert wrong.resolve() == tmp_path.resolve()


def test_checkout_that_lies_in_the_right_place_needs_no_link(tmp_path: Path) -> None:
    root = tmp_path / "ansible_collections" / "slipway" / "aws"
    root.mkdir(parents=True)
    assert link_collection.link(root) is None
    assert list(root.iterdir()) == []


def fake_python(folder: Path, name: str, version: tuple[int, int]) -> None:
    """A program that answers the question for its version as a Python would."""
    answer = 0 if version >= (3, 11) else 1
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{version[0]}.{version[1]}.0'\nexit {answer}\n", encoding="utf-8")
    script.chmod(0o755)


def find_python(folder: Path, wanted: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "find_python.sh"), wanted],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_python_that_is_new_enough_is_taken(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", (3, 12))
    assert find_python(tmp_path, "python3").stdout == "python3\n"


def test_newer_python_beside_an_old_one_is_found(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", (3, 9))
    fake_python(tmp_path, "python3.12", (3, 12))
    assert find_python(tmp_path, "python3").stdout == "python3.12\n"


def test_no_python_that_is_new_enough_is_said_clearly(tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", (3, 9))
    (tmp_path / "cat").symlink_to("/bin/cat" if os.access("/bin/cat", os.X_OK) else "/usr/bin/cat")
    done = find_python(tmp_path, "python3")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert "'python3' is: 3.9.0" in done.stderr


SITE = """\
PLAY [Lay the network] ****
TASK [slipway.aws.vpc : Make the VPC] ****
changed: [dev]
TASK [slipway.aws.vpc : subnets | Make the subnets] ****
changed: [dev]
ok: [dev]
TASK [slipway.aws.compute : Make the cluster] ****
ok: [dev]
PLAY [Roll out the services] ****
TASK [slipway.aws.compute : Roll out the service] ****
changed: [uex_backend]
PLAY RECAP ****
dev                        : ok=3    changed=2    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
uex_backend                : ok=1    changed=1    unreachable=0    failed=0    skipped=0    rescued=0    ignored=0
"""


def test_demo_reads_times_and_changes_from_the_output() -> None:
    run = demo.Run()
    # One line a second.
    parts = [part for second, line in enumerate(SITE.splitlines()) if (part := run.read(line, second))]
    assert parts == ["vpc", "compute", "services"]
    assert run.seconds == {"vpc": 5, "compute": 3, "services": 2}
    assert run.changed == {"dev": 2, "uex_backend": 1}
    assert run.changed_tasks == [
        "vpc : Make the VPC",
        "vpc : subnets | Make the subnets",
        "compute : Roll out the service",
    ]


def test_columns_of_a_table_stand_under_each_other() -> None:
    assert list(demo.table([("a", "bb"), ("ccc", "d")])) == ["  a    bb", "  ccc  d"]
    assert list(demo.table([])) == []
