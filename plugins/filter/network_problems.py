# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what is wrong with a network's inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_problems
short_description: What is wrong with the inputs of a network
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Checks the inputs of the role P(slipway.aws.vpc#role) before anything is changed.
  - Each problem is a sentence that names the variable, its value and what is allowed.
options:
  _input:
    description:
      - The role's inputs by their full names. What is left out has the role's default.
      - It may also hold what was looked up in AWS; what is left out is not checked. C(available_zones) are the names of
        the region's zones, C(available_services) those of its endpoint services, C(existing_vpcs) the VPCs of this
        project and environment, each with its C(vpc_id) and C(cidr_block).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop when the network cannot be built
  ansible.builtin.assert:
    that: inputs | slipway.aws.network_problems | length == 0
    fail_msg: "{{ inputs | slipway.aws.network_problems | join('\n') }}"
  vars:
    inputs:
      vpc_cidr: 10.0.0.0/16
      vpc_nat_gateways: 2
"""

RETURN = r"""
_value:
  description: The problems. Empty when nothing is wrong.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.ec2 import network_problems as problems


def network_problems(inputs: Mapping[str, Any]) -> list[str]:
    return problems(inputs)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"network_problems": network_problems}
