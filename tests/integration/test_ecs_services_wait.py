# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task waits for the deployments of many services."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from .ecs import CLUSTER, Stage, behave, control
from .harness import Aws, ModuleFailed

MODULE = "ecs_services_wait"


@pytest.fixture
def stage(aws: Aws) -> Stage:
    return Stage(aws)


def start(aws: Aws, stage: Stage, name: str, tag: str) -> dict[str, Any]:
    """Start a deployment without waiting; what to wait for."""
    options = stage.service(tag, name=name, wait=False, desired_count=1)
    options["task_definition"]["family"] = name
    rollout = aws.run_module("ecs_service_rollout", options)["rollout"]
    return {"name": name, "deployment_id": rollout["deployment_id"]}


def failing(aws: Aws, **options: Any) -> dict[str, Any]:
    with pytest.raises(ModuleFailed) as failure:
        aws.run_module(MODULE, {"cluster": CLUSTER, "wait_timeout": 60, **options})
    return failure.value.result


def test_each_look_at_twenty_services_is_one_call(aws: Aws, stage: Stage) -> None:
    services = [start(aws, stage, f"service-{number:02}", "1.0") for number in range(21)]
    aws.mark()
    result = aws.run_module(MODULE, {"cluster": CLUSTER, "services": services, "wait_timeout": 60})
    assert {entry["verdict"] for entry in result["services"].values()} == {"successful"}
    assert {(entry["running_count"], entry["judged_by"]) for entry in result["services"].values()} == {
        (1, "service_deployment")
    }
    assert not result["changed"]
    calls = Counter(aws.calls())
    # Three batches of ten before and after, and at most two calls a look.
    assert calls["ecs:DescribeServices"] == 6
    # Only a deployment that has ended already has to be looked up in a list of its own.
    assert calls["ecs:ListServiceDeployments"] + calls["ecs:DescribeServiceDeployments"] < 40
    aws.mark()
    names = [{"name": item["name"]} for item in services]
    idle = aws.run_module(MODULE, {"cluster": CLUSTER, "services": names})
    assert {entry["verdict"] for entry in idle["services"].values()} == {"idle"}
    assert Counter(aws.calls()) == {"ecs:DescribeServices": 3}


def test_failed_deployment_is_told_with_its_cause_and_the_others_too(aws: Aws, stage: Stage) -> None:
    aws.run_module(MODULE.replace("services_wait", "service_rollout"), stage.service("1.0", name="bad"))
    behave(aws, "2.0", exit_code=7)
    services = [start(aws, stage, "good", "1.0"), start(aws, stage, "bad", "2.0")]
    result = failing(aws, services=services)
    assert (result["services"]["good"]["verdict"], result["services"]["bad"]["verdict"]) == ("successful", "failed")
    assert "bad: The deployment failed, and ECS has rolled the service back." in result["msg"]
    assert "exit code 7" in result["services"]["bad"]["failure"]["likely_cause"]
    assert "good" not in result["msg"]


def test_deployment_that_does_not_end_goes_on(aws: Aws, stage: Stage) -> None:
    behave(aws, "slow", pull_seconds=40000)
    start(aws, stage, "late", "slow")
    looked = aws.run_module(MODULE, {"cluster": CLUSTER, "services": [{"name": "late"}]}, check=True)
    assert looked["services"]["late"]["verdict"] == "not_ended"
    result = failing(aws, services=[{"name": "late"}], wait_timeout=1)
    assert "late: not ended within 1 seconds (wait_timeout). It goes on" in result["msg"]
    assert "no service none" in failing(aws, services=[{"name": "none"}])["msg"]


def test_endpoint_without_service_deployments_is_judged_by_rollout_state(aws: Aws, stage: Stage) -> None:
    services = [start(aws, stage, "plain", "1.0")]
    refused = {"account": aws.account_id, "operation": "*ServiceDeployments", "code": "UnknownOperationException"}
    control(aws, "ecs/refusals", percent=100, message="Unknown operation", **refused)
    try:
        result = aws.run_module(MODULE, {"cluster": CLUSTER, "services": services, "wait_timeout": 60})
    finally:
        control(aws, "ecs/refusals", "DELETE")
    assert (result["services"]["plain"]["verdict"], result["services"]["plain"]["judged_by"]) == (
        "successful",
        "rollout_state",
    )
