# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task definitions: defaults, checks, revisions, and their end."""

from __future__ import annotations

from typing import Any

import pytest
from bench import Bench


def test_a_definition_is_told_as_aws_normalises_it(bench: Bench) -> None:
    arn = bench.register(
        container={
            "portMappings": [{"containerPort": 8080, "name": "http"}],
            "healthCheck": {"command": ["CMD-SHELL", "true"]},
            "secrets": [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:key"}],
        },
        cpu=".5 vCPU",
        memory="1 GB",
        runtimePlatform={"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        volumes=[{"name": "tmp"}],
    )
    assert arn == "arn:aws:ecs:us-east-1:123456789012:task-definition/api:1"
    body = bench.call("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
    container = body["containerDefinitions"][0]
    assert container["cpu"] == 0
    assert container["essential"] is True
    for name in ("environment", "mountPoints", "volumesFrom", "systemControls"):
        assert container[name] == []
    assert container["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp", "name": "http"}]
    assert container["healthCheck"] == {"command": ["CMD-SHELL", "true"], "interval": 30, "timeout": 5, "retries": 3}
    assert (body["cpu"], body["memory"]) == ("512", "1024")
    assert body["compatibilities"] == ["EC2", "FARGATE"]
    assert body["volumes"] == [{"name": "tmp", "host": {}}]
    assert body["placementConstraints"] == []
    assert body["status"] == "ACTIVE"
    assert body["revision"] == 1
    assert body["registeredBy"].startswith("arn:aws:iam::123456789012:")
    attributes = {item["name"] for item in body["requiresAttributes"]}
    assert {
        "ecs.capability.task-eni",
        "ecs.capability.secrets.asm.environment-variables",
        "ecs.capability.container-health-check",
        "com.amazonaws.ecs.capability.logging-driver.awslogs",
    } <= attributes
    for name in ("taskRoleArn", "pidMode", "proxyConfiguration", "ephemeralStorage", "tags"):
        assert name not in body


def test_what_is_registered_can_be_registered_again_to_the_same(bench: Bench) -> None:
    first = bench.call("DescribeTaskDefinition", taskDefinition=bench.register())["taskDefinition"]
    again = {
        name: value
        for name, value in first.items()
        if name
        not in (
            "taskDefinitionArn",
            "revision",
            "status",
            "requiresAttributes",
            "compatibilities",
            "registeredAt",
            "registeredBy",
        )
    }
    second = bench.call("RegisterTaskDefinition", **again)["taskDefinition"]
    assert second["revision"] == 2
    assert {name: second[name] for name in again} == again


def test_bridge_mode_maps_ports_dynamically(bench: Bench) -> None:
    arn = bench.register(networkMode="bridge", requiresCompatibilities=["EC2"])
    body = bench.call("DescribeTaskDefinition", taskDefinition=arn)["taskDefinition"]
    assert body["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0
    assert body["compatibilities"] == ["EC2"]


def fargate_pairs() -> list[tuple[str, str, bool]]:
    return [
        ("256", "512", True),
        ("256", "2048", True),
        ("256", "4096", False),
        ("512", "1024", True),
        ("512", "512", False),
        ("1024", "8192", True),
        ("1024", "1024", False),
        ("4096", "30720", True),
        ("8192", "20480", True),
        ("8192", "17408", False),
        ("16384", "122880", True),
        ("300", "1024", False),
    ]


@pytest.mark.parametrize(("cpu", "memory", "valid"), fargate_pairs())
def test_fargate_pairs(bench: Bench, cpu: str, memory: str, valid: bool) -> None:
    request = {
        "family": "api",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [{"name": "api", "image": "api"}],
        "cpu": cpu,
        "memory": memory,
    }
    if valid:
        bench.call("RegisterTaskDefinition", **request)
    else:
        code, message = bench.error("RegisterTaskDefinition", **request)
        assert code == "ClientException"
        assert message.startswith(f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory.")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "a b"}, "Family contains invalid characters."),
        ({"family": ""}, "Family should not be null or empty."),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        ({"networkMode": "bridge"}, "Fargate only supports network mode"),
        ({"cpu": None}, "Fargate requires that 'cpu' be defined at the task level."),
        ({"memory": None}, "At least one of 'memory' or 'memoryReservation' must be specified."),
        ({"cpu": "many"}, "Invalid 'cpu' setting for task."),
        ({"pidMode": "host"}, "do not support pidMode 'host'"),
        ({"executionRoleArn": None}, "execution role ARN to support log driver awslogs"),
        ({"container": {"name": None}}, "Container.name should not be null or empty."),
        ({"container": {"image": ""}}, "Container.image should not be null or empty."),
        ({"container": {"essential": False}}, "TaskDefinition must have at least one essential container."),
        ({"container": {"portMappings": [{"containerPort": 80, "hostPort": 8080}]}}, "must match"),
        ({"container": {"mountPoints": [{"sourceVolume": "data"}]}}, "Unknown volume 'data'."),
        ({"container": {"dependsOn": [{"containerName": "db", "condition": "START"}]}}, "depends on container 'db'"),
        (
            {"container": {"secrets": [{"name": "A", "valueFrom": "b"}], "environment": [{"name": "A", "value": "1"}]}},
            "The secret name must be unique",
        ),
        (
            {"container": {"secrets": [{"name": "A", "valueFrom": "arn:aws:ssm:us-east-1"}]}},
            "The Systems Manager parameter name specified for secret A is invalid.",
        ),
        (
            {"container": {"secrets": [{"name": "A", "valueFrom": "arn:aws:secretsmanager:us-east-1:1:secret"}]}},
            "The Systems Manager parameter name specified for secret A is invalid.",
        ),
        (
            {
                "executionRoleArn": None,
                "container": {"secrets": [{"name": "A", "valueFrom": "b"}], "logConfiguration": None},
            },
            "you must also specify a value for 'executionRoleArn'",
        ),
    ],
)
def test_what_is_refused(bench: Bench, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Exception, match="ClientException") as caught:
        bench.register(**change)
    assert words in str(caught.value)


def test_an_ecr_image_needs_an_execution_role(bench: Bench) -> None:
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/api:1"
    with pytest.raises(Exception, match="to support ECR images"):
        bench.register(image, executionRoleArn=None, container={"logConfiguration": None})


def test_revisions_only_go_up(bench: Bench) -> None:
    for expected in (1, 2):
        assert bench.register().endswith(f":{expected}")
    bench.call("DeregisterTaskDefinition", taskDefinition="api:2")
    bench.call("DeleteTaskDefinitions", taskDefinitions=["api:2"])
    bench.wait(120)
    assert bench.error("DescribeTaskDefinition", taskDefinition="api:2") == (
        "ClientException",
        "Unable to describe task definition.",
    )
    assert bench.register().endswith(":3")


def test_the_family_alone_means_the_latest_active_revision(bench: Bench) -> None:
    first, second = bench.register("api:1"), bench.register("api:2")
    assert bench.call("DescribeTaskDefinition", taskDefinition="api")["taskDefinition"]["taskDefinitionArn"] == second
    gone = bench.call("DeregisterTaskDefinition", taskDefinition=second)["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert "deregisteredAt" in gone
    assert bench.call("DescribeTaskDefinition", taskDefinition="api")["taskDefinition"]["taskDefinitionArn"] == first
    assert bench.call("DescribeTaskDefinition", taskDefinition=second)["taskDefinition"]["status"] == "INACTIVE"
    assert bench.error("CreateService", serviceName="api", desiredCount=1, taskDefinition=second) == (
        "ClientException",
        "TaskDefinition is inactive",
    )
    assert bench.error("DeregisterTaskDefinition", taskDefinition="api") == ("ClientException", "Revision is missing.")


def test_a_service_goes_on_with_an_inactive_definition(bench: Bench) -> None:
    created = bench.create()
    bench.settle()
    bench.call("DeregisterTaskDefinition", taskDefinition=created["taskDefinition"])
    bench.call("StopTask", task=bench.tasks()[0]["taskArn"])
    bench.wait(10)
    bench.wait_until(lambda: bench.service["runningCount"] == 2)


def test_deleting_needs_deregistering_first(bench: Bench) -> None:
    bench.register()
    answer = bench.call("DeleteTaskDefinitions", taskDefinitions=["api:1", "api:9", "api"])
    assert answer["taskDefinitions"] == []
    reasons = [failure["reason"] for failure in answer["failures"]]
    assert "still in ACTIVE status" in reasons[0]
    assert "does not exist" in reasons[1]
    assert "identifier is invalid" in reasons[2]
    bench.call("DeregisterTaskDefinition", taskDefinition="api:1")
    deleted = bench.call("DeleteTaskDefinitions", taskDefinitions=["api:1"])["taskDefinitions"][0]
    assert deleted["status"] == "DELETE_IN_PROGRESS"
    assert bench.call("ListTaskDefinitions", status="DELETE_IN_PROGRESS")["taskDefinitionArns"]
    bench.wait(120)
    assert bench.call("ListTaskDefinitions", status="DELETE_IN_PROGRESS")["taskDefinitionArns"] == []


def test_lists(bench: Bench) -> None:
    for family, count in (("api", 3), ("web", 1)):
        for _number in range(count):
            bench.register(family=family)
    bench.call("DeregisterTaskDefinition", taskDefinition="web:1")

    def revisions(**filters: Any) -> list[str]:
        found = bench.call("ListTaskDefinitions", **filters)["taskDefinitionArns"]
        return [arn.rpartition("/")[2] for arn in found]

    assert revisions() == ["api:1", "api:2", "api:3"]
    assert revisions(familyPrefix="api", sort="DESC") == ["api:3", "api:2", "api:1"]
    assert revisions(status="INACTIVE") == ["web:1"]
    assert bench.call("ListTaskDefinitionFamilies", status="ACTIVE")["families"] == ["api"]
    assert bench.call("ListTaskDefinitionFamilies", status="INACTIVE")["families"] == ["web"]
    assert bench.call("ListTaskDefinitionFamilies", status="ALL", familyPrefix="w")["families"] == ["web"]
