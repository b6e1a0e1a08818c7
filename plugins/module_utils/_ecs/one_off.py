# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one task to its end: its exit code decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, SlipwayModule, from_tag_list, to_tag_list
from ..planned import MARK, is_planned, planned_arn
from . import api
from .comparison import canonical_task_definition
from .progress import Progress
from .report import likely_cause, log_streams, stopped_reasons
from .transformations import (
    cluster_name,
    from_api,
    options_of,
    registrable,
    revision_name,
    with_container_changes,
)
from .validation import listed, placeholders, problems_of_task_definition
from .waiters import Watcher

# Members of RunTask that are no options of their own.
_NOT_OPTIONS = frozenset({"cluster", "taskDefinition", "count", "startedBy", "clientToken", "referenceId", "tags"})
# What a task takes over from the service whose task definition it runs.
_FROM_SERVICE = ("launchType", "capacityProviderStrategy", "networkConfiguration", "platformVersion")


def exit_codes(task: Mapping[str, Any]) -> dict[str, int | None]:
    """The exit code of each container; None for one that never ran."""
    return {item["name"]: item.get("exitCode") for item in task.get("containers") or []}


def deciding(definition: Mapping[str, Any], container: str | None) -> list[str]:
    """The containers whose exit code decides: the named one, else all essential ones."""
    if container:
        return [container]
    return [
        item["name"]
        for item in definition.get("containerDefinitions") or []
        if item.get("essential", True) is not False
    ]


def failures(task: Mapping[str, Any], containers: Iterable[str], allowed: Iterable[int]) -> list[str]:
    """Why a stopped task was no success, for each container that decides."""
    codes, good = exit_codes(task), set(allowed)
    found = []
    for name in containers:
        code = codes.get(name)
        if code is None:
            found.append(f"{name} did not run")
        elif code not in good:
            found.append(f"{name} ended with exit code {code}")
    return found


