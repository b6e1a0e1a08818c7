# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a deployment went: follow it, judge it, say why it failed, and put the result together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..core import AnsibleAWSError, from_tag_list
from ..planned import MARK, is_planned, planned_arn
from . import api
from .interrupt import Interrupted, raising_interrupts
from .planning import (
    IRREVERSIBLE_TAG,
    Found,
    Plan,
    Planner,
    tag_pairs,
    without_marks,
)
from .report import (
    deployment_tasks,
    events_since,
    failed_checks,
    failed_tasks,
    likely_cause,
    log_streams,
    stopped_reasons,
    summary,
    target_groups,
    unhealthy_targets,
)
from .transformations import (
    cluster_name,
    from_api,
    images,
    revision_name,
    snake_name,
)
from .verdict import (
    Verdict,
    is_rolling_out,
    primary_deployment,
    target_of,
)
from .waiters import Followed


class Judge(Planner):
    """Follows a deployment to its verdict."""

    # How it went

    def _attach(self, found: Found, plan: Plan, service: dict[str, Any], before: str) -> dict[str, Any]:
        """Follow the deployment that this run has started, or the one that is under way."""
        entry = primary_deployment(service)
        started = bool(entry) and entry["id"] != before
        running = is_rolling_out(service)
        if not started and not running:
            return self._settle(found, plan, service)
        followed = Followed(entry.get("id", ""), service.get("taskDefinition", ""), resumed=not started)
        if not self.options["wait"]:
            return self.result(plan, service, self._told(followed, Verdict("not_awaited", "")))
        current = service.get("currentServiceDeployment")
        if not started and current:
            followed.arn = current
            followed.target = self._target_of_primary(service, current)
        else:
            with self._interruptible(followed):
                self.watcher.find(followed, entry)
        return self.judge(found, plan, followed)

    def _target_of_primary(self, service: Mapping[str, Any], arn: str) -> str:
        """What a deployment that is under way must bring out to count: the service's own current revision.

        The service is already as asked, so that is the revision of its primary deployment.
        """
        number = primary_deployment(service).get("id", "").rpartition("/")[2]
        revisions = [item["arn"] for item in service.get("currentServiceRevisions") or []]
        own = next((item for item in revisions if item.rpartition("/")[2] == number), "")
        if own:
            return own
        return target_of(api.describe_service_deployment(self.client, arn) or {})

    def _settle(self, found: Found, plan: Plan, service: dict[str, Any]) -> dict[str, Any]:
        """No deployment: at most wait until the desired count runs."""
        if "desiredCount" in plan.fields and self.options["wait"] and found.service is not None:
            wanted = plan.fields["desiredCount"]
            done, last = self.watcher.until_service(
                lambda seen: seen is not None and has_count(seen, wanted),
                lambda seen: f"{(seen or {}).get('runningCount', 0)}/{wanted} tasks run",
            )
            service = last or service
            if not done:
                raise AnsibleAWSError(
                    message=f"The service {self.name} has not {wanted} running tasks after wait_timeout, but "
                    f"{service.get('runningCount')}. ECS goes on; its latest event: "
                    f"{next(iter(events_since(service, None)), 'none')}",
                    **self.result(plan, service, {}),
                )
        return self.result(plan, service, {})

    def judge(self, found: Found, plan: Plan, followed: Followed, *, rollback_wanted: bool = False) -> dict[str, Any]:
        with self._interruptible(followed):
            verdict = self.watcher.follow(
                followed, wait_until=self.options["wait_until"], rollback_wanted=rollback_wanted
            )
        if verdict.reached and not verdict.failed:
            service = self.watcher.settled_service(followed)
        else:
            service = api.describe_service(self.client, self.cluster, self.name) or {}
        told = self._told(followed, verdict)
        if not verdict.reached or verdict.failed:
            raise self._failure(plan, service, followed, verdict, told)
        return self.result(plan, service, told)

    @contextmanager
    def _interruptible(self, followed: Followed) -> Iterator[None]:
        """Roll the deployment back when the run is stopped while it waits, where the task asks for that."""
        if self.options.get("on_interrupt") != "roll_back":
            yield
            return
        try:
            with raising_interrupts():
                yield
        except Interrupted as interrupted:
            came = f"{self.name}: {interrupted} came while its deployment was under way."
            raise AnsibleAWSError(message=f"{came} {self._call_off(followed)}") from None

    def _call_off(self, followed: Followed) -> str:
        """Ask ECS to roll the deployment back, and say what became of that."""
        service = api.describe_service(self.client, self.cluster, self.name) or {}
        arn = followed.arn or service.get("currentServiceDeployment") or ""
        if not self.options["reversible"] or self._is_irreversible(service):
            return "It goes on: it is marked as not reversible. Run again to go on waiting."
        described = (api.describe_service_deployment(self.client, arn) if arn else None) or {}
        if described.get("status") not in ("PENDING", "IN_PROGRESS"):
            return f"It is not rolled back: its status is {described.get('status') or 'not known'}."
        api.stop_service_deployment(self.client, arn)
        return f"ECS rolls it back, as on_interrupt says ({arn})."

    def _is_irreversible(self, service: Mapping[str, Any]) -> bool:
        mark = from_tag_list(service.get("tags")).get(IRREVERSIBLE_TAG)
        return bool(mark) and mark == revision_name(service.get("taskDefinition", ""))

    def _told(self, followed: Followed, verdict: Verdict) -> dict[str, Any]:
        described = followed.described
        entry = primary_deployment(followed.service)
        told = {
            "verdict": verdict.outcome or "failed",
            "judged_by": followed.judged_by,
            "resumed": followed.resumed,
            "status": described.get("status") or entry.get("rolloutState") or "",
            "status_reason": described.get("statusReason") or entry.get("rolloutStateReason") or "",
            "service_deployment_arn": followed.arn,
            "target_service_revision_arn": followed.target,
            "deployment_id": followed.deployment_id,
            "task_definition": followed.task_definition,
            "lifecycle_stage": described.get("lifecycleStage") or "",
            "seconds": self.progress.seconds,
        }
        if followed.why_not:
            told["why_not_service_deployment"] = followed.why_not
        return told

    def _failure(
        self, plan: Plan, service: dict[str, Any], followed: Followed, verdict: Verdict, told: dict[str, Any]
    ) -> AnsibleAWSError:
        failure = self.failure(service, followed)
        if not verdict.reached:
            if not failure["stopped_tasks"]:
                failure["likely_cause"] = ""
            told["verdict"] = "not_ended"
            message = (
                f"The deployment of {self.name} has not ended within {self.options['wait_timeout']} seconds "
                f"(wait_timeout). It goes on: run again to go on waiting. {summary(failure)}"
            )
        else:
            message = f"{self.name}: {verdict.sentence} {summary(failure)}"
        return AnsibleAWSError(message=message.strip(), **{**self.result(plan, service, told), "failure": failure})

    def failure(self, service: dict[str, Any], followed: Followed) -> dict[str, Any]:
        """Everything that ECS and its neighbours can still tell."""
        described = followed.described
        since = described.get("createdAt") or primary_deployment(followed.service).get("createdAt")
        events = events_since(service, since)
        tasks = self._failed_tasks(followed)
        breaker = described.get("deploymentCircuitBreaker") or {}
        report: dict[str, Any] = {
            "status_reason": described.get("statusReason") or "",
            "stopped_tasks": stopped_reasons(tasks),
            "log_tail": self._log_tail(tasks),
            "unhealthy_targets": self._unhealthy(service) or failed_checks(events),
            "triggered_alarms": (described.get("alarms") or {}).get("triggeredAlarmNames") or [],
            "circuit_breaker": {snake_name(name): value for name, value in breaker.items()},
            "hooks": self._snake(described).get("lifecycle_hook_details") or [],
            "events": events,
            "rollback": self._snake(described).get("rollback") or {},
        }
        return {"likely_cause": likely_cause(report), **report}

    def _snake(self, described: dict[str, Any]) -> dict[str, Any]:
        return from_api(self.deployment_shape, described) or {}

    def _failed_tasks(self, followed: Followed) -> list[Mapping[str, Any]]:
        tasks = api.stopped_tasks(self.client, self.cluster, self.name)
        deployment_id = followed.deployment_id
        if followed.target:
            deployment_id = f"ecs-svc/{followed.target.rpartition('/')[2]}"
        return failed_tasks(deployment_tasks(tasks, deployment_id, followed.task_definition))

    def _log_tail(self, tasks: list[Mapping[str, Any]]) -> list[str]:
        lines = self.options["log_lines"]
        for task in tasks[:3] if lines > 0 else []:
            definition, _tags = api.describe_task_definition(self.client, task["taskDefinitionArn"])
            for region, group, stream in log_streams(task, definition):
                client = self.module.client("logs", region=region) if region else self.module.client("logs")
                found = api.log_tail(client, group, stream, lines)
                if found:
                    return found
        return []

    def _unhealthy(self, service: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for arn in target_groups(service):
            found += unhealthy_targets(arn, api.target_health(self.module.client("elbv2"), arn))
        return found

    # Results

    def result(self, plan: Plan, service: dict[str, Any], rollout: dict[str, Any]) -> dict[str, Any]:
        definition = self._definition_of(plan, service)
        return {
            "changed": bool(plan.changes or self.actions),
            "service": self._service(service),
            "task_definition": from_api(self.definition_shape, definition) or {},
            "images": images(definition or {}),
            "changes": [change.as_result() for change in plan.changes],
            "will_start_deployment": plan.starts_deployment,
            "actions": self.actions,
            "rollout": rollout,
            "diff": plan_diff(plan),
        }

    def _definition_of(self, plan: Plan, service: Mapping[str, Any]) -> dict[str, Any]:
        """The task definition that the service runs; what was registered needs no call to be known."""
        arn = service.get("taskDefinition") or plan.definition_arn
        if plan.definition is not None and arn == plan.definition_arn:
            family, _colon, revision = revision_name(arn).rpartition(":")
            return {
                **plan.definition,
                "taskDefinitionArn": arn,
                "family": plan.definition.get("family") or family,
                "revision": int(revision) if revision.isdigit() else 0,
            }
        if not arn or is_planned(arn):
            return {}
        return api.describe_task_definition(self.client, arn)[0]

    def _service(self, service: dict[str, Any]) -> dict[str, Any]:
        if not service:
            return {}
        shown = {name: value for name, value in service.items() if name not in ("events", "taskSets")}
        result: dict[str, Any] = from_api(self.service_shape, shown)
        return {**result, "cluster_name": cluster_name(self.cluster), "tags": without_marks(result.get("tags") or {})}

    def predicted(self, found: Found, plan: Plan) -> dict[str, Any]:
        region = self.module.region or ""
        family = (plan.definition or {}).get("family") or self.name
        arn = plan.definition_arn or planned_arn("ecs", f"task-definition/{family}:{MARK}", region=region)
        if plan.register and not plan.definition_arn:
            plan.definition_arn = arn
            self.actions.append({"action": "register", "name": family})
        base = found.service or {
            "serviceArn": planned_arn("ecs", f"service/{cluster_name(self.cluster)}/{self.name}", region=region),
            "clusterArn": self.cluster
            if self.cluster.startswith("arn:")
            else planned_arn("ecs", f"cluster/{self.cluster}", region=region),
            "serviceName": self.name,
            "status": "PLANNED",
            "runningCount": 0,
            "pendingCount": 0,
        }
        members = self.service_shape.members
        service = {**base, **{name: value for name, value in plan.fields.items() if name in members}}
        service["taskDefinition"] = plan.definition_arn or base.get("taskDefinition", "")
        if plan.tags is not None:
            service["tags"] = tag_pairs(plan.tags)
        self._predict_actions(found, plan)
        return self.result(plan, service, {})

    def _predict_actions(self, found: Found, plan: Plan) -> None:
        if found.service is None:
            self.actions.append({"action": "create", "name": self.name})
        elif plan.changes:
            fields = sorted({change.field.partition(".")[0] for change in plan.changes})
            self.actions.append({"action": "update", "name": self.name, "fields": fields})


def has_count(service: Mapping[str, Any], wanted: int) -> bool:
    return service.get("runningCount") == wanted and not service.get("pendingCount")


def plan_diff(plan: Plan) -> dict[str, Any]:
    """Before and after, with a line that says whether a deployment starts."""
    if not plan.changes:
        return {"before": {}, "after": {}}
    will = "starts a deployment" if plan.starts_deployment else "starts no deployment"
    return {
        "before": {change.field: change.before for change in plan.changes},
        "after": {change.field: change.after for change in plan.changes},
        "before_header": "as it is",
        "after_header": f"as it shall be ({will})",
    }
