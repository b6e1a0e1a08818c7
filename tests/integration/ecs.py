# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of ECS modules need around a service, and how they tell the local AWS what tasks shall do."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .harness import Aws, execute

CLUSTER = "shop"
SERVICE = "backend"
REPOSITORY = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/backend"


def control(aws: Aws, route: str, method: str = "POST", **body: Any) -> Any:
    """Ask the local AWS's control endpoint."""
    request = urllib.request.Request(
        f"{aws.server.url}/local-aws/{route}",
        data=json.dumps(body).encode(),
        method=method,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())


@contextlib.contextmanager
def clock_stopped(aws: Aws) -> Iterator[None]:
    """Let no simulated time pass: what takes a while is still under way, however slow this machine is."""
    control(aws, "ecs/clock", paused=True)
    try:
        yield
    finally:
        control(aws, "ecs/clock", paused=False)


@contextlib.contextmanager
def standing_still(aws: Aws, lines: Path, *, advance: float = 0) -> Iterator[None]:
    """Stop the clock until a run tells of its progress, so that it finds what was under way before.

    Then so much time is over at once, and the clock goes on.
    """

    ended = threading.Event()

    def go_on() -> None:
        until = time.monotonic() + 120
        while not lines.exists() and time.monotonic() < until and not ended.wait(0.02):
            pass
        control(aws, "ecs/clock", paused=False, advance=advance)

    control(aws, "ecs/clock", paused=True)
    other = threading.Thread(target=go_on)
    other.start()
    try:
        yield
    finally:
        ended.set()
        other.join()


def behave(aws: Aws, tag: str, **behaviour: Any) -> None:
    """Say what tasks of an image with this tag do."""
    control(aws, "ecs/scenarios", match={"image": f"*:{tag}", "account": aws.account_id}, behaviour=behaviour)


def run_in_child(module: str, options: dict[str, object]) -> int:
    """Run a module in a forked process, whose end nobody waits for."""
    child = os.fork()
    if child == 0:
        # In a test run in the background it would be ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            execute(module, options)
        finally:
            os._exit(0)
    return child


def kill(aws: Aws, child: int) -> None:
    """Kill a process that runs a module, and let come through what it has sent: the next run begins after that."""
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    aws.server.settle()


def catches(process: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal: Python itself has none for SIGHUP."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (number - 1) & 1)


class Stage:
    """A cluster and a network, and the options of a service in them."""

    def __init__(self, aws: Aws, *, balanced: bool = False) -> None:
        self.aws = aws
        ec2 = aws.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        self.vpc = vpc
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
                "SubnetId"
            ]
            for index, zone in enumerate("ab")
        ]
        self.groups = [
            ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
            for name in ("app", "extra")
        ]
        aws.client("logs").create_log_group(logGroupName="/ecs/backend")
        self.ecs = aws.client("ecs")
        self.ecs.create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        self.target_groups: list[str] = []
        self.listener_rule = ""
        if balanced:
            self._balance()
        aws.mark()

    def _balance(self) -> None:
        elbv2 = self.aws.client("elbv2")
        for name in ("blue", "green"):
            group = elbv2.create_target_group(
                Name=name, Protocol="HTTP", Port=8080, VpcId=self.vpc, TargetType="ip", HealthCheckPath="/health"
            )["TargetGroups"][0]["TargetGroupArn"]
            self.target_groups.append(group)
        balancer = elbv2.create_load_balancer(Name="shop", Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": arn, "Weight": weight}
                        for arn, weight in zip(self.target_groups, (100, 0), strict=True)
                    ]
                },
            }
        ]
        listener = elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)[
            "Listeners"
        ][0]["ListenerArn"]
        rule = elbv2.create_rule(
            ListenerArn=listener,
            Priority=1,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}],
            Actions=forward,
        )
        self.listener_rule = rule["Rules"][0]["RuleArn"]

    def definition(self, tag: str = "1.0", **changes: Any) -> dict[str, Any]:
        """A task definition for Fargate; C(changes) replace its fields."""
        return {
            "family": "shop-backend",
            "requires_compatibilities": ["FARGATE"],
            "network_mode": "awsvpc",
            "cpu": "256",
            "memory": "512",
            "execution_role_arn": f"arn:aws:iam::{self.aws.account_id}:role/execution",
            "container_definitions": [self.container(tag)],
            **copy.deepcopy(changes),
        }

    def container(self, tag: str = "1.0", **changes: Any) -> dict[str, Any]:
        return {
            "name": "backend",
            "image": f"{REPOSITORY}:{tag}",
            "port_mappings": [{"container_port": 8080}],
            "environment": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "apiKeyName", "value": "x-api-key"}],
            "docker_labels": {"com.example.teamName": "core"},
            "log_configuration": {
                "log_driver": "awslogs",
                "options": {
                    "awslogs-group": "/ecs/backend",
                    "awslogs-region": "us-east-1",
                    "awslogs-stream-prefix": "ecs",
                },
            },
            **copy.deepcopy(changes),
        }

    def service(self, tag: str = "1.0", **changes: Any) -> dict[str, Any]:
        """The module's options for a service on Fargate; C(changes) replace them."""
        return {
            "cluster": CLUSTER,
            "name": SERVICE,
            "wait_timeout": 60,
            "task_definition": self.definition(tag),
            "launch_type": "FARGATE",
            "desired_count": 2,
            "network_configuration": {
                "awsvpc_configuration": {"subnets": self.subnets, "security_groups": self.groups[:1]}
            },
            "deployment_configuration": {"deployment_circuit_breaker": {"enable": True, "rollback": True}},
            **copy.deepcopy(changes),
        }

    def balancers(self, *, shifting: bool = False) -> list[dict[str, Any]]:
        """The option load_balancers."""
        balancer: dict[str, Any] = {
            "target_group_arn": self.target_groups[0],
            "container_name": "backend",
            "container_port": 8080,
        }
        if shifting:
            balancer["advanced_configuration"] = {
                "alternate_target_group_arn": self.target_groups[1],
                "production_listener_rule": self.listener_rule,
                "role_arn": f"arn:aws:iam::{self.aws.account_id}:role/ecs-infrastructure",
            }
        return [balancer]

    def described(self) -> dict[str, Any]:
        return self.ecs.describe_services(cluster=CLUSTER, services=[SERVICE], include=["TAGS"])["services"][0]

    def deployments(self) -> list[dict[str, Any]]:
        """The service deployments, the newest first."""
        asked = {"cluster": CLUSTER, "service": SERVICE, "maxResults": 100}
        listed = self.ecs.list_service_deployments(**asked)["serviceDeployments"]
        return sorted(listed, key=lambda item: item["createdAt"], reverse=True)

    def revisions(self) -> list[str]:
        return self.ecs.list_task_definitions(familyPrefix="shop-backend")["taskDefinitionArns"]
