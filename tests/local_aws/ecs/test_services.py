# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating, changing and deleting services: what AWS refuses, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from bench import GROUP, Bench
from local_aws.ecs.world import ContainerInstance

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": []}}


def request(bench: Bench, **changes: Any) -> dict[str, Any]:
    return {
        "serviceName": "api",
        "taskDefinition": bench.register(),
        "desiredCount": 1,
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        **changes,
    }


def test_a_service_is_told_with_the_defaults_of_aws(bench: Bench) -> None:
    service = bench.create()
    assert service["serviceArn"] == "arn:aws:ecs:us-east-1:123456789012:service/main/api"
    assert service["deploymentConfiguration"] == {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    expected = {
        "platformVersion": "LATEST",
        "platformFamily": "Linux",
        "schedulingStrategy": "REPLICA",
        "deploymentController": {"type": "ECS"},
        "propagateTags": "NONE",
        "enableExecuteCommand": False,
        "enableECSManagedTags": False,
        "availabilityZoneRebalancing": "ENABLED",
        "healthCheckGracePeriodSeconds": 0,
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
    }
    assert {name: service[name] for name in expected} == expected
    assert service["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
    assert "capacityProviderStrategy" not in service


def test_the_same_request_again_answers_the_same_service_and_another_one_is_refused(bench: Bench) -> None:
    wanted = request(bench)
    first = bench.call("CreateService", **wanted)["service"]
    bench.wait(60)
    assert bench.call("CreateService", **wanted)["service"]["createdAt"] == first["createdAt"]
    assert bench.error("CreateService", **{**wanted, "desiredCount": 2}) == (
        "InvalidParameterException",
        "Creation of service was not idempotent.",
    )


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"cluster": "nowhere"}, "ClusterNotFoundException", "Cluster not found."),
    ({"serviceName": "a b"}, "InvalidParameterException", "Invalid service name."),
    ({"taskDefinition": "nothing"}, "ClientException", "TaskDefinition not found."),
    ({"taskDefinition": None}, "InvalidParameterException", "TaskDefinition can not be blank."),
    ({"desiredCount": None}, "InvalidParameterException", "desiredCount must be specified"),
    ({"desiredCount": -1}, "InvalidParameterException", "must not be negative"),
    (
        {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        "InvalidParameterException",
        "Specifying both a launch type and capacity provider strategy is not supported.",
    ),
    (
        {"launchType": None, "capacityProviderStrategy": [{"capacityProvider": "mine", "weight": 1}]},
        "InvalidParameterException",
        "not associated with the cluster",
    ),
    ({"networkConfiguration": None}, "InvalidParameterException", "Network Configuration must be provided"),
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": []}}},
        "InvalidParameterException",
        "subnets can not be empty.",
    ),
    (
        {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-x"]}}},
        "InvalidParameterException",
        "no subnet subnet-x",
    ),
    (
        {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 8080}]},
        "InvalidParameterException",
        "The container web does not exist in the task definition.",
    ),
    (
        {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 80}]},
        "InvalidParameterException",
        "The container api did not have a container port 80 defined.",
    ),
    (
        {"loadBalancers": [{"targetGroupArn": GROUP + "x", "containerName": "api", "containerPort": 8080}]},
        "InvalidParameterException",
        "does not exist",
    ),
    ({"healthCheckGracePeriodSeconds": 30}, "InvalidParameterException", "Health check grace period is only valid"),
    ({"platformVersion": "9"}, "PlatformUnknownException", "The specified platform does not exist."),
    (
        {"deploymentController": {"type": "EXTERNAL"}},
        "UnsupportedFeatureException",
        "does not simulate the EXTERNAL deployment controller",
    ),
    ({"launchType": "EXTERNAL"}, "UnsupportedFeatureException", "EXTERNAL"),
]


@pytest.mark.parametrize(("change", "code", "words"), BAD, ids=[bad[2][:30] for bad in BAD])
def test_what_is_refused(bench: Bench, change: dict[str, Any], code: str, words: str) -> None:
    found, message = bench.error("CreateService", **request(bench, **change))
    assert found == code
    assert words in message
    assert bench.call("ListServices")["serviceArns"] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [({"in_use": False}, "does not have an associated load balancer"), ({"target_type": "instance"}, "target type")],
)
def test_target_groups_must_fit(bench: Bench, change: dict[str, Any], words: str) -> None:
    bench.world.change_group(GROUP, **change)
    balancers = [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8080}]
    code, message = bench.error("CreateService", **request(bench, loadBalancers=balancers))
    assert code == "InvalidParameterException"
    assert words in message


