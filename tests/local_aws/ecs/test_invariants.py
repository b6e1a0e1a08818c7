# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is done to a service, in whatever order, the APIs keep telling one story."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from bench import GROUP, OTHER_GROUP, RULE, Bench

ENDS = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")
IMAGES = ("good", "good", "good", "crash", "exit3", "unhealthy", "nopull", "slow", "oom", "nocapacity")


def check(bench: Bench) -> None:
    """What must hold at every moment."""
    service = bench.service
    tasks = list(bench.ecs.tasks.by_id.values())
    deployments = service["deployments"]
    assert [d["status"] for d in deployments].count("PRIMARY") == 1
    assert len({d["id"] for d in deployments}) == len(deployments)
    assert service["runningCount"] == sum(d["runningCount"] for d in deployments)
    assert service["runningCount"] == sum(task.last_status == "RUNNING" for task in tasks)
    assert service["pendingCount"] == sum(d["pendingCount"] for d in deployments)
    assert deployments[0]["taskDefinition"] == service["taskDefinition"]

    briefs = bench.call("ListServiceDeployments", service="api", maxResults=100)["serviceDeployments"]
    ongoing = [brief["serviceDeploymentArn"] for brief in briefs if brief["status"] not in ENDS]
    assert ongoing == ([service["currentServiceDeployment"]] if "currentServiceDeployment" in service else [])
    for brief in briefs:
        assert ("finishedAt" in brief) == (brief["status"] in ENDS)
        if brief["status"].startswith("ROLLBACK_"):
            assert "statusReason" in brief
    newest = bench.deployment
    assert newest["targetServiceRevision"]["runningTaskCount"] >= 0
    if newest["status"] == "ROLLBACK_IN_PROGRESS":
        assert deployments[0]["id"].rpartition("/")[2] == newest["rollback"]["serviceRevisionArn"].rpartition("/")[2]
    if newest["status"] in ("PENDING", "IN_PROGRESS"):
        target = newest["targetServiceRevision"]["arn"].rpartition("/")[2]
        assert deployments[0]["id"] == f"ecs-svc/{target}"
    if newest["status"] == "SUCCESSFUL":
        assert deployments[0]["rolloutState"] == "COMPLETED"

    assert len(bench.world.interfaces) == sum(task.last_status != "STOPPED" for task in tasks)
    addresses = [interface.private_ip for interface in bench.world.interfaces.values()]
    assert len(set(addresses)) == len(addresses)
    by_id = {task.id: task for task in tasks}
    for targets in bench.ecs.tasks.targets.values():
        for target in targets:
            assert target.task_id in by_id
            if target.state == "healthy":
                assert by_id[target.task_id].live
    for task in tasks:
        assert (task.desired_status == "STOPPED") == (task.stop_code is not None)
        assert (task.last_status == "STOPPED") == (task.stopped_at is not None)
    times = [event["createdAt"] for event in service["events"]]
    assert times == sorted(times, reverse=True)


def act(bench: Bench, dice: random.Random) -> None:
    """Do something that an operator, or fate, may do."""
    choice = dice.randrange(8)
    service = bench.service
    if choice <= 2:
        bench.update(f"api:{dice.randrange(1000)}-{dice.choice(IMAGES)}")
    elif choice == 3:
        bench.update(desiredCount=dice.randrange(5))
    elif choice == 4:
        bench.update(forceNewDeployment=True)
    elif choice == 5 and "currentServiceDeployment" in service:
        bench.call("StopServiceDeployment", serviceDeploymentArn=service["currentServiceDeployment"])
    elif choice == 6:
        running = bench.tasks()
        if running:
            bench.call("StopTask", task=dice.choice(running)["taskArn"])
    elif choice == 7:
        breaker = {"enable": dice.random() < 0.8, "rollback": dice.random() < 0.7}
        bench.update(deploymentConfiguration={"deploymentCircuitBreaker": breaker})


def play(bench: Bench, seed: int, steps: int) -> None:
    dice = random.Random(seed)
    check(bench)
    for _step in range(steps):
        act(bench, dice)
        for _look in range(dice.randrange(1, 5)):
            bench.time += dice.choice((0, 1, 3, 10, 40, 200))
            check(bench)
    bench.update(
        "api:last-good",
        desiredCount=2,
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
    )
    assert bench.settle(limit=7200)["status"] == "SUCCESSFUL"
    bench.wait(30)
    check(bench)
    assert [task["containers"][0]["image"] for task in bench.tasks()] == ["api:last-good"] * 2
    assert bench.messages()[-1].endswith("has reached a steady state.")
    assert len(bench.service["deployments"]) == 1
    bench.call("DeleteService", service="api", force=True)
    bench.time += 3600
    assert bench.service["status"] == "INACTIVE"
    assert bench.world.interfaces == {}
    assert bench.targets() == bench.targets(OTHER_GROUP) == []


@pytest.mark.parametrize("seed", range(20))
def test_rolling(bench: Bench, seed: int) -> None:
    bench.create()
    play(bench, seed, 25)


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "CANARY", "LINEAR"])
@pytest.mark.parametrize("seed", range(5))
def test_shifting(bench: Bench, strategy: str, seed: int) -> None:
    advanced = {
        "alternateTargetGroupArn": OTHER_GROUP,
        "productionListenerRule": RULE,
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
    }
    balancers = [
        {"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8080, "advancedConfiguration": advanced}
    ]
    bench.create(loadBalancers=balancers, deploymentConfiguration={"strategy": strategy, "bakeTimeInMinutes": 1})
    play(bench, seed, 20)


@pytest.mark.parametrize(
    ("lowest", "highest"), [(100, 200), (50, 100), (0, 100), (75, 150), (100, 125), (50, 200), (0, 200)]
)
@pytest.mark.parametrize("desired", [1, 2, 3, 7, 10])
def test_a_rolling_deployment_keeps_its_limits_and_ends(bench: Bench, desired: int, lowest: int, highest: int) -> None:
    limits: dict[str, Any] = {"minimumHealthyPercent": lowest, "maximumPercent": highest}
    bench.create(desiredCount=desired, deploymentConfiguration=limits)
    bench.settle()
    bench.update("api:2")
    if math.floor(desired * highest / 100) <= desired and math.ceil(desired * lowest / 100) >= desired:
        bench.wait(600)
        assert bench.deployment["status"] == "IN_PROGRESS", "neither may a task be started nor one be stopped"
        return

    def ended() -> bool:
        live = [task for task in bench.ecs.tasks.by_id.values() if task.live]
        assert len(live) <= max(desired, math.floor(desired * highest / 100))
        assert sum(task.healthy for task in live) >= math.ceil(desired * lowest / 100)
        return bench.deployment["status"] == "SUCCESSFUL"

    bench.wait_until(ended)
