# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ECS services whose tasks read secrets: found by reference, rolled once, watched until they are healthy.

A task reads its secrets when it starts. A service's tag C(slipway:rotation) says for which versions it was rolled, and
which deployment that left behind: it is set before the deployment starts, so that a killed run's deployment is found
again and none is started twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from .._core.progress import Progress
from .._ecs import api as ecs
from .._ecs.rollout import Rollout
from .._ecs.transformations import cluster_name, revision_name
from .._ecs.verdict import (
    as_its_primary_task_set,
    controller_of,
    has_failed,
    is_rolling_out,
    primary_deployment,
    primary_task_set,
    revision_number,
)
from .._ecs.waiters import Watcher
from ..core import AnsibleAWSError, aws_call, chunks, from_tag_list, in_parallel, to_tag_list, wait_until
from .code_deploy import Restart
from .references import Reference, places, references, service_places
from .versions import short

TAG = "slipway:rotation"
# How much a tag's value holds.
_TAG_LENGTH = 256
# Among how many of the latest service deployments that of a killed run is looked for.
_LATEST = 5


@aws_call("list the ECS clusters")
def clusters(client: Any) -> list[str]:
    return [arn for page in client.get_paginator("list_clusters").paginate() for arn in page["clusterArns"]]


@aws_call("list the services of the ECS cluster {cluster}", missing=("ClusterNotFoundException",), default=())
def service_arns(client: Any, cluster: str) -> list[str]:
    pages = client.get_paginator("list_services").paginate(cluster=cluster, PaginationConfig={"PageSize": 100})
    return [arn for page in pages for arn in page["serviceArns"]]


@aws_call("describe services of the ECS cluster {cluster}")
def services(client: Any, cluster: str, arns: list[str]) -> list[dict[str, Any]]:
    answer = client.describe_services(cluster=cluster, services=arns, include=["TAGS"])
    return [as_its_primary_task_set(service) for service in answer["services"]]


@aws_call("list the tasks of the ECS cluster {cluster}", missing=("ClusterNotFoundException",), default=())
def task_arns(client: Any, cluster: str, status: str, service: str = "") -> list[str]:
    where = {"cluster": cluster, "desiredStatus": status, **({"serviceName": service} if service else {})}
    return [arn for page in client.get_paginator("list_tasks").paginate(**where) for arn in page["taskArns"]]


def live_tasks(client: Any, cluster: str, service: str = "") -> list[dict[str, Any]]:
    """The tasks that have not stopped, those that are about to included."""
    listed = in_parallel(
        {status: partial(task_arns, client, cluster, status, service) for status in ("RUNNING", "STOPPED")}
    )
    arns = [arn for found in listed.values() for arn in found]
    return [task for task in ecs.describe_tasks(client, cluster, arns) if task.get("lastStatus") != "STOPPED"]


@dataclass
class Consumer:
    """A service that refers to secrets, or a group of tasks that were started without one."""

    cluster: str
    name: str
    service: dict[str, Any]
    # Secret's name → where it is referred to.
    references: dict[str, list[Reference]]
    tasks: list[str] = field(default_factory=list)
    reloads: bool = False
    action: str = ""
    # Secrets that AWS has rotated by itself since the service was deployed.
    stale: set[str] = field(default_factory=set)
    failure: str = ""
    cause: dict[str, Any] = field(default_factory=dict)
    rollout: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{cluster_name(self.cluster)}/{self.name}"

    @property
    def is_service(self) -> bool:
        return bool(self.service)

    @property
    def runs(self) -> bool:
        if not self.is_service:
            return bool(self.tasks)
        return any(self.service.get(count) for count in ("runningCount", "pendingCount", "desiredCount"))

    @property
    def controller(self) -> str:
        """Who deploys it."""
        return controller_of(self.service)

    @property
    def by_strangers(self) -> bool:
        """Whether somebody deploys it whom nobody here can tell to start new tasks of the same revision."""
        return self.controller not in ("ECS", "CODE_DEPLOY")

    def follows(self, secret: str) -> bool:
        """Whether it takes over a new version: not when all of its references name a fixed one."""
        return any(not reference.pinned for reference in self.references.get(secret, []))

    @property
    def restartable(self) -> bool:
        """Whether rolling it would give it new values, and it needs that."""
        return self.is_service and not self.by_strangers and self.runs and not self.reloads

    def deployed_before(self, moment: datetime | None, versions: Mapping[str, str]) -> bool:
        """Whether its tasks may be older than a rotation that no run of ours has followed up."""
        serving = primary_task_set(self.service) or primary_deployment(self.service)
        deployed = serving.get("createdAt")
        late = moment is not None and deployed is not None and deployed < moment
        # What CodeDeploy has taken back serves again: whether it was deployed since is asked when it is rolled.
        return late and (self.controller == "CODE_DEPLOY" or not rolled_for(self.service, versions))

    def locked_out_by(self, secret: str) -> bool:
        """Whether its tasks would go on with a value that no longer works."""
        return self.runs and not self.reloads and secret in self.references

    def as_result(self) -> dict[str, Any]:
        return {
            "cluster": cluster_name(self.cluster),
            "service": self.name if self.is_service else "",
            "task_definition": revision_name(self.service.get("taskDefinition", "") if self.is_service else self.name),
            "tasks": len(self.tasks) if not self.is_service else self.service.get("runningCount", 0),
            "secrets": sorted(self.references),
            "references": sorted({place.where for found in self.references.values() for place in found}),
            "action": self.action,
            "versions": self.versions,
            "rollout": self.rollout,
            "failure": self.failure,
            "details": self.cause,
        }


