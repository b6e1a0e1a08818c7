# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line a change, for whoever watches a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import Progress, elapsed
from .verdict import waiting_hooks

__all__ = ["Progress", "deployment_line", "elapsed", "rollout_state_line"]


def deployment_line(deployment: Mapping[str, Any]) -> str:
    """A described service deployment in one line: strategy, stage, tasks, traffic, failures."""
    target = deployment.get("targetServiceRevision") or {}
    strategy = (deployment.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    stage = deployment.get("lifecycleStage")
    parts = [strategy if not stage else f"{strategy} {stage}", deployment.get("status", "")]
    parts.append(f"{target.get('runningTaskCount', 0)}/{target.get('requestedTaskCount', 0)} tasks run")
    if target.get("pendingTaskCount"):
        parts.append(f"{target['pendingTaskCount']} start")
    for name, word in (("requestedProductionTrafficWeight", "traffic"), ("requestedTestTrafficWeight", "test traffic")):
        if target.get(name) is not None:
            parts.append(f"{word} {target[name]:g} %")
    failures = (deployment.get("deploymentCircuitBreaker") or {}).get("failureCount")
    if failures:
        threshold = deployment["deploymentCircuitBreaker"].get("threshold")
        parts.append(f"{failures} of {threshold} failures" if threshold else f"{failures} failures")
    alarms = (deployment.get("alarms") or {}).get("triggeredAlarmNames")
    if alarms:
        parts.append(f"alarms {', '.join(alarms)}")
    if waiting_hooks(deployment):
        parts.append("waits for approval")
    return ", ".join(part for part in parts if part)


def rollout_state_line(entry: Mapping[str, Any]) -> str:
    """An entry of a service's deployments in one line."""
    parts = [entry.get("rolloutState") or entry.get("status") or "unknown"]
    parts.append(f"{entry.get('runningCount', 0)}/{entry.get('desiredCount', 0)} tasks run")
    if entry.get("pendingCount"):
        parts.append(f"{entry['pendingCount']} start")
    if entry.get("failedTasks"):
        parts.append(f"{entry['failedTasks']} failures")
    return ", ".join(parts)
