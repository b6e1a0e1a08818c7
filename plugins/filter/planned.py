# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one filter that gives roles an identifier, also for what a check-mode run has not created."""

from __future__ import annotations

DOCUMENTATION = r"""
name: planned
short_description: The identifier in a result, or a placeholder when check mode created nothing
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Takes the value at a path of a registered result. Where the result has none, because the run is in check mode and
    the resource does not exist yet, gives a placeholder of the right shape that is marked as planned.
  - With it a role's plan reaches its last task on an empty account.
positional: path
options:
  _input:
    description: The registered result of a task.
    type: dict
    required: true
  path:
    description: Where the identifier stands in the result, keys separated by dots.
    type: str
    required: true
  kind:
    description:
      - What is identified, such as V(vpc) or V(security_group).
      - With V(arn) the placeholder is an ARN made of O(service) and O(name).
    type: str
    required: true
  name:
    description: What the user calls the resource; with O(kind=arn) the resource part of the ARN.
    type: str
    default: ''
  service:
    description: The service in the ARN, with O(kind=arn).
    type: str
    default: ''
  check_mode:
    description:
      - Whether a placeholder may stand in. Outside check mode a missing identifier is an error.
      - Pass V(ansible_check_mode).
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The VPC's id, or vpc-planned-main
  ansible.builtin.set_fact:
    vpc_id: "{{ vpc_net | slipway.aws.planned('vpc.id', kind='vpc', name='main', check_mode=ansible_check_mode) }}"
"""

RETURN = r"""
_value:
  description: The identifier, or its placeholder.
  type: str
"""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_arn, planned_id


def planned(
    result: Mapping[str, Any], path: str, kind: str, name: str = "", service: str = "", check_mode: bool = True
) -> str:
    value: Any = result
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    if value:
        return value
    if not check_mode:
        raise AnsibleFilterError(f"the result has no {path}, although the {kind} {name} should exist by now")
    return planned_arn(service, name) if kind == "arn" else planned_id(kind, name)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"planned": planned}
