# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a deployment of CodeDeploy has brought out what was asked for: pure functions over what it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .appspec import EVENTS
from .codedeploy_api import ONGOING
from .verdict import OPEN, Verdict

_ALARMS = re.compile(r"Activated alarms: <([^>]*)>")
_TRIGGERS = {"Failed": "DEPLOYMENT_FAILURE", "Stopped": "DEPLOYMENT_STOP_ON_REQUEST"}


def revision_hash(info: Mapping[str, Any]) -> str:
    """The hash of the AppSpec that a deployment brings out."""
    revision = info.get("revision") or {}
    return (revision.get("appSpecContent") or revision.get("string") or {}).get("sha256") or ""


def rollback_of(info: Mapping[str, Any]) -> str:
    """The id of the deployment that takes this one back, where there is one."""
    return (info.get("rollbackInfo") or {}).get("rollbackDeploymentId") or ""


def expects_rollback(info: Mapping[str, Any]) -> bool:
    """Whether CodeDeploy will take back what has just failed, although it does not tell by which deployment yet."""
    status, settings = info.get("status", ""), info.get("autoRollbackConfiguration") or {}
    trigger = _TRIGGERS.get(status, "")
    if (info.get("errorInformation") or {}).get("code") == "ALARM_ACTIVE":
        trigger = "DEPLOYMENT_STOP_ON_ALARM"
    return bool(settings.get("enabled")) and trigger in (settings.get("events") or []) and not rollback_of(info)


def green(target: Mapping[str, Any]) -> Mapping[str, Any]:
    """The replacement task set of a deployment's target, or an empty one."""
    return next((item for item in target.get("taskSetsInfo") or [] if item.get("taskSetLabel") == "Green"), {})


def stage(target: Mapping[str, Any]) -> str:
    """The lifecycle event that a deployment has come to."""
    begun = [
        item["lifecycleEventName"]
        for item in target.get("lifecycleEvents") or []
        if item.get("status") in ("InProgress", "Succeeded", "Failed")
    ]
    return begun[-1] if begun else ""


def reached(info: Mapping[str, Any], target: Mapping[str, Any], wait_until: str) -> str:
    """The stage that a deployment has come to, when it is the one that is waited for or a later one."""
    if wait_until == "TERMINATION_WAIT":
        return wait_until if info.get("instanceTerminationWaitTimeStarted") else ""
    now = stage(target)
    later = now in EVENTS and wait_until in EVENTS and EVENTS.index(now) >= EVENTS.index(wait_until)
    return now if later else ""


def described(info: Mapping[str, Any], target: Mapping[str, Any], hooks: Mapping[str, str]) -> dict[str, Any]:
    """A deployment in the words of a described service deployment, with which the rest works."""
    error = info.get("errorInformation") or {}
    message = error.get("message") or ""
    alarms = _ALARMS.search(message) if error.get("code") == "ALARM_ACTIVE" else None
    return {
        "status": info.get("status", ""),
        "statusReason": f"{error['code']}: {message}" if error.get("code") else message,
        "createdAt": info.get("createTime"),
        "lifecycleStage": stage(target),
        "lifecycleHookDetails": [
            {
                "hookId": item["lifecycleEventName"],
                "targetType": "AWS_LAMBDA",
                "targetArn": hooks[item["lifecycleEventName"]],
                "status": {"Failed": "FAILED", "Succeeded": "SUCCEEDED", "InProgress": "IN_PROGRESS"}.get(
                    item.get("status", ""), "AWAITING_ACTION"
                ),
            }
            for item in target.get("lifecycleEvents") or []
            if item["lifecycleEventName"] in hooks and item.get("status") not in ("Skipped", "Pending")
        ],
        "alarms": {"triggeredAlarmNames": [name.strip() for name in alarms[1].split(",")]} if alarms else {},
        "rollback": {"reason": info["rollbackInfo"].get("rollbackMessage") or ""} if rollback_of(info) else {},
        "info": info,
        "target": target,
    }


