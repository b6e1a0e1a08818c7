# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a deployment has brought out what was asked for: pure functions over what ECS answers.

Never from task counts: after a rollback they look the same as after a success.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# The stages of a service deployment in their order.
STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
# What a task set has of its own, and hands to the service when it becomes the primary one.
_OF_TASK_SET = (
    "taskDefinition",
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "capacityProviderStrategy",
    "launchType",
)
ENDED = frozenset({"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"})
_ROLLING_BACK = frozenset({"STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})

_FAILED = {
    "STOPPED": "was stopped before it had ended",
    "ROLLBACK_SUCCESSFUL": "failed, and ECS has rolled the service back",
    "ROLLBACK_FAILED": "failed, and rolling the service back failed too",
}


@dataclass(frozen=True)
class Verdict:
    """C(outcome) is empty while nothing can be said yet."""

    outcome: str = ""
    sentence: str = ""

    @property
    def reached(self) -> bool:
        return bool(self.outcome)

    @property
    def failed(self) -> bool:
        return self.outcome == "failed"


OPEN = Verdict()


def revision_number(reference: str) -> str:
    """What a deployment's id and its service revision's ARN have in common."""
    return reference.rpartition("/")[2]


def target_of(deployment: Mapping[str, Any]) -> str:
    """The ARN of the service revision that a service deployment, described or listed, brings out."""
    target = deployment.get("targetServiceRevision") or {}
    return target.get("arn") or deployment.get("targetServiceRevisionArn") or ""


def judge(
    deployment: Mapping[str, Any], target: str, *, wait_until: str = "stable", rollback_wanted: bool = False
) -> Verdict:
    """The verdict on a described service deployment that shall bring out the service revision C(target).

    C(rollback_wanted) says that the task has asked for its rollback: then only that is a success.
    """
    status = deployment.get("status", "")
    if status == "SUCCESSFUL":
        return _judge_success(deployment, target, rollback_wanted=rollback_wanted)
    if status == "ROLLBACK_SUCCESSFUL" and rollback_wanted:
        return Verdict("successful", "The deployment was rolled back as asked.")
    if status in _FAILED:
        return Verdict("failed", f"The deployment {_FAILED[status]}.")
    if status in _ROLLING_BACK or rollback_wanted:
        return OPEN
    if wait_until == "paused" and waiting_hooks(deployment):
        return Verdict("paused", "The deployment is paused by a hook.")
    if wait_until in STAGES and has_reached(deployment.get("lifecycleStage"), wait_until):
        return Verdict("reached", f"The deployment has reached the stage {deployment['lifecycleStage']}.")
    return OPEN


def _judge_success(deployment: Mapping[str, Any], target: str, *, rollback_wanted: bool) -> Verdict:
    if rollback_wanted:
        return Verdict("failed", "The deployment ended with success before it could be rolled back.")
    found = target_of(deployment)
    if found != target:
        return Verdict(
            "failed",
            f"The deployment was successful for another service revision ({revision_number(found) or 'unknown'}, not "
            f"{revision_number(target)}).",
        )
    return Verdict("successful", "The deployment was successful.")


def has_reached(stage: str | None, wanted: str) -> bool:
    """Whether a stage is the wanted one or comes after it."""
    return stage in STAGES and STAGES.index(stage) >= STAGES.index(wanted)


def waiting_hooks(deployment: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The PAUSE hooks that wait for somebody's approval."""
    return [
        hook
        for hook in deployment.get("lifecycleHookDetails") or []
        if hook.get("targetType") == "PAUSE" and hook.get("status") == "AWAITING_ACTION"
    ]


def judge_rollout_state(service: Mapping[str, Any] | None, deployment_id: str) -> Verdict:
    """The verdict without service deployments: from the id of the deployment and its C(rolloutState)."""
    if service is None:
        return Verdict("failed", "The service does not exist any more.")
    deployments = service.get("deployments") or []
    ours = next((item for item in deployments if item["id"] == deployment_id), None)
    if ours is None:
        return Verdict("failed", "The deployment is gone: it was replaced or rolled back.")
    state = ours.get("rolloutState")
    if state == "FAILED":
        return Verdict("failed", "The deployment failed.")
    if ours.get("status") != "PRIMARY":
        return Verdict("failed", "The deployment was replaced or rolled back: it is not the primary one any more.")
    if state == "COMPLETED":
        return Verdict("successful", "The deployment was successful.")
    # Endpoints older than rolloutState say no more than that only this deployment is left and has its tasks.
    alone = state is None and len(deployments) == 1 and ours.get("runningCount") == ours.get("desiredCount")
    return Verdict("successful", "The deployment is the only one and complete.") if alone else OPEN


def primary_deployment(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """A service's primary deployment, or an empty one."""
    return next((item for item in service.get("deployments") or [] if item.get("status") == "PRIMARY"), {})


def controller_of(service: Mapping[str, Any]) -> str:
    """What makes the deployments of a service."""
    return (service.get("deploymentController") or {}).get("type") or "ECS"


def primary_task_set(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The task set that serves, of a service whose deployments ECS does not make itself, or an empty one."""
    return next((item for item in service.get("taskSets") or [] if item.get("status") == "PRIMARY"), {})


def as_its_primary_task_set(service: dict[str, Any]) -> dict[str, Any]:
    """A service with what its primary task set has, which is what runs."""
    primary = primary_task_set(service)
    return {**service, **{name: primary[name] for name in _OF_TASK_SET if primary.get(name) not in (None, [], "")}}


def is_rolling_out(service: Mapping[str, Any]) -> bool:
    """Whether a deployment of the service is under way."""
    if service.get("currentServiceDeployment"):
        return True
    return any(item.get("rolloutState") == "IN_PROGRESS" for item in service.get("deployments") or [])


def has_failed(service: Mapping[str, Any]) -> bool:
    """Whether the service has stayed behind with a deployment that failed and was not rolled back."""
    return not is_rolling_out(service) and primary_deployment(service).get("rolloutState") == "FAILED"


def same_deployment(listed: list[dict[str, Any]], deployment: Mapping[str, Any]) -> dict[str, Any] | None:
    """The service deployment that belongs to an entry of a service's deployments, among listed ones.

    Its target revision carries the number of the entry's id. Where an endpoint numbers them apart, it is the first
    service deployment that was created with or after the entry.
    """
    number = revision_number(deployment["id"])
    for item in listed:
        if revision_number(target_of(item)) == number:
            return item
    created = deployment.get("createdAt")
    later = [item for item in listed if created is not None and item["createdAt"] >= created]
    return min(later, key=lambda item: item["createdAt"], default=None)


def irreversible(mark: str, current: str, target: str) -> bool:
    """Whether going from C(current) back to C(target) crosses the marked revision. All are like C(family:7)."""
    family, _colon, number = mark.rpartition(":")
    from_family, _colon, from_number = current.rpartition(":")
    to_family, _colon, to_number = target.rpartition(":")
    if family == from_family == to_family:
        return int(to_number) < int(number) <= int(from_number)
    # The numbers of two families have no order: only the marked revision itself is known not to be reversible.
    return bool(mark) and mark == current
