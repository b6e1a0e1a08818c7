# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says which secrets the role data rotates, and how."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_plan
short_description: The secrets that the role data rotates
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Turns the secrets with a C(rotation.strategy) into the list that M(slipway.aws.secretsmanager_rotation) takes.
  - What a strategy needs of the database and the cache is filled in from what exists.
  - Secrets with C(rotation.max_age_days) and no strategy come along without being rotated, so that it is told when they
    are overdue.
positional: asked, found
options:
  _input:
    description: The inputs of the role P(slipway.aws.data#role) by their full names.
    type: dict
    required: true
  asked:
    description:
      - C(components) (all with a strategy when empty), C(when) (V(due) or V(now)), C(state) and C(ca_file).
    type: dict
    required: true
  found:
    description: What M(slipway.aws.environment_info) returns as C(data).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what would be rotated
  ansible.builtin.debug:
    msg: "{{ inputs | slipway.aws.rotation_plan({'components': [], 'when': 'due', 'ca_file': ''}, found.data) }}"
"""

RETURN = r"""
_value:
  description: The list for M(slipway.aws.secretsmanager_rotation).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.rotation import plan


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rotation_plan": plan}
