# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AppSpecs and verdicts on deployments of CodeDeploy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.appspec import (
    EVENTS,
    appspec,
    fields_of,
    hooks_of,
    same_workload,
    sha256_of,
)
from ansible_collections.slipway.aws.plugins.module_utils._ecs.codedeploy_verdict import (
    expects_rollback,
    judge_code_deploy,
    reached,
)
from botocore.session import get_session

FIELDS = {
    "loadBalancers": [{"targetGroupArn": "blue", "containerName": "app", "containerPort": 80}],
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "assignPublicIp": "DISABLED"}},
    "platformVersion": "LATEST",
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
}


def test_appspec_says_all_and_is_read_again() -> None:
    content = appspec(FIELDS, "arn:app:2", {"after_install": "check", "before_install": None})
    without_group = [{"containerName": "app", "containerPort": 80}]
    assert fields_of(content) == {**FIELDS, "taskDefinition": "arn:app:2", "loadBalancers": without_group}
    assert hooks_of(content) == {"AfterInstall": "check"}
    same = appspec(dict(reversed(FIELDS.items())), "arn:app:2", {"before_install": None, "after_install": "check"})
    assert sha256_of(same) == sha256_of(content)


def test_appspec_of_others_is_read_too() -> None:
    text = """
    version: 0.0
    Resources:
      - TargetService:
          Type: AWS::ECS::Service
          Properties:
            TaskDefinition: arn:app:3
            LoadBalancerInfo: {ContainerName: app, ContainerPort: "80"}
    Hooks:
      - BeforeInstall: check
    """
    assert fields_of(text)["loadBalancers"] == [{"containerName": "app", "containerPort": 80}]
    assert hooks_of(text) == {"BeforeInstall": "check"}
    assert fields_of("not: [an, appspec") == fields_of("{}") == fields_of("") == {}


def test_workloads_are_the_same_but_for_their_target_groups_and_what_one_leaves_out() -> None:
    content = fields_of(appspec(FIELDS, "arn:app:2"))
    green = {**FIELDS, "loadBalancers": [{**FIELDS["loadBalancers"][0], "targetGroupArn": "green"}]}
    assert same_workload(content, green)
    assert same_workload({**content, "platformVersion": None}, green)
    assert not same_workload(content, {**green, "loadBalancers": [{"containerName": "app", "containerPort": 81}]})
    other = {"awsvpcConfiguration": {"subnets": ["subnet-b"]}}
    assert not same_workload(content, {**green, "networkConfiguration": other})


def statuses() -> list[str]:
    """All that CodeDeploy's model knows: a new one must not slip through."""
    return get_session().get_service_model("codedeploy").shape_for("DeploymentStatus").enum


# Status of the deployment, and of the one that takes it back → the verdict, and the one when a rollback was asked for.
ENDS = {
    ("Succeeded", ""): ("successful", "failed"),
    ("Failed", ""): ("failed", "failed"),
    ("Stopped", ""): ("failed", "failed"),
    ("Failed", "Succeeded"): ("failed", "successful"),
    ("Stopped", "Succeeded"): ("failed", "successful"),
    ("Failed", "Failed"): ("failed", "failed"),
    ("Stopped", "Failed"): ("failed", "failed"),
    ("Failed", "Stopped"): ("failed", "failed"),
    ("Stopped", "Stopped"): ("failed", "failed"),
}


@pytest.mark.parametrize("rollback", ["", *statuses()])
@pytest.mark.parametrize("status", statuses())
def test_verdict(status: str, rollback: str) -> None:
    info: dict[str, Any] = {
        "deploymentId": "d-1",
        "status": status,
        "revision": {"revisionType": "AppSpecContent", "appSpecContent": {"sha256": "ours"}},
    }
    if rollback and status in ("Failed", "Stopped"):
        info["rollbackInfo"] = {"rollbackDeploymentId": "d-2"}
    key = (status, rollback if "rollbackInfo" in info else "")
    for wanted, expected in zip((False, True), ENDS.get(key, ("", "")), strict=True):
        assert judge_code_deploy(info, {}, {"status": rollback}, "ours", rollback_wanted=wanted).outcome == expected
    if status == "Succeeded":
        assert judge_code_deploy(info, {}, {}, "another").failed


def test_events_are_reached_in_their_order() -> None:
    target = {
        "lifecycleEvents": [
            {"lifecycleEventName": name, "status": "Succeeded" if number < 3 else "Pending"}
            for number, name in enumerate(EVENTS)
        ]
    }
    assert reached({}, target, "BeforeInstall") == "AfterInstall"
    assert reached({}, target, "AllowTraffic") == ""
    assert reached({"instanceTerminationWaitTimeStarted": True}, target, "TERMINATION_WAIT")
    info = {"deploymentId": "d-1", "status": "Ready"}
    assert judge_code_deploy(info, target, {}, "ours", wait_until="paused").outcome == "paused"
    assert judge_code_deploy(info, target, {}, "ours", wait_until="AfterInstall").outcome == "reached"


def test_rollback_that_does_not_show_yet_is_expected_where_it_is_configured() -> None:
    settings = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    failed = {"status": "Failed", "autoRollbackConfiguration": settings}
    assert expects_rollback(failed)
    assert not expects_rollback({**failed, "rollbackInfo": {"rollbackDeploymentId": "d-2"}})
    assert not expects_rollback({**failed, "status": "Stopped"})
    assert not expects_rollback({**failed, "errorInformation": {"code": "ALARM_ACTIVE"}})
