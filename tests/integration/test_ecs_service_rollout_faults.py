# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts when something is in the way: endpoints that lack calls, throttling, late reads, a killed controller."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from .ecs import CLUSTER, SERVICE, Stage, behave, control, kill, run_in_child, standing_still
from .harness import ROOT, Aws, ModuleFailed

MODULE = "ecs_service_rollout"


@pytest.fixture
def stage(aws: Aws) -> Iterator[Stage]:
    yield Stage(aws)
    control(aws, "ecs/refusals", "DELETE")
    control(aws, "ecs/lag", "DELETE")


def refuse(aws: Aws, operation: str, **how: object) -> None:
    control(aws, "ecs/refusals", account=aws.account_id, operation=operation, **how)


def test_endpoint_without_service_deployments_is_judged_by_rollout_state(aws: Aws, stage: Stage) -> None:
    refuse(aws, "*ServiceDeployments", percent=100, code="UnknownOperationException", message="Unknown operation")
    refuse(aws, "DescribeServiceRevisions", percent=100, code="UnknownOperationException", message="Unknown operation")
    result = aws.run_module(MODULE, stage.service())
    assert result["rollout"]["judged_by"] == "rollout_state"
    assert result["rollout"]["verdict"] == "successful"
    assert "Unknown operation" in result["rollout"]["why_not_service_deployment"]
    assert not aws.run_module(MODULE, stage.service())["changed"]
    behave(aws, "2.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, stage.service("2.0"))
    told = failure.value.result
    assert told["rollout"]["judged_by"] == "rollout_state"
    assert told["failure"]["stopped_tasks"][0]["containers"] == [{"name": "backend", "exit_code": 1}]
    assert stage.described()["taskDefinition"].endswith(":1")
    with pytest.raises(ModuleFailed, match="does not tell which revisions"):
        aws.run_module(MODULE, {"cluster": CLUSTER, "name": SERVICE, "state": "rolled_back"})


def test_late_reads_start_no_second_deployment(aws: Aws, stage: Stage) -> None:
    control(aws, "ecs/lag", account=aws.account_id, seconds=20)
    aws.run_module(MODULE, stage.service())
    result = aws.run_module(MODULE, stage.service("1.1"))
    assert result["rollout"]["verdict"] == "successful"
    control(aws, "ecs/lag", "DELETE")
    assert [item["status"] for item in stage.deployments()] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert not aws.run_module(MODULE, stage.service("1.1"))["changed"]


def test_killed_fifty_times_it_always_converges_with_one_deployment_a_change(aws: Aws, stage: Stage) -> None:
    dice = random.Random(20261121)
    aws.run_module(MODULE, stage.service("0"))
    took = 1.0
    for number in range(1, 51):
        options = stage.service(str(number))
        began = time.monotonic()
        child = run_in_child(MODULE, options)
        time.sleep(dice.uniform(0, took))
        kill(aws, child)
        result = aws.run_module(MODULE, options)
        took = min(max(0.3, time.monotonic() - began), 1.5)
        deployments = stage.deployments()
        assert result["images"]["backend"].endswith(f":{number}"), number
        assert stage.described()["taskDefinition"].endswith(f":{number + 1}"), "a revision was registered twice"
        assert len(deployments) == number + 1, f"change {number} has started several deployments"
        assert {item["status"] for item in deployments} == {"SUCCESSFUL"}


def test_killed_during_a_failing_rollout_it_does_not_report_success(aws: Aws, stage: Stage, tmp_path: Path) -> None:
    lines = tmp_path / "progress"
    aws.run_module(MODULE, stage.service("1.0"))
    behave(aws, "2.0", exit_code=1, exit_after=1)
    control(aws, "ecs/timing", rollback=100_000)
    try:
        child = run_in_child(MODULE, stage.service("2.0"))
        while len(stage.deployments()) < 2 or stage.deployments()[0]["status"] == "IN_PROGRESS":
            time.sleep(0.05)
        kill(aws, child)
        with standing_still(aws, lines, advance=100_000), pytest.raises(ModuleFailed) as failure:
            aws.run_module(MODULE, stage.service("2.0", progress_file=str(lines)))
    finally:
        control(aws, "ecs/timing", rollback=10)
    assert failure.value.result["rollout"]["resumed"]
    assert failure.value.result["rollout"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert len(stage.deployments()) == 2


def test_twenty_services_roll_out_under_throttling(aws: Aws, stage: Stage, tmp_path: Path) -> None:
    refuse(aws, "*", percent=5, seed=4)
    names = [f"service-{number}" for number in range(20)]
    task = {
        "name": "Roll out",
        "slipway.aws.ecs_service_rollout": {**stage.service(), "name": "{{ inventory_hostname }}", "desired_count": 1},
    }
    playbook = tmp_path / "rollout.yml"
    playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": [task]}]))
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", f"{','.join(names)},", "-c", "local", str(playbook)]
    done = subprocess.run(
        [*command, "--forks", "10", "-e", f"ansible_python_interpreter={sys.executable}"],
        cwd=ROOT,
        env={**os.environ, **aws.environment()},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    control(aws, "ecs/refusals", "DELETE")
    for name in names:
        listed = stage.ecs.list_service_deployments(cluster=CLUSTER, service=name)["serviceDeployments"]
        assert [item["status"] for item in listed] == ["SUCCESSFUL"], name
