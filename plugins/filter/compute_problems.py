# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds what is wrong with the inputs of the role compute."""

from __future__ import annotations

DOCUMENTATION = r"""
name: compute_problems
short_description: What is wrong with an environment's inputs for the role compute
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Checks the inputs of the entry point C(main) of the role P(slipway.aws.compute#role) without asking AWS.
options:
  _input:
    description: The role's inputs without C(compute_).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ {'public_subnet_ids': [], 'load_balancer_name': 'uex-dev-alb'} | slipway.aws.compute_problems }}"
"""

RETURN = r"""
_value:
  description: Sentences that name the variable, its value and what is allowed. Empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import environment_problems


def compute_problems(inputs: Mapping[str, Any]) -> list[str]:
    return environment_problems(inputs)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"compute_problems": compute_problems}
