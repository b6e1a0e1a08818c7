# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The logic of the role compute: what is wrong with its inputs, and what they stand for. No calls to AWS."""

from __future__ import annotations

from ._compute.operations import maintenance_rules, migration_container
from ._compute.plan import environment_plan, service_plan
from ._compute.problems import (
    DEFAULTS,
    FARGATE,
    environment_problems,
    fargate_problems,
    path_conflicts,
    service_inputs,
    service_problems,
)

__all__ = [
    "DEFAULTS",
    "FARGATE",
    "environment_plan",
    "environment_problems",
    "fargate_problems",
    "maintenance_rules",
    "migration_container",
    "path_conflicts",
    "service_inputs",
    "service_plan",
    "service_problems",
]
