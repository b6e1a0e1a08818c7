# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task definitions: what ECS refuses, and what it makes of what it accepts."""

from __future__ import annotations

import copy
import re
from typing import Any

from .errors import EcsError, client_error
from .model import Json, TaskDefinition

FARGATE_MEMORY: dict[int, range | tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: range(1024, 4096 + 1, 1024),
    1024: range(2048, 8192 + 1, 1024),
    2048: range(4096, 16384 + 1, 1024),
    4096: range(8192, 30720 + 1, 1024),
    8192: range(16384, 61440 + 1, 4096),
    16384: range(32768, 122880 + 1, 8192),
}
FAMILY = re.compile(r"[A-Za-z0-9_-]{1,255}")
ECR_IMAGE = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/")
# What a secret's valueFrom may be; anything else is taken for the name of a parameter.
SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+")
PARAMETER = re.compile(r"(arn:aws[a-z-]*:ssm:[a-z0-9-]+:\d{12}:parameter/)?[A-Za-z0-9_.,/-]{1,2048}")
UNITS = re.compile(r"^\s*(\d*\.?\d+)\s*(vcpu|gb)\s*$", re.IGNORECASE)

CONTAINER_DEFAULTS: dict[str, Any] = {
    "cpu": 0,
    "portMappings": [],
    "essential": True,
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}
HEALTH_CHECK_DEFAULTS = {"interval": 30, "timeout": 5, "retries": 3}


def _units(name: str, value: Any) -> int | None:
    """The task's CPU units or MiB; ``.5 vCPU`` and ``2 GB`` are accepted too."""
    if value is None:
        return None
    text = str(value)
    found = UNITS.match(text)
    if found:
        return int(float(found[1]) * 1024)
    if not text.strip().isdigit():
        raise client_error(
            f"Invalid '{name}' setting for task. "
            "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
        )
    return int(text)


def _container(definition: Json, network_mode: str | None) -> Json:
    normal = copy.deepcopy(definition)
    for name, value in CONTAINER_DEFAULTS.items():
        normal.setdefault(name, copy.deepcopy(value))
    for mapping in normal["portMappings"]:
        mapping.setdefault("protocol", "tcp")
        if "containerPort" in mapping:
            mapping.setdefault("hostPort", mapping["containerPort"] if network_mode in ("awsvpc", "host") else 0)
    if normal.get("healthCheck"):
        normal["healthCheck"] = {**HEALTH_CHECK_DEFAULTS, **normal["healthCheck"]}
    return normal


def _validate_container(container: Json, task_memory: int | None, volumes: set[str], network_mode: str | None) -> None:
    for name in ("name", "image"):
        if not container.get(name):
            raise client_error(f"Container.{name} should not be null or empty.")
    name = container["name"]
    if task_memory is None and "memory" not in container and "memoryReservation" not in container:
        raise client_error(
            f"Invalid setting for container '{name}'. "
            "At least one of 'memory' or 'memoryReservation' must be specified."
        )
    if network_mode == "awsvpc" and any(
        mapping.get("hostPort", mapping.get("containerPort")) != mapping.get("containerPort")
        for mapping in container.get("portMappings", [])
    ):
        raise client_error("When networkMode=awsvpc, the host ports and container ports in port mappings must match.")
    for mount in container.get("mountPoints", []):
        if mount.get("sourceVolume") not in volumes:
            raise client_error(f"Unknown volume '{mount.get('sourceVolume')}'.")
    plain = [variable.get("name") for variable in container.get("environment", [])]
    for secret in container.get("secrets", []):
        if secret["name"] in plain:
            raise client_error(
                "The secret name must be unique and not shared with any new or existing environment variables set on "
                f"the container, such as '{secret['name']}'."
            )
    log = container.get("logConfiguration") or {}
    for secret in (*container.get("secrets", []), *(log.get("secretOptions") or [])):
        value_from = str(secret.get("valueFrom", ""))
        if not SECRET.fullmatch(value_from) and not PARAMETER.fullmatch(value_from):
            raise client_error(
                f"The Systems Manager parameter name specified for secret {secret['name']} is invalid. The parameter "
                "name can be up to 2048 characters and include the following letters and symbols: a-zA-Z0-9_.-,"
            )


