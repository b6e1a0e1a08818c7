# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to CodeDeploy that a rollout makes, one function each."""

from __future__ import annotations

from functools import partial
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import aws_call, chunks, error_code, in_parallel

ONGOING = ("Created", "Queued", "InProgress", "Baking", "Ready")
_NO_GROUP = ("ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException")
ENDED = ("Succeeded", "Failed", "Stopped")
DEPLOYMENTS_A_CALL = 25
_NAMES_A_CALL = 100


class NoDeploymentGroup(Exception):
    """There is no such application, or it has no such deployment group."""


@aws_call("list the CodeDeploy deployments of {application}/{group}")
def list_deployments(client: Any, application: str, group: str, statuses: tuple[str, ...], most: int = 0) -> list[str]:
    """The ids of deployments in some statuses; with C(most) the pages that hold so many."""
    where: dict[str, Any] = {
        "applicationName": application,
        "deploymentGroupName": group,
        "includeOnlyStatuses": list(statuses),
    }
    found: list[str] = []
    try:
        while True:
            answer = client.list_deployments(**where)
            found += answer.get("deployments") or []
            if not answer.get("nextToken") or (most and len(found) >= most):
                return found
            where["nextToken"] = answer["nextToken"]
    except ClientError as error:
        if error_code(error) in _NO_GROUP:
            raise NoDeploymentGroup(str(error)) from error
        raise


@aws_call("list the CodeDeploy applications")
def _ecs_applications(client: Any) -> list[str]:
    """The names of the applications for ECS."""
    names = [name for page in client.get_paginator("list_applications").paginate() for name in page["applications"]]
    return [
        info["applicationName"]
        for some in chunks(names, _NAMES_A_CALL)
        for info in client.batch_get_applications(applicationNames=some).get("applicationsInfo") or []
        if info.get("computePlatform") == "ECS"
    ]


@aws_call("list the deployment groups of the CodeDeploy application {application}", missing=_NO_GROUP, default=[])
def _group_names(client: Any, application: str) -> list[str]:
    pages = client.get_paginator("list_deployment_groups").paginate(applicationName=application)
    return [name for page in pages for name in page.get("deploymentGroups") or []]


@aws_call("describe deployment groups of the CodeDeploy application {application}", missing=_NO_GROUP, default=[])
def _groups(client: Any, application: str, names: list[str]) -> list[dict[str, Any]]:
    return [
        info
        for some in chunks(names, _NAMES_A_CALL)
        for info in client.batch_get_deployment_groups(applicationName=application, deploymentGroupNames=some).get(
            "deploymentGroupsInfo"
        )
        or []
    ]


def group_of(client: Any, cluster: str, service: str) -> tuple[str, str] | None:
    """The application and the deployment group of a service of which only CodeDeploy knows them."""
    wanted = {"clusterName": cluster, "serviceName": service}
    names = in_parallel({name: partial(_group_names, client, name) for name in _ecs_applications(client)})
    found = in_parallel({name: partial(_groups, client, name, groups) for name, groups in names.items()})
    for application, groups in found.items():
        for info in groups:
            if wanted in (info.get("ecsServices") or []):
                return application, info["deploymentGroupName"]
    return None


@aws_call("list the CodeDeploy deployments that are under way")
def _under_way(client: Any) -> list[str]:
    pages = client.get_paginator("list_deployments").paginate(includeOnlyStatuses=list(ONGOING))
    return [number for page in pages for number in page.get("deployments") or []]


def under_way_by_service(client: Any) -> dict[tuple[str, str], str]:
    """The deployments of all ECS services that are under way, by cluster and service.

    One that is being taken back stands for the one that does so.
    """
    infos = [info for info in get_deployments(client, _under_way(client)) if info.get("computePlatform") == "ECS"]
    names: dict[str, set[str]] = {}
    for info in infos:
        names.setdefault(info["applicationName"], set()).add(info["deploymentGroupName"])
    described = in_parallel({name: partial(_groups, client, name, sorted(groups)) for name, groups in names.items()})
    services = {
        (application, group["deploymentGroupName"]): (service["clusterName"], service["serviceName"])
        for application, groups in described.items()
        for group in groups
        for service in group.get("ecsServices") or []
    }
    found = {}
    for info in infos:
        service = services.get((info["applicationName"], info["deploymentGroupName"]))
        if service:
            taken_back = (info.get("rollbackInfo") or {}).get("rollbackTriggeringDeploymentId")
            found[service] = taken_back or info["deploymentId"]
    return found


@aws_call("get CodeDeploy deployments")
def get_deployments(client: Any, numbers: list[str]) -> list[dict[str, Any]]:
    """The deployments, the newest first."""
    found = [
        info
        for some in chunks(numbers, DEPLOYMENTS_A_CALL)
        for info in client.batch_get_deployments(deploymentIds=some).get("deploymentsInfo") or []
    ]
    return sorted(found, key=lambda info: info["createTime"], reverse=True)


@aws_call("get the CodeDeploy deployment {number}", missing=["DeploymentDoesNotExistException"], default={})
def get_deployment(client: Any, number: str) -> dict[str, Any]:
    return client.get_deployment(deploymentId=number)["deploymentInfo"]


@aws_call(
    "get the target {target} of the CodeDeploy deployment {number}",
    missing=["DeploymentTargetDoesNotExistException", "DeploymentNotStartedException"],
    default={},
)
def get_target(client: Any, number: str, target: str) -> dict[str, Any]:
    """The service as a deployment's target: lifecycle events and task sets. Empty before it has begun."""
    return client.get_deployment_target(deploymentId=number, targetId=target)["deploymentTarget"].get("ecsTarget") or {}


@aws_call(
    "get an AppSpec of the CodeDeploy application {application}", missing=["RevisionDoesNotExistException"], default=""
)
def get_content(client: Any, application: str, revision: dict[str, Any]) -> str:
    """The text of a revision: deployments tell its hash alone."""
    content = (revision.get("appSpecContent") or revision.get("string") or {}).get("content")
    if content:
        return content
    answer = client.get_application_revision(applicationName=application, revision=revision)["revision"]
    return (answer.get("appSpecContent") or answer.get("string") or {}).get("content") or ""


@aws_call("start a CodeDeploy deployment of {application}/{group}")
def create_deployment(client: Any, application: str, group: str, request: dict[str, Any]) -> str:
    """The id of the deployment."""
    request = {"applicationName": application, "deploymentGroupName": group, **request}
    return client.create_deployment(**request)["deploymentId"]


@aws_call("stop the CodeDeploy deployment {number}", missing=["DeploymentAlreadyCompletedException"])
def stop_deployment(client: Any, number: str) -> None:
    """Stop it and give the traffic back."""
    client.stop_deployment(deploymentId=number, autoRollbackEnabled=True)


@aws_call("let the CodeDeploy deployment {number} go on")
def continue_deployment(client: Any, number: str) -> None:
    client.continue_deployment(deploymentId=number, deploymentWaitType="READY_WAIT")
