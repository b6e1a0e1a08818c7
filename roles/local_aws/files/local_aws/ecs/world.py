# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine needs of the rest of AWS: networks, load balancers, images, logs, functions, alarms.

The engine knows these only through ``World``; the adapter answers from moto's backends, unit tests from a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class NetworkInterface:
    """The elastic network interface of a task."""

    id: str
    private_ip: str
    mac_address: str
    subnet_id: str
    availability_zone: str
    private_dns_name: str | None = None


@dataclass(frozen=True)
class TargetGroup:
    """What of a target group decides how its targets behave."""

    arn: str
    interval: float
    healthy_threshold: int
    unhealthy_threshold: int
    deregistration_delay: float
    target_type: str
    #: Some listener forwards to it, directly or by a rule.
    in_use: bool


@dataclass(frozen=True)
class ContainerInstance:
    """An EC2 instance that takes tasks."""

    arn: str
    availability_zone: str


class World(Protocol):
    """The rest of AWS. Methods that check something return the error's text, or None when all is well."""

    def check_network(self, subnets: list[str], security_groups: list[str]) -> str | None: ...

    def attach_interface(self, subnet_id: str, security_groups: list[str], description: str) -> NetworkInterface: ...

    def detach_interface(self, interface_id: str) -> None: ...

    def target_group(self, arn: str) -> TargetGroup | None: ...

    def make_target_group(self, name: str, subnet_id: str) -> str:
        """A target group of ECS's own for IP addresses in the VPC of a subnet; its ARN."""

    def remove_target_group(self, arn: str) -> None: ...

    def default_subnets(self) -> list[str]:
        """The subnets of the default VPC."""

    def set_weights(self, rule_arn: str, weights: dict[str, float]) -> None: ...

    def target_group_named(self, name: str) -> str | None:
        """The ARN of a target group."""

    def set_listener_weights(self, listener_arn: str, weights: dict[str, float]) -> None:
        """Where a listener, or a rule of it, forwards to one of these target groups, share the traffic out so."""

    def image_digest(self, image: str) -> str: ...

    def pull_error(self, image: str) -> str | None:
        """What the registry says when it does not have the image."""

    def secret_error(self, value_from: str) -> str | None:
        """What fails when a task is given this secret or parameter."""

    def container_instances(self, cluster_name: str) -> list[ContainerInstance]: ...

    def has_log_group(self, group: str, region: str) -> bool: ...

    def make_log_group(self, group: str) -> None:
        """Make a log group, unless it is there."""

    def write_logs(self, group: str, region: str, stream: str, lines: list[tuple[float, str]]) -> None:
        """Append to a stream, making the stream and its group where they are missing."""

    def invoke_hook(self, function_arn: str, payload: dict[str, Any]) -> str: ...

    def alarm_state(self, name: str) -> str | None: ...
