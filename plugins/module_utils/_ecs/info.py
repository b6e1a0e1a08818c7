# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How services do, all of them at once: batched describes, put together by pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from ..core import AnsibleAWSError, SlipwayModule, aws_call, chunks, error_code, from_tag_list, in_parallel
from . import api
from .checkpoint import CHECKPOINT_TAG
from .planning import IRREVERSIBLE_TAG
from .progress import deployment_line
from .report import failed_tasks, stopped_reasons, target_groups
from .transformations import revision_name
from .verdict import as_its_primary_task_set, has_failed, is_rolling_out, primary_deployment, waiting_hooks

# What DescribeServices and DescribeServiceDeployments take at once.
SERVICES_A_CALL = 10
DEPLOYMENTS_A_CALL = 20

# The calls


@aws_call("list the services of the cluster {cluster}")
def list_services(client: Any, cluster: str) -> list[str]:
    pages = client.get_paginator("list_services").paginate(cluster=cluster, PaginationConfig={"PageSize": 100})
    return [arn for page in pages for arn in page["serviceArns"]]


@aws_call("describe services of the cluster {cluster}")
def describe_services(client: Any, cluster: str, names: list[str]) -> list[dict[str, Any]]:
    return client.describe_services(cluster=cluster, services=names, include=["TAGS"])["services"]


@aws_call("list the tasks of the cluster {cluster}")
def list_tasks(client: Any, cluster: str, service: str | None, status: str) -> list[str]:
    """The tasks of one service, or with one pass those of all services."""
    only = {"serviceName": service} if service else {}
    pages = client.get_paginator("list_tasks").paginate(cluster=cluster, desiredStatus=status, **only)
    return [arn for page in pages for arn in page["taskArns"]]


def describe_deployments(client: Any, arns: list[str]) -> list[dict[str, Any]]:
    try:
        return api.describe_service_deployments(client, arns)
    except api.NoServiceDeployments:
        # The services themselves tell the same, with less detail.
        return []


@aws_call("describe the health of the targets in {arn}", missing=["TargetGroupNotFound"], default=[])
def describe_health(client: Any, arn: str) -> list[dict[str, Any]]:
    return client.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]


class Snapshot:
    """Everything that is asked, in three waves of parallel calls whatever the number of services."""

    def __init__(self, clients: Callable[..., Any], cluster: str, names: list[str]) -> None:
        self.ecs = clients("ecs")
        self.elbv2 = clients("elbv2")
        self.cluster = cluster
        self.names = names
        self.services: list[dict[str, Any]] = []
        self.deployments: dict[str, dict[str, Any]] = {}
        self.tasks: list[dict[str, Any]] = []
        self.health: dict[str, list[dict[str, Any]]] = {}

    def take(self) -> None:
        lone = self.names[0] if len(self.names) == 1 else None
        statuses = ("RUNNING", "STOPPED")
        first = in_parallel(
            {
                "services": lambda: self.names or list_services(self.ecs, self.cluster),
                **{
                    status: lambda status=status: list_tasks(self.ecs, self.cluster, lone, status)
                    for status in (() if lone else statuses)
                },
            }
        )
        batches = chunks(first["services"], SERVICES_A_CALL)
        described = in_parallel(
            {
                number: lambda batch=batch: describe_services(self.ecs, self.cluster, batch)
                for number, batch in enumerate(batches)
            }
        )
        self.services = [
            as_its_primary_task_set(service)
            for batch in described.values()
            for service in batch
            if service.get("status") != "INACTIVE"
        ]
        if lone and self.services:
            # Only a service that exists can be asked for its tasks.
            first |= in_parallel(
                {status: lambda status=status: list_tasks(self.ecs, self.cluster, lone, status) for status in statuses}
            )
        self._look_closer([arn for status in statuses for arn in first.get(status, [])])

    def _look_closer(self, tasks: list[str]) -> None:
        calls: dict[tuple[str, Any], Callable[[], Any]] = {}
        for number, arns in enumerate(chunks(tasks, 100)):
            calls["tasks", number] = lambda arns=arns: api.describe_tasks(self.ecs, self.cluster, arns)
        running = [arn for service in self.services if (arn := service.get("currentServiceDeployment"))]
        for number, arns in enumerate(chunks(running, DEPLOYMENTS_A_CALL)):
            calls["deployments", number] = lambda arns=arns: describe_deployments(self.ecs, arns)
        for arn in dict.fromkeys(arn for service in self.services for arn in target_groups(service)):
            calls["health", arn] = lambda arn=arn: describe_health(self.elbv2, arn)
        for (kind, key), answer in in_parallel(calls).items():
            if kind == "tasks":
                self.tasks += answer
            elif kind == "deployments":
                self.deployments |= {item["serviceDeploymentArn"]: item for item in answer}
            else:
                self.health[key] = answer


# What the answers say


def moment(value: Any) -> str:
    return value.isoformat(timespec="seconds") if isinstance(value, datetime) else str(value or "")


def task_info(task: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": task["taskArn"].rpartition("/")[2],
        "arn": task["taskArn"],
        "status": task.get("lastStatus", ""),
        "health": task.get("healthStatus", ""),
        "task_definition": revision_name(task.get("taskDefinitionArn", "")),
        "availability_zone": task.get("availabilityZone", ""),
        "started_at": moment(task.get("startedAt")),
        "images": [
            {"container": item.get("name", ""), "image": item.get("image", ""), "digest": item.get("imageDigest", "")}
            for item in task.get("containers") or []
        ],
    }