def _validate_fargate(request: Json, cpu: int | None, memory: int | None, network_mode: str | None) -> None:
    if network_mode != "awsvpc":
        raise client_error("Fargate only supports network mode \u2018awsvpc\u2019.")
    for name, value in (("cpu", cpu), ("memory", memory)):
        if value is None:
            raise client_error(f"Fargate requires that '{name}' be defined at the task level.")
    if cpu not in FARGATE_MEMORY or memory not in FARGATE_MEMORY[cpu]:
        raise client_error(
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    if request.get("pidMode") not in (None, "task"):
        raise client_error(
            f"Tasks using the Fargate launch type do not support pidMode '{request['pidMode']}'. "
            "The supported value for pidMode is 'task'."
        )
    if request.get("executionRoleArn"):
        return
    for container in request["containerDefinitions"]:
        if ECR_IMAGE.match(container["image"]):
            raise client_error("Fargate requires task definition to have execution role ARN to support ECR images.")
        driver = (container.get("logConfiguration") or {}).get("logDriver")
        if driver == "awslogs":
            raise client_error(
                f"Fargate requires task definition to have execution role ARN to support log driver {driver}."
            )


def validate(request: Json) -> None:
    """Refuse what RegisterTaskDefinition refuses, in its words."""
    family = request.get("family")
    if not family:
        raise client_error("Family should not be null or empty.")
    if not FAMILY.fullmatch(family):
        raise client_error("Family contains invalid characters.")
    containers = request.get("containerDefinitions") or []
    if not containers:
        raise client_error("Container list cannot be empty.")
    network_mode = request.get("networkMode")
    cpu, memory = _units("cpu", request.get("cpu")), _units("memory", request.get("memory"))
    volumes = {volume.get("name") for volume in request.get("volumes") or []}
    for container in containers:
        _validate_container(container, memory, volumes, network_mode)
    names = [container["name"] for container in containers]
    if len(set(names)) < len(names):
        raise client_error("Container names must be unique within a task definition.")
    if not any(container.get("essential", True) for container in containers):
        raise client_error("TaskDefinition must have at least one essential container.")
    for container in containers:
        for dependency in container.get("dependsOn") or []:
            if dependency["containerName"] not in names:
                raise client_error(
                    f"Container '{container['name']}' depends on container '{dependency['containerName']}', "
                    "which is not in the task definition."
                )
    if any(container.get("secrets") for container in containers) and not request.get("executionRoleArn"):
        raise client_error(
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
    if "FARGATE" in (request.get("requiresCompatibilities") or []):
        _validate_fargate(request, cpu, memory, network_mode)


def _attributes(request: Json) -> list[Json]:
    """The attributes that a container instance must have, as ECS lists them."""
    names: list[str] = []

    def need(*wanted: str) -> None:
        names.extend(name for name in wanted if name not in names)

    prefix = "com.amazonaws.ecs.capability"
    execution_role = bool(request.get("executionRoleArn"))
    for container in request["containerDefinitions"]:
        log = container.get("logConfiguration") or {}
        if log.get("logDriver") == "awslogs":
            need(f"{prefix}.logging-driver.awslogs", f"{prefix}.docker-remote-api.1.19")
            if execution_role:
                need("ecs.capability.execution-role-awslogs")
        if ECR_IMAGE.match(container["image"]):
            need(f"{prefix}.ecr-auth", f"{prefix}.docker-remote-api.1.19")
            if execution_role:
                need("ecs.capability.execution-role-ecr-pull")
        if container.get("healthCheck"):
            need("ecs.capability.container-health-check", f"{prefix}.docker-remote-api.1.29")
        for secret in container.get("secrets") or []:
            store = "asm" if ":secretsmanager:" in str(secret.get("valueFrom")) else "ssm"
            need(f"ecs.capability.secrets.{store}.environment-variables")
        if container.get("dependsOn"):
            need("ecs.capability.container-ordering")
    if request.get("taskRoleArn"):
        need(f"{prefix}.task-iam-role")
    if request.get("networkMode") == "awsvpc":
        need("ecs.capability.task-eni")
    need(f"{prefix}.docker-remote-api.1.18")
    return [{"name": name} for name in names]


def _compatibilities(request: Json, network_mode: str | None, cpu: int | None, memory: int | None) -> list[str]:
    if "EXTERNAL" in (request.get("requiresCompatibilities") or []):
        return ["EXTERNAL", "EC2"]
    fargate = (
        network_mode == "awsvpc"
        and cpu in FARGATE_MEMORY
        and memory in FARGATE_MEMORY[cpu]
        and not any(container.get("privileged") for container in request["containerDefinitions"])
    )
    return ["EC2", "FARGATE"] if fargate else ["EC2"]


def normalise(request: Json, arn: str, revision: int, registered_at: Any, registered_by: str) -> Json:
    """The task definition as DescribeTaskDefinition returns it."""
    network_mode = request.get("networkMode") or "bridge"
    cpu, memory = _units("cpu", request.get("cpu")), _units("memory", request.get("memory"))
    volumes = copy.deepcopy(request.get("volumes") or [])
    for volume in volumes:
        if "efsVolumeConfiguration" in volume:
            volume["efsVolumeConfiguration"].setdefault("rootDirectory", "/")
        elif set(volume) == {"name"}:
            volume["host"] = {}
    body: Json = {
        "taskDefinitionArn": arn,
        "containerDefinitions": [_container(container, network_mode) for container in request["containerDefinitions"]],
        "family": request["family"],
        "networkMode": network_mode,
        "revision": revision,
        "volumes": volumes,
        "status": "ACTIVE",
        "requiresAttributes": _attributes(request),
        "placementConstraints": copy.deepcopy(request.get("placementConstraints") or []),
        "compatibilities": _compatibilities(request, network_mode, cpu, memory),
        "registeredAt": registered_at,
        "registeredBy": registered_by,
    }
    if cpu is not None:
        body["cpu"] = str(cpu)
    if memory is not None:
        body["memory"] = str(memory)
    for name in (
        "taskRoleArn",
        "executionRoleArn",
        "requiresCompatibilities",
        "runtimePlatform",
        "inferenceAccelerators",
        "pidMode",
        "ipcMode",
        "proxyConfiguration",
        "ephemeralStorage",
        "enableFaultInjection",
        "trustedExecutionConfiguration",
    ):
        if request.get(name) not in (None, [], {}):
            body[name] = copy.deepcopy(request[name])
    return body


class TaskDefinitions:
    """The task definitions of an account and region."""

    def __init__(self, arn_prefix: str, registered_by: str) -> None:
        self._arn_prefix = arn_prefix
        self._registered_by = registered_by
        self._families: dict[str, dict[int, TaskDefinition]] = {}
        self._last_revision: dict[str, int] = {}

    def all(self) -> list[TaskDefinition]:
        return [definition for family in self._families.values() for definition in family.values()]

    def register(self, request: Json, registered_at: Any) -> TaskDefinition:
        validate(request)
        family = request["family"]
        revision = self._last_revision.get(family, 0) + 1
        arn = f"{self._arn_prefix}:task-definition/{family}:{revision}"
        body = normalise(request, arn, revision, registered_at, self._registered_by)
        definition = TaskDefinition(arn, family, revision, body, copy.deepcopy(request.get("tags") or []))
        self._last_revision[family] = revision
        self._families.setdefault(family, {})[revision] = definition
        return definition

    def find(self, reference: str) -> TaskDefinition | None:
        """By ARN, ``family:revision``, or the latest active one of a ``family``."""
        family, separator, revision = reference.rpartition("/")[2].partition(":")
        revisions = self._families.get(family, {})
        if separator:
            return revisions.get(int(revision)) if revision.isdigit() else None
        active = [number for number, definition in revisions.items() if definition.status == "ACTIVE"]
        return revisions[max(active)] if active else None

    def describe(self, reference: str) -> TaskDefinition:
        found = self.find(reference)
        if found is None:
            raise client_error("Unable to describe task definition.")
        return found

    def usable(self, reference: str) -> TaskDefinition:
        """For a service or a task to run."""
        found = self.find(reference)
        if found is None:
            raise client_error("TaskDefinition not found.")
        if found.status != "ACTIVE":
            raise client_error("TaskDefinition is inactive")
        return found

    def deregister(self, reference: str, at: Any) -> TaskDefinition:
        if ":" not in reference.rpartition("/")[2]:
            raise client_error("Revision is missing.")
        found = self.find(reference)
        if found is None:
            raise client_error("The specified task definition does not exist.")
        if found.status == "ACTIVE":
            found.body["status"] = "INACTIVE"
            found.body["deregisteredAt"] = at
        return found

    def request_deletion(self, reference: str, at: Any) -> TaskDefinition:
        """Raises EcsError with the text of the failure."""
        if ":" not in reference.rpartition("/")[2]:
            raise EcsError(
                "failure",
                "The specified task definition identifier is invalid. Specify a valid name or ARN and try again.",
            )
        found = self.find(reference)
        if found is None:
            raise EcsError(
                "failure",
                "The specified task definition does not exist. "
                "Specify a valid account, family, revision and try again.",
            )
        if found.status == "ACTIVE":
            raise EcsError(
                "failure",
                "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
            )
        found.body["status"] = "DELETE_IN_PROGRESS"
        found.body["deleteRequestedAt"] = at
        return found

    def forget(self, definition: TaskDefinition) -> None:
        revisions = self._families.get(definition.family, {})
        revisions.pop(definition.revision, None)
        if not revisions:
            self._families.pop(definition.family, None)

    def matching(self, prefix: str | None, status: str) -> list[TaskDefinition]:
        return sorted(
            (
                definition
                for definition in self.all()
                if definition.status == status and (prefix is None or definition.family == prefix)
            ),
            key=lambda definition: (definition.family, definition.revision),
        )

    def families(self, prefix: str | None, status: str) -> list[str]:
        def wanted(family: str) -> bool:
            active = any(definition.status == "ACTIVE" for definition in self._families[family].values())
            return status == "ALL" or active == (status == "ACTIVE")

        return sorted(name for name in self._families if name.startswith(prefix or "") and wanted(name))