def test_updates_are_checked_before_anything_changes(bench: Bench) -> None:
    bench.create()
    bench.settle()
    before = bench.service
    balancers = [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 1}]
    bench.error("UpdateService", service="api", desiredCount=7, loadBalancers=balancers)
    bench.error("UpdateService", service="api", desiredCount=7, taskDefinition="nothing")
    assert bench.service == before


def test_updates_of_what_is_not_there(bench: Bench) -> None:
    assert bench.error("UpdateService", service="api", desiredCount=1) == (
        "ServiceNotFoundException",
        "Service not found.",
    )
    bench.create(desiredCount=0)
    bench.call("DeleteService", service="api")
    assert bench.error("UpdateService", service="api", desiredCount=1) == (
        "ServiceNotActiveException",
        "Service was not ACTIVE.",
    )
    assert bench.error("UpdateService", service="api", cluster="x")[0] == "ClusterNotFoundException"


def test_a_service_that_runs_is_deleted_by_force_only_and_drains(bench: Bench) -> None:
    bench.create()
    bench.settle()
    assert bench.error("DeleteService", service="api") == (
        "InvalidParameterException",
        "The service cannot be stopped while it is scaled above 0.",
    )
    deleted = bench.call("DeleteService", service="api", force=True)["service"]
    assert (deleted["status"], deleted["desiredCount"]) == ("DRAINING", 0)
    assert bench.call("ListServices")["serviceArns"] == []
    assert bench.service["status"] == "DRAINING"
    assert bench.error("CreateService", **request(bench)) == (
        "InvalidParameterException",
        "Unable to Start a service that is still Draining.",
    )
    assert bench.error("DeleteCluster", cluster="main")[0] == "ClusterContainsServicesException"
    bench.wait_until(lambda: bench.service["status"] == "INACTIVE")
    bench.wait(20)
    assert bench.targets() == []
    assert bench.world.interfaces == {}
    assert bench.tasks() == []
    bench.create()
    assert bench.settle()["status"] == "SUCCESSFUL"


def test_services_are_found_by_name_and_by_arn(bench: Bench) -> None:
    arn = bench.create()["serviceArn"]
    answer = bench.call("DescribeServices", services=["api", arn, "web", arn.replace("/main/", "/other/")])
    assert [service["serviceName"] for service in answer["services"]] == ["api", "api"]
    assert answer["failures"] == [
        {"arn": arn.replace("/api", "/web"), "reason": "MISSING"},
        {"arn": arn.replace("/main/", "/other/"), "reason": "MISSING"},
    ]
    assert bench.error("DescribeServices", services=[])[0] == "InvalidParameterException"
    assert bench.error("DescribeServices", services=["api"] * 11)[0] == "InvalidParameterException"


def test_lists_come_in_pages(bench: Bench) -> None:
    definition = bench.register()
    for number in range(23):
        bench.call("CreateService", **request(bench, serviceName=f"s{number:02}", taskDefinition=definition))
    found: list[str] = []
    token: dict[str, str] = {}
    sizes = []
    while True:
        answer = bench.call("ListServices", **token)
        found += answer["serviceArns"]
        sizes.append(len(answer["serviceArns"]))
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert sizes == [10, 10, 3]
    assert len(set(found)) == 23
    assert bench.error("ListServices", nextToken="?")[0] == "InvalidParameterException"
    assert bench.error("ListServices", maxResults=101)[0] == "InvalidParameterException"