def judge_code_deploy(
    info: Mapping[str, Any],
    target: Mapping[str, Any],
    rollback: Mapping[str, Any],
    wanted: str,
    *,
    wait_until: str = "stable",
    rollback_wanted: bool = False,
) -> Verdict:
    """The verdict on a deployment that shall bring out the AppSpec with the hash C(wanted).

    C(rollback) is the deployment that takes it back, where there is one.
    """
    status, number = info.get("status", ""), info.get("deploymentId", "")
    if status == "Succeeded":
        if rollback_wanted:
            return Verdict("failed", f"The deployment {number} ended with success before it could be rolled back.")
        if revision_hash(info) != wanted:
            return Verdict("failed", f"The deployment {number} was successful for another revision.")
        return Verdict("successful", f"The deployment {number} was successful.")
    if status in ("Failed", "Stopped"):
        return _judge_failure(info, rollback, rollback_wanted=rollback_wanted)
    if rollback_wanted:
        return OPEN
    if wait_until == "paused" and status == "Ready":
        return Verdict("paused", f"The deployment {number} waits for somebody to let it reroute the traffic.")
    if status in ONGOING and (now := reached(info, target, wait_until)):
        return Verdict("reached", f"The deployment {number} has reached {now}.")
    return OPEN


def _judge_failure(info: Mapping[str, Any], rollback: Mapping[str, Any], *, rollback_wanted: bool) -> Verdict:
    number = info.get("deploymentId", "")
    code = (info.get("errorInformation") or {}).get("code")
    what = f"The deployment {number} {'failed' if info['status'] == 'Failed' else 'was stopped'}"
    what += f" ({code})" if code else ""
    back = rollback_of(info)
    if not back:
        return Verdict("failed", f"{what}, and was not rolled back.")
    if rollback.get("status") not in ("Succeeded", "Failed", "Stopped"):
        return OPEN
    if rollback["status"] != "Succeeded":
        return Verdict("failed", f"{what}, and rolling it back failed too ({back}).")
    if rollback_wanted:
        return Verdict("successful", f"The deployment {number} was rolled back as asked ({back}).")
    return Verdict("failed", f"{what}, and CodeDeploy has rolled the service back ({back}).")


def code_deploy_line(info: Mapping[str, Any], target: Mapping[str, Any], rollback: Mapping[str, Any]) -> str:
    """A deployment in one line: event, status, tasks, traffic."""
    if rollback:
        return f"CODE_DEPLOY {info.get('status', '')}, rolls back: {rollback.get('status', '')}"
    new = green(target)
    parts = [f"CODE_DEPLOY {stage(target)}".strip(), info.get("status", "")]
    if new:
        parts.append(f"{new.get('runningCount', 0)}/{new.get('desiredCount', 0)} tasks run")
        if new.get("pendingCount"):
            parts.append(f"{new['pendingCount']} start")
        parts.append(f"traffic {new.get('trafficWeight', 0):g} %")
    if info.get("status") == "Ready":
        parts.append("waits for approval")
    if info.get("instanceTerminationWaitTimeStarted") and info.get("status") in ONGOING:
        parts.append("the original task set waits for its end")
    return ", ".join(part for part in parts if part)


def events_told(target: Mapping[str, Any], hooks: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lifecycle events of a deployment, with what their functions said."""
    told = []
    for item in target.get("lifecycleEvents") or []:
        name, diagnostics = item["lifecycleEventName"], item.get("diagnostics") or {}
        entry = {"name": name, "status": item.get("status", ""), "function": hooks.get(name, "")}
        entry["message"] = diagnostics.get("message") or diagnostics.get("logTail") or ""
        told.append(entry)
    return told


def judge_task_set(service: Mapping[str, Any] | None, number: str) -> Verdict:
    """The verdict on the first task set, which no deployment brings out: from its id and its stability."""
    if service is None:
        return Verdict("failed", "The service does not exist any more.")
    ours = next((item for item in service.get("taskSets") or [] if item.get("id") == number), None)
    if ours is None:
        return Verdict("failed", "The task set is gone: it was replaced.")
    return Verdict("successful", "The task set is steady.") if ours.get("stabilityStatus") == "STEADY_STATE" else OPEN
