# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution shows what the ordinary way shows, and a module that misbehaves harms no other task."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from .harness import ROOT, Aws

HERE = Path(__file__).parent / "direct"
IN_PROCESS = "In this process: "


def play(playbook: str, *arguments: str, direct: bool, **environment: str) -> str:
    """What ansible-playbook prints for one of the plays here."""
    completed = subprocess.run(
        ["ansible-playbook", str(HERE / playbook), "-e", f"slipway_aws_direct={direct}", *arguments],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    return completed.stdout + completed.stderr


def normalised(output: str) -> list[str]:
    """The lines, without what differs between two runs of anything."""
    output = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", output)
    output = re.sub(r"date: .* GMT", "date: <date>", output)
    output = re.sub(r"\b\d{12}\b", "<account>", output)
    return sorted(output.splitlines())


@pytest.mark.parametrize("mode", [(), ("--check", "--diff")], ids=["run", "check and diff"])
def test_what_is_shown_is_the_same(aws: Aws, server: object, monkeypatch: pytest.MonkeyPatch, mode: tuple[str]) -> None:
    arguments = ("-i", str(HERE / "inventory.yml"), "-v", *mode)
    ordinary = play("same.yml", *arguments, direct=False)
    Aws(aws.server, monkeypatch)  # the second run, too, finds an empty account
    direct = play("same.yml", *arguments, direct=True)
    assert normalised(direct) == normalised(ordinary)
    assert "failed=0" in direct
    assert "unreachable=0" in direct


def test_the_modules_did_run_in_the_worker(aws: Aws) -> None:
    arguments = ("-i", str(HERE / "inventory.yml"), "-vvv", "--limit", "one")
    assert play("same.yml", *arguments, direct=True).count(IN_PROCESS) >= 10
    assert IN_PROCESS not in play("same.yml", *arguments, direct=False)


def test_a_module_that_misbehaves_harms_no_other_task(aws: Aws) -> None:
    collections = f"{HERE / 'collections'}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
    inventory = ("-i", "bad,good", "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}")
    output = play("misbehaviour.yml", *inventory, "-vvv", direct=True, ANSIBLE_COLLECTIONS_PATH=collections)
    assert output.count(IN_PROCESS) == 14
    recap = dict(re.findall(r"^(bad|good) .*(failed=\d.*)$", output, re.MULTILINE))
    assert recap["good"].startswith("failed=0")
    assert "ignored=0" in recap["good"]
    assert recap["bad"].startswith("failed=0")
    assert "ignored=1" in recap["bad"]
    assert "a bug in a module" in output
    assert "dead state" not in output
    assert "left_behind: 'yes'" not in output.split("TASK [Work on]")[1]


def test_an_interpreter_of_another_name_takes_the_ordinary_way(aws: Aws) -> None:
    output = play(
        "same.yml",
        *("-i", str(HERE / "inventory.yml"), "-vvv", "--limit", "one"),
        *("-e", "ansible_python_interpreter=/usr/bin/env python3"),
        direct=True,
    )
    assert IN_PROCESS not in output
    assert "not the controller's own" in output
