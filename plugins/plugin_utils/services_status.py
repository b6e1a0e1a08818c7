# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What M(slipway.aws.ecs_services_info) returns, as text for people. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

_INDENT = 2
_LABEL = 12


def services_status(status: Mapping[str, Any], maintenance: bool = False) -> str:
    """The report, the services in the order of their names."""
    services = status.get("services") or {}
    counts = Counter(service["condition"] for service in services.values())
    told = ", ".join(f"{number} {condition}" for condition, number in sorted(counts.items(), key=lambda item: -item[1]))
    lines = [f"Cluster {status.get('cluster', '')}: {len(services)} services" + (f", {told}" if told else "")]
    if maintenance:
        lines.append("Maintenance mode is ON: the load balancer answers instead of the services.")
    lines += [f"There is no service {name}." for name in status.get("missing") or []]
    for name in sorted(services):
        lines += ["", *_service(name, services[name])]
    return "\n".join(lines)


def _line(label: str, text: str) -> str:
    return " " * _INDENT + label.ljust(_LABEL) + text


def _labelled(label: str, texts: Iterable[str]) -> list[str]:
    return [_line("" if index else label, text) for index, text in enumerate(texts)]


def _service(name: str, service: Mapping[str, Any]) -> list[str]:
    counts = f"{service['running_count']}/{service['desired_count']} tasks run"
    if service["pending_count"]:
        counts += f", {service['pending_count']} start"
    return [
        f"{name}: {service['condition']}, {counts}, {service['task_definition']}",
        *_labelled("images", (_image(image) for image in service["images"])),
        *_labelled("deploying", _deploying(service)),
        *_labelled("tasks", (_task(task) for task in service["tasks"])),
        *_labelled("stopped", (_stopped(group) for group in service["stopped_tasks"])),
        *_labelled("targets", _targets(service["targets"])),
        *_labelled("marks", _marks(service)),
        *_labelled("events", (f"{event['at']} {event['message']}" for event in service["events"])),
    ]


def _image(image: Mapping[str, Any]) -> str:
    digest = image["digest"].removeprefix("sha256:")[:12]
    name = image["image"].partition("@")[0]
    tasks = "1 task" if image["tasks"] == 1 else f"{image['tasks']} tasks"
    return f"{name}{f' ({digest})' if digest else ''}, {tasks}"


def _deploying(service: Mapping[str, Any]) -> list[str]:
    if service["running_deployment"]:
        return [service["running_deployment"]["line"]]
    if len(service["deployments"]) < 2 and service["condition"] not in ("deploying", "failed"):
        return []
    return [
        f"{item['status']} {item['task_definition']} {item['rollout_state']}".rstrip()
        + f", {item['running_count']}/{item['desired_count']} tasks run"
        + (f", {item['failed_tasks']} failed" if item["failed_tasks"] else "")
        for item in service["deployments"]
    ]


def _task(task: Mapping[str, Any]) -> str:
    health = "" if task["health"] in ("", "UNKNOWN") else f" {task['health']}"
    since = f" since {task['started_at']}" if task["started_at"] else ""
    revision = task["task_definition"].rpartition(":")[2]
    return f"{task['id'][:12]} {task['status']}{health} {task['availability_zone']}{since}, revision {revision}"


def _stopped(group: Mapping[str, Any]) -> str:
    exits = ", ".join(
        f"{item['name']} exit code {item['exit_code']}" for item in group["containers"] if "exit_code" in item
    )
    times = "once" if group["count"] == 1 else f"{group['count']} times"
    return f"{times}: {group['reason'] or group['stop_code']}{f' ({exits})' if exits else ''}"


def _targets(targets: Iterable[Mapping[str, Any]]) -> list[str]:
    """Healthy ones are counted, the others named."""
    known = list(targets)
    healthy = sum(target["state"] == "healthy" for target in known)
    lines = [f"{healthy} of {len(known)} healthy"] if known else []
    return lines + [
        f"{target['target']}:{target['port']} {target['state']}{': ' if target['reason'] else ''}{target['reason']}"
        for target in known
        if target["state"] != "healthy"
    ]


def _marks(service: Mapping[str, Any]) -> list[str]:
    marks = []
    if service["checkpoint"]:
        marks.append("a deployment of several services has not ended: run it again")
    if service["not_reversible"]:
        marks.append(f"{service['not_reversible']} is marked as not reversible")
    return marks
