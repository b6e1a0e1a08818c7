# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a deployment failed, from what ECS and its neighbours still know: pure functions over their answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

# What makes two reasons look different although they say the same: ids of tasks, network interfaces and requests.
_IDS = re.compile(r"\b(?:[0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|eni-[0-9a-f]+)\b")
_UNHEALTHY = re.compile(
    r"\(task (?P<task>[^)]+)\).*?\(port (?P<port>\d+)\).*?is unhealthy in \(?target-group (?P<group>[^)]+)\)"
    r"(?: due to \(reason (?P<reason>.*)\))?"
)
_SCHEDULER = "ServiceSchedulerInitiated"

# What the reasons of tasks, containers, targets and events say, in the order in which it is looked for. The first that
# is found names the likely cause.
_CAUSES: tuple[tuple[str, str], ...] = (
    (
        r"unable to pull secrets|ResourceInitializationError.*(secret|ssm|asm)|retrieve secret|AccessDenied.*secret",
        (
            "A secret cannot be read: check that it and its JSON key exist, that the execution role may read it and "
            "its KMS key, and that the subnets have a route to Secrets Manager."
        ),
    ),
    (
        r"exec format error|image Manifest does not contain descriptor matching platform|no matching manifest",
        "The image is for another CPU architecture than the task: build it for runtime_platform.cpu_architecture.",
    ),
    (
        r"i/o timeout|dial tcp|request canceled while waiting|connection timed out|no route to host|context deadline",
        (
            "No route to the registry: the task needs a NAT gateway, VPC endpoints for ECR and S3, or a public IP, "
            "and a security group that lets it out on port 443."
        ),
    ),
    (
        (
            r"CannotPull.*(not found|does not exist|manifest unknown|NotFound|no such image)|"
            r"(not found|manifest unknown).*CannotPull|CannotPullContainerError.*: ref|CannotPullImageManifestError"
        ),
        "The image was not found: check its name and tag, and that it was pushed.",
    ),
    (
        r"CannotPull.*(denied|not authorized|authorization|no basic auth|403)|pull access denied",
        "The image may not be pulled: check the policy of the execution role and of the repository.",
    ),
    (r"CannotPull", "The image cannot be pulled: check its name and tag, and the execution role."),
    (
        r"OutOfMemory|out of memory|OOM",
        "A container used up its memory and was killed: raise memory, or lower what the application takes.",
    ),
    (
        (
            r"Capacity is unavailable|unable to place a task|no container instance|RESOURCE:|No Container Instances|"
            r"insufficient capacity"
        ),
        "There is no capacity for the tasks: try other zones, another capacity provider, or add instances.",
    ),
    (
        r"log group does not exist|awslogs.*(ResourceNotFound|AccessDenied)|failed to create Cloudwatch log",
        "The log group is missing or may not be written: create it, and let the execution role write to it.",
    ),
    (
        r"ELB health checks|target-group|Health checks failed|health checks failed with",
        (
            "The load balancer's health check fails: check path, port, expected codes and grace period, and "
            "that the security group lets the load balancer in."
        ),
    ),
    (
        r"container health checks",
        "A container's own health check fails: check its command, and raise start_period when the start takes long.",
    ),
    (
        r"Spot",
        "Spot capacity was taken back: keep a base of tasks on FARGATE.",
    ),
)


def deployment_tasks(
    tasks: Iterable[Mapping[str, Any]], deployment_id: str, task_definition: str
) -> list[Mapping[str, Any]]:
    """The tasks of one deployment; by their task definition where an endpoint does not tell the deployment."""
    known = list(tasks)
    started = [task for task in known if task.get("startedBy") == deployment_id]
    if started or any(str(task.get("startedBy", "")).startswith("ecs-svc/") for task in known):
        return started
    return [task for task in known if task.get("taskDefinitionArn") == task_definition]


