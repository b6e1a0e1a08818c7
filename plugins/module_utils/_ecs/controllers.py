# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which code rolls a service out: ECS and CodeDeploy make deployments in different ways."""

from __future__ import annotations

from typing import Any

from ..core import AnsibleAWSError, SlipwayModule
from .checkpoint import Checkpointed
from .codedeploy import CodeDeployed
from .planning import AnotherController


class Moved(Checkpointed):
    """A service that shall get another controller: UpdateService moves it, where ECS can."""

    controller = ""


def _do(kind: type[Checkpointed], module: SlipwayModule, seen: dict[str, Any] | None = None) -> dict[str, Any]:
    run = kind(module)
    run.seen = seen
    states = {
        "present": run.converged,
        "absent": run.absent,
        "rolled_back": run.rolled_back,
        "released": run.released,
        "approved": lambda: run.answered("CONTINUE"),
        "rejected": lambda: run.answered("ROLLBACK"),
    }
    return states[module.params["state"]]()


def rollout(module: SlipwayModule) -> dict[str, Any]:
    """What the module does."""
    options = module.params
    name = options["name"]
    stated = (options["deployment_controller"] or {}).get("type")
    if stated == "EXTERNAL":
        raise AnsibleAWSError(message=_external(name))
    if options["code_deploy"] is not None and stated == "ECS":
        raise AnsibleAWSError(message="code_deploy: not allowed with deployment_controller ECS, only with CODE_DEPLOY.")
    by_code_deploy = stated == "CODE_DEPLOY" or options["code_deploy"] is not None
    try:
        return _do(CodeDeployed if by_code_deploy and options["state"] != "absent" else Checkpointed, module)
    except AnotherController as other:
        if other.controller == "EXTERNAL":
            raise AnsibleAWSError(message=_external(name)) from None
        if stated is not None:
            return _do(Moved, module, other.service)
        if by_code_deploy:
            raise AnsibleAWSError(
                message=f"code_deploy: ECS itself makes the deployments of {name}. Leave it out, or give "
                "deployment_controller.type CODE_DEPLOY for a new service."
            ) from None
        return _do(CodeDeployed, module, other.service)


def _external(name: str) -> str:
    return (
        f"deployment_controller: EXTERNAL is not supported: whoever controls {name} makes its task sets, which ECS "
        "does not deploy. Only state absent is possible."
    )
