# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.comparison import (
    Change,
    canonical,
    canonical_field,
    canonical_task_definition,
    leaves,
    structure_changes,
    units,
)


def definition(**container: Any) -> dict[str, Any]:
    return {
        "family": "f",
        "networkMode": "awsvpc",
        "cpu": "256",
        "containerDefinitions": [{"name": "app", "image": "a:1", **container}],
    }


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (
            {},
            {
                "cpu": 0,
                "essential": True,
                "environment": [],
                "mountPoints": [],
                "volumesFrom": [],
                "systemControls": [],
            },
        ),
        (
            {"portMappings": [{"containerPort": 80}]},
            {"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]},
        ),
        (
            {"healthCheck": {"command": ["CMD", "x"]}},
            {"healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3}},
        ),
        (
            {"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": ""}]},
            {"environment": [{"name": "A", "value": ""}, {"name": "B", "value": "2"}]},
        ),
        ({"privileged": False}, {}),
        ({"logConfiguration": {"logDriver": "awslogs"}}, {"logConfiguration": {"logDriver": "awslogs", "options": {}}}),
        ({"versionConsistency": "enabled"}, {}),
    ],
)
def test_defaults_and_order_are_no_difference(asked: dict[str, Any], answered: dict[str, Any]) -> None:
    assert canonical_task_definition(definition(**asked)) == canonical_task_definition(definition(**answered))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"essential": False}, {}),
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}),
        ({"environment": [{"name": "A", "value": ""}]}, {}),
        ({"dockerLabels": {"a": ""}}, {"dockerLabels": {}}),
        ({"readonlyRootFilesystem": True}, {}),
        ({"portMappings": [{"containerPort": 80}]}, {"portMappings": [{"containerPort": 81}]}),
        ({"cpu": 10}, {}),
    ],
)
def test_values_are_a_difference(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert canonical_task_definition(definition(**one)) != canonical_task_definition(definition(**other))


def test_host_port_of_a_bridge_is_a_value() -> None:
    mapping = {"portMappings": [{"containerPort": 80, "hostPort": 80}]}
    bridge = {**definition(**mapping), "networkMode": "bridge"}
    free = {**definition(portMappings=[{"containerPort": 80, "hostPort": 0}]), "networkMode": None}
    plain = {**definition(portMappings=[{"containerPort": 80}]), "networkMode": "bridge"}
    assert canonical_task_definition(bridge) != canonical_task_definition(plain)
    assert canonical_task_definition(free) == canonical_task_definition(plain)


def test_tags_are_no_part_of_a_revision() -> None:
    assert canonical_task_definition({**definition(), "tags": [{"key": "a"}]}) == canonical_task_definition(
        definition()
    )


@pytest.mark.parametrize(
    ("asked", "normal"),
    [("256", "256"), (512, "512"), (".5 vCPU", "512"), ("0.25 vcpu", "256"), ("1 GB", "1024"), ("2gb", "2048")],
)
def test_units(asked: Any, normal: str) -> None:
    assert units(asked) == normal


@pytest.mark.parametrize(
    ("name", "asked", "answered"),
    [
        ("capacityProviderStrategy", [{"capacityProvider": "F"}], [{"capacityProvider": "F", "weight": 0, "base": 0}]),
        (
            "networkConfiguration",
            {"awsvpcConfiguration": {"subnets": ["b", "a"]}},
            {"awsvpcConfiguration": {"subnets": ["a", "b"], "securityGroups": [], "assignPublicIp": "DISABLED"}},
        ),
        ("platformVersion", "LATEST", None),
        ("healthCheckGracePeriodSeconds", 0, None),
        ("serviceConnectConfiguration", {"enabled": False}, None),
        ("propagateTags", "NONE", None),
        ("enableExecuteCommand", False, None),
        (
            "deploymentConfiguration",
            {"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
            {
                "strategy": "ROLLING",
                "bakeTimeInMinutes": 0,
                "deploymentCircuitBreaker": {
                    "enable": True,
                    "rollback": False,
                    "resetOnHealthyTask": True,
                    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
                },
            },
        ),
        ("deploymentConfiguration", {"canaryConfiguration": {"canaryPercent": 5}}, {"canaryConfiguration": {}}),
    ],
)
def test_fields_of_a_service(name: str, asked: Any, answered: Any) -> None:
    assert canonical_field(name, asked) == canonical_field(name, answered)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("desiredCount", 0),
        ("healthCheckGracePeriodSeconds", 30),
        ("enableExecuteCommand", True),
        ("placementStrategy", [{"type": "spread", "field": "zone"}]),
        ("deploymentConfiguration", {"deploymentCircuitBreaker": {"enable": True}}),
    ],
)
def test_field_that_is_no_default_stays(name: str, value: Any) -> None:
    assert canonical_field(name, value) not in (None, {}, [])


def test_order_of_a_placement_strategy_counts() -> None:
    one, two = {"type": "spread", "field": "a"}, {"type": "binpack", "field": "cpu"}
    assert canonical([one, two], "placementStrategy") != canonical([two, one], "placementStrategy")
    assert canonical([one, two], "loadBalancers") == canonical([two, one], "loadBalancers")


def test_leaves_speak_the_words_of_the_options() -> None:
    value = {
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogsGroup": "g"}},
        "environment": [{"name": "apiKey", "value": "v"}],
        "command": ["a"],
    }
    assert leaves({"myApp": value}, "task_definition.container_definitions", "containerDefinitions") == {
        "task_definition.container_definitions.myApp.log_configuration.log_driver": "awslogs",
        "task_definition.container_definitions.myApp.log_configuration.options.awslogsGroup": "g",
        "task_definition.container_definitions.myApp.environment.apiKey.value": "v",
        "task_definition.container_definitions.myApp.command": ["a"],
    }


def test_changes_name_fields_that_come_go_and_change() -> None:
    changes = structure_changes({"a": "1", "b": "2"}, {"b": "3", "cD": "4"}, "tags", starts_deployment=False)
    assert [change.as_result() for change in changes] == [
        {"field": "tags.a", "before": "1", "after": None, "starts_deployment": False},
        {"field": "tags.b", "before": "2", "after": "3", "starts_deployment": False},
        {"field": "tags.cD", "before": None, "after": "4", "starts_deployment": False},
    ]
    assert structure_changes(None, 3, "desiredCount", starts_deployment=True) == [
        Change("desired_count", None, 3, True)
    ]
    assert structure_changes(None, None, "monitoring", starts_deployment=True) == []