def images(tasks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What runs: each image with its digest, and in how many tasks."""
    counted: dict[tuple[str, str, str], int] = {}
    for task in tasks:
        for item in task["images"]:
            key = (item["container"], item["image"], item["digest"])
            counted[key] = counted.get(key, 0) + 1
    return [
        {"container": container, "image": image, "digest": digest, "tasks": number}
        for (container, image, digest), number in sorted(counted.items())
    ]


def deployment_info(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": entry.get("id", ""),
        "status": entry.get("status", ""),
        "rollout_state": entry.get("rolloutState", ""),
        "rollout_state_reason": entry.get("rolloutStateReason", ""),
        "task_definition": revision_name(entry.get("taskDefinition", "")),
        "desired_count": entry.get("desiredCount", 0),
        "running_count": entry.get("runningCount", 0),
        "pending_count": entry.get("pendingCount", 0),
        "failed_tasks": entry.get("failedTasks", 0),
        "created_at": moment(entry.get("createdAt")),
    }


def entries(service: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """A service's deployments; where CodeDeploy makes them, its task sets in the same words."""
    return service.get("deployments") or [
        {
            **task_set,
            "id": task_set.get("externalId") or task_set.get("id", ""),
            "desiredCount": task_set.get("computedDesiredCount", 0),
            "rolloutState": "COMPLETED" if task_set.get("stabilityStatus") == "STEADY_STATE" else "IN_PROGRESS",
        }
        for task_set in service.get("taskSets") or []
    ]


def running_deployment(described: Mapping[str, Any]) -> dict[str, Any]:
    """A service deployment that is under way, empty when there is none."""
    if not described:
        return {}
    return {
        "arn": described["serviceDeploymentArn"],
        "status": described.get("status", ""),
        "status_reason": described.get("statusReason", ""),
        "lifecycle_stage": described.get("lifecycleStage", ""),
        "waits_for_approval": bool(waiting_hooks(described)),
        "line": deployment_line(described),
    }


def target_info(group: str, item: Mapping[str, Any]) -> dict[str, Any]:
    health = item.get("TargetHealth") or {}
    return {
        "target_group_arn": group,
        "target": item["Target"]["Id"],
        "port": item["Target"].get("Port", 0),
        "state": health.get("State", ""),
        "reason": health.get("Description") or health.get("Reason") or "",
    }


def condition(service: Mapping[str, Any], targets: Iterable[Mapping[str, Any]]) -> str:
    """One word for how a service does."""
    if service.get("status") == "DRAINING":
        return "draining"
    if is_rolling_out(service) or len(service.get("taskSets") or []) > 1:
        return "deploying"
    if has_failed(service):
        return "failed"
    short = service.get("runningCount", 0) < service.get("desiredCount", 0)
    sick = any(target["state"] in ("unhealthy", "unavailable") for target in targets)
    return "degraded" if short or sick else "steady"


def service_info(
    service: Mapping[str, Any],
    tasks: Iterable[Mapping[str, Any]],
    health: Mapping[str, list[dict[str, Any]]],
    deployment: Mapping[str, Any],
    events: int,
) -> dict[str, Any]:
    """One service: C(tasks) are its own, C(health) is by target group."""
    own = list(tasks)
    # A task that is to stop but has not yet still serves requests.
    present = [task_info(task) for task in own if task.get("lastStatus") != "STOPPED"]
    targets = [target_info(arn, item) for arn in target_groups(service) for item in health.get(arn, [])]
    tags = from_tag_list(service.get("tags"))
    primary = primary_deployment({"deployments": entries(service)})
    return {
        "arn": service["serviceArn"],
        "condition": condition(service, targets),
        "status": service.get("status", ""),
        "task_definition": revision_name(service.get("taskDefinition", "")),
        "desired_count": service.get("desiredCount", 0),
        "running_count": service.get("runningCount", 0),
        "pending_count": service.get("pendingCount", 0),
        "rollout_state": primary.get("rolloutState", ""),
        "images": images(present),
        "deployments": [deployment_info(entry) for entry in entries(service)],
        "running_deployment": running_deployment(deployment),
        "tasks": sorted(present, key=lambda task: (task["started_at"], task["id"])),
        "stopped_tasks": stopped_reasons(failed_tasks(task for task in own if task.get("lastStatus") == "STOPPED")),
        "targets": targets,
        "events": [
            {"at": moment(event.get("createdAt")), "message": event.get("message", "")}
            for event in (service.get("events") or [])[:events]
        ],
        "checkpoint": tags.get(CHECKPOINT_TAG, ""),
        "not_reversible": tags.get(IRREVERSIBLE_TAG, ""),
    }


def services_info(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    options = module.params
    snapshot = Snapshot(module.client, options["cluster"], options["services"])
    try:
        snapshot.take()
    except AnsibleAWSError as error:
        # Of several calls that have failed together, the first one tells why.
        cause = error if error.exception is not None else error.__cause__
        if error_code(getattr(cause, "exception", None) or error) != "ClusterNotFoundException":
            raise
        return {"changed": False, "cluster": options["cluster"], "services": {}, "missing": options["services"]}
    by_group: dict[str, list[dict[str, Any]]] = {}
    for task in snapshot.tasks:
        by_group.setdefault(task.get("group", ""), []).append(task)
    found = {
        service["serviceName"]: service_info(
            service,
            by_group.get(f"service:{service['serviceName']}", []),
            snapshot.health,
            snapshot.deployments.get(service.get("currentServiceDeployment") or "", {}),
            options["events"],
        )
        for service in sorted(snapshot.services, key=lambda service: service["serviceName"])
    }
    missing = [name for name in options["services"] if name not in found]
    return {"changed": False, "cluster": options["cluster"], "services": found, "missing": missing}
