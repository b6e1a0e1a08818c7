# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rolling deployments: counts, batches, targets, events, and what starts a deployment."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bench import GROUP, Bench


def shape(service: dict[str, Any]) -> list[tuple[str, str]]:
    return [(deployment["status"], deployment["rolloutState"]) for deployment in service["deployments"]]


def words(messages: list[str]) -> list[str]:
    """Events without the ids of tasks and deployments."""
    return [re.sub(r"\((task|deployment) [^)]*\)", r"(\1)", message) for message in messages]


def test_a_created_service_reaches_its_desired_count_and_says_so(bench: Bench) -> None:
    created = bench.create()
    assert shape(created) == [("PRIMARY", "IN_PROGRESS")]
    assert (created["desiredCount"], created["runningCount"], created["pendingCount"]) == (2, 0, 0)
    assert created["currentServiceDeployment"] == bench.deployment["serviceDeploymentArn"]

    deployment = bench.settle()

    service = bench.service
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["sourceServiceRevisions"] == []
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 2
    assert shape(service) == [("PRIMARY", "COMPLETED")]
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert "currentServiceDeployment" not in service
    assert (
        service["deployments"][0]["id"] == "ecs-svc/" + service["currentServiceRevisions"][0]["arn"].rpartition("/")[2]
    )
    assert words(bench.messages()) == [
        "(service api) has started 2 tasks: (task) (task).",
        f"(service api) registered 2 targets in (target-group {GROUP})",
        "(service api) (deployment) deployment completed.",
        "(service api) has reached a steady state.",
    ]


def test_tasks_pass_through_every_state_on_the_way_up(bench: Bench) -> None:
    bench.create(desiredCount=1)
    seen: list[str] = []

    def ended() -> bool:
        for task in bench.tasks():
            if task["lastStatus"] not in seen:
                seen.append(task["lastStatus"])
        return bench.deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
    assert seen == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]


def test_targets_are_healthy_after_interval_times_threshold_and_the_deployment_waits_for_it(bench: Bench) -> None:
    bench.world.change_group(GROUP, interval=30, healthy_threshold=4)
    bench.create(desiredCount=1)
    bench.wait_until(lambda: bench.service["runningCount"] == 1)
    registered = bench.time
    assert [state for _ip, state in bench.targets()] == ["initial"]
    assert bench.deployment["status"] == "IN_PROGRESS"
    bench.settle()
    assert [state for _ip, state in bench.targets()] == ["healthy"]
    assert 110 <= bench.time - registered <= 125


