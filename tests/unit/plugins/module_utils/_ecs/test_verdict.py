# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.verdict import (
    has_failed,
    has_reached,
    irreversible,
    is_rolling_out,
    judge,
    judge_rollout_state,
    primary_deployment,
    revision_number,
    same_deployment,
    target_of,
    waiting_hooks,
)

ASKED = "arn:aws:ecs:us-east-1:1:service-revision/shop/backend/222"
OTHER = "arn:aws:ecs:us-east-1:1:service-revision/shop/backend/111"
STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
# What each status of a service deployment means for somebody who asked for its target.
OUTCOMES = {
    "PENDING": "",
    "IN_PROGRESS": "",
    "SUCCESSFUL": "successful",
    "STOP_REQUESTED": "",
    "STOPPED": "failed",
    "ROLLBACK_REQUESTED": "",
    "ROLLBACK_IN_PROGRESS": "",
    "ROLLBACK_SUCCESSFUL": "failed",
    "ROLLBACK_FAILED": "failed",
}


def deployment(status: str, target: str = ASKED, **fields: Any) -> dict[str, Any]:
    return {"status": status, "targetServiceRevision": {"arn": target}, **fields}


def test_matrix_knows_every_status_of_the_api() -> None:
    import botocore.session

    model = botocore.session.get_session().get_service_model("ecs")
    assert set(model.shape_for("ServiceDeploymentStatus").enum) == set(OUTCOMES)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("status", "outcome"), OUTCOMES.items())
# With the same task definition only the number of the revision tells two deployments apart.
@pytest.mark.parametrize("task_definition", ["backend:2", "backend:1"])
def test_verdict(status: str, outcome: str, strategy: str, task_definition: str) -> None:
    seen = deployment(status, deploymentConfiguration={"strategy": strategy}, taskDefinition=task_definition)
    assert judge(seen, ASKED).outcome == outcome


@pytest.mark.parametrize("status", OUTCOMES)
def test_deployment_of_another_target_is_never_a_success(status: str) -> None:
    assert judge(deployment(status, OTHER), ASKED).outcome != "successful"
    assert judge({"status": status}, ASKED).outcome != "successful"


def test_success_of_another_target_says_so() -> None:
    verdict = judge(deployment("SUCCESSFUL", OTHER), ASKED)
    assert verdict.failed
    assert "another service revision (111, not 222)" in verdict.sentence


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("ROLLBACK_SUCCESSFUL", "successful"),
        ("SUCCESSFUL", "failed"),
        ("ROLLBACK_FAILED", "failed"),
        ("STOPPED", "failed"),
    ],
)
def test_rollback_that_was_asked_for(status: str, outcome: str) -> None:
    assert judge(deployment(status), ASKED, rollback_wanted=True).outcome == outcome
    assert not judge(deployment("IN_PROGRESS"), ASKED, rollback_wanted=True).reached


def test_waits_for_a_pause_or_a_stage() -> None:
    hook = {"hookId": "h", "targetType": "PAUSE", "status": "AWAITING_ACTION"}
    paused = deployment("IN_PROGRESS", lifecycleHookDetails=[hook], lifecycleStage="PRE_SCALE_UP")
    assert judge(paused, ASKED).outcome == ""
    assert judge(paused, ASKED, wait_until="paused").outcome == "paused"
    assert judge(paused, ASKED, wait_until="PRE_SCALE_UP").outcome == "reached"
    assert judge(paused, ASKED, wait_until="BAKE_TIME").outcome == ""
    assert judge(deployment("SUCCESSFUL"), ASKED, wait_until="paused").outcome == "successful"
    assert judge(deployment("ROLLBACK_SUCCESSFUL"), ASKED, wait_until="BAKE_TIME").outcome == "failed"


def test_only_pause_hooks_that_wait_are_waiting() -> None:
    hooks = [
        {"targetType": "PAUSE", "status": "SUCCEEDED"},
        {"targetType": "AWS_LAMBDA", "status": "AWAITING_ACTION"},
        {"targetType": "PAUSE", "status": "AWAITING_ACTION", "hookId": "mine"},
    ]
    assert [hook["hookId"] for hook in waiting_hooks({"lifecycleHookDetails": hooks})] == ["mine"]
    assert waiting_hooks({}) == []


