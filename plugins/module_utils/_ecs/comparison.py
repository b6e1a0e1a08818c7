# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs between what ECS answers and what is asked for, ECS's defaults left out: pure functions, no calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .transformations import snake_name

# What ECS fills in, by the last part of a member's path. A value that equals it means the same as its absence.
_DEFAULTS: dict[str, Any] = {
    "containerDefinitions.cpu": 0,
    "containerDefinitions.essential": True,
    "containerDefinitions.versionConsistency": "enabled",
    "portMappings.protocol": "tcp",
    "healthCheck.interval": 30,
    "healthCheck.timeout": 5,
    "healthCheck.retries": 3,
    "healthCheck.startPeriod": 0,
    "restartPolicy.restartAttemptPeriod": 300,
    "efsVolumeConfiguration.rootDirectory": "/",
    "efsVolumeConfiguration.transitEncryption": "DISABLED",
    "authorizationConfig.iam": "DISABLED",
    "s3filesVolumeConfiguration.rootDirectory": "/",
    "dockerVolumeConfiguration.scope": "task",
    "proxyConfiguration.type": "APPMESH",
    "ephemeralStorage.sizeInGiB": 20,
    "runtimePlatform.cpuArchitecture": "X86_64",
    "runtimePlatform.operatingSystemFamily": "LINUX",
    "capacityProviderStrategy.weight": 0,
    "capacityProviderStrategy.base": 0,
    "awsvpcConfiguration.assignPublicIp": "DISABLED",
    "deploymentConfiguration.strategy": "ROLLING",
    "deploymentConfiguration.bakeTimeInMinutes": 0,
    "deploymentCircuitBreaker.resetOnHealthyTask": True,
    "linearConfiguration.stepPercent": 10.0,
    "linearConfiguration.stepBakeTimeInMinutes": 6,
    "canaryConfiguration.canaryPercent": 5.0,
    "canaryConfiguration.canaryBakeTimeInMinutes": 10,
    "lifecycleHooks.targetType": "AWS_LAMBDA",
    "timeoutConfiguration.timeoutInMinutes": 1440,
    "timeoutConfiguration.action": "ROLLBACK",
    "earlySuccessCriteria.healthyPercent": 100,
    "earlySuccessCriteria.sourceServiceRevisionCleanup": "BLOCKING",
    "accessLogConfiguration.includeQueryParameters": "DISABLED",
    "tagSpecifications.propagateTags": "NONE",
    "service.platformVersion": "LATEST",
    "service.propagateTags": "NONE",
    "service.schedulingStrategy": "REPLICA",
    "service.healthCheckGracePeriodSeconds": 0,
    "deploymentController.type": "ECS",
    "express.cpuArchitecture": "X86_64",
    "primaryContainer.containerPort": 80,
    "awsLogsConfiguration.logStreamPrefix": "ecs",
    "scalingTarget.autoScalingMetric": "AVERAGE_CPU",
    "scalingTarget.autoScalingTargetValue": 60,
}
_DEFAULT_THRESHOLD = {"type": "BOUNDED_PERCENT", "value": 50}

# Lists whose order means something. All others are sorted before they are compared.
_ORDERED = frozenset(
    {"command", "entryPoint", "links", "dnsServers", "dnsSearchDomains", "placementStrategy", "mountOptions"}
)

# Members whose empty text is a value of its own.
_TEXTS = frozenset({"value", "exact"})
# Maps of data, whose keys are no members: the options of a log driver, labels, the document that a hook gets.
_DATA = frozenset({"options", "driverOpts", "labels", "dockerLabels", "hookDetails", "tags"})
_BY_NAME = frozenset({"containerDefinitions"})
_UNITS = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(vcpu|gb)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Change:
    """One field that differs."""

    field: str
    before: Any
    after: Any
    starts_deployment: bool

    def as_result(self) -> dict[str, Any]:
        return {
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "starts_deployment": self.starts_deployment,
        }


def units(value: Any) -> str:
    """CPU units or MiB of memory as ECS writes them: C(.5 vCPU) is C(512), C(1 GB) is C(1024)."""
    text = str(value).strip()
    found = _UNITS.match(text if not text.startswith(".") else f"0{text}")
    return str(int(float(found[1]) * 1024)) if found else text