class Consumers:
    """Finds them in all clusters that it is told of, with batched calls."""

    def __init__(self, client: Any, options: Mapping[str, Any]) -> None:
        self._client = client
        self._clusters: list[str] = options.get("clusters") or []
        self._reload = set(options.get("reload") or [])
        self._ignore = set(options.get("ignore") or [])

    def find(self, arns: Mapping[str, str], *, tasks: bool) -> list[Consumer]:
        """The consumers of secrets, given as name → ARN. With C(tasks) also those that no service has started."""
        where = self._clusters or clusters(self._client)
        listed = in_parallel({cluster: partial(service_arns, self._client, cluster) for cluster in where})
        batches = {
            (cluster, number): partial(services, self._client, cluster, some)
            for cluster, found in listed.items()
            for number, some in enumerate(chunks(list(found), 10))
        }
        described = [
            (cluster, service)
            for (cluster, _number), some in in_parallel(batches).items()
            for service in some
            if service.get("status") == "ACTIVE"
        ]
        alone: list[tuple[str, str, list[str]]] = self._without_service(where) if tasks else []
        definitions = self._definitions(
            [definition for _cluster, service in described for definition in _definitions_of(service)]
            + [definition for _cluster, definition, _tasks in alone]
        )
        found = [self._service(cluster, service, definitions, arns) for cluster, service in described]
        found += [self._tasks(*group, definitions, arns) for group in alone]
        return [consumer for consumer in found if consumer is not None and not self._named(consumer, self._ignore)]

    def _without_service(self, where: Iterable[str]) -> list[tuple[str, str, list[str]]]:
        found = in_parallel({cluster: partial(live_tasks, self._client, cluster) for cluster in where})
        groups: dict[tuple[str, str], list[str]] = {}
        for cluster, tasks in found.items():
            for task in tasks:
                if not str(task.get("group", "")).startswith("service:"):
                    groups.setdefault((cluster, task["taskDefinitionArn"]), []).append(task["taskArn"])
        return [(cluster, definition, tasks) for (cluster, definition), tasks in groups.items()]

    def _definitions(self, arns: Iterable[str]) -> dict[str, dict[str, Any]]:
        # ECS describes task definitions one by one only; each is asked for once.
        calls = {arn: partial(ecs.describe_task_definition, self._client, arn) for arn in dict.fromkeys(arns) if arn}
        return {arn: answer[0] for arn, answer in in_parallel(calls).items()}

    def _service(
        self, cluster: str, service: dict[str, Any], definitions: Mapping[str, Any], arns: Mapping[str, str]
    ) -> Consumer | None:
        found = {}
        for name, arn in arns.items():
            seen = [
                reference
                for definition in _definitions_of(service)
                for reference in references(places(definitions[definition]), arn)
            ]
            seen += references(service_places(service), arn)
            if seen:
                found[name] = list(dict.fromkeys(seen))
        if not found:
            return None
        consumer = Consumer(cluster, service["serviceName"], service, found)
        consumer.reloads = self._named(consumer, self._reload)
        return consumer

    def _tasks(
        self,
        cluster: str,
        definition: str,
        tasks: list[str],
        definitions: Mapping[str, Any],
        arns: Mapping[str, str],
    ) -> Consumer | None:
        seen = {name: references(places(definitions[definition]), arn) for name, arn in arns.items()}
        found = {name: some for name, some in seen.items() if some}
        return Consumer(cluster, revision_name(definition), {}, found, tasks) if found else None

    @staticmethod
    def _named(consumer: Consumer, names: Collection[str]) -> bool:
        return consumer.name in names or consumer.key in names


def _definitions_of(service: Mapping[str, Any]) -> list[str]:
    """The task definitions whose tasks run: during a deployment there are several."""
    running = [*(service.get("deployments") or []), *(service.get("taskSets") or [])]
    found = [item.get("taskDefinition", "") for item in running if _alive(item)]
    return list(dict.fromkeys([service.get("taskDefinition", ""), *found]))


