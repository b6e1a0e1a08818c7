# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Elastic Load Balancing: load balancers, target groups and rules. The private package behind it is split by job."""

from __future__ import annotations

from ._elbv2.actions import ACTION_OPTIONS, ACTION_REQUIREMENTS, wanted_action, wanted_conditions
from ._elbv2.load_balancers import LoadBalancer
from ._elbv2.priorities import HIGHEST, LOWEST
from ._elbv2.rules import Rule
from ._elbv2.target_groups import TargetGroup, attribute_values

__all__ = [
    "ACTION_OPTIONS",
    "ACTION_REQUIREMENTS",
    "HIGHEST",
    "LOWEST",
    "LoadBalancer",
    "Rule",
    "TargetGroup",
    "attribute_values",
    "wanted_action",
    "wanted_conditions",
]