def test_an_update_replaces_the_tasks_and_drains_the_old_targets(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.wait(5)
    old = {task["taskArn"] for task in bench.tasks()}
    before = len(bench.messages())
    updated = bench.update("api:2")
    assert shape(updated) == [("PRIMARY", "IN_PROGRESS"), ("ACTIVE", "COMPLETED")]
    states: set[tuple[str, ...]] = set()

    def ended() -> bool:
        states.add(tuple(sorted(state for _ip, state in bench.targets())))
        return bench.deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
    bench.wait(5)
    assert ("draining", "draining", "healthy", "healthy") in states
    assert [state for _ip, state in bench.targets()] == ["healthy", "healthy"]
    new = {task["taskArn"] for task in bench.tasks()}
    assert len(new) == 2
    assert not new & old
    stopped = bench.tasks("STOPPED")
    assert {task["taskArn"] for task in stopped} == old
    old_deployment = bench.call("DescribeTasks", tasks=sorted(old))["tasks"][0]["startedBy"]
    for task in stopped:
        assert task["stopCode"] == "ServiceSchedulerInitiated"
        assert task["stoppedReason"] == f"Scaling activity initiated by (deployment {old_deployment})"
        assert task["containers"][0]["exitCode"] == 0
    assert words(bench.messages()[before:]) == [
        "(service api) has started 2 tasks: (task) (task).",
        f"(service api) registered 2 targets in (target-group {GROUP})",
        f"(service api) deregistered 2 targets in (target-group {GROUP})",
        "(service api) has begun draining connections on 2 tasks.",
        "(service api) has stopped 2 running tasks: (task) (task).",
        "(service api) (deployment) deployment completed.",
        "(service api) has reached a steady state.",
    ]


def test_the_deployment_ends_when_the_old_tasks_have_drained(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.world.change_group(GROUP, deregistration_delay=300)
    bench.update("api:2")
    bench.wait_until(lambda: any(state == "draining" for _ip, state in bench.targets()))
    began = bench.time
    assert shape(bench.service)[1:] == [("ACTIVE", "COMPLETED")]
    bench.settle()
    assert 295 <= bench.time - began <= 305


@pytest.mark.parametrize(
    ("desired", "lowest", "highest", "most", "fewest"),
    [
        (4, 100, 200, 8, 4),
        (4, 100, 150, 6, 4),
        (4, 100, 125, 5, 4),
        (4, 50, 100, 4, 2),
        (4, 50, 150, 6, 2),
        (3, 0, 100, 3, 0),
        (1, 0, 100, 1, 0),
        (1, 100, 200, 2, 1),
        (5, 75, 120, 6, 4),
    ],
)
def test_batches_keep_within_minimum_and_maximum(
    bench: Bench, desired: int, lowest: int, highest: int, most: int, fewest: int
) -> None:
    limits = {"minimumHealthyPercent": lowest, "maximumPercent": highest}
    bench.create(desiredCount=desired, deploymentConfiguration=limits)
    bench.settle()
    bench.update("api:2")
    totals, healthy = [], []

    def ended() -> bool:
        live = [task for task in bench.ecs.tasks.by_id.values() if task.live]
        totals.append(len(live))
        healthy.append(sum(1 for task in live if task.healthy))
        return bench.deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
    assert max(totals) == most
    assert min(healthy) >= fewest
    assert bench.service["runningCount"] == desired


def test_limits_that_would_block_every_deployment_are_refused(bench: Bench) -> None:
    code, message = bench.error(
        "CreateService",
        serviceName="api",
        taskDefinition=bench.register(),
        desiredCount=1,
        deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100},
    )
    assert code == "InvalidParameterException"
    assert "block deployments" in message


@pytest.mark.parametrize(
    ("change", "deploys"),
    [
        ({"desiredCount": 3}, False),
        ({"deploymentConfiguration": {"minimumHealthyPercent": 50}}, False),
        ({"healthCheckGracePeriodSeconds": 90}, False),
        ({"enableExecuteCommand": True}, False),
        ({"propagateTags": "SERVICE"}, False),
        ({"enableECSManagedTags": True}, False),
        ({"availabilityZoneRebalancing": "DISABLED"}, False),
        ({"placementStrategy": [{"type": "random"}]}, False),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}, False),
        ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"], "securityGroups": []}}}, True),
        ({"platformVersion": "1.4.0"}, True),
        ({"loadBalancers": []}, True),
        ({"forceNewDeployment": True}, True),
        ({"serviceRegistries": [{"registryArn": "arn:aws:servicediscovery:us-east-1:123456789012:service/s"}]}, True),
        ({"serviceConnectConfiguration": {"enabled": True, "namespace": "n"}}, True),
    ],
)
def test_only_what_makes_a_revision_starts_a_deployment(bench: Bench, change: dict[str, Any], deploys: bool) -> None:
    bench.create()
    first = bench.settle()
    bench.update(**change)
    deployments = bench.call("ListServiceDeployments", service="api")["serviceDeployments"]
    assert len(deployments) == (2 if deploys else 1)
    if deploys:
        assert bench.settle()["status"] == "SUCCESSFUL"
        assert bench.deployment["serviceDeploymentArn"] != first["serviceDeploymentArn"]
    else:
        bench.wait(60)
        assert shape(bench.service) == [("PRIMARY", "COMPLETED")]


def test_the_same_values_again_start_nothing(bench: Bench) -> None:
    created = bench.create()
    bench.settle()
    bench.update(
        taskDefinition=created["taskDefinition"],
        networkConfiguration=created["networkConfiguration"],
        loadBalancers=created["loadBalancers"],
        platformVersion="LATEST",
        desiredCount=2,
    )
    assert len(bench.call("ListServiceDeployments", service="api")["serviceDeployments"]) == 1