def _alive(deployment: Mapping[str, Any]) -> bool:
    return deployment.get("status") == "PRIMARY" or bool(deployment.get("runningCount"))


def _sources(deployment: Mapping[str, Any]) -> set[str]:
    """The numbers of the service revisions that a service deployment replaces."""
    return {revision_number(source.get("arn", "")) for source in deployment.get("sourceServiceRevisions") or []}


# The tag


def entries_of(versions: Mapping[str, str]) -> set[str]:
    """What the tag says of the versions that a service is rolled for: a few characters for each secret."""
    return {f"{short(name, 5)}{short(version, 7)}" for name, version in versions.items()}


def tag_value(versions: Mapping[str, str], deployment_id: str) -> str:
    left = deployment_id.rpartition("/")[2]
    return "/".join([left, *sorted(entries_of(versions))])[:_TAG_LENGTH]


def rolled_for(service: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """The deployment that was left behind for these versions; empty when none was, or not yet."""
    left, *entries = from_tag_list(service.get("tags")).get(TAG, "").split("/")
    if not left or not entries_of(versions) <= set(entries):
        return ""
    current = primary_deployment(service).get("id", "").rpartition("/")[2]
    return left if current != left else ""


# Rolling


class _Options(dict[str, Any]):
    """The options of ecs_service_rollout of which only some are given."""

    def __missing__(self, key: str) -> None:
        return None


class _Module:
    """What a rollout needs of a module."""

    def __init__(self, client: Callable[..., Any], region: str, options: dict[str, Any]) -> None:
        self.client = client
        self.region = region
        self.check_mode = False
        self.params = _Options(
            {
                "state": "present",
                "purge_tags": True,
                "initial_desired_count": 1,
                "pin_digest": False,
                "wait_until": "stable",
                "reversible": True,
                "verify": False,
                "deregister": False,
                **options,
            }
        )


class Roller:
    """Rolls services, each once for all the secrets that it reads."""

    def __init__(
        self,
        client: Callable[..., Any],
        region: str,
        *,
        wait: bool,
        timeout: float,
        log_lines: int,
        progress_file: str | None,
    ) -> None:
        self._client_of = client
        self._client = client("ecs")
        self._region = region
        self._wait = wait
        self._timeout = timeout
        self._log_lines = log_lines
        self._progress_file = progress_file
        self._lock = threading.Lock()
        self.actions: list[dict[str, Any]] = []

    def roll(self, consumers: Iterable[Consumer], marks: Mapping[str, str]) -> None:
        """All at the same time. C(marks) is secret → what stands for its version in the tag. Failures stay in them."""
        calls = {consumer.key: partial(self._roll, consumer, marks) for consumer in consumers}
        in_parallel(calls)

    def _roll(self, consumer: Consumer, marks: Mapping[str, str]) -> None:
        versions = {name: marks[name] for name in consumer.references if name in marks}
        try:
            self._bring_out(consumer, versions)
        except AnsibleAWSError as error:
            consumer.failure = str(error)
            consumer.cause = (error.kwargs or {}).get("failure") or {}
            consumer.rollout = (error.kwargs or {}).get("rollout") or consumer.rollout

    def _bring_out(self, consumer: Consumer, versions: Mapping[str, str]) -> None:
        if consumer.controller == "CODE_DEPLOY":
            self._bring_out_by_code_deploy(consumer, versions)
            return
        left = rolled_for(consumer.service, versions)
        if left:
            self._resume(consumer, left)
            return
        service = self._idle(consumer)
        self._mark(consumer, tag_value(versions, primary_deployment(service).get("id", "")))
        self._rollout(consumer, force=True)

    def _bring_out_by_code_deploy(self, consumer: Consumer, versions: Mapping[str, str]) -> None:
        mark = from_tag_list(consumer.service.get("tags")).get(TAG, "")
        restart = Restart(self._module(consumer))  # type: ignore[arg-type]
        begun = restart.begun(mark) if entries_of(versions) <= set(mark.split("/")[1:]) else {}
        if begun:
            consumer.action = "already_rolled"
            consumer.rollout = restart.follow(begun)["rollout"]
            return
        # Only with the id of the deployment before is the mark this attempt's own.
        mark = tag_value(versions, restart.last().get("deploymentId") or "none")
        self._mark(consumer, mark)
        consumer.rollout = restart.start(mark)["rollout"]

    def _mark(self, consumer: Consumer, value: str) -> None:
        ecs.tag_resource(
            self._client, consumer.service["serviceArn"], to_tag_list({TAG: value}, key="key", value="value")
        )
        consumer.action = "rolled"
        with self._lock:
            self.actions.append({"action": "roll", "name": consumer.key})

    def _resume(self, consumer: Consumer, left: str) -> None:
        """Follow the deployment that a killed run has started, or judge how it has ended."""
        consumer.action = "already_rolled"
        if is_rolling_out(consumer.service):
            self._rollout(consumer, force=False)
        else:
            self._judge_ended(consumer, left)

    def forget(self, consumers: Iterable[Consumer]) -> None:
        """Have the next run roll services again that failed, and whose secrets did not go back."""
        arns = [consumer.service["serviceArn"] for consumer in consumers]
        in_parallel({arn: partial(ecs.untag_resource, self._client, arn, [TAG]) for arn in arns})

    def _idle(self, consumer: Consumer) -> dict[str, Any]:
        """The service once no deployment is under way: one that is may have started tasks with the old value."""
        service = consumer.service
        if is_rolling_out(service):
            progress = Progress(consumer.key, self._progress_file)
            watcher = Watcher(self._client, consumer.cluster, consumer.name, self._timeout, progress)
            watcher.until_idle(service.get("currentServiceDeployment") or "")
        return ecs.describe_service(self._client, consumer.cluster, consumer.name) or service

    def _rollout(self, consumer: Consumer, *, force: bool) -> None:
        # Whatever has begun since the service was looked at began with the old value, or with a foreign image.
        policy = "wait" if force else "resume"
        module = self._module(consumer, force_new_deployment=force, on_running_deployment=policy)
        consumer.rollout = Rollout(module).present()["rollout"]  # type: ignore[arg-type]

    def _module(self, consumer: Consumer, **more: Any) -> _Module:
        """What ecs_service_rollout would be told of a service."""
        options = {
            "cluster": consumer.cluster,
            "name": consumer.name,
            "wait": self._wait,
            "wait_timeout": self._timeout,
            "log_lines": self._log_lines,
            "progress_file": self._progress_file,
            **more,
        }
        return _Module(self._client_of, self._region, options)

    def _judge_ended(self, consumer: Consumer, left: str) -> None:
        """How the deployment ended that a killed run has started."""
        since = self._since(consumer, left)
        good = next((item for item in since if item.get("status") == "SUCCESSFUL"), None)
        told = good or (since[-1] if since else {})
        failed = good is None if since else has_failed(consumer.service)
        consumer.rollout = {
            "verdict": "failed" if failed else "successful",
            "resumed": True,
            "status": told.get("status", ""),
            "status_reason": told.get("statusReason", ""),
        }
        if failed:
            reason = consumer.rollout["status_reason"]
            raise AnsibleAWSError(
                message=f"{consumer.name}: the deployment that an earlier run started has failed. {reason}".strip()
            )

    def _since(self, consumer: Consumer, left: str) -> list[dict[str, Any]]:
        """The service deployments from the one that left a deployment behind, newest first; none where none is told of.

        A later one, somebody else's, counts as well: its tasks have read the new value too.
        """
        found = []
        try:
            listed = ecs.list_service_deployments(self._client, consumer.cluster, consumer.name)
            for item in listed[:_LATEST]:
                found.append(ecs.describe_service_deployment(self._client, item["serviceDeploymentArn"]) or {})
                if found[-1].get("status") == "SUCCESSFUL" or left in _sources(found[-1]):
                    break
        except ecs.NoServiceDeployments:
            return []
        return found

    def await_old_tasks(self, consumers: Iterable[Consumer], say: Callable[[str], None]) -> None:
        """Until no task is left that may have an old value."""
        consumers = list(consumers)

        def look() -> dict[str, int]:
            old = in_parallel({consumer.key: partial(self._old_tasks, consumer) for consumer in consumers})
            left = {key: count for key, count in old.items() if count}
            if left:
                say("waits for " + ", ".join(f"{count} old tasks of {key}" for key, count in sorted(left.items())))
            return left

        wait_until(
            look,
            lambda left: not left,
            timeout=self._timeout,
            waiting_for=lambda left: "tasks with the old value still run: " + ", ".join(sorted(left)),
            first=0.1,
            clock=time.monotonic,
        )

    def _old_tasks(self, consumer: Consumer) -> int:
        if not consumer.is_service:
            tasks = ecs.describe_tasks(self._client, consumer.cluster, consumer.tasks)
            return sum(task.get("lastStatus") != "STOPPED" for task in tasks)
        service = ecs.describe_service(self._client, consumer.cluster, consumer.name)
        if service is None:
            return 0
        newest = (primary_task_set(service) or primary_deployment(service)).get("id", "")
        tasks = live_tasks(self._client, consumer.cluster, consumer.name)
        return sum(task.get("startedBy") != newest for task in tasks)
