# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.filter.services_status import FilterModule

from .ecs import CLUSTER, SERVICE, Stage, behave
from .harness import Aws, ModuleFailed

MODULE = "ecs_services_info"
ROLLOUT = "ecs_service_rollout"


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws, balanced=True)


def text(result: dict[str, Any]) -> str:
    return FilterModule().filters()["services_status"](result)


def test_tells_of_tasks_targets_images_and_events(aws: Aws, stage: Stage) -> None:
    aws.run_module(ROLLOUT, stage.service("1.0", load_balancers=stage.balancers()))
    result = aws.run_module(MODULE, {"cluster": CLUSTER, "services": [SERVICE, "gone"]}, check=True)
    assert not result["changed"]
    assert result["missing"] == ["gone"]
    service = result["services"][SERVICE]
    assert (service["condition"], service["running_count"], service["desired_count"]) == ("steady", 2, 2)
    assert service["task_definition"] == "shop-backend:1"
    (image,) = service["images"]
    assert (image["container"], image["tasks"]) == ("backend", 2)
    assert image["digest"].startswith("sha256:")
    assert {target["state"] for target in service["targets"]} == {"healthy"}
    assert {task["status"] for task in service["tasks"]} == {"RUNNING"}
    assert "steady state" in service["events"][0]["message"]
    shown = text(result)
    assert "backend: steady, 2/2 tasks run, shop-backend:1" in shown
    assert "2 of 2 healthy" in shown
    assert "There is no service gone." in shown


def test_tells_of_a_running_deployment_and_of_crashed_tasks(aws: Aws, stage: Stage) -> None:
    aws.run_module(ROLLOUT, stage.service("1.0"))
    behave(aws, "2.0", exit_code=3, exit_after=1)
    with pytest.raises(ModuleFailed):
        aws.run_module(ROLLOUT, stage.service("2.0"))
    behave(aws, "2.1", pull_seconds=100_000)
    aws.run_module(ROLLOUT, stage.service("2.1", wait=False, reversible=False))
    service = aws.run_module(MODULE, {"cluster": CLUSTER, "services": [SERVICE]})["services"][SERVICE]
    assert service["condition"] == "deploying"
    assert service["running_deployment"]["status"] == "IN_PROGRESS"
    assert {entry["status"] for entry in service["deployments"]} == {"PRIMARY", "ACTIVE"}
    assert service["stopped_tasks"][0]["containers"] == [{"name": "backend", "exit_code": 3}]
    assert service["not_reversible"] == service["task_definition"]
    shown = text({"cluster": CLUSTER, "services": {SERVICE: service}})
    assert "(backend exit code 3)" in shown
    assert "deploying   ROLLING" in shown
    assert "is marked as not reversible" in shown


def test_calls_do_not_grow_with_the_number_of_services(aws: Aws, stage: Stage) -> None:
    definition = stage.definition()
    for number in range(12):
        named = {**copy.deepcopy(definition), "family": f"shop-{number}"}
        options = stage.service(task_definition=named, name=f"service-{number}", desired_count=1)
        aws.run_module(ROLLOUT, {**options, "wait": False})
    aws.mark()
    result = aws.run_module(MODULE, {"cluster": CLUSTER})
    assert len(result["services"]) == 12
    calls = Counter(aws.calls())
    assert calls["ecs:ListServices"] == 1
    assert calls["ecs:DescribeServices"] == 2
    assert calls["ecs:ListTasks"] == 2
    assert calls["ecs:DescribeTasks"] <= 1
    assert calls["ecs:DescribeServiceDeployments"] <= 1
    assert sum(calls.values()) <= 7


def test_cluster_that_does_not_exist_has_no_services(aws: Aws) -> None:
    result = aws.run_module(MODULE, {"cluster": "gone", "services": ["api"]})
    assert (result["services"], result["missing"]) == ({}, ["api"])
    result = aws.run_module(MODULE, {"cluster": "gone", "services": ["api", "web"]})
    assert (result["services"], result["missing"]) == ({}, ["api", "web"])