def test_capacity_providers_share_the_tasks(bench: Bench) -> None:
    strategy = [
        {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
        {"capacityProvider": "FARGATE_SPOT", "weight": 3},
    ]
    service = bench.create(launchType=None, capacityProviderStrategy=strategy, desiredCount=5)
    assert "launchType" not in service
    assert service["capacityProviderStrategy"] == [{"weight": 0, "base": 0, **item} for item in strategy]
    bench.settle()
    used = [task["capacityProviderName"] for task in bench.tasks()]
    assert used.count("FARGATE") == 2
    assert used.count("FARGATE_SPOT") == 3
    assert {task["launchType"] for task in bench.tasks()} == {"FARGATE"}


def test_the_clusters_default_strategy_is_taken_when_nothing_else_is_said(bench: Bench) -> None:
    bench.call(
        "PutClusterCapacityProviders",
        capacityProviders=["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
    )
    service = bench.create(launchType=None)
    assert service["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]


def test_spot_tasks_can_be_interrupted_and_are_replaced(bench: Bench) -> None:
    scenario = {"behaviour": {"spot_interruption_after": 60}, "times": 1}
    bench.ecs.scenarios.add(scenario)
    bench.create(launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}])
    bench.settle()
    task = bench.wait_until(lambda: bench.tasks("STOPPED"))[0]
    assert task["stopCode"] == "SpotInterruption"
    bench.wait_until(lambda: bench.service["runningCount"] == 2)


def test_ec2_services_need_container_instances(bench: Bench) -> None:
    definition = bench.register(requiresCompatibilities=["EC2"])
    bench.create(taskDefinition=definition, launchType="EC2", balanced=False)
    bench.wait(30)
    assert any("No Container Instances were found in your cluster." in message for message in bench.messages())
    bench.world.instances = [
        ContainerInstance(f"arn:aws:ecs:::container-instance/main/{n}", "us-east-1a") for n in "ab"
    ]
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert {task["containerInstanceArn"][-1] for task in bench.tasks()} == {"a", "b"}


def test_daemons_run_once_an_instance(bench: Bench) -> None:
    bench.world.instances = [
        ContainerInstance(f"arn:aws:ecs:::container-instance/main/{n}", "us-east-1a") for n in "abc"
    ]
    definition = bench.register(requiresCompatibilities=["EC2"])
    bench.create(
        taskDefinition=definition,
        launchType="EC2",
        balanced=False,
        schedulingStrategy="DAEMON",
        desiredCount=None,
    )
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert sorted(task["containerInstanceArn"][-1] for task in bench.tasks()) == ["a", "b", "c"]
    assert bench.service["desiredCount"] == 3


@pytest.mark.parametrize(
    ("propagate", "expected"),
    [("SERVICE", {"s": "1"}), ("TASK_DEFINITION", {"d": "2"}), ("NONE", {})],
)
def test_tags_are_propagated_to_tasks(bench: Bench, propagate: str, expected: dict[str, str]) -> None:
    bench.create(
        taskDefinition=bench.register(tags=[{"key": "d", "value": "2"}]),
        tags=[{"key": "s", "value": "1"}],
        propagateTags=propagate,
        enableECSManagedTags=True,
    )
    bench.wait(5)
    arns = bench.call("ListTasks")["taskArns"]
    task = bench.call("DescribeTasks", tasks=arns, include=["TAGS"])["tasks"][0]
    managed = {"aws:ecs:clusterName": "main", "aws:ecs:serviceName": "api"}
    assert {tag["key"]: tag["value"] for tag in task["tags"]} == {**expected, **managed}
    assert bench.call("DescribeTasks", tasks=arns)["tasks"][0]["tags"] == []


def test_deployments_are_listed_newest_first_and_filtered(bench: Bench) -> None:
    bench.create()
    bench.settle()
    between = bench.time + 10
    bench.wait(20)
    bench.update("api:2")
    listed = bench.call("ListServiceDeployments", service="api")["serviceDeployments"]
    assert [item["status"] for item in listed] == ["PENDING", "SUCCESSFUL"]
    assert listed[0]["createdAt"] > listed[1]["createdAt"]

    def listed_with(**filters: Any) -> list[str]:
        found = bench.call("ListServiceDeployments", service="api", **filters)["serviceDeployments"]
        return [item["serviceDeploymentArn"] for item in found]

    newer, older = (item["serviceDeploymentArn"] for item in listed)
    assert listed_with(status=["SUCCESSFUL"]) == [older]
    assert listed_with(createdAt={"after": between}) == [newer]
    assert listed_with(createdAt={"before": between}) == [older]
    assert bench.error("ListServiceDeployments", service="web")[0] == "ServiceNotFoundException"


def test_revisions_hold_what_was_brought_out(bench: Bench) -> None:
    created = bench.create()
    bench.settle()
    bench.update("api:2")
    arns = [item["arn"] for item in bench.service["currentServiceRevisions"]]
    answer = bench.call("DescribeServiceRevisions", serviceRevisionArns=[*arns, "arn:x"])
    new, old = answer["serviceRevisions"]
    assert answer["failures"] == [{"arn": "arn:x", "reason": "MISSING"}]
    assert old["taskDefinition"] == created["taskDefinition"]
    assert new["containerImages"][0]["image"] == "api:2"
    assert new["containerImages"][0]["imageDigest"] == bench.world.image_digest("api:2")
    assert new["networkConfiguration"] == created["networkConfiguration"]
    assert new["resolvedConfiguration"]["loadBalancers"] == [{"targetGroupArn": GROUP}]


def test_the_ends_of_a_deployment_keep_their_counts(bench: Bench) -> None:
    bench.create(desiredCount=3)
    first = bench.settle()
    bench.update(desiredCount=1)
    bench.wait(120)
    assert bench.deployment["targetServiceRevision"] == first["targetServiceRevision"]
    assert first["targetServiceRevision"]["runningTaskCount"] == 3
