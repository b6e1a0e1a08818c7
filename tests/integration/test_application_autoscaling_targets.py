# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

SERVICE = "service/uex-dev/backend"
CPU = {
    "name": "cpu",
    "target_tracking": {
        "metric": "ECSServiceAverageCPUUtilization",
        "target_value": 60,
        "scale_in_cooldown": 300,
        "scale_out_cooldown": 60,
    },
}
MEMORY = {"name": "memory", "target_tracking": {"metric": "ECSServiceAverageMemoryUtilization", "target_value": 75}}
STEP = {
    "name": "step",
    "step": {
        "adjustment_type": "ChangeInCapacity",
        "steps": [{"lower_bound": 0, "upper_bound": 10, "adjustment": 1}, {"lower_bound": 10, "adjustment": 2}],
        "cooldown": 60,
    },
}
CUSTOM = {
    "name": "queue",
    "target_tracking": {
        "target_value": 100,
        "customized_metric": {
            "name": "Messages",
            "namespace": "UEX",
            "statistic": "Average",
            "dimensions": {"Queue": "payments"},
        },
    },
}
NIGHT = {"name": "night", "schedule": "cron(0 20 * * ? *)", "timezone": "Europe/Berlin", "min_capacity": 0}
NIGHT |= {"max_capacity": 0}


@pytest.fixture(autouse=True)
def service(aws: Aws) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="uex-dev")
    container = {"name": "app", "image": "nginx", "memory": 128}
    ecs.register_task_definition(family="backend", containerDefinitions=[container])
    ecs.create_service(cluster="uex-dev", serviceName="backend", taskDefinition="backend", desiredCount=1)


def target(**fields: Any) -> dict[str, Any]:
    return {
        "resource_id": SERVICE,
        "min_capacity": 1,
        "max_capacity": 4,
        "policies": [CPU, MEMORY],
        "scheduled_actions": [NIGHT],
        **fields,
    }


def ensure(aws: Aws, *targets: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("application_autoscaling_targets", {"targets": list(targets), **options}, check=check)


def test_registers_and_changes_nothing_again(aws: Aws) -> None:
    predicted = ensure(aws, target(), check=True)
    assert "planned" in predicted["targets"][SERVICE]["arn"]
    created = ensure(aws, target())
    assert created["changed"]
    client = aws.client("application-autoscaling")
    found = client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    assert {policy["PolicyName"] for policy in found} == {"cpu", "memory"}
    aws.mark()
    again = ensure(aws, target())
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["targets"][SERVICE]["policies"].keys() == {"cpu", "memory"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("min_capacity", 2),
        ("max_capacity", 8),
        ("suspended", {"scale_in": True}),
        ("policies", [CPU]),
        ("policies", [CPU, {**MEMORY, "target_tracking": {**MEMORY["target_tracking"], "target_value": 80}}]),
        ("policies", [CPU, MEMORY, STEP, CUSTOM]),
        ("policies", []),
        ("scheduled_actions", [{**NIGHT, "schedule": "cron(0 21 * * ? *)"}]),
        ("scheduled_actions", [{**NIGHT, "start_time": "2031-01-01T00:00:00Z"}]),
        ("scheduled_actions", []),
    ],
)
def test_each_change_is_predicted_made_and_then_found(aws: Aws, field: str, value: Any) -> None:
    ensure(aws, target())
    predicted = ensure(aws, target(**{field: value}), check=True)
    assert predicted["actions"] == [{"action": "update", "name": SERVICE, "fields": [field]}]
    made = ensure(aws, target(**{field: value}))
    assert made["targets"] == predicted["targets"]
    assert not ensure(aws, target(**{field: value}))["changed"]


def test_only_the_policy_that_differs_is_put(aws: Aws) -> None:
    ensure(aws, target())
    aws.mark()
    ensure(aws, target(policies=[CPU, {**MEMORY, "target_tracking": {**MEMORY["target_tracking"], "target_value": 1}}]))
    assert aws.mutations() == ["application-autoscaling:PutScalingPolicy"]


def test_leaves_alone_what_the_task_does_not_speak_of(aws: Aws) -> None:
    ensure(aws, target())
    result = ensure(aws, {"resource_id": SERVICE, "suspended": {"scale_out": True}})
    state = result["targets"][SERVICE]
    assert result["actions"][0]["fields"] == ["suspended"]
    assert state["suspended"] == {"scale_in": False, "scale_out": True, "scheduled": False}
    assert state["policies"].keys() == {"cpu", "memory"}
    assert state["max_capacity"] == 4


def test_adds_without_purging(aws: Aws) -> None:
    ensure(aws, target())
    result = ensure(aws, target(policies=[STEP], scheduled_actions=[]), purge_policies=False)
    assert result["targets"][SERVICE]["policies"].keys() == {"cpu", "memory", "step"}
    assert result["targets"][SERVICE]["scheduled_actions"].keys() == {"night"}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"min_capacity": 5}, f"min_capacity of {SERVICE} is 5; at most its max_capacity 4"),
        ({"max_capacity": None}, "has no max_capacity"),
        ({"policies": [CPU, CPU]}, "the name cpu stands twice"),
        ({"policies": [{"name": "none"}]}, "target_tracking, step"),
    ],
)
def test_names_what_is_wrong(aws: Aws, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        ensure(aws, target(**fields), check=True)


def test_deregisters(aws: Aws) -> None:
    ensure(aws, target())
    assert ensure(aws, {"resource_id": SERVICE}, state="absent", check=True)["changed"]
    assert ensure(aws, {"resource_id": SERVICE}, state="absent")["changed"]
    assert not ensure(aws, {"resource_id": SERVICE}, state="absent")["changed"]


def test_purges_what_scales_in_one_cluster(aws: Aws) -> None:
    ensure(aws, target())
    purge = {"state": "absent", "purge": True}
    assert not ensure(aws, **purge, resource_id_prefix="service/uex-prod/")["changed"]
    gone = ensure(aws, **purge, resource_id_prefix="service/uex-dev/")
    assert gone["actions"] == [{"action": "delete", "name": SERVICE, "fields": []}]
    assert not ensure(aws, **purge, resource_id_prefix="service/uex-dev/")["changed"]
    with pytest.raises(ModuleFailed, match="resource_id_prefix is empty"):
        ensure(aws, **purge)
