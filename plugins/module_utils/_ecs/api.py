# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls to ECS and its neighbours that a rollout makes, one function each."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    pass  # AnsibleAWSModule reports the missing SDK.

from ..core import AnsibleAWSError, aws_call, chunks, error_code
from .verdict import as_its_primary_task_set

# An image in ECR by its tag; one that is pinned by a digest does not match.
ECR_IMAGE = re.compile(
    r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/(?P<repository>[^:@]+)"
    r"(?::(?P<tag>[^@:/]+))?$"
)

# How an endpoint says that it does not have an operation, or that the caller may not use it.
_NOT_THERE = frozenset(
    {
        "404",
        "500",
        "501",
        "AccessDeniedException",
        "InternalFailure",
        "InvalidAction",
        "NotImplemented",
        "NotImplementedError",
        "UnknownOperationException",
        "UnsupportedFeatureException",
        "UnsupportedOperation",
        "UnsupportedOperationException",
    }
)


class NoServiceDeployments(Exception):
    """The endpoint does not answer what it is asked about service deployments."""


@aws_call("describe the ECS service {name} in the cluster {cluster}", missing=["ServiceNotFoundException"])
def describe_service(client: Any, cluster: str, name: str) -> dict[str, Any] | None:
    """The service with its tags, or None. A service that has been deleted stays visible as INACTIVE: it is none."""
    try:
        found = client.describe_services(cluster=cluster, services=[name], include=["TAGS"])["services"]
    except ClientError as error:
        if error_code(error) == "ClusterNotFoundException":
            raise ClusterMissing(cluster) from error
        raise
    return next((as_its_primary_task_set(service) for service in found if service.get("status") != "INACTIVE"), None)


class ClusterMissing(Exception):
    """There is no such cluster."""


@aws_call("describe the task definition {reference}")
def describe_task_definition(client: Any, reference: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """A task definition and its tags."""
    answer = client.describe_task_definition(taskDefinition=reference, include=["TAGS"])
    return answer["taskDefinition"], answer.get("tags") or []


@aws_call("describe the latest revision of the task definition {family}")
def latest_task_definition(client: Any, family: str) -> tuple[dict[str, Any], list[dict[str, str]]] | None:
    """The latest active revision of a family and its tags, or None."""
    try:
        answer = client.describe_task_definition(taskDefinition=family, include=["TAGS"])
    except ClientError as error:
        # ECS has no code of its own for a family that does not exist.
        if error_code(error) == "ClientException":
            return None
        raise
    definition = answer["taskDefinition"]
    return (definition, answer.get("tags") or []) if definition.get("status") == "ACTIVE" else None


@aws_call("register a revision of the task definition {family}")
def register_task_definition(client: Any, family: str, request: dict[str, Any]) -> dict[str, Any]:
    """The registered revision."""
    return client.register_task_definition(**request)["taskDefinition"]


@aws_call("list the revisions of the task definition {family}")
def list_revisions(client: Any, family: str, status: str = "ACTIVE") -> list[str]:
    """The ARNs of all revisions of a family in a status."""
    pages = client.get_paginator("list_task_definitions").paginate(familyPrefix=family, status=status)
    arns = [arn for page in pages for arn in page["taskDefinitionArns"]]
    # The API takes the family as a prefix in some endpoints and as a name in others.
    return [arn for arn in arns if arn.rpartition("/")[2].rpartition(":")[0] == family]


@aws_call("deregister the task definition {arn}")
def deregister_task_definition(client: Any, arn: str) -> None:
    client.deregister_task_definition(taskDefinition=arn)


@aws_call("delete the task definitions {arns}")
def delete_task_definitions(client: Any, arns: list[str]) -> None:
    """At most ten, none of them active. ECS keeps them until no task is left that came from them."""
    failures = client.delete_task_definitions(taskDefinitions=arns).get("failures", [])
    if failures:
        told = "; ".join(f"{failure.get('arn')}: {failure.get('reason')}" for failure in failures)
        raise AnsibleAWSError(message=f"Failed to delete task definitions ({told})")


@aws_call("create the ECS service {name}")
def create_service(client: Any, name: str, request: dict[str, Any]) -> dict[str, Any]:
    return client.create_service(**request)["service"]


@aws_call("update the ECS service {name}")
def update_service(client: Any, name: str, request: dict[str, Any]) -> dict[str, Any]:
    return client.update_service(**request)["service"]


@aws_call(
    "delete the ECS service {name}",
    missing=["ServiceNotFoundException", "ServiceNotActiveException", "ClusterNotFoundException"],
)
def delete_service(client: Any, cluster: str, name: str) -> None:
    client.delete_service(cluster=cluster, service=name, force=True)


@aws_call("tag {arn}")
def tag_resource(client: Any, arn: str, tags: list[dict[str, str]]) -> None:
    client.tag_resource(resourceArn=arn, tags=tags)


@aws_call("remove tags from {arn}")
def untag_resource(client: Any, arn: str, keys: list[str]) -> None:
    client.untag_resource(resourceArn=arn, tagKeys=keys)


def _service_deployment_call(call: Any, **parameters: Any) -> dict[str, Any]:
    """An answer about service deployments. Raises NoServiceDeployments where the endpoint has none to give."""
    try:
        return call(**parameters)
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if error_code(error) in _NOT_THERE or status in (404, 501):
            raise NoServiceDeployments(str(error)) from error
        raise


@aws_call("list the deployments of the ECS service {name}")
def list_service_deployments(client: Any, cluster: str, name: str, **filters: Any) -> list[dict[str, Any]]:
    """The service deployments in short, the newest first."""
    found: list[dict[str, Any]] = []
    where = {"cluster": cluster, "service": name, "maxResults": 100, **filters}
    while True:
        answer = _service_deployment_call(client.list_service_deployments, **where)
        found += answer.get("serviceDeployments") or []
        if not answer.get("nextToken"):
            break
        where["nextToken"] = answer["nextToken"]
    return sorted(found, key=lambda item: item["createdAt"], reverse=True)


@aws_call("describe the service deployment {arn}")
def describe_service_deployment(client: Any, arn: str) -> dict[str, Any] | None:
    """A service deployment, or None while ECS does not show it."""
    answer = _service_deployment_call(client.describe_service_deployments, serviceDeploymentArns=[arn])
    return next(iter(answer.get("serviceDeployments") or []), None)


@aws_call("describe service deployments")
def describe_service_deployments(client: Any, arns: list[str]) -> list[dict[str, Any]]:
    """At most twenty service deployments."""
    answer = _service_deployment_call(client.describe_service_deployments, serviceDeploymentArns=arns)
    return answer.get("serviceDeployments") or []


@aws_call("describe service revisions")
def describe_service_revisions(client: Any, arns: list[str]) -> dict[str, dict[str, Any]]:
    """Service revisions by their ARNs."""
    found: dict[str, dict[str, Any]] = {}
    for some in chunks(arns, 20):
        answer = _service_deployment_call(client.describe_service_revisions, serviceRevisionArns=some)
        found |= {revision["serviceRevisionArn"]: revision for revision in answer.get("serviceRevisions") or []}
    return found


@aws_call("roll the service deployment {arn} back")
def stop_service_deployment(client: Any, arn: str) -> None:
    client.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")


@aws_call("answer the hook {hook_id} of the service deployment {arn}")
def continue_service_deployment(client: Any, arn: str, hook_id: str, action: str) -> None:
    client.continue_service_deployment(serviceDeploymentArn=arn, hookId=hook_id, action=action)


@aws_call("list the stopped tasks of the ECS service {name}")
def stopped_tasks(client: Any, cluster: str, name: str) -> list[dict[str, Any]]:
    """The tasks of a service that ECS still remembers after they stopped."""
    pages = client.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=name, desiredStatus="STOPPED")
    arns = [arn for page in pages for arn in page["taskArns"]][:200]
    return describe_tasks(client, cluster, arns)


