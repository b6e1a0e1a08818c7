# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns a service's inputs into what the modules take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: service_plan
short_description: Task definition, rule, target groups and scaling that a service's inputs stand for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Computes what the entry point C(service) of the role P(slipway.aws.compute#role) makes, without asking AWS.
positional: results
options:
  _input:
    description: The role's inputs without C(compute_service_) and C(compute_).
    type: dict
    required: true
  results:
    description:
      - What the modules answered so far, C(log_groups), C(roles), C(target_groups), C(rules) and C(service).
      - What needs an answer that is not there yet is left empty.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the task definition
  ansible.builtin.debug:
    msg: "{{ (inputs | slipway.aws.service_plan).task_definition }}"
"""

RETURN = r"""
_value:
  description: A dictionary with C(names), C(log_group), C(roles), C(target_groups), C(rules), C(task_definition),
    C(load_balancers), C(deployment_configuration), C(code_deploy), C(deployment_groups), C(scales), C(scalable_target)
    and C(output).
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import service_plan as plan


def service_plan(inputs: Mapping[str, Any], results: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return plan(inputs, results or {})


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"service_plan": service_plan}
