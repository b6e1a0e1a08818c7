# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .ecs import CLUSTER, SERVICE, Stage, behave
from .harness import Aws, ModuleFailed

MODULE = "ecs_service_rollout"
NAMES = {"cluster": CLUSTER, "name": SERVICE}


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws)


@pytest.fixture
def balanced(aws: Aws) -> Stage:
    return Stage(aws, balanced=True)


def fields(result: dict[str, Any]) -> list[str]:
    return [change["field"] for change in result["changes"]]


def test_creates_the_service_and_waits_for_its_deployment(aws: Aws, stage: Stage) -> None:
    result = aws.run_module(MODULE, stage.service(tags={"Project": "shop"}))
    assert result["changed"]
    assert result["will_start_deployment"]
    assert result["rollout"]["verdict"] == "successful"
    assert result["rollout"]["judged_by"] == "service_deployment"
    assert result["service"]["running_count"] == 2
    assert result["service"]["tags"] == {"Project": "shop"}
    assert result["service"]["cluster_name"] == CLUSTER
    assert result["task_definition"]["revision"] == 1
    deployment = stage.deployments()[0]
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["serviceDeploymentArn"] == result["rollout"]["service_deployment_arn"]
    container = stage.ecs.describe_task_definition(taskDefinition="shop-backend")["taskDefinition"]
    assert container["containerDefinitions"][0]["dockerLabels"] == {"com.example.teamName": "core"}


def test_unchanged_service_takes_two_reads(aws: Aws, stage: Stage) -> None:
    options = stage.service(tags={"Project": "shop"})
    aws.run_module(MODULE, options)
    aws.mark()
    result = aws.run_module(MODULE, options)
    assert not result["changed"]
    assert result["changes"] == []
    assert result["diff"] == {"before": {}, "after": {}}
    assert aws.calls() == ["ecs:DescribeServices", "ecs:DescribeTaskDefinition"]


def test_new_image_registers_one_revision_and_starts_one_deployment(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    check = aws.run_module(MODULE, stage.service("1.1"), check=True)
    assert fields(check) == ["task_definition.container_definitions.backend.image"]
    assert check["will_start_deployment"]
    assert "starts a deployment" in check["diff"]["after_header"]
    aws.mark()
    result = aws.run_module(MODULE, stage.service("1.1"))
    assert fields(result) == fields(check)
    assert result["images"] == {"backend": stage.container("1.1")["image"]}
    assert aws.mutations() == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]
    assert [item["status"] for item in stage.deployments()] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert not aws.run_module(MODULE, stage.service("1.1"))["changed"]


def test_desired_count_is_left_alone_when_not_given(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    stage.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)
    options = stage.service("1.1")
    del options["desired_count"]
    result = aws.run_module(MODULE, options)
    assert result["service"]["desired_count"] == 5
    assert stage.described()["desiredCount"] == 5


def test_desired_count_starts_no_deployment_and_is_waited_for(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    result = aws.run_module(MODULE, {**NAMES, "desired_count": 4})
    assert fields(result) == ["desired_count"]
    assert not result["will_start_deployment"]
    assert result["service"]["running_count"] == 4
    assert len(stage.deployments()) == 1


def test_crashing_image_fails_with_the_cause(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE, stage.service())
    behave(aws, "2.0", exit_code=1, exit_after=1, exit_log_lines=["fatal: no database"])
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, stage.service("2.0"))
    result = failure.value.result
    assert result["rollout"]["status"] == "ROLLBACK_SUCCESSFUL"
    assert result["rollout"]["verdict"] == "failed"
    report = result["failure"]
    assert report["stopped_tasks"][0]["containers"] == [{"name": "backend", "exit_code": 1}]
    assert report["stopped_tasks"][0]["count"] >= 3
    assert report["log_tail"][-1] == "fatal: no database"
    assert "exit code 1" in report["likely_cause"]
    assert report["circuit_breaker"]["status"] == "TRIGGERED"
    assert report["rollback"]
    assert "exit code 1" in result["msg"]
    assert stage.described()["taskDefinition"].endswith(":1")


def test_check_mode_on_an_empty_account_predicts_the_service(aws: Aws) -> None:
    options = {
        "cluster": "arn:aws:ecs:us-east-1:000000000000:cluster/planned-shop",
        "name": SERVICE,
        "desired_count": 1,
        "launch_type": "FARGATE",
        "task_definition": {
            "network_mode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "execution_role_arn": "arn:aws:iam::000000000000:role/planned-execution",
            "container_definitions": [{"name": "app", "image": "planned-repository:1", "memory": 128}],
        },
        "network_configuration": {"awsvpc_configuration": {"subnets": ["subnet-planned-a"]}},
    }
    for cluster in (options["cluster"], "shop"):
        result = aws.run_module(MODULE, {**options, "cluster": cluster}, check=True)
        assert result["changed"]
        assert result["will_start_deployment"]
        assert result["service"]["service_arn"].endswith("/planned-backend")
        assert result["service"]["desired_count"] == 1
        assert result["task_definition"]["container_definitions"][0]["name"] == "app"
    with pytest.raises(ModuleFailed, match="placeholder"):
        aws.run_module(MODULE, options)
    assert aws.mutations() == []


def test_absent_drains_deletes_and_deregisters_only_its_own_revisions(aws: Aws, stage: Stage) -> None:
    foreign = stage.ecs.register_task_definition(
        family="shop-backend", containerDefinitions=[{"name": "other", "image": "other", "memory": 64}]
    )["taskDefinition"]["taskDefinitionArn"]
    aws.run_module(MODULE, stage.service())
    aws.run_module(MODULE, stage.service("1.1"))
    gone = {**NAMES, "state": "absent", "task_definition": stage.definition()}
    assert aws.run_module(MODULE, gone, check=True)["changed"]
    assert aws.run_module(MODULE, gone)["changed"]
    assert stage.revisions() == [foreign]
    assert stage.ecs.list_services(cluster=CLUSTER)["serviceArns"] == []
    assert stage.ecs.list_tasks(cluster=CLUSTER)["taskArns"] == []
    assert not aws.run_module(MODULE, gone)["changed"]
    stage.ecs.delete_cluster(cluster=CLUSTER)
    assert not aws.run_module(MODULE, gone)["changed"]
