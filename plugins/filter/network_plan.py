# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns a network's inputs into the lists that the network modules take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: network_plan
short_description: Subnets, gateways, tables, rules and endpoints that a network's inputs stand for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Computes everything that the role P(slipway.aws.vpc#role) makes, from the role's inputs, without asking AWS.
  - Unless given, the address ranges of the subnets are computed from the VPC's. It is cut into sixteen equal blocks,
    four for each of the tiers public, app and data; the rest stays free. A zone that is added later moves no subnet.
positional: ids
options:
  _input:
    description: The role's inputs by their full names, and C(available_zones), the names of the region's zones.
    type: dict
    required: true
  ids:
    description:
      - What has an identifier by now. C(internet_gateway_id), and the mappings C(subnet_ids) (by address range),
        C(nat_gateway_ids), C(route_table_ids) and C(security_group_ids) (by component).
      - What is not there yet is an empty string in the plan.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show where the subnets will be
  ansible.builtin.debug:
    msg: "{{ (inputs | slipway.aws.network_plan).subnets }}"
  vars:
    inputs:
      vpc_name_prefix: uex-dev
      vpc_cidr: 10.0.0.0/16
      available_zones: [us-east-1a, us-east-1b, us-east-1c]
"""

RETURN = r"""
_value:
  description:
    - A dictionary with C(availability_zones) and the lists C(subnets), C(nat_gateways), C(route_tables),
      C(network_acls), C(security_groups) and C(endpoints), each in the form its module takes.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.ec2 import network_plan as plan


def network_plan(inputs: Mapping[str, Any], ids: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return plan(inputs, ids)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"network_plan": network_plan}
