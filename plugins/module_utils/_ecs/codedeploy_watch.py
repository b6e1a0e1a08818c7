# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow a deployment of CodeDeploy, and the one that takes it back, to the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core import AnsibleAWSError, in_parallel
from . import api
from . import codedeploy_api as deploy
from .codedeploy_verdict import (
    code_deploy_line,
    described,
    expects_rollback,
    judge_code_deploy,
    judge_task_set,
    rollback_of,
)
from .verdict import Verdict
from .waiters import Followed, Watcher, is_throttling

# How many more times to look when a failed deployment shall be rolled back and no rollback shows.
ROLLBACK_SHOWS_WITHIN = 8


@dataclass
class FollowedCodeDeploy(Followed):
    """A deployment of CodeDeploy that a run follows. C(target) is the hash of its AppSpec."""

    judged_by: str = "code_deploy"
    hooks: dict[str, str] = field(default_factory=dict)
    looks_for_rollback: int = ROLLBACK_SHOWS_WITHIN
    # The deployment that takes it back.
    rollback: dict[str, Any] = field(default_factory=dict)


class CodeDeployWatcher(Watcher):
    """Looks at a deployment and at its target, which holds the lifecycle events, at once."""

    def __init__(self, deploy_client: Any, target: str, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._deploy = deploy_client
        self._target = target

    def _look(self, followed: Followed, wait_until: str, rollback_wanted: bool) -> Verdict:
        if not isinstance(followed, FollowedCodeDeploy):
            return super()._look(followed, wait_until, rollback_wanted)
        if followed.judged_by == "task_set":
            service = api.describe_service(self._client, self._cluster, self._name)
            followed.service = service or {}
            ours = [item for item in followed.service.get("taskSets") or [] if item.get("id") == followed.deployment_id]
            for item in ours:
                self._progress.say(
                    f"{item.get('stabilityStatus', '')}, "
                    f"{item.get('runningCount', 0)}/{item.get('computedDesiredCount', 0)} tasks run"
                )
            return judge_task_set(service, followed.deployment_id)
        number = followed.deployment_id
        answers = in_parallel(
            {
                "info": lambda: deploy.get_deployment(self._deploy, number),
                "target": lambda: deploy.get_target(self._deploy, number, self._target),
            }
        )
        info, target = answers["info"], answers["target"]
        back = rollback_of(info)
        followed.rollback = rollback = deploy.get_deployment(self._deploy, back) if back else {}
        followed.described = described(info, target, followed.hooks)
        self._progress.say(code_deploy_line(info, target, rollback))
        if expects_rollback(info) or (rollback_wanted and info.get("status") in ("Failed", "Stopped") and not back):
            followed.looks_for_rollback -= 1
            if followed.looks_for_rollback > 0:
                return Verdict()
        return judge_code_deploy(
            info, target, rollback, followed.target, wait_until=wait_until, rollback_wanted=rollback_wanted
        )

    def settled_service(self, followed: Followed) -> dict[str, Any]:
        """The service once a read shows the task set that the deployment has made the primary one."""
        service: dict[str, Any] = {}
        for _pauses in self.looks(20.0):
            service = api.describe_service(self._client, self._cluster, self._name) or {}
            sets = [item.get("externalId") for item in service.get("taskSets") or [] if item["status"] == "PRIMARY"]
            if followed.described.get("status") != "Succeeded" or followed.deployment_id in sets:
                break
        return service

    def until_ended(self, number: str) -> None:
        """Wait until a deployment, and the one that takes it back, have ended, however they end."""
        followed = FollowedCodeDeploy(number, "")
        for pauses in self.looks():
            try:
                if self._look(followed, "stable", False).reached:
                    return
            except AnsibleAWSError as error:
                if not is_throttling(error):
                    raise
                pauses.slow_down()
        raise AnsibleAWSError(
            message=f"The CodeDeploy deployment {number} of {self._name} that was running already has not ended within "
            "wait_timeout. Nothing was changed. Run again to go on waiting, or set on_running_deployment to supersede "
            "it."
        )
