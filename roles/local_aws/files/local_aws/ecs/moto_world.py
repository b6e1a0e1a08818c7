# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of AWS as moto's backends tell it."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import ServiceException
from moto.ec2.exceptions import InvalidNetworkInterfaceIdError, InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.ecs.models import ecs_backends
from moto.elbv2.models import elbv2_backends
from moto.logs.models import logs_backends
from moto.secretsmanager.models import secretsmanager_backends
from moto.ssm.models import ssm_backends
from werkzeug.exceptions import HTTPException

from .. import logs
from .world import ContainerInstance, NetworkInterface, TargetGroup

ECR_REFERENCE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]+))?$"
)


def _words(error: HTTPException | ServiceException) -> str:
    """The code and the message of an error, in whichever of moto's two ways it is made."""
    code = error.code if isinstance(error, ServiceException) else getattr(error, "error_type", error.code)
    return f"{code}: {getattr(error, 'message', error)}"


@dataclass
class Script:
    """What tests tell about the rest of AWS: the answers of hooks, and the states of alarms."""

    hooks: list[dict[str, Any]] = field(default_factory=list)
    hook_calls: list[dict[str, Any]] = field(default_factory=list)
    #: By account (or ``*``) and name.
    alarms: dict[tuple[str, str], str] = field(default_factory=dict)

    def clear(self) -> None:
        self.hooks.clear()
        self.hook_calls.clear()
        self.alarms.clear()


