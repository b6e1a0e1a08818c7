# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Strategies, hooks, rollbacks, and what happens when a deployment is running already."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest

from .ecs import CLUSTER, SERVICE, Stage, behave, catches, control, run_in_child
from .harness import Aws, ModuleFailed

MODULE = "ecs_service_rollout"
NAMES = {"cluster": CLUSTER, "name": SERVICE, "wait_timeout": 60}


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws)


@pytest.fixture
def balanced(aws: Aws) -> Stage:
    return Stage(aws, balanced=True)


def shifting(stage: Stage, tag: str, strategy: str, **configuration: Any) -> dict[str, Any]:
    return stage.service(
        tag,
        load_balancers=stage.balancers(shifting=True),
        deployment_configuration={"strategy": strategy, **configuration},
    )


PAUSE = {"lifecycle_hooks": [{"target_type": "PAUSE", "lifecycle_stages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}]}
STRATEGIES = {
    "ROLLING": {},
    "BLUE_GREEN": {"bake_time_in_minutes": 1},
    "LINEAR": {"linear_configuration": {"step_percent": 50, "step_bake_time_in_minutes": 1}},
    "CANARY": {"canary_configuration": {"canary_percent": 10, "canary_bake_time_in_minutes": 1}},
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_ends_with_success_or_with_failure(aws: Aws, balanced: Stage, strategy: str) -> None:
    configuration = STRATEGIES[strategy]
    breaker = {"deployment_circuit_breaker": {"enable": True, "rollback": True}}
    aws.run_module(MODULE, shifting(balanced, "1.0", strategy, **configuration, **breaker))
    result = aws.run_module(MODULE, shifting(balanced, "1.1", strategy, **configuration, **breaker))
    assert result["rollout"]["verdict"] == "successful"
    assert not aws.run_module(MODULE, shifting(balanced, "1.1", strategy, **configuration, **breaker))["changed"]
    behave(aws, "2.0", exit_code=3, exit_after=1)
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, shifting(balanced, "2.0", strategy, **configuration, **breaker))
    assert failure.value.result["rollout"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert "exit code 3" in failure.value.result["failure"]["likely_cause"]


def test_forced_deployment_of_the_same_revision_that_rolls_back_is_a_failure(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    behave(aws, "1.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, {**NAMES, "force_new_deployment": True})
    assert failure.value.result["rollout"]["status"].startswith("ROLLBACK")
    assert stage.revisions() == [stage.revisions()[0]]


def test_failed_deployment_without_rollback_is_not_reported_as_unchanged(aws: Aws, stage: Stage) -> None:
    options = {"deployment_configuration": {"deployment_circuit_breaker": {"enable": True, "rollback": False}}}
    aws.run_module(MODULE, stage.service(**options))
    behave(aws, "2.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed):
        aws.run_module(MODULE, stage.service("2.0", **options))
    behave(aws, "2.0")
    again = aws.run_module(MODULE, stage.service("2.0", **options))
    assert again["changed"]
    assert [change["field"] for change in again["changes"]] == ["deployment"]
    assert again["rollout"]["verdict"] == "successful"
    assert len(stage.revisions()) == 2


def test_changes_single_values_of_a_container(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    change = {"environment": {"LOG_LEVEL": "debug", "apiKeyName": None, "EXTRA": 1}, "image": "registry.example/app:2"}
    result = aws.run_module(MODULE, {**NAMES, "containers": [change]})
    container = result["task_definition"]["container_definitions"][0]
    assert container["environment"] == [{"name": "LOG_LEVEL", "value": "debug"}, {"name": "EXTRA", "value": "1"}]
    assert container["image"] == "registry.example/app:2"
    assert container["docker_labels"] == {"com.example.teamName": "core"}
    assert not aws.run_module(MODULE, {**NAMES, "containers": [change]})["changed"]
    with pytest.raises(ModuleFailed, match="no container 'web'; it has backend"):
        aws.run_module(MODULE, {**NAMES, "containers": [{"name": "web", "image": "x"}]})


def lambda_hook(aws: Aws, stage: Stage, tag: str, answers: list[str]) -> dict[str, Any]:
    """A blue/green deployment that asks a function whether the new tasks are good."""
    function = f"arn:aws:lambda:us-east-1:{aws.account_id}:function:check-{tag}"
    control(aws, "ecs/hooks", function=function, account=aws.account_id, answers=answers)
    hook = {
        "hook_target_arn": function,
        "role_arn": f"arn:aws:iam::{aws.account_id}:role/hooks",
        "lifecycle_stages": ["POST_TEST_TRAFFIC_SHIFT"],
    }
    return shifting(stage, tag, "BLUE_GREEN", lifecycle_hooks=[hook])


def test_function_decides_over_the_deployment(aws: Aws, balanced: Stage) -> None:
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    result = aws.run_module(MODULE, lambda_hook(aws, balanced, "good", ["IN_PROGRESS", "SUCCEEDED"]))
    assert result["rollout"]["verdict"] == "successful"
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, lambda_hook(aws, balanced, "bad", ["FAILED"]))
    assert "A lifecycle hook failed" in failure.value.result["msg"]
    (hook,) = failure.value.result["failure"]["hooks"]
    assert (hook["status"], hook["target_arn"].rpartition(":")[2]) == ("FAILED", "check-bad")
    assert balanced.described()["taskDefinition"].endswith(":2")


def test_paused_deployment_is_approved_once(aws: Aws, balanced: Stage) -> None:
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    options = shifting(balanced, "1.1", "BLUE_GREEN", **PAUSE)
    paused = aws.run_module(MODULE, {**options, "wait_until": "paused"})
    assert paused["rollout"]["verdict"] == "paused"
    check = aws.run_module(MODULE, {**NAMES, "state": "approved"}, check=True)
    assert check["changed"]
    approved = aws.run_module(MODULE, {**NAMES, "state": "approved"})
    assert approved["changed"]
    assert approved["rollout"]["verdict"] == "successful"
    assert not aws.run_module(MODULE, {**NAMES, "state": "approved"})["changed"]
    assert not aws.run_module(MODULE, options)["changed"]


def test_paused_deployment_is_rejected_once(aws: Aws, balanced: Stage) -> None:
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    options = shifting(balanced, "1.1", "BLUE_GREEN", **PAUSE)
    aws.run_module(MODULE, {**options, "wait_until": "paused"})
    rejected = aws.run_module(MODULE, {**NAMES, "state": "rejected"})
    assert rejected["changed"]
    assert rejected["rollout"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert rejected["task_definition"]["revision"] == 1
    assert not aws.run_module(MODULE, {**NAMES, "state": "rejected"})["changed"]


def test_waits_until_a_stage(aws: Aws, balanced: Stage) -> None:
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    options = shifting(balanced, "1.1", "BLUE_GREEN", bake_time_in_minutes=60)
    result = aws.run_module(MODULE, {**options, "wait_until": "POST_PRODUCTION_TRAFFIC_SHIFT"})
    assert result["rollout"]["verdict"] == "reached"
    assert result["rollout"]["lifecycle_stage"] in ("POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME")


def test_rolls_back_to_the_last_successful_revision_and_stays_there(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    behave(aws, "1.1", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed):
        aws.run_module(MODULE, stage.service("1.1"))
    aws.run_module(MODULE, stage.service("1.2"))
    aws.run_module(MODULE, {**NAMES, "force_new_deployment": True})
    back = {**NAMES, "state": "rolled_back"}
    assert aws.run_module(MODULE, back, check=True)["changed"]
    result = aws.run_module(MODULE, back)
    assert result["changed"]
    assert result["rollout"]["verdict"] == "successful"
    image = result["task_definition"]["container_definitions"][0]["image"]
    assert image.startswith(stage.container("1.0")["image"].rpartition(":")[0])
    assert not aws.run_module(MODULE, back)["changed"]
    aws.run_module(MODULE, stage.service("1.3"))
    assert aws.run_module(MODULE, back)["changed"]


def test_refuses_to_roll_back_behind_a_migration(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    aws.run_module(MODULE, {**stage.service("1.1"), "reversible": False, "tags": {"a": "b"}})
    back = {**NAMES, "state": "rolled_back"}
    aws.mark()
    with pytest.raises(ModuleFailed, match="marked as not reversible"):
        aws.run_module(MODULE, back)
    assert aws.mutations() == []
    assert aws.run_module(MODULE, {**back, "force_rollback": True})["changed"]


def test_rolls_the_running_deployment_back(aws: Aws, balanced: Stage) -> None:
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    options = shifting(balanced, "1.1", "BLUE_GREEN", **PAUSE)
    aws.run_module(MODULE, {**options, "wait_until": "paused"})
    result = aws.run_module(MODULE, {**NAMES, "state": "rolled_back"})
    assert result["changed"]
    assert result["rollout"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert len(balanced.deployments()) == 2


def paused_at_1_1(aws: Aws, balanced: Stage) -> dict[str, Any]:
    """A service whose deployment of 1.1 is held by a hook."""
    aws.run_module(MODULE, shifting(balanced, "1.0", "BLUE_GREEN"))
    options = shifting(balanced, "1.1", "BLUE_GREEN", **PAUSE)
    aws.run_module(MODULE, {**options, "wait_until": "paused"})
    return options


def test_second_run_attaches_to_the_running_deployment(aws: Aws, balanced: Stage) -> None:
    options = paused_at_1_1(aws, balanced)
    for again in (options, {**options, "force_new_deployment": True}):
        result = aws.run_module(MODULE, {**again, "wait_until": "paused"})
        assert not result["changed"]
        assert result["rollout"]["resumed"]
        assert result["rollout"]["verdict"] == "paused"
    assert len(balanced.deployments()) == 2


def test_running_deployment_can_make_it_fail_or_be_superseded(aws: Aws, balanced: Stage) -> None:
    options = paused_at_1_1(aws, balanced)
    other = shifting(balanced, "1.2", "BLUE_GREEN", lifecycle_hooks=[])
    aws.mark()
    with pytest.raises(ModuleFailed, match="on_running_deployment is fail"):
        aws.run_module(MODULE, {**other, "on_running_deployment": "fail"})
    with pytest.raises(ModuleFailed, match="Nothing was changed"):
        aws.run_module(MODULE, {**other, "on_running_deployment": "wait", "wait_timeout": 1})
    with pytest.raises(ModuleFailed, match="Nothing was changed"):
        aws.run_module(MODULE, {**other, "wait_timeout": 1})
    assert aws.mutations() == []
    result = aws.run_module(MODULE, {**other, "on_running_deployment": "supersede"})
    assert result["rollout"]["verdict"] == "successful"
    assert [item["status"] for item in balanced.deployments()] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]
    assert options["task_definition"] != other["task_definition"]


def revisions(stage: Stage, status: str) -> list[str]:
    arns = stage.ecs.list_task_definitions(familyPrefix="shop-backend", status=status)["taskDefinitionArns"]
    return [arn.rpartition("/")[2] for arn in arns]


def test_keeps_only_so_many_revisions_and_none_of_others(aws: Aws, stage: Stage) -> None:
    stage.ecs.register_task_definition(
        family="shop-backend", containerDefinitions=[{"name": "x", "image": "others", "memory": 64}]
    )
    for tag in ("1.0", "1.1", "1.2"):
        aws.run_module(MODULE, stage.service(tag))
    options = stage.service("1.3", keep_revisions=2)
    predicted = aws.run_module(MODULE, options, check=True)
    assert predicted["actions"][-2:] == [
        {"action": "deregister", "name": "shop-backend:3"},
        {"action": "deregister", "name": "shop-backend:2"},
    ]
    result = aws.run_module(MODULE, options)
    assert result["diff"]["after"].items() >= {"task_definition.shop-backend:2": "INACTIVE"}.items()
    assert revisions(stage, "ACTIVE") == ["shop-backend:1", "shop-backend:4", "shop-backend:5"]
    assert not aws.run_module(MODULE, options)["changed"]
    assert aws.run_module(MODULE, {**options, "keep_revisions": 1})["changed"]
    assert revisions(stage, "ACTIVE") == ["shop-backend:1", "shop-backend:5"]
    back = aws.run_module(MODULE, {**NAMES, "state": "rolled_back"})
    assert back["actions"][0]["action"] == "register"


def test_failed_deployment_deregisters_nothing(aws: Aws, stage: Stage) -> None:
    behave(aws, "2.0", exit_code=1)
    aws.run_module(MODULE, stage.service("1.0"))
    with pytest.raises(ModuleFailed):
        aws.run_module(MODULE, stage.service("2.0", keep_revisions=1))
    assert revisions(stage, "ACTIVE") == ["shop-backend:1", "shop-backend:2"]


@pytest.mark.parametrize(
    ("on_interrupt", "reversible", "status"),
    [
        ("roll_back", True, {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"}),
        ("roll_back", False, {"IN_PROGRESS"}),
        ("leave", True, {"IN_PROGRESS"}),
    ],
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_rolls_back_where_asked(
    aws: Aws, stage: Stage, number: signal.Signals, on_interrupt: str, reversible: bool, status: set[str]
) -> None:
    aws.run_module(MODULE, stage.service("1.0"))
    behave(aws, "2.0", pull_seconds=100_000)
    aws.mark()
    child = run_in_child(MODULE, stage.service("2.0", on_interrupt=on_interrupt, reversible=reversible))
    while len(stage.deployments()) < 2 or (on_interrupt != "leave" and not catches(child, signal.SIGHUP)):
        time.sleep(0.02)
    os.kill(child, number)
    os.waitpid(child, 0)
    assert stage.deployments()[0]["status"] in status
