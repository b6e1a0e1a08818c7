# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input of the roles monitoring and edge is refused before any change."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .harness import ROOT, Aws


def play(aws: Aws, folder: Path, role: str, variables: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    playbook = folder / "play.yml"
    playbook.write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "connection": "local",
                    "gather_facts": False,
                    "vars": {
                        "ansible_python_interpreter": sys.executable,
                        f"{role}_project": "uex",
                        f"{role}_environment": "test",
                        **variables,
                    },
                    "roles": [{"role": f"slipway.aws.{role}"}],
                }
            ]
        )
    )
    return subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", str(playbook)],
        env={
            **os.environ,
            **aws.environment(),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("role", "variables", "message"),
    [
        ("monitoring", {"monitoring_alarm_overrides": {"ecs-cqu": {}}}, "there is no alarm ecs-cqu"),
        (
            "monitoring",
            {"monitoring_custom_alarms": [{"name": "own"}]},
            "uex-test-own needs exactly one of metric_name",
        ),
        ("monitoring", {"monitoring_log_retention_days": "long"}, "monitoring_log_retention_days"),
        ("edge", {"edge_waf_rules": [{"name": "own", "priority": 5}]}, "the rule own has the priority 5"),
        ("edge", {"edge_alias_names": ["pay.example.com"]}, "pay.example.com shall lead to the load balancer"),
        (
            "edge",
            {"edge_records": [{"name": "a", "type": "A", "values": ["192.0.2.1"], "health_check": "x"}]},
            "a names the health check x; there is none",
        ),
    ],
)
def test_bad_input_is_refused_before_any_change(
    aws: Aws, tmp_path: Path, role: str, variables: dict[str, Any], message: str
) -> None:
    aws.mark()
    result = play(aws, tmp_path, role, variables)
    assert result.returncode != 0
    # Ansible folds long lines.
    assert message in " ".join((result.stdout + result.stderr).split())
    assert aws.mutations() == []