class MotoWorld:
    """Implements ``World`` for an account and region."""

    def __init__(self, account_id: str, region: str, script: Script) -> None:
        self.account_id = account_id
        self.region = region
        self.script = script
        #: Target groups of ECS's own, whose load balancer is not played.
        self._managed: set[str] = set()

    @property
    def _ec2(self) -> Any:
        return ec2_backends[self.account_id][self.region]

    @property
    def _elbv2(self) -> Any:
        return elbv2_backends[self.account_id][self.region]

    # Networks

    def check_network(self, subnets: list[str], security_groups: list[str]) -> str | None:
        vpcs = set()
        for subnet_id in subnets:
            try:
                vpcs.add(self._ec2.get_subnet(subnet_id).vpc_id)
            except InvalidSubnetIdError:
                return (
                    f"Error retrieving subnet information for [{subnet_id}]: The subnet ID '{subnet_id}' does not "
                    "exist (ErrorCode: InvalidSubnetID.NotFound)"
                )
        if len(vpcs) > 1:
            return "The subnets do not belong to the same VPC."
        for group_id in security_groups:
            group = self._ec2.get_security_group_from_id(group_id)
            if group is None:
                return (
                    f"Error retrieving security group information for [{group_id}]: The security group '{group_id}' "
                    "does not exist (ErrorCode: InvalidGroup.NotFound)"
                )
            if group.vpc_id not in vpcs:
                return f"Security group {group_id} does not appear to belong to the same VPC as the input subnets."
        return None

    def attach_interface(self, subnet_id: str, security_groups: list[str], description: str) -> NetworkInterface:
        try:
            subnet = self._ec2.get_subnet(subnet_id)
        except InvalidSubnetIdError:
            raise ValueError(
                f"The subnet ID '{subnet_id}' does not exist (ErrorCode: InvalidSubnetID.NotFound)"
            ) from None
        taken = {eni.private_ip_address for eni in self._ec2.enis.values()}
        # AWS keeps the first four addresses and the last one of each subnet.
        addresses = list(ipaddress.ip_network(subnet.cidr_block))[4:-1]
        address = next((str(candidate) for candidate in addresses if str(candidate) not in taken), None)
        if address is None:
            raise ValueError(f"The subnet {subnet_id} has no free IP addresses.")
        eni = self._ec2.create_network_interface(
            subnet,
            address,
            group_ids=security_groups or None,
            description=description.replace(":task/", ":attachment/"),
        )
        eni.status = "in-use"
        eni.requester_managed = True
        return NetworkInterface(
            id=eni.id,
            private_ip=address,
            mac_address=eni.mac_address,
            subnet_id=subnet_id,
            availability_zone=subnet.availability_zone,
            private_dns_name=getattr(eni, "private_dns_name", None),
        )

    def detach_interface(self, interface_id: str) -> None:
        with contextlib.suppress(InvalidNetworkInterfaceIdError):
            self._ec2.delete_network_interface(interface_id)

    # Load balancers

    def target_group(self, arn: str) -> TargetGroup | None:
        group = self._elbv2.target_groups.get(arn)
        if group is None:
            return None
        return TargetGroup(
            arn=arn,
            interval=float(group.health_check_interval_seconds),
            healthy_threshold=int(group.healthy_threshold_count),
            unhealthy_threshold=int(group.unhealthy_threshold_count),
            deregistration_delay=float(group.attributes.get("deregistration_delay.timeout_seconds", 300)),
            target_type=group.target_type,
            in_use=arn in self._managed or arn in self._forwarded_to(),
        )

    def make_target_group(self, name: str, subnet_id: str) -> str:
        group = self._elbv2.create_target_group(
            name,
            protocol="HTTP",
            port=80,
            vpc_id=self._ec2.get_subnet(subnet_id).vpc_id,
            target_type="ip",
            healthcheck_interval_seconds=5,
            healthcheck_timeout_seconds=2,
            healthy_threshold_count=2,
            unhealthy_threshold_count=2,
        )
        group.attributes["deregistration_delay.timeout_seconds"] = 30
        self._managed.add(group.arn)
        return str(group.arn)

    def remove_target_group(self, arn: str) -> None:
        self._managed.discard(arn)
        self._elbv2.target_groups.pop(arn, None)

    def default_subnets(self) -> list[str]:
        default = {vpc.id for vpc in self._ec2.vpcs.values() if vpc.is_default}
        return sorted(subnet.id for subnet in self._ec2.describe_subnets() if subnet.vpc_id in default)

    def _rules(self) -> list[Any]:
        return [
            rule
            for balancer in self._elbv2.load_balancers.values()
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
        ]

    def _forwarded_to(self) -> set[str]:
        actions = [action for rule in self._rules() for action in rule.actions]
        for balancer in self._elbv2.load_balancers.values():
            for listener in balancer.listeners.values():
                actions += listener.default_actions
        return set().union(*(self._targets(action) for action in actions))

    @staticmethod
    def _targets(action: Any) -> set[Any]:
        data = action.data if hasattr(action, "data") else action
        several = (data.get("ForwardConfig") or {}).get("TargetGroups", [])
        return {data.get("TargetGroupArn"), *(item.get("TargetGroupArn") for item in several)}

    def set_weights(self, rule_arn: str, weights: dict[str, float]) -> None:
        rule = next((rule for rule in self._rules() if rule.arn == rule_arn), None)
        if rule is None:
            return
        for action in rule.actions:
            self._forward(action, weights)

    @staticmethod
    def _forward(action: Any, weights: dict[str, float]) -> None:
        if action.type == "forward":
            action.data.pop("TargetGroupArn", None)
            forward = action.data.setdefault("ForwardConfig", {})
            forward["TargetGroups"] = [
                {"TargetGroupArn": arn, "Weight": round(weight)} for arn, weight in weights.items()
            ]
            forward.setdefault("TargetGroupStickinessConfig", {"Enabled": "false"})

    def target_group_named(self, name: str) -> str | None:
        return next((arn for arn, group in self._elbv2.target_groups.items() if group.name == name), None)

    def set_listener_weights(self, listener_arn: str, weights: dict[str, float]) -> None:
        for balancer in self._elbv2.load_balancers.values():
            listener = balancer.listeners.get(listener_arn)
            if listener is None:
                continue
            actions = [*listener.default_actions, *(item for rule in listener.rules.values() for item in rule.actions)]
            for action in actions:
                if self._targets(action) & set(weights):
                    self._forward(action, weights)

    # Images, instances

    def image_digest(self, image: str) -> str:
        reference = ECR_REFERENCE.match(image)
        if "@sha256:" in image:
            return "sha256:" + image.partition("@sha256:")[2]
        if reference is not None:
            repository = ecr_backends[reference["account"]][reference["region"]].repositories.get(
                reference["repository"]
            )
            for stored in repository.images if repository is not None else []:
                if (reference["tag"] or "latest") in stored.image_tags:
                    return str(stored.get_image_digest())
        return "sha256:" + hashlib.sha256(image.encode()).hexdigest()

    def pull_error(self, image: str) -> str | None:
        """Only a repository of ECR that has images can lack one: local stacks need not push any."""
        reference = ECR_REFERENCE.match(image)
        if reference is None:
            return None
        repository = ecr_backends[reference["account"]][reference["region"]].repositories.get(reference["repository"])
        if repository is None or not repository.images:
            return None
        wanted = reference["tag"] or "latest"
        for stored in repository.images:
            if reference["digest"] == stored.get_image_digest() if reference["digest"] else wanted in stored.image_tags:
                return None
        return f"{image}: not found"

    def secret_error(self, value_from: str) -> str | None:
        arn = value_from.split(":")
        if arn[0] != "arn" or arn[2] == "ssm":
            return self._parameter_error(value_from)
        secret_id = ":".join(arn[:7])
        key, stage, version = (*arn[7:], "", "", "")[:3]
        failed = "unable to retrieve secret from asm: service call has been retried 1 time(s): "
        try:
            value = secretsmanager_backends[arn[4]][arn[3]].get_secret_value(secret_id, version, stage)
        except (HTTPException, ServiceException) as error:
            return f"{failed}failed to fetch secret {secret_id} from secrets manager: {_words(error)}"
        if not key:
            return None
        try:
            fields = json.loads(value["SecretString"])
        except (KeyError, ValueError):
            fields = None
        if not isinstance(fields, dict) or key not in fields:
            return f"{failed}retrieved secret from Secrets Manager did not contain json key {key}"
        return None

    def _parameter_error(self, value_from: str) -> str | None:
        region, name = self.region, value_from
        if value_from.startswith("arn:"):
            region = value_from.split(":")[3]
            name = value_from.partition(":parameter")[2]
        known = ssm_backends[self.account_id][region]
        if known.get_parameter(name) is None and known.get_parameter(name.removeprefix("/")) is None:
            return (
                "unable to retrieve secrets from ssm: service call has been retried 1 time(s): "
                f"invalid parameters: {value_from}"
            )
        return None

    def container_instances(self, cluster_name: str) -> list[ContainerInstance]:
        known = ecs_backends[self.account_id][self.region].container_instances.get(cluster_name, {})
        return [
            ContainerInstance(item.container_instance_arn, item.attributes.get("ecs.availability-zone", ""))
            for item in known.values()
            if item.status == "ACTIVE"
        ]

    # Logs

    def _logs(self, region: str) -> Any:
        return logs_backends[self.account_id][region or self.region]

    def has_log_group(self, group: str, region: str) -> bool:
        return group in self._logs(region).groups

    def make_log_group(self, group: str) -> None:
        if not self.has_log_group(group, self.region):
            self._logs(self.region).create_log_group(group, {})

    def write_logs(self, group: str, region: str, stream: str, lines: list[tuple[float, str]]) -> None:
        logs.write(self.account_id, region or self.region, group, stream, lines)

    # Hooks and alarms

    def invoke_hook(self, function_arn: str, payload: dict[str, Any]) -> str:
        self.script.hook_calls.append({"account": self.account_id, "function": function_arn, "payload": payload})
        for told in reversed(self.script.hooks):
            if (
                fnmatchcase(function_arn, told["function"])
                and told["stage"] in (None, payload["lifecycleStage"])
                and told["account"] in (None, self.account_id)
            ):
                answers = told["answers"]
                return str(answers.pop(0) if len(answers) > 1 else answers[0])
        # Functions do not run here: one that exists succeeds, for want of a script that says otherwise.
        try:
            lambda_backends[self.account_id][self.region].get_function(function_arn)
        except (HTTPException, ServiceException):
            return "FAILED"
        return "SUCCEEDED"

    def alarm_state(self, name: str) -> str | None:
        alarms = self.script.alarms
        told = alarms.get((self.account_id, name), alarms.get(("*", name)))
        if told is not None:
            return told
        alarm = cloudwatch_backends[self.account_id][self.region].alarms.get(name)
        return None if alarm is None else str(alarm.state_value)
