# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The revision of a CodeDeploy deployment, an AppSpec: pure functions between it and ECS's own names.

The same wishes always make the same text: its hash is how a second run knows the deployment that a killed one started.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

try:
    import yaml
except ImportError:
    yaml = None  # What this module writes is JSON; only somebody else's AppSpec may need more.

from .comparison import canonical_field
from .transformations import snake_name

# The lifecycle events of an ECS deployment in their order.
EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
HOOKS = {
    "before_install": "BeforeInstall",
    "after_install": "AfterInstall",
    "after_allow_test_traffic": "AfterAllowTestTraffic",
    "before_allow_traffic": "BeforeAllowTraffic",
    "after_allow_traffic": "AfterAllowTraffic",
}
# What only a deployment of CodeDeploy changes, and what UpdateService still takes.
BY_CODE_DEPLOY = frozenset(
    {"taskDefinition", "loadBalancers", "networkConfiguration", "platformVersion", "capacityProviderStrategy"}
)
BY_ECS = frozenset(
    {
        "desiredCount",
        "deploymentConfiguration",
        "deploymentController",
        "healthCheckGracePeriodSeconds",
        "placementConstraints",
        "placementStrategy",
        "enableECSManagedTags",
        "propagateTags",
    }
)


def _capital(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name[0].upper() + name[1:]: item for name, item in value.items()}


def _small(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: item for name, item in value.items()}


def appspec(fields: Mapping[str, Any], definition_arn: str, hooks: Mapping[str, str | None] | None = None) -> str:
    """The AppSpec for a service with these fields, of ECS's names, that shall run a revision."""
    balancer = next(iter(fields.get("loadBalancers") or []), {})
    properties: dict[str, Any] = {
        "TaskDefinition": definition_arn,
        "LoadBalancerInfo": {
            "ContainerName": balancer.get("containerName"),
            "ContainerPort": balancer.get("containerPort"),
        },
    }
    if fields.get("platformVersion"):
        properties["PlatformVersion"] = fields["platformVersion"]
    network = (fields.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if network:
        properties["NetworkConfiguration"] = {"AwsvpcConfiguration": _capital(network)}
    if fields.get("capacityProviderStrategy"):
        properties["CapacityProviderStrategy"] = [_capital(item) for item in fields["capacityProviderStrategy"]]
    named = [{event: hooks[option]} for option, event in HOOKS.items() if hooks and hooks.get(option)]
    document = {
        "version": 0.0,
        "Resources": [{"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}],
        **({"Hooks": named} if named else {}),
    }
    return json.dumps(document, sort_keys=True)


def sha256_of(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _document(content: str) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        if yaml is None:
            return {}
    try:
        return yaml.safe_load(content)
    except yaml.YAMLError:
        return {}


def fields_of(content: str) -> dict[str, Any]:
    """What an AppSpec brings out, by ECS's names. Nothing where it cannot be read."""
    try:
        (resource,) = _document(content)["Resources"]
        ((_name, target),) = resource.items()
        properties = target["Properties"]
        balancer = properties.get("LoadBalancerInfo") or {}
        network = (properties.get("NetworkConfiguration") or {}).get("AwsvpcConfiguration")
        found: dict[str, Any] = {
            "taskDefinition": properties["TaskDefinition"],
            "loadBalancers": [
                {"containerName": balancer["ContainerName"], "containerPort": int(balancer["ContainerPort"])}
            ],
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}
    if network:
        found["networkConfiguration"] = {"awsvpcConfiguration": _small(network)}
    if properties.get("PlatformVersion"):
        found["platformVersion"] = properties["PlatformVersion"]
    if properties.get("CapacityProviderStrategy"):
        found["capacityProviderStrategy"] = [_small(item) for item in properties["CapacityProviderStrategy"]]
    return found


def hooks_of(content: str) -> dict[str, str]:
    """The functions of an AppSpec by their lifecycle events."""
    document = _document(content)
    hooks = document.get("Hooks") if isinstance(document, Mapping) else None
    return {
        event: str(function) for item in hooks or [] if isinstance(item, Mapping) for event, function in item.items()
    }


def exposed(balancers: Iterable[Mapping[str, Any]] | None) -> list[tuple[Any, Any]]:
    """The containers and ports behind load balancers. The target groups are CodeDeploy's to choose: they take turns."""
    return [(item.get("containerName"), item.get("containerPort")) for item in balancers or []]


def same_workload(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two bring out the same, besides their task definitions. What one does not say is as it is."""
    if exposed(one.get("loadBalancers")) != exposed(other.get("loadBalancers")):
        return False
    return all(
        canonical_field(name, one[name]) == canonical_field(name, other[name])
        for name in ("networkConfiguration", "platformVersion", "capacityProviderStrategy")
        if one.get(name) and other.get(name)
    )


def problems_of_code_deploy(service: Mapping[str, Any], wait_until: str, *, complete: bool) -> Iterator[str]:
    """What a service of which CodeDeploy makes the deployments cannot have, found before any call."""
    configuration = service.get("deploymentConfiguration") or {}
    where = "deployment_configuration"
    if (configuration.get("deploymentCircuitBreaker") or {}).get("enable"):
        yield (
            f"{where}.deployment_circuit_breaker: not allowed with deployment_controller CODE_DEPLOY; "
            "use code_deploy.auto_rollback_configuration."
        )
    if (configuration.get("alarms") or {}).get("enable"):
        yield (
            f"{where}.alarms: not allowed with deployment_controller CODE_DEPLOY; "
            "use code_deploy.override_alarm_configuration, or the alarms of the deployment group."
        )
    if configuration.get("strategy") not in (None, "ROLLING"):
        yield (
            f"{where}.strategy: {configuration['strategy']} is not allowed with deployment_controller CODE_DEPLOY; "
            "code_deploy.deployment_config_name says how traffic is shifted."
        )
    if configuration.get("lifecycleHooks"):
        yield f"{where}.lifecycle_hooks: not allowed with deployment_controller CODE_DEPLOY; use code_deploy.hooks."
    balancers = service.get("loadBalancers")
    if (complete or balancers is not None) and len(balancers or []) != 1:
        yield f"load_balancers: {len(balancers or [])} given; deployment_controller CODE_DEPLOY needs exactly one."
    for name in ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"):
        if service.get(name):
            yield f"{snake_name(name)}: not allowed with deployment_controller CODE_DEPLOY."
    if service.get("schedulingStrategy") == "DAEMON":
        yield "scheduling_strategy: DAEMON is not allowed with deployment_controller CODE_DEPLOY, only REPLICA."
    if wait_until not in ("stable", "paused", *EVENTS, "TERMINATION_WAIT"):
        yield (
            f"wait_until: {wait_until} is a stage of ECS's own deployments; with deployment_controller CODE_DEPLOY "
            f"allowed are stable, paused, {', '.join(EVENTS)} and TERMINATION_WAIT."
        )
