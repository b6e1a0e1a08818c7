# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine alone, in a world made of a few tables, with a clock moved by hand."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from local_aws.ecs.api import Ecs
from local_aws.ecs.errors import EcsError
from local_aws.ecs.world import ContainerInstance, NetworkInterface, TargetGroup

START = 1_800_000_000.0
SUBNETS = {"subnet-a": ("10.0.1.0/24", "us-east-1a"), "subnet-b": ("10.0.2.0/24", "us-east-1b")}
GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api/1"
OTHER_GROUP = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/api-green/2"
RULE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/alb/1/2/3"
TEST_RULE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/alb/1/9/3"
LOG_GROUP = "/ecs/api"


def _group(arn: str) -> TargetGroup:
    return TargetGroup(
        arn,
        interval=5,
        healthy_threshold=2,
        unhealthy_threshold=2,
        deregistration_delay=10,
        target_type="ip",
        in_use=True,
    )


@dataclass
class TableWorld:
    """Implements ``World``."""

    groups: dict[str, TargetGroup] = field(default_factory=lambda: {arn: _group(arn) for arn in (GROUP, OTHER_GROUP)})
    interfaces: dict[str, NetworkInterface] = field(default_factory=dict)
    weights: list[tuple[str, dict[str, float]]] = field(default_factory=list)
    log_groups: set[str] = field(default_factory=lambda: {LOG_GROUP})
    logs: dict[tuple[str, str], list[tuple[float, str]]] = field(default_factory=dict)
    hook_answers: list[str] = field(default_factory=list)
    hook_calls: list[dict[str, Any]] = field(default_factory=list)
    alarms: dict[str, str] = field(default_factory=dict)
    missing_images: set[str] = field(default_factory=set)
    missing_secrets: set[str] = field(default_factory=set)
    instances: list[ContainerInstance] = field(default_factory=list)
    _numbers: Any = field(default_factory=itertools.count)

    def check_network(self, subnets: list[str], security_groups: list[str]) -> str | None:
        missing = [subnet for subnet in subnets if subnet not in SUBNETS]
        return f"no subnet {missing[0]}" if missing else None

    def attach_interface(self, subnet_id: str, security_groups: list[str], description: str) -> NetworkInterface:
        cidr, zone = SUBNETS[subnet_id]
        taken = {interface.private_ip for interface in self.interfaces.values()}
        address = next(str(ip) for ip in list(ipaddress.ip_network(cidr))[4:] if str(ip) not in taken)
        interface = NetworkInterface(f"eni-{next(self._numbers)}", address, "02:00:00:00:00:01", subnet_id, zone)
        self.interfaces[interface.id] = interface
        return interface

    def detach_interface(self, interface_id: str) -> None:
        del self.interfaces[interface_id]

    def target_group(self, arn: str) -> TargetGroup | None:
        return self.groups.get(arn)

    def change_group(self, arn: str, **changes: Any) -> None:
        self.groups[arn] = replace(self.groups[arn], **changes)

    def make_target_group(self, name: str, subnet_id: str) -> str:
        arn = f"arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/1"
        self.groups[arn] = _group(arn)
        return arn

    def remove_target_group(self, arn: str) -> None:
        del self.groups[arn]

    def default_subnets(self) -> list[str]:
        return list(SUBNETS)

    def target_group_named(self, name: str) -> str | None:
        return next((arn for arn in self.groups if f"targetgroup/{name}/" in arn), None)

    def set_listener_weights(self, listener_arn: str, weights: dict[str, float]) -> None:
        self.weights.append((listener_arn, weights))

    def set_weights(self, rule_arn: str, weights: dict[str, float]) -> None:
        self.weights.append((rule_arn, weights))

    def image_digest(self, image: str) -> str:
        return f"sha256:{image.encode().hex():0<64.64}"

    def pull_error(self, image: str) -> str | None:
        return f"{image}: not found" if image in self.missing_images else None

    def secret_error(self, value_from: str) -> str | None:
        return f"no secret {value_from}" if value_from in self.missing_secrets else None

    def container_instances(self, cluster_name: str) -> list[ContainerInstance]:
        return self.instances

    def has_log_group(self, group: str, region: str) -> bool:
        return group in self.log_groups

    def make_log_group(self, group: str) -> None:
        self.log_groups.add(group)

    def write_logs(self, group: str, region: str, stream: str, lines: list[tuple[float, str]]) -> None:
        self.logs.setdefault((group, stream), []).extend(lines)

    def invoke_hook(self, function_arn: str, payload: dict[str, Any]) -> str:
        self.hook_calls.append(payload)
        return self.hook_answers.pop(0) if self.hook_answers else "SUCCEEDED"

    def alarm_state(self, name: str) -> str | None:
        return self.alarms.get(name)


