# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.validation import (
    exposed_ports,
    listed,
    placeholders,
    problems_of_deployment_configuration,
    problems_of_service,
    problems_of_task_definition,
    runs_on_fargate,
)

CONTAINER = {"name": "app", "image": "a:1", "portMappings": [{"containerPort": 80, "name": "http"}]}
DEFINITION = {
    "family": "shop",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [CONTAINER],
}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
SERVICE = {"serviceName": "shop", "networkConfiguration": NETWORK}
BALANCER = {"targetGroupArn": "arn", "containerName": "app", "containerPort": 80}


def with_container(**fields: Any) -> dict[str, Any]:
    return {**DEFINITION, "containerDefinitions": [{**CONTAINER, **fields}]}


def test_good_ones_have_no_problems() -> None:
    assert list(problems_of_task_definition(DEFINITION, fargate=True)) == []
    assert list(problems_of_service({**SERVICE, "loadBalancers": [BALANCER]}, DEFINITION)) == []


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ({"family": "a b"}, "task_definition.family: 'a b'"),
        ({"containerDefinitions": []}, "task_definition.container_definitions: []"),
        (
            {"networkMode": "bridge"},
            "task_definition.network_mode: 'bridge' is not possible on Fargate, which allows awsvpc",
        ),
        ({"cpu": None}, "Fargate needs both"),
        ({"cpu": "300"}, "task_definition.cpu: '300' is no CPU size of Fargate, which allows 256, 512, 1024"),
        (
            {"memory": "4096"},
            "task_definition.memory: '4096' does not go with cpu '256' on Fargate, which allows 512, 1024, 2048",
        ),
        ({"cpu": "1 vCPU", "memory": "1 GB"}, "which allows 2048 to 8192 in steps of 1024"),
        ({"ephemeralStorage": {"sizeInGiB": 300}}, "size_in_gib: 300 is not allowed; Fargate allows 20 to 200"),
        ({"containerDefinitions": [CONTAINER, CONTAINER]}, "the name 'app' is used 2 times"),
        ({"containerDefinitions": [{**CONTAINER, "essential": False}]}, "one at least is essential"),
        ({"containerDefinitions": [{**CONTAINER, "image": ""}]}, "app.image: '' is no image"),
        ({"requiresCompatibilities": [], "memory": None}, "app.memory: not given, nor memory_reservation"),
    ],
)
def test_task_definition_is_refused(definition: dict[str, Any], expected: str) -> None:
    assert expected in listed(problems_of_task_definition({**DEFINITION, **definition}))


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        (
            {"portMappings": [{"containerPort": 80, "hostPort": 8080}]},
            "host_port: 8080 is not container_port; awsvpc allows 80",
        ),
        (
            {"environment": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            "environment and secrets: 'A' is set 2 times",
        ),
        ({"secrets": [{"name": "S", "valueFrom": "arn"}]}, "task_definition.execution_role_arn: not given"),
        ({"mountPoints": [{"sourceVolume": "data"}]}, "'data' is no volume of the task definition; it has none"),
        ({"dependsOn": [{"containerName": "db", "condition": "START"}]}, "'db' is no other container; there are none"),
    ],
)
def test_container_is_refused(container: dict[str, Any], expected: str) -> None:
    assert expected in listed(problems_of_task_definition(with_container(**container)))


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        ({"serviceName": ""}, "name: ''"),
        ({"desiredCount": -1}, "desired_count: -1 is negative"),
        ({"desiredCount": 1, "schedulingStrategy": "DAEMON"}, "not possible with scheduling_strategy DAEMON"),
        (
            {"loadBalancers": [{**BALANCER, "containerPort": 81}]},
            "load_balancers.container_port: 81 is not exposed by container app; its port_mappings expose 80",
        ),
        ({"loadBalancers": [{**BALANCER, "containerName": "web"}]}, "load_balancers.container_name: 'web'"),
        ({"serviceRegistries": [{"containerName": "app", "containerPort": 9}]}, "service_registries.container_port: 9"),
        ({"networkConfiguration": None}, "subnets: not given; the network mode awsvpc needs subnets"),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"] * 17}}},
            "subnets: 17 items; ECS allows 16",
        ),
        ({"healthCheckGracePeriodSeconds": 30}, "health_check_grace_period_seconds: 30 is not allowed"),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}, {"capacityProvider": "mine"}]},
            "FARGATE, mine cannot be mixed",
        ),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "capacity_provider_strategy.weight: 0 for all",
        ),
        (
            {
                "capacityProviderStrategy": [
                    {"capacityProvider": "FARGATE", "base": 1},
                    {"capacityProvider": "FARGATE_SPOT", "base": 1},
                ]
            },
            "capacity_provider_strategy.base: given for several",
        ),
        (
            {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "grpc"}]}},
            "service_connect_configuration.services.port_name: 'grpc' names no port mapping of a container; those http",
        ),
        ({"volumeConfigurations": [{"name": "data"}]}, "volume_configurations.name: 'data' is no volume"),
        (
            {"deploymentConfiguration": {"strategy": "CANARY"}, "loadBalancers": [BALANCER]},
            "strategy CANARY needs alternate_target_group_arn and production_listener_rule",
        ),
    ],
)
def test_service_is_refused(service: dict[str, Any], expected: str) -> None:
    assert expected in listed(problems_of_service({**SERVICE, **service}, DEFINITION))


PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ({"canaryConfiguration": {"canaryPercent": 5}}, "canary_configuration: not allowed with strategy ROLLING"),
        (
            {"strategy": "CANARY", "linearConfiguration": {"stepPercent": 5}},
            "not allowed with strategy CANARY, only with LINEAR",
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 1}},
            "step_percent: 1 is not allowed; it is 3 to 100",
        ),
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 0}},
            "canary_percent: 0 is not allowed; it is 0.1",
        ),
        ({"bakeTimeInMinutes": 2000}, "bake_time_in_minutes: 2000 is not allowed; it is 0 to 1440"),
        ({"maximumPercent": 100, "minimumHealthyPercent": 100}, "blocks every deployment"),
        ({"strategy": "BLUE_GREEN", "lifecycleHooks": [PAUSE]}, "PRODUCTION_TRAFFIC_SHIFT cannot be paused at"),
        ({"lifecycleHooks": [PAUSE]}, "lifecycle_hooks: not allowed with strategy ROLLING"),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [{"lifecycleStages": ["PRE_SCALE_UP"]}]},
            "hook_target_arn: not given; a hook with target_type AWS_LAMBDA needs it",
        ),
        (
            {"strategy": "BLUE_GREEN", "lifecycleHooks": [{"targetType": "PAUSE"}]},
            "lifecycle_stages: [] names no stage",
        ),
        ({"strategy": "CANARY", "earlySuccessCriteria": {"enable": True}}, "early_success_criteria: not allowed"),
        (
            {"deploymentCircuitBreaker": {"thresholdConfiguration": {"type": "COUNT", "value": 0}}},
            "threshold_configuration.value: 0 is not allowed",
        ),
        ({"alarms": {"enable": True, "alarmNames": []}}, "alarm_names: [] names no alarm"),
    ],
)
def test_deployment_configuration_is_refused(configuration: dict[str, Any], expected: str) -> None:
    assert expected in listed(problems_of_deployment_configuration(configuration))


def test_what_the_service_may_have_already_is_not_missed_too_early() -> None:
    partial = {"deploymentConfiguration": {"lifecycleHooks": [{**PAUSE, "lifecycleStages": ["BAKE_TIME"]}]}}
    service = {"serviceName": "shop", **copy.deepcopy(partial)}
    assert list(problems_of_service(service, DEFINITION, complete=False)) == []
    assert list(problems_of_service(service, DEFINITION)) != []


def test_ports_of_a_range_are_exposed() -> None:
    assert exposed_ports({"portMappings": [{"containerPort": 1}, {"containerPortRange": "5-7"}]}) == {1, 5, 6, 7}
    assert exposed_ports({}) == set()


@pytest.mark.parametrize(
    ("service", "fargate"),
    [
        ({"launchType": "FARGATE"}, True),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}, True),
        ({"launchType": "EC2"}, False),
        ({}, False),
    ],
)
def test_where_a_service_runs(service: dict[str, Any], fargate: bool) -> None:
    assert runs_on_fargate(service) is fargate


def test_placeholders_are_found_wherever_they_are() -> None:
    found = list(placeholders({"cluster": "shop", "network": {"subnets": ["subnet-1", "subnet-planned-a"]}}))
    assert found == [
        "network.subnets: 'subnet-planned-a' is a placeholder from check mode; a real run needs the real one."
    ]


def test_each_problem_is_listed_once() -> None:
    assert listed(["A.", "B.", "A."]) == "A. B."
