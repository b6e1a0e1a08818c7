# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New tasks for a service whose deployments CodeDeploy makes, for which ECS refuses UpdateService.

A deployment brings out the revision that runs already. Its description is the value of the service's tag: that is how a
later run knows the deployment that a killed one has started, however it has ended.
"""

from __future__ import annotations

from typing import Any

from .._ecs import codedeploy_api as deploy
from .._ecs.codedeploy import CodeDeployed
from .._ecs.planning import Plan

# Among how many of the latest deployments that of a killed run is looked for.
_LATEST = 25


class Restart(CodeDeployed):
    """New tasks of the revision that a service runs."""

    def last(self) -> dict[str, Any]:
        """The last deployment of the service, once none is under way: one that is may have started old tasks."""
        self.find()
        running = self._ongoing(must_exist=True)
        if running:
            self.watcher.until_ended(running["deploymentId"])
        return next(iter(self._latest()), {})

    def begun(self, mark: str) -> dict[str, Any]:
        """The deployment that was started for a mark."""
        self.find()
        return next((info for info in self._latest() if info.get("description") == mark), {})

    def _latest(self) -> list[dict[str, Any]]:
        numbers = self._listed((*deploy.ONGOING, *deploy.ENDED), most=_LATEST)
        return deploy.get_deployments(self.deploy, numbers[:_LATEST])

    def start(self, mark: str) -> dict[str, Any]:
        """Deploy what the service runs, unless somebody has just begun to: then after that."""
        self.options |= {"force_new_deployment": True, "on_running_deployment": "wait"}
        self.code_deploy = {"description": mark}
        return self.present()

    def follow(self, info: dict[str, Any]) -> dict[str, Any]:
        """What becomes, or became, of a deployment. A failure is raised as that of any rollout."""
        return self._follow(self.present_now, Plan(), self.present_now.service or {}, info)