def test_stages_have_an_order() -> None:
    assert has_reached("BAKE_TIME", "SCALE_UP")
    assert not has_reached("SCALE_UP", "BAKE_TIME")
    assert not has_reached(None, "SCALE_UP")


def entry(number: str = "222", **fields: Any) -> dict[str, Any]:
    return {"id": f"ecs-svc/{number}", "status": "PRIMARY", "runningCount": 2, "desiredCount": 2, **fields}


@pytest.mark.parametrize(
    ("deployments", "outcome"),
    [
        ([entry(rolloutState="IN_PROGRESS")], ""),
        ([entry(rolloutState="COMPLETED")], "successful"),
        ([entry(rolloutState="FAILED")], "failed"),
        # Rolled back: ours is gone, or not the primary one any more, whatever the counts say.
        ([entry("111", rolloutState="COMPLETED")], "failed"),
        ([entry("111", rolloutState="COMPLETED"), entry(status="ACTIVE", rolloutState="IN_PROGRESS")], "failed"),
        ([entry(), entry("111", status="ACTIVE")], ""),
        ([entry()], "successful"),
        ([entry(runningCount=1)], ""),
        ([], "failed"),
    ],
)
def test_verdict_without_service_deployments(deployments: list[dict[str, Any]], outcome: str) -> None:
    assert judge_rollout_state({"deployments": deployments}, "ecs-svc/222").outcome == outcome


def test_service_that_is_gone_is_a_failure() -> None:
    assert judge_rollout_state(None, "ecs-svc/222").failed


def test_what_a_service_is_doing() -> None:
    assert is_rolling_out({"currentServiceDeployment": "arn"})
    assert is_rolling_out({"deployments": [entry(rolloutState="IN_PROGRESS")]})
    assert not is_rolling_out({"deployments": [entry(rolloutState="COMPLETED")]})
    assert has_failed({"deployments": [entry(rolloutState="FAILED")]})
    assert not has_failed({"deployments": [entry(rolloutState="FAILED"), entry(rolloutState="IN_PROGRESS")]})
    assert primary_deployment({"deployments": [entry("1", status="ACTIVE"), entry("2")]})["id"] == "ecs-svc/2"
    assert primary_deployment({}) == {}


def listed(number: str, created: datetime) -> dict[str, Any]:
    return {
        "serviceDeploymentArn": f"arn:deployment/{number}",
        "targetServiceRevisionArn": f"arn:revision/{number}",
        "createdAt": created,
    }


def test_finds_its_own_service_deployment() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    later = now + timedelta(seconds=30)
    both = [listed("333", later), listed("222", now)]
    assert same_deployment(both, {"id": "ecs-svc/222", "createdAt": now}) == both[1]
    # Where the numbers have nothing in common: the first that is not older.
    assert same_deployment(both, {"id": "ecs-svc/abc", "createdAt": now}) == both[1]
    assert same_deployment(both, {"id": "ecs-svc/abc", "createdAt": later + timedelta(seconds=1)}) is None
    assert same_deployment([], {"id": "ecs-svc/222", "createdAt": now}) is None


def test_reads_targets_and_numbers() -> None:
    assert revision_number(ASKED) == revision_number("ecs-svc/222") == "222"
    assert target_of({"targetServiceRevisionArn": OTHER}) == OTHER
    assert target_of({"targetServiceRevision": {"arn": ASKED}}) == ASKED
    assert target_of({}) == ""


@pytest.mark.parametrize(
    ("mark", "current", "target", "crosses"),
    [
        ("app:5", "app:5", "app:4", True),
        ("app:5", "app:7", "app:4", True),
        ("app:5", "app:7", "app:5", False),
        ("app:5", "app:7", "app:6", False),
        ("app:5", "app:4", "app:3", False),
        ("app:5", "app:5", "other:9", True),
        ("app:5", "app:6", "other:9", False),
        ("", "app:5", "app:4", False),
    ],
)
def test_rollback_behind_a_marked_revision(mark: str, current: str, target: str, crosses: bool) -> None:
    assert irreversible(mark, current, target) is crosses
