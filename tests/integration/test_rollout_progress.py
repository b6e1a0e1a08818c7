# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody sees who runs a playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .ecs import Stage
from .harness import ROOT, Aws


def play(aws: Aws, stage: Stage, tmp_path: Path, tag: str, *arguments: str) -> str:
    playbook = tmp_path / "rollout.yml"
    task = {"name": "Roll out", "slipway.aws.ecs_service_rollout": stage.service(tag)}
    playbook.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}]))
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", "localhost,", "-c", "local", str(playbook)]
    done = subprocess.run(
        [*command, "-e", f"ansible_python_interpreter={sys.executable}", *arguments],
        cwd=ROOT,
        env={**os.environ, **aws.environment(), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws)


def test_each_change_is_a_line(aws: Aws, stage: Stage, tmp_path: Path) -> None:
    output = play(aws, stage, tmp_path, "1.0")
    lines = [line for line in output.splitlines() if line.startswith("  [localhost] backend: ")]
    assert "ROLLING, SUCCESSFUL, 2/2 tasks run" in lines[-1]
    assert len(lines) == len(set(lines))
    assert output.index(lines[0]) < output.index("changed: [localhost]")


@pytest.mark.parametrize("direct", ["true", "false"])
def test_progress_can_be_switched_off(aws: Aws, stage: Stage, tmp_path: Path, direct: str) -> None:
    switch = ("-e", f"slipway_aws_direct={direct}")
    assert "[localhost] backend:" in play(aws, stage, tmp_path, "1.0", *switch)
    assert "[localhost] backend:" not in play(aws, stage, tmp_path, "1.1", *switch, "-e", "slipway_aws_progress=false")
