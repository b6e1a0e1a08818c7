# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether everything that a service needs is there, looked up before anything changes. All problems at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..core import aws_call, in_parallel
from ..planned import is_planned
from . import api

Clients = Callable[..., Any]
Check = Callable[[], list[str]]
ECS_TASKS = "ecs-tasks.amazonaws.com"
ECS = "ecs.amazonaws.com"
# The protocols of target groups that a container's port can serve.
PROTOCOLS = {"tcp": {"HTTP", "HTTPS", "TCP", "TLS", "TCP_UDP"}, "udp": {"UDP", "TCP_UDP", "QUIC", "TCP_QUIC"}}


@dataclass(frozen=True)
class SecretReference:
    """Where a container's secret comes from."""

    arn: str
    json_key: str = ""
    stage: str = ""
    version: str = ""
    parameter: bool = False

    @property
    def region(self) -> str | None:
        """The region that an ARN names; a name is one of the service's own."""
        parts = self.arn.split(":")
        return parts[3] if parts[0] == "arn" and len(parts) > 3 else None


def secret_reference(value: str) -> SecretReference:
    """What C(valueFrom) points at: a parameter, or a secret with its key, stage and version."""
    if ":secretsmanager:" not in value:
        return SecretReference(value, parameter=True)
    parts = value.split(":")
    key, stage, version = (*parts[7:], "", "", "")[:3]
    return SecretReference(":".join(parts[:7]), key, stage, version)


def trusts(document: Any, principal: str) -> bool:
    """Whether a role's trust policy lets a service assume it."""
    policy = json.loads(document) if isinstance(document, str) else document
    statements = policy.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        services = (statement.get("Principal") or {}).get("Service") if statement.get("Principal") != "*" else principal
        if statement.get("Effect") == "Allow" and principal in (
            [services] if isinstance(services, str) else services or []
        ):
            return True
    return False


def verify(clients: Clients, definition: Mapping[str, Any], service: Mapping[str, Any]) -> list[str]:
    """What is missing or wrong, each with the option that names it."""
    checks: dict[str, Check] = dict(
        (
            *_role_checks(clients, definition, service),
            *_hook_checks(clients, service),
            *_container_checks(clients, definition),
            *_balancer_checks(clients, definition, service),
            *_network_checks(clients, service),
        )
    )
    results = in_parallel(checks)
    return [problem for name in checks for problem in results[name]]


def _role_checks(
    clients: Clients, definition: Mapping[str, Any], service: Mapping[str, Any]
) -> Iterator[tuple[str, Check]]:
    for option, arn, principal in _roles(definition, service):
        if arn and not is_planned(arn):
            yield (
                f"{option} {arn}",
                lambda option=option, arn=arn, principal=principal: _check_role(clients("iam"), option, arn, principal),
            )


def _roles(definition: Mapping[str, Any], service: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str]]:
    """Each role that the service names: the option, the ARN, and who has to be able to assume it."""
    yield "task_definition.execution_role_arn", definition.get("executionRoleArn"), ECS_TASKS
    yield "task_definition.task_role_arn", definition.get("taskRoleArn"), ECS_TASKS
    for balancer in service.get("loadBalancers") or []:
        advanced = balancer.get("advancedConfiguration") or {}
        yield "load_balancers.advanced_configuration.role_arn", advanced.get("roleArn"), ECS
    for hook in _hooks(service):
        yield "deployment_configuration.lifecycle_hooks.role_arn", hook.get("roleArn"), ECS
    for volume in service.get("volumeConfigurations") or []:
        role = (volume.get("managedEBSVolume") or {}).get("roleArn")
        yield "volume_configurations.managed_ebs_volume.role_arn", role, ECS
    for lattice in service.get("vpcLatticeConfigurations") or []:
        yield "vpc_lattice_configurations.role_arn", lattice.get("roleArn"), ECS
    for connected in (service.get("serviceConnectConfiguration") or {}).get("services") or []:
        role = (connected.get("tls") or {}).get("roleArn")
        yield "service_connect_configuration.services.tls.role_arn", role, ECS