def failed_tasks(tasks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The tasks that did not stop because ECS wanted fewer of them, the latest first."""
    failed = [task for task in tasks if not _scaled_in(task)]
    return sorted(failed, key=_stopped_at, reverse=True)


def _scaled_in(task: Mapping[str, Any]) -> bool:
    reason = str(task.get("stoppedReason", ""))
    return task.get("stopCode") == _SCHEDULER and "health" not in reason.lower()


def _stopped_at(task: Mapping[str, Any]) -> float:
    moment = task.get("stoppedAt") or task.get("stoppingAt") or task.get("createdAt")
    return moment.timestamp() if isinstance(moment, datetime) else 0.0


def stopped_reasons(tasks: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The reasons for which tasks stopped, counted, the most frequent first."""
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for task in tasks:
        containers = [_container(item) for item in task.get("containers") or []]
        told = [item for item in containers if item.get("exit_code") is not None or item.get("reason")]
        reason = _IDS.sub("…", str(task.get("stoppedReason", "")))
        key = (task.get("stopCode"), reason, tuple(tuple(sorted(item.items())) for item in told))
        group = groups.setdefault(
            key, {"count": 0, "stop_code": task.get("stopCode") or "", "reason": reason, "containers": told}
        )
        group["count"] += 1
    return sorted(groups.values(), key=lambda group: -group["count"])


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {"name": container.get("name", "")}
    if container.get("exitCode") is not None:
        result["exit_code"] = container["exitCode"]
    if container.get("reason"):
        result["reason"] = _IDS.sub("…", container["reason"])
    return result


def log_streams(task: Mapping[str, Any], definition: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Region, log group and stream of a task's containers: those that failed first."""
    task_id = str(task.get("taskArn", "")).rpartition("/")[2]
    codes = {item.get("name"): item.get("exitCode") for item in task.get("containers") or []}
    found = []
    for container in definition.get("containerDefinitions") or []:
        log = container.get("logConfiguration") or {}
        options = log.get("options") or {}
        group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
        if log.get("logDriver") == "awslogs" and group and prefix:
            failed = codes.get(container["name"]) not in (None, 0)
            stream = f"{prefix}/{container['name']}/{task_id}"
            found.append((not failed, (options.get("awslogs-region", ""), group, stream)))
    return [stream for _last, stream in sorted(found, key=lambda item: item[0])]


def events_since(service: Mapping[str, Any], since: datetime | None) -> list[str]:
    """The service's events since a moment, the newest first."""
    return [
        event["message"]
        for event in service.get("events") or []
        if since is None or event.get("createdAt") is None or event["createdAt"] >= since
    ]


def failed_checks(events: Iterable[str]) -> list[dict[str, Any]]:
    """The failed health checks that a service's events tell of: what the targets say now is the rollback's story."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for message in events:
        match = _UNHEALTHY.search(message)
        if match:
            key = (match["group"], match["reason"] or "")
            entry = found.setdefault(
                key,
                {
                    "target_group_arn": match["group"],
                    "port": int(match["port"]),
                    "reason": match["reason"] or "",
                    "count": 0,
                },
            )
            entry["count"] += 1
    return list(found.values())


def unhealthy_targets(target_group_arn: str, health: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The targets of a group that do not get traffic, and why."""
    found = []
    for item in health:
        state = item.get("TargetHealth") or {}
        if state.get("State") in ("unhealthy", "unavailable"):
            found.append(
                {
                    "target_group_arn": target_group_arn,
                    "target": item["Target"]["Id"],
                    "port": item["Target"].get("Port"),
                    "state": state["State"],
                    "reason": state.get("Description") or state.get("Reason") or "",
                    "count": 1,
                }
            )
    return found


def target_groups(service: Mapping[str, Any]) -> list[str]:
    """The target groups in which a service's tasks may register."""
    found = []
    for balancer in service.get("loadBalancers") or []:
        advanced = balancer.get("advancedConfiguration") or {}
        found += [balancer.get("targetGroupArn"), advanced.get("alternateTargetGroupArn")]
    return [arn for arn in dict.fromkeys(found) if arn]


def likely_cause(report: Mapping[str, Any]) -> str:
    """The sentence that says what most probably went wrong."""
    alarms = report.get("triggered_alarms") or []
    if alarms:
        return f"An alarm went off during the deployment: {', '.join(alarms)}."
    hook = next((item for item in report.get("hooks") or [] if item.get("status") in ("FAILED", "TIMED_OUT")), None)
    if hook:
        what = "did not answer in time" if hook["status"] == "TIMED_OUT" else "failed or was rejected"
        return f"A lifecycle hook {what}: {hook.get('target_arn') or hook.get('hook_id')}."
    found = _known_cause(_texts(report))
    if found:
        return found
    exits = [
        (item["name"], item["exit_code"])
        for group in report.get("stopped_tasks") or []
        for item in group["containers"]
        if item.get("exit_code")
    ]
    if exits:
        return _exit_cause(*exits[0])
    reason = str(report.get("status_reason") or "")
    return reason or "ECS does not say; look at the service's events and the logs of its tasks."


def _texts(report: Mapping[str, Any]) -> list[str]:
    """What tells of causes, the closest to the cause first."""
    tasks = report.get("stopped_tasks") or []
    texts = [str(item["reason"]) for group in tasks for item in group["containers"] if item.get("reason")]
    texts += [str(group["reason"]) for group in tasks]
    texts += list(report.get("log_tail") or [])[-5:] if not texts else []
    texts += [f"Health checks failed: {item['reason']}" for item in report.get("unhealthy_targets") or []]
    return texts + [str(event) for event in report.get("events") or [] if "unable to" in event]


def _known_cause(texts: list[str]) -> str:
    for text in texts:
        for pattern, sentence in _CAUSES:
            if re.search(pattern, text, re.IGNORECASE | re.DOTALL):
                return sentence
    return ""


def _exit_cause(name: str, code: int) -> str:
    if code == 137:
        return f"The container {name} was killed (exit code 137): it used up its memory, or did not stop in time."
    if code == 139:
        return f"The container {name} crashed (exit code 139, a segmentation fault)."
    return f"The container {name} ended with exit code {code}: its last log lines say why."


def summary(report: Mapping[str, Any]) -> str:
    """The report in a few sentences, for the error message."""
    parts = [f"Likely cause: {report['likely_cause']}"] if report.get("likely_cause") else []
    for group in (report.get("stopped_tasks") or [])[:3]:
        exits = ", ".join(
            f"{item['name']} exit code {item['exit_code']}"
            for item in group["containers"]
            if item.get("exit_code") is not None
        )
        reason = group["reason"] or group["stop_code"]
        parts.append(f"{group['count']} times: {reason}{f' ({exits})' if exits else ''}.".replace("..", "."))
    parts += [f"Unhealthy target: {target['reason']}." for target in (report.get("unhealthy_targets") or [])[:2]]
    log = report.get("log_tail") or []
    if log:
        parts.append(f"Last log line: {log[-1]}")
    return " ".join(parts)