class Bench:
    """An ECS with a cluster, whose time passes when it is told to."""

    def __init__(self) -> None:
        self.world = TableWorld()
        self.ecs = Ecs("123456789012", "us-east-1", self.world, START)
        self.time = START
        self.call("CreateCluster", clusterName="main", capacityProviders=["FARGATE", "FARGATE_SPOT"])

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        self.ecs.advance(self.time)
        if operation not in ("CreateCluster", "RegisterTaskDefinition", "DescribeTaskDefinition"):
            request.setdefault("cluster", "main")
        return self.ecs.call(operation, request)

    def error(self, operation: str, **request: Any) -> tuple[str, str]:
        """The error that a call must end with."""
        try:
            answer = self.call(operation, **request)
        except EcsError as error:
            return error.code, error.message
        raise AssertionError(f"{operation} succeeded: {answer}")

    def wait(self, seconds: float) -> None:
        """Let time pass in small steps, as somebody who polls sees it."""
        until = self.time + seconds
        while self.time < until:
            self.time = min(until, self.time + 1)
            self.ecs.advance(self.time)

    def wait_until(self, condition: Callable[[], Any], limit: float = 3600) -> Any:
        until = self.time + limit
        while True:
            found = condition()
            if found:
                return found
            assert self.time < until, f"not within {limit} s; events:\n" + "\n".join(self.messages())
            self.wait(1)

    def register(self, image: str = "api:1", family: str = "api", **changes: Any) -> str:
        """Register a task definition; returns its ARN."""
        container = {
            "name": "api",
            "image": image,
            "portMappings": [{"containerPort": 8080}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": LOG_GROUP,
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "ecs",
                },
            },
            **changes.pop("container", {}),
        }
        request = {
            "family": family,
            "cpu": "256",
            "memory": "512",
            "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
            "containerDefinitions": [container],
            **changes,
        }
        return self.call("RegisterTaskDefinition", **request)["taskDefinition"]["taskDefinitionArn"]

    def create(self, image: str = "api:1", balanced: bool = True, **changes: Any) -> dict[str, Any]:
        """Create the service ``api``."""
        request: dict[str, Any] = {
            "serviceName": "api",
            "taskDefinition": changes.pop("taskDefinition", None) or self.register(image),
            "desiredCount": 2,
            "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": list(SUBNETS), "securityGroups": []}},
            **changes,
        }
        if balanced and "loadBalancers" not in request:
            request["loadBalancers"] = [{"targetGroupArn": GROUP, "containerName": "api", "containerPort": 8080}]
        return self.call("CreateService", **request)["service"]

    def update(self, image: str | None = None, **changes: Any) -> dict[str, Any]:
        if image is not None:
            changes["taskDefinition"] = self.register(image)
        return self.call("UpdateService", service="api", **changes)["service"]

    @property
    def service(self) -> dict[str, Any]:
        return self.call("DescribeServices", services=["api"])["services"][0]

    @property
    def deployment(self) -> dict[str, Any]:
        """The newest service deployment."""
        newest = self.call("ListServiceDeployments", service="api")["serviceDeployments"][0]
        arn = newest["serviceDeploymentArn"]
        return self.call("DescribeServiceDeployments", serviceDeploymentArns=[arn])["serviceDeployments"][0]

    def messages(self) -> list[str]:
        """The service's events, oldest first."""
        found = self.call("DescribeServices", services=["api"])["services"]
        return [event["message"] for event in reversed(found[0]["events"])] if found else []

    def tasks(self, status: str = "RUNNING", **filters: Any) -> list[dict[str, Any]]:
        arns = self.call("ListTasks", desiredStatus=status, **filters)["taskArns"]
        return self.call("DescribeTasks", tasks=arns)["tasks"] if arns else []

    def settle(self, limit: float = 3600) -> dict[str, Any]:
        """Wait until the newest service deployment has ended; returns it."""

        def ended() -> bool:
            status = self.deployment["status"]
            return status in ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")

        self.wait_until(ended, limit)
        return self.deployment

    def targets(self, group: str = GROUP) -> list[tuple[str, str]]:
        self.ecs.advance(self.time)
        return [(target.ip, target.state) for target in self.ecs.tasks.targets.get(group, [])]
