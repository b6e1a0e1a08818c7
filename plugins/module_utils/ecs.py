# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS: service rollouts and one-off tasks. The private package behind it is split by job."""

from __future__ import annotations

from ._ecs.controllers import rollout
from ._ecs.express import express_service
from ._ecs.group_wait import wait_for_services
from ._ecs.info import services_info
from ._ecs.one_off import run_task
from ._ecs.options import CODE_DEPLOY, RUN_TASK, SERVICE, TASK_DEFINITION

__all__ = [
    "CODE_DEPLOY",
    "RUN_TASK",
    "SERVICE",
    "TASK_DEFINITION",
    "express_service",
    "rollout",
    "run_task",
    "services_info",
    "wait_for_services",
]