def test_an_update_leaves_alone_what_it_does_not_name(bench: Bench) -> None:
    bench.create(
        desiredCount=3,
        healthCheckGracePeriodSeconds=30,
        enableExecuteCommand=True,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    bench.settle()
    before = bench.service
    bench.update("api:2", deploymentConfiguration={"maximumPercent": 150})
    after = bench.service
    for name in ("desiredCount", "healthCheckGracePeriodSeconds", "enableExecuteCommand", "networkConfiguration"):
        assert after[name] == before[name]
    assert after["deploymentConfiguration"] == {**before["deploymentConfiguration"], "maximumPercent": 150}


def test_scaling_out_and_in_needs_no_deployment(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.wait(5)
    said = len(bench.messages())
    bench.update(desiredCount=4)
    bench.wait_until(lambda: bench.service["runningCount"] == 4 and bench.messages()[-1].endswith("steady state."))
    bench.update(desiredCount=1)
    bench.wait_until(lambda: len(bench.targets()) == 1)
    bench.wait(10)
    assert bench.service["runningCount"] == 1
    assert len(bench.call("ListServiceDeployments", service="api")["serviceDeployments"]) == 1
    assert words(bench.messages()[said:]) == [
        "(service api) has started 2 tasks: (task) (task).",
        f"(service api) registered 2 targets in (target-group {GROUP})",
        "(service api) has reached a steady state.",
        f"(service api) deregistered 3 targets in (target-group {GROUP})",
        "(service api) has begun draining connections on 3 tasks.",
        "(service api) has stopped 3 running tasks: (task) (task) (task).",
        "(service api) has reached a steady state.",
    ]


def test_a_service_without_tasks_is_deployed_at_once(bench: Bench) -> None:
    bench.create(desiredCount=0)
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert bench.tasks() == []


def test_a_newer_deployment_replaces_one_that_is_under_way(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.update("api:2")
    bench.wait(5)
    second = bench.deployment["serviceDeploymentArn"]
    bench.update("api:3")
    assert bench.deployment["serviceDeploymentArn"] != second
    replaced = bench.call("DescribeServiceDeployments", serviceDeploymentArns=[second])["serviceDeployments"][0]
    assert replaced["status"] == "STOPPED"
    assert len(bench.deployment["sourceServiceRevisions"]) == 2
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert {task["containers"][0]["image"] for task in bench.tasks()} == {"api:3"}


def test_a_task_that_dies_later_is_replaced_without_a_deployment(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.wait(5)
    victim = bench.tasks()[0]["taskArn"]
    bench.call("StopTask", task=victim, reason="chaos")
    bench.wait_until(lambda: len(bench.tasks()) == 2 and bench.service["runningCount"] == 2)
    assert victim not in {task["taskArn"] for task in bench.tasks()}
    assert len(bench.call("ListServiceDeployments", service="api")["serviceDeployments"]) == 1
    assert bench.service["deployments"][0]["failedTasks"] == 0


def test_capacity_providers_hold_for_tasks_started_later(bench: Bench) -> None:
    bench.create(launchType=None, capacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}])
    bench.settle()
    bench.update(capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 1}], desiredCount=3)
    bench.wait(30)
    assert sorted(task["capacityProviderName"] for task in bench.tasks()) == ["FARGATE", "FARGATE", "FARGATE_SPOT"]


def test_a_target_deregistered_by_hand_drains_and_goes(bench: Bench) -> None:
    bench.create()
    bench.settle()
    address, _state = bench.targets()[0]
    assert bench.ecs.tasks.deregister(GROUP, address, 8080)
    assert not bench.ecs.tasks.deregister(GROUP, address, 8080)
    assert (address, "draining") in bench.targets()
    bench.wait(20)
    assert address not in [ip for ip, _state in bench.targets()]
    bench.update(desiredCount=0)
    bench.wait(30)
    assert bench.targets() == []


def test_tasks_are_spread_over_the_subnets_with_addresses_of_their_own(bench: Bench) -> None:
    bench.create(desiredCount=6)
    bench.settle()
    tasks = bench.tasks()
    addresses = [task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks]
    assert len(set(addresses)) == 6
    zones = [task["availabilityZone"] for task in tasks]
    assert zones.count("us-east-1a") == zones.count("us-east-1b") == 3
    for task, address in zip(tasks, addresses, strict=True):
        details = {item["name"]: item["value"] for item in task["attachments"][0]["details"]}
        assert details["privateIPv4Address"] == address
        assert task["attachments"][0]["status"] == "ATTACHED"


def test_early_success_does_not_wait_for_all_tasks(bench: Bench) -> None:
    criteria = {"enable": True, "healthyPercent": 50, "sourceServiceRevisionCleanup": "DEFERRED"}
    bench.create(desiredCount=4)
    bench.settle()
    bench.update(
        "api:2",
        deploymentConfiguration={
            "earlySuccessCriteria": criteria,
            "minimumHealthyPercent": 50,
            "maximumPercent": 100,
        },
    )
    deployment = bench.settle()
    assert deployment["status"] == "SUCCESSFUL"
    assert deployment["targetServiceRevision"]["runningTaskCount"] == 2
    assert len([state for _ip, state in bench.targets() if state == "draining"]) == 2
    bench.wait(120)
    assert [task["containers"][0]["image"] for task in bench.tasks()] == ["api:2"] * 4


def test_what_is_seen_does_not_depend_on_how_often_one_looks(bench: Bench) -> None:
    other = Bench()
    for each in (bench, other):
        each.create()
    bench.wait(300)
    other.time += 300
    assert words(bench.messages()) == words(other.messages())
    assert bench.service["deployments"][0]["updatedAt"] == other.service["deployments"][0]["updatedAt"]