def canonical(value: Any, path: str = "", *, data: bool = False) -> Any:
    """A value in the one form in which two can be compared. C(path) is its owner's and its own name.

    In C(data), such as the labels of a container, nothing is a default.
    """
    name = path.rpartition(".")[2]
    if isinstance(value, Mapping):
        return _canonical_mapping(value, path, name, data=data)
    if isinstance(value, (list, tuple)):
        items = [canonical(item, path, data=data) for item in value]
        return items if name in _ORDERED else sorted(items, key=_sort_key)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _canonical_mapping(value: Mapping[str, Any], path: str, name: str, *, data: bool) -> dict[str, Any]:
    data = data or name in _DATA
    result: dict[str, Any] = {}
    for key, item in value.items():
        own = f"{name}.{key}" if name else key
        seen = canonical(item, own, data=data)
        if data or not _is_default(own, key, seen):
            result[key] = seen
    return result


def _is_default(path: str, name: str, value: Any) -> bool:
    if path in _DEFAULTS:
        return value is None or value == _DEFAULTS[path]
    if name == "thresholdConfiguration":
        return value in (None, {}, _DEFAULT_THRESHOLD)
    if value == "":
        return name not in _TEXTS
    return value is None or value is False or value == [] or value == {}


def _sort_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def canonical_task_definition(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A task definition, asked for or described, in the form in which two are compared. Tags are not part of it."""
    members = {name: value for name, value in definition.items() if name != "tags"}
    mode = members.get("networkMode") or "bridge"
    members["networkMode"] = mode
    for name in ("cpu", "memory"):
        if members.get(name) not in (None, ""):
            members[name] = units(members[name])
    members["containerDefinitions"] = [
        _canonical_container(container, mode) for container in members.get("containerDefinitions") or []
    ]
    result = {
        name: seen
        for name, value in members.items()
        if not _is_default(name, name, seen := canonical(value, name)) or name == "containerDefinitions"
    }
    containers = {item["name"]: item for item in result.pop("containerDefinitions")}
    return {**result, "containerDefinitions": containers}


def _canonical_container(container: Mapping[str, Any], network_mode: str) -> dict[str, Any]:
    """A container with its ports as ECS completes them, and its pairs by name."""
    result = dict(container)
    result["portMappings"] = [_canonical_port(mapping, network_mode) for mapping in container.get("portMappings") or []]
    return result


def _canonical_port(mapping: Mapping[str, Any], network_mode: str) -> dict[str, Any]:
    same = network_mode in ("awsvpc", "host")
    implied = mapping.get("containerPort") if same else 0
    return {name: value for name, value in mapping.items() if not (name == "hostPort" and value in (None, implied))}


def canonical_field(name: str, value: Any) -> Any:
    """A field of a service in the form in which two are compared."""
    if name == "serviceConnectConfiguration" and not (value or {}).get("enabled"):
        return None
    if name == "networkConfiguration" and value:
        value = {"awsvpcConfiguration": value.get("awsvpcConfiguration") or {}}
    seen = canonical(value, name)
    return None if _is_default(f"service.{name}", name, seen) else seen


def leaves(value: Any, path: str, name: str = "") -> dict[str, Any]:
    """The values of a canonical structure by their paths, in the words of the options.

    Lists of named things are taken apart by name. C(name) is the member that the value belongs to.
    """
    if isinstance(value, Mapping):
        found: dict[str, Any] = {}
        for key, item in value.items():
            found |= leaves(item, f"{path}.{key if name in _DATA or name in _BY_NAME else snake_name(key)}", key)
        return found
    if isinstance(value, list) and value and all(_named(item) for item in value):
        found = {}
        for item in value:
            rest = {key: part for key, part in item.items() if key != "name"}
            found |= leaves(rest, f"{path}.{item['name']}")
        return found
    return {path: value}


def _named(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("name"), str) and len(item) > 1


def structure_changes(before: Any, after: Any, name: str, path: str = "", *, starts_deployment: bool) -> list[Change]:
    """The leaves that differ between two canonical values of the member C(name)."""
    path = path or snake_name(name)
    old = leaves(before, path, name) if before not in (None, {}) else {}
    new = leaves(after, path, name) if after not in (None, {}) else {}
    return [
        Change(field, old.get(field), new.get(field), starts_deployment)
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field)
    ]
