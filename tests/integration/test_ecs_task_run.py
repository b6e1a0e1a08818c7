# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from .ecs import CLUSTER, REPOSITORY, SERVICE, Stage, behave
from .harness import Aws, ModuleFailed

MODULE = "ecs_task_run"
OPTIONS = {"cluster": CLUSTER, "service": SERVICE, "wait_timeout": 60}


@pytest.fixture
def stage(aws: Aws) -> Stage:
    stage = Stage(aws)
    aws.run_module("ecs_service_rollout", stage.service())
    aws.mark()
    return stage


def test_runs_a_task_like_the_service_and_returns_its_exit_code(aws: Aws, stage: Stage) -> None:
    assert aws.run_module(MODULE, OPTIONS, check=True)["changed"]
    behave(aws, "1.0", exit_code=0, exit_after=1, exit_log_lines=["all done"])
    result = aws.run_module(MODULE, OPTIONS)
    assert result["changed"]
    assert result["exit_codes"] == {"backend": 0}
    assert result["log_tail"][-1] == "all done"
    assert result["task"]["launch_type"] == "FARGATE"
    assert aws.mutations() == ["ecs:RunTask"]


def test_exit_code_decides(aws: Aws, stage: Stage) -> None:
    behave(aws, "1.0", exit_code=3, exit_after=1, exit_log_lines=["column users.name is missing"])
    with pytest.raises(ModuleFailed, match="exit code 3") as failure:
        aws.run_module(MODULE, OPTIONS)
    assert failure.value.result["exit_codes"] == {"backend": 3}
    assert "column users.name is missing" in failure.value.result["msg"]
    assert aws.run_module(MODULE, {**OPTIONS, "success_exit_codes": [0, 3]})["exit_codes"] == {"backend": 3}


def test_task_that_cannot_start_is_a_failure(aws: Aws, stage: Stage) -> None:
    behave(aws, "9.9", pull_error="")
    with pytest.raises(ModuleFailed, match="backend did not run"):
        aws.run_module(MODULE, {**OPTIONS, "containers": [{"image": f"{REPOSITORY}:9.9"}]})


def test_same_run_id_starts_no_second_task(aws: Aws, stage: Stage) -> None:
    options = {**OPTIONS, "run_id": "migrate-1"}
    first = aws.run_module(MODULE, options)
    assert not aws.run_module(MODULE, options, check=True)["changed"]
    second = aws.run_module(MODULE, options)
    assert not second["changed"]
    assert second["task"]["task_arn"] == first["task"]["task_arn"]
    assert aws.mutations() == []


def test_task_that_failed_is_tried_again_under_the_same_run_id(aws: Aws, stage: Stage) -> None:
    options = {**OPTIONS, "run_id": "migrate-1"}
    behave(aws, "1.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed):
        aws.run_module(MODULE, options)
    behave(aws, "1.0", exit_code=0, exit_after=1)
    assert aws.run_module(MODULE, options)["changed"]
    assert not aws.run_module(MODULE, options)["changed"]
    assert aws.mutations() == ["ecs:RunTask", "ecs:RunTask"]


def test_rollout_takes_the_revision_that_the_gate_registered(aws: Aws, stage: Stage) -> None:
    change = [{"image": f"{REPOSITORY}:1.1", "environment": {"MODE": "new"}}]
    gate = aws.run_module(MODULE, {**OPTIONS, "containers": change})
    aws.mark()
    result = aws.run_module(
        "ecs_service_rollout", {"cluster": CLUSTER, "name": SERVICE, "containers": change, "wait_timeout": 60}
    )
    assert result["service"]["task_definition"] == gate["task_definition"]
    assert aws.mutations() == ["ecs:UpdateService"]


def test_overrides_reach_the_task(aws: Aws, stage: Stage) -> None:
    override = {"name": "backend", "command": ["migrate", "--now"], "environment": [{"name": "dryRun", "value": "1"}]}
    result = aws.run_module(MODULE, {**OPTIONS, "overrides": {"container_overrides": [override]}})
    told = result["task"]["overrides"]["container_overrides"][0]
    assert told["command"] == ["migrate", "--now"]
    assert told["environment"] == [{"name": "dryRun", "value": "1"}]


def test_unknown_service_and_container_are_refused(aws: Aws, stage: Stage) -> None:
    with pytest.raises(ModuleFailed, match="no service gone"):
        aws.run_module(MODULE, {**OPTIONS, "service": "gone"})
    with pytest.raises(ModuleFailed, match="no container 'web'"):
        aws.run_module(MODULE, {**OPTIONS, "containers": [{"name": "web", "image": "x"}]})
    assert aws.mutations() == []