def _check_role(client: Any, option: str, arn: str, principal: str) -> list[str]:
    role = _get_role(client, arn.rpartition("/")[2])
    if role is None:
        return [f"{option}: the role {arn} does not exist."]
    if not trusts(role.get("AssumeRolePolicyDocument") or {}, principal):
        return [f"{option}: the role {arn} does not let {principal} assume it."]
    return []


def _hooks(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return (service.get("deploymentConfiguration") or {}).get("lifecycleHooks") or []


def _hook_checks(clients: Clients, service: Mapping[str, Any]) -> Iterator[tuple[str, Check]]:
    for arn in dict.fromkeys(hook.get("hookTargetArn") for hook in _hooks(service)):
        if arn and ":function:" in arn and not is_planned(arn):
            option = "deployment_configuration.lifecycle_hooks.hook_target_arn"
            yield arn, lambda arn=arn, option=option: check_function(clients("lambda"), option, arn)


def check_function(client: Any, option: str, arn: str) -> list[str]:
    if _get_function(client, arn) is not None:
        return []
    return [f"{option}: the function {arn} does not exist."]


@aws_call("get the function {arn}", missing=["ResourceNotFoundException"])
def _get_function(client: Any, arn: str) -> dict[str, Any] | None:
    return client.get_function_configuration(FunctionName=arn)


@aws_call("get the role {name}", missing=["NoSuchEntity"])
def _get_role(client: Any, name: str) -> dict[str, Any] | None:
    return client.get_role(RoleName=name)["Role"]


def _container_checks(clients: Clients, definition: Mapping[str, Any]) -> Iterator[tuple[str, Check]]:
    for container in definition.get("containerDefinitions") or []:
        where = f"task_definition.container_definitions.{container['name']}"
        image = container.get("image", "")
        if api.ECR_IMAGE.match(image) and not is_planned(image):
            yield f"{where}.image", lambda where=where, image=image: _check_image(clients, where, image)
        for option, value in _secrets(container):
            if not is_planned(value):
                name = f"{where}.{option}"
                yield name, lambda name=name, value=value: _check_secret(clients, name, secret_reference(value))
        log = container.get("logConfiguration") or {}
        group = (log.get("options") or {}).get("awslogs-group")
        created = str((log.get("options") or {}).get("awslogs-create-group", "")).lower() == "true"
        if log.get("logDriver") == "awslogs" and group and not created:
            region = (log.get("options") or {}).get("awslogs-region")
            yield (
                f"{where}.log_configuration",
                lambda where=where, group=group, region=region: _check_log_group(clients, where, group, region),
            )


def _secrets(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a container reads when it starts: the option, and where the value comes from."""
    for secret in container.get("secrets") or []:
        yield f"secrets.{secret['name']}", secret["valueFrom"]
    for secret in (container.get("logConfiguration") or {}).get("secretOptions") or []:
        yield f"log_configuration.secret_options.{secret['name']}", secret["valueFrom"]
    registry = (container.get("repositoryCredentials") or {}).get("credentialsParameter") or ""
    # By its name it is a secret too, and no parameter.
    if ":secretsmanager:" in registry:
        yield "repository_credentials", registry


def _check_image(clients: Clients, where: str, image: str) -> list[str]:
    if api.image_digest(clients, image):
        return []
    return [f"{where}.image: {image} is not in its ECR repository; push it first."]


def _check_secret(clients: Clients, where: str, reference: SecretReference) -> list[str]:
    if reference.parameter:
        name = reference.arn.partition(":parameter")[2] or reference.arn
        known = _get_parameters(_in_region(clients, "ssm", reference), name)
        return [] if known else [f"{where}: there is no parameter {name}."]
    client = _in_region(clients, "secretsmanager", reference)
    secret = _describe_secret(client, reference.arn)
    if secret is None or secret.get("DeletedDate"):
        return [f"{where}: the secret {reference.arn} does not exist or is to be deleted."]
    stages = {stage for held in (secret.get("VersionIdsToStages") or {}).values() for stage in held}
    stage = reference.stage or "AWSCURRENT"
    if not reference.version and stage not in stages:
        return [f"{where}: the secret {reference.arn} has no version {stage}, so there is no value to read."]
    if not reference.json_key:
        return []
    keys = _secret_keys(client, reference)
    if keys is None:
        return [f"{where}: the secret {reference.arn} holds no JSON object, so it has no key {reference.json_key!r}."]
    if reference.json_key not in keys:
        known_keys = ", ".join(sorted(keys)) or "none"
        return [f"{where}: the secret {reference.arn} has no key {reference.json_key!r}; it has {known_keys}."]
    return []


def _in_region(clients: Clients, service: str, reference: SecretReference) -> Any:
    return clients(service, region=reference.region) if reference.region else clients(service)


@aws_call("look up the parameter {name}")
def _get_parameters(client: Any, name: str) -> list[dict[str, Any]]:
    return client.get_parameters(Names=[name], WithDecryption=False)["Parameters"]


@aws_call("describe the secret {arn}", missing=["ResourceNotFoundException"])
def _describe_secret(client: Any, arn: str) -> dict[str, Any] | None:
    return client.describe_secret(SecretId=arn)


@aws_call("read the keys of the secret {reference.arn}", missing=["ResourceNotFoundException"])
def _secret_keys(client: Any, reference: SecretReference) -> list[str] | None:
    which: dict[str, str] = {}
    if reference.stage:
        which["VersionStage"] = reference.stage
    if reference.version:
        which["VersionId"] = reference.version
    text = client.get_secret_value(SecretId=reference.arn, **which).get("SecretString", "")
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return list(value) if isinstance(value, dict) else None


def _check_log_group(clients: Clients, where: str, group: str, region: str | None) -> list[str]:
    if is_planned(group):
        return []
    client = clients("logs", region=region) if region else clients("logs")
    found = _log_groups(client, group)
    if any(item["logGroupName"] == group for item in found):
        return []
    return [f"{where}.log_configuration.options.awslogs-group: there is no log group {group}."]


@aws_call("look up the log group {group}")
def _log_groups(client: Any, group: str) -> list[dict[str, Any]]:
    return client.describe_log_groups(logGroupNamePrefix=group)["logGroups"]


def _balancer_checks(
    clients: Clients, definition: Mapping[str, Any], service: Mapping[str, Any]
) -> Iterator[tuple[str, Check]]:
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    subnets = [item for item in network.get("subnets") or [] if not is_planned(item)]
    for balancer in service.get("loadBalancers") or []:
        advanced = balancer.get("advancedConfiguration") or {}
        for option, arn in (
            ("target_group_arn", balancer.get("targetGroupArn")),
            ("advanced_configuration.alternate_target_group_arn", advanced.get("alternateTargetGroupArn")),
        ):
            if arn and not is_planned(arn):
                yield (
                    f"{option} {arn} {balancer.get('containerName')} {balancer.get('containerPort')}",
                    lambda option=option, arn=arn, balancer=balancer: _check_target_group(
                        clients, option, arn, balancer, definition, subnets
                    ),
                )
        for option in ("productionListenerRule", "testListenerRule"):
            arn = advanced.get(option)
            if arn and not is_planned(arn):
                yield arn, lambda option=option, arn=arn: _check_listener_rule(clients("elbv2"), option, arn)


def _check_target_group(
    clients: Clients,
    option: str,
    arn: str,
    balancer: Mapping[str, Any],
    definition: Mapping[str, Any],
    subnets: list[str],
) -> list[str]:
    found = _describe_target_group(clients("elbv2"), arn)
    where = f"load_balancers.{option}"
    if found is None:
        return [f"{where}: the target group {arn} does not exist."]
    problems = []
    if definition.get("networkMode") == "awsvpc" and found.get("TargetType") != "ip":
        problems.append(
            f"{where}: {arn} has the target type {found.get('TargetType')}; the network mode awsvpc needs ip."
        )
    # The alternate one gets its listener's traffic only during a deployment.
    if option == "target_group_arn" and not found.get("LoadBalancerArns"):
        problems.append(f"{where}: no listener forwards to {arn}, so ECS refuses it.")
    problems += _port_problems(where, arn, found, balancer, definition)
    vpcs = {item["VpcId"] for item in _describe_subnets(clients("ec2"), subnets[:1])}
    if vpcs and found.get("VpcId") not in vpcs:
        problems.append(f"{where}: {arn} is in {found.get('VpcId')}, the subnets are in {', '.join(vpcs)}.")
    return problems


def _port_problems(
    where: str, arn: str, found: Mapping[str, Any], balancer: Mapping[str, Any], definition: Mapping[str, Any]
) -> list[str]:
    mappings = [
        (container.get("name"), mapping)
        for container in definition.get("containerDefinitions") or []
        for mapping in container.get("portMappings") or []
    ]
    problems = []
    checked = found.get("HealthCheckPort", "traffic-port")
    if checked not in ("traffic-port", str(balancer.get("containerPort"))) and checked not in {
        str(mapping.get("containerPort")) for _name, mapping in mappings
    }:
        problems.append(f"{where}: {arn} checks the port {checked}, which no container exposes.")
    served = (balancer.get("containerName"), balancer.get("containerPort"))
    for name, mapping in mappings:
        protocol = mapping.get("protocol") or "tcp"
        wanted = found.get("Protocol")
        if (name, mapping.get("containerPort")) == served and wanted and wanted not in PROTOCOLS.get(protocol, ()):
            problems.append(
                f"{where}: {arn} speaks {wanted}, the port {served[1]} of the container {name} is {protocol}."
            )
    return problems


def _check_listener_rule(client: Any, option: str, arn: str) -> list[str]:
    if _describe_rule(client, arn) is not None:
        return []
    name = "production_listener_rule" if option == "productionListenerRule" else "test_listener_rule"
    return [f"load_balancers.advanced_configuration.{name}: the listener rule {arn} does not exist."]


@aws_call(
    "describe the listener rule {arn}",
    missing=["RuleNotFound", "RuleNotFoundException", "ListenerNotFound", "ListenerNotFoundException"],
)
def _describe_rule(client: Any, arn: str) -> dict[str, Any] | None:
    # Network load balancers have no rules: their listener is named instead.
    if ":listener/" in arn:
        return client.describe_listeners(ListenerArns=[arn])["Listeners"][0]
    return client.describe_rules(RuleArns=[arn])["Rules"][0]


@aws_call("describe the target group {arn}", missing=["TargetGroupNotFound", "TargetGroupNotFoundException"])
def _describe_target_group(client: Any, arn: str) -> dict[str, Any] | None:
    return client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"][0]


def _network_checks(clients: Clients, service: Mapping[str, Any]) -> Iterator[tuple[str, Check]]:
    network = (service.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    subnets = [item for item in network.get("subnets") or [] if not is_planned(item)]
    groups = [item for item in network.get("securityGroups") or [] if not is_planned(item)]
    if subnets or groups:
        yield "network", lambda: _check_network(clients("ec2"), subnets, groups)


def _check_network(client: Any, subnets: list[str], groups: list[str]) -> list[str]:
    where = "network_configuration.awsvpc_configuration"
    known_subnets = {item["SubnetId"]: item["VpcId"] for item in _describe_subnets(client, subnets)}
    known_groups = {item["GroupId"]: item["VpcId"] for item in _describe_groups(client, groups)}
    problems = [f"{where}.subnets: {item} does not exist." for item in subnets if item not in known_subnets]
    problems += [f"{where}.security_groups: {item} does not exist." for item in groups if item not in known_groups]
    vpcs = sorted({*known_subnets.values(), *known_groups.values()})
    if len(vpcs) > 1:
        problems.append(
            f"{where}: subnets and security groups are in several VPCs ({', '.join(vpcs)}); one is allowed."
        )
    return problems


@aws_call("describe subnets")
def _describe_subnets(client: Any, subnets: list[str]) -> list[dict[str, Any]]:
    # A filter, because asked for by id one that does not exist hides the others.
    return client.describe_subnets(Filters=[{"Name": "subnet-id", "Values": subnets}])["Subnets"] if subnets else []


@aws_call("describe security groups")
def _describe_groups(client: Any, groups: list[str]) -> list[dict[str, Any]]:
    if not groups:
        return []
    return client.describe_security_groups(Filters=[{"Name": "group-id", "Values": groups}])["SecurityGroups"]