def launch_fields(service: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Where the task runs: as given, else as the service's tasks do."""
    taken = {name: service[name] for name in _FROM_SERVICE if service.get(name)}
    if given.get("launchType") or given.get("capacityProviderStrategy"):
        taken.pop("launchType", None)
        taken.pop("capacityProviderStrategy", None)
    return {**taken, **given}


def task_line(task: Mapping[str, Any]) -> str:
    """A task in one line."""
    codes = ", ".join(f"{name} exit code {code}" for name, code in exit_codes(task).items() if code is not None)
    return f"{task.get('lastStatus', 'unknown')}{f' ({codes})' if codes else ''}"


def _created(task: Mapping[str, Any]) -> Any:
    return task["createdAt"]


class OneOff:
    """One run of the module."""

    def __init__(self, module: SlipwayModule) -> None:
        self.module = module
        self.options: dict[str, Any] = module.params
        self.client = module.client("ecs")
        model = self.client.meta.service_model
        self.run_shape = model.operation_model("RunTask").input_shape
        self.register_shape = model.operation_model("RegisterTaskDefinition").input_shape
        self.task_shape = model.shape_for("Task")
        self.cluster: str = self.options["cluster"]
        self.name: str = self.options["service"] or revision_name(self.options["task_definition_arn"] or "")
        self.progress = Progress(f"{self.name} (task)", self.options["progress_file"])
        self.watcher = Watcher(self.client, self.cluster, self.name, self.options["wait_timeout"], self.progress)
        self.actions: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        fields = options_of(self.run_shape, self.options, _NOT_OPTIONS)
        if not self.module.check_mode:
            problems = listed(placeholders({"cluster": self.cluster, **fields}))
            if problems:
                raise AnsibleAWSError(message=problems)
        service = self._service()
        fields = launch_fields(service, fields)
        reference = self.options["task_definition_arn"] or service.get("taskDefinition", "")
        definition, tags = self._definition(reference)
        wanted = self._changed(definition)
        if self.module.check_mode:
            started = self._started_before(wanted) if wanted else None
            return self._predicted(wanted, reference) if started is None else self._result(started, [])
        task = self._started_before(wanted)
        if task is None:
            arn = self._revision(wanted, definition, tags, reference)
            task = self._start(arn, fields)
        return self._finish(task, wanted)

    def _service(self) -> dict[str, Any]:
        name = self.options["service"]
        if not name or is_planned(self.cluster):
            return {}
        try:
            service = api.describe_service(self.client, self.cluster, name)
        except api.ClusterMissing:
            service = None
        if service is None and not self.module.check_mode:
            raise AnsibleAWSError(
                message=f"service: there is no service {name} in the cluster {self.cluster} whose task definition "
                "could run. Create it first, or give task_definition_arn."
            )
        return service or {}

    def _definition(self, reference: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
        if not reference or is_planned(reference):
            return {}, []
        return api.describe_task_definition(self.client, reference)

    def _changed(self, definition: dict[str, Any]) -> dict[str, Any]:
        """The task definition with the containers' changes, such as the image to migrate with."""
        if not definition:
            return {}
        request = registrable(self.register_shape, definition)
        try:
            containers = with_container_changes(request["containerDefinitions"], self.options["containers"] or [])
        except ValueError as error:
            raise AnsibleAWSError(message=str(error)) from None
        return {**request, "containerDefinitions": containers}

    def _revision(
        self, wanted: dict[str, Any], definition: dict[str, Any], tags: list[dict[str, str]], reference: str
    ) -> str:
        """The revision to run. A change registers one, which a rollout of the same change then finds and takes."""
        current = canonical_task_definition(registrable(self.register_shape, definition))
        if canonical_task_definition(wanted) == current:
            return definition.get("taskDefinitionArn", reference)
        problems = listed(problems_of_task_definition(wanted))
        if problems:
            raise AnsibleAWSError(message=problems)
        latest = api.latest_task_definition(self.client, wanted["family"])
        if latest is not None:
            seen = canonical_task_definition(registrable(self.register_shape, latest[0]))
            if seen == canonical_task_definition(wanted):
                return latest[0]["taskDefinitionArn"]
        request = {**wanted, "tags": tags} if tags else wanted
        arn = api.register_task_definition(self.client, wanted["family"], request)["taskDefinitionArn"]
        self.actions.append({"action": "register", "name": revision_name(arn)})
        return arn

    def _started_before(self, definition: dict[str, Any]) -> dict[str, Any] | None:
        """The task that a run with the same run_id has started: it is not started twice, unless it has failed."""
        run_id = self.options["run_id"]
        if not run_id:
            return None
        arns = api.tasks_started_by(self.client, self.cluster, run_id)
        tasks = api.describe_tasks(self.client, self.cluster, arns) if arns else []
        return max((task for task in tasks if not self._failed(task, definition)), key=_created, default=None)

    def _failed(self, task: Mapping[str, Any], definition: Mapping[str, Any]) -> bool:
        return task.get("lastStatus") == "STOPPED" and bool(self._wrong(task, definition))

    def _wrong(self, task: Mapping[str, Any], definition: Mapping[str, Any]) -> list[str]:
        return failures(task, deciding(definition, self.options["container"]), self.options["success_exit_codes"])

    def _start(self, arn: str, fields: dict[str, Any]) -> dict[str, Any]:
        request = {"cluster": self.cluster, "taskDefinition": arn, "count": 1, **fields}
        if self.options["run_id"]:
            request["startedBy"] = self.options["run_id"]
        if self.options["tags"]:
            request["tags"] = to_tag_list(self.options["tags"], key="key", value="value")
        task = api.run_task(self.client, revision_name(arn), request)
        self.actions.append({"action": "run", "name": task["taskArn"]})
        return task

    def _finish(self, task: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
        if not self.options["wait"]:
            return self._result(task, [])
        arn = task["taskArn"]
        for _pauses in self.watcher.looks():
            task = next(iter(api.describe_tasks(self.client, self.cluster, [arn])), task)
            self.progress.say(task_line(task))
            if task.get("lastStatus") == "STOPPED":
                break
        else:
            raise AnsibleAWSError(
                message=f"The task {arn} did not end within {self.options['wait_timeout']} seconds (wait_timeout); it "
                f"is {task.get('lastStatus')} and goes on. Run again with the same run_id to go on waiting.",
                **self._result(task, self._log(task, definition)),
            )
        log = self._log(task, definition)
        wrong = self._wrong(task, definition)
        result = self._result(task, log)
        if wrong:
            report = {"stopped_tasks": stopped_reasons([task]), "log_tail": log}
            last = f" Last log line: {log[-1]}" if log else ""
            raise AnsibleAWSError(
                message=f"The task {arn} failed: {', '.join(wrong)}; {task.get('stoppedReason', 'no reason given')}. "
                f"Likely cause: {likely_cause(report)}{last}",
                **result,
                likely_cause=likely_cause(report),
            )
        return result

    def _log(self, task: Mapping[str, Any], definition: Mapping[str, Any]) -> list[str]:
        lines = self.options["log_lines"]
        for region, group, stream in log_streams(task, definition) if lines > 0 else []:
            client = self.module.client("logs", region=region) if region else self.module.client("logs")
            found = api.log_tail(client, group, stream, lines)
            if found:
                return found
        return []

    def _result(self, task: Mapping[str, Any], log: list[str]) -> dict[str, Any]:
        shown: dict[str, Any] = from_api(self.task_shape, task)
        return {
            "changed": bool(self.actions),
            "task": {**shown, "tags": from_tag_list(task.get("tags"))},
            "task_definition": task.get("taskDefinitionArn", ""),
            "exit_codes": exit_codes(task),
            "stopped_reason": task.get("stoppedReason", ""),
            "log_tail": log,
            "seconds": self.progress.seconds,
            "actions": self.actions,
        }

    def _predicted(self, wanted: Mapping[str, Any], reference: str) -> dict[str, Any]:
        path = f"task/{cluster_name(self.cluster)}/{MARK}"
        task = {"taskArn": planned_arn("ecs", path, region=self.module.region or ""), "taskDefinitionArn": reference}
        self.actions.append({"action": "run", "name": wanted.get("family", self.name)})
        return self._result(task, [])


def run_task(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    return OneOff(module).run()