@aws_call("list the tasks of the ECS service {name}", missing=["ServiceNotFoundException"], default=[])
def list_task_arns(client: Any, cluster: str, name: str) -> list[str]:
    """The tasks of a service that run or are to run."""
    pages = client.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=name)
    return [arn for page in pages for arn in page["taskArns"]]


@aws_call("describe tasks of the cluster {cluster}")
def describe_tasks(client: Any, cluster: str, arns: list[str]) -> list[dict[str, Any]]:
    return [task for some in chunks(arns, 100) for task in client.describe_tasks(cluster=cluster, tasks=some)["tasks"]]


@aws_call("list the tasks of the cluster {cluster} that were started as {started_by}")
def tasks_started_by(client: Any, cluster: str, started_by: str) -> list[str]:
    """The tasks that were started under a name, those that have stopped included."""
    arns: list[str] = []
    for status in ("RUNNING", "STOPPED"):
        pages = client.get_paginator("list_tasks").paginate(cluster=cluster, startedBy=started_by, desiredStatus=status)
        arns += [arn for page in pages for arn in page["taskArns"]]
    return arns


@aws_call("run the task definition {definition}")
def run_task(client: Any, definition: str, request: dict[str, Any]) -> dict[str, Any]:
    """The task that was started. Failures, which ECS answers without an error, are raised."""
    answer = client.run_task(**request)
    if not answer["tasks"]:
        reasons = "; ".join(str(item.get("reason")) for item in answer.get("failures") or [])
        raise AnsibleAWSError(message=f"ECS did not start the task definition {definition}: {reasons or 'no reason'}.")
    return answer["tasks"][0]


@aws_call("describe the health of the targets in {target_group_arn}")
def target_health(client: Any, target_group_arn: str) -> list[dict[str, Any]]:
    return client.describe_target_health(TargetGroupArn=target_group_arn)["TargetHealthDescriptions"]


def log_tail(client: Any, group: str, stream: str, lines: int) -> list[str]:
    """The last lines of a log stream. Nothing where it cannot be read: a report must not fail for want of a log."""
    with contextlib.suppress(ClientError, BotoCoreError):
        answer = client.get_log_events(logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False)
        return [event["message"].rstrip("\n") for event in answer["events"]][-lines:]
    return []


def image_digest(clients: Callable[..., Any], image: str) -> str:
    """The digest that an image's tag points at in ECR now. Nothing for images that are elsewhere or pinned."""
    found = ECR_IMAGE.match(image)
    if found is None:
        return ""
    client = clients("ecr", region=found["region"])
    answer = _batch_get_image(client, found["repository"], found["account"], found["tag"] or "latest")
    return next((item["imageId"].get("imageDigest", "") for item in answer), "")


@aws_call("look up the image {repository}:{tag}", missing=["RepositoryNotFoundException"], default=())
def _batch_get_image(client: Any, repository: str, account: str, tag: str) -> list[dict[str, Any]]:
    answer = client.batch_get_image(registryId=account, repositoryName=repository, imageIds=[{"imageTag": tag}])
    return answer.get("images") or []


def throttled(code: str) -> bool:
    """Whether an error's code says that there were too many calls."""
    return "Throttl" in code or code in ("RequestLimitExceeded", "TooManyRequestsException")
