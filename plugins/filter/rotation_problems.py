# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what is wrong with the inputs of a rotation."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_problems
short_description: What is wrong with the secrets that shall be rotated
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Tells which components the role P(slipway.aws.data#role) cannot rotate, without asking AWS.
positional: asked
options:
  _input:
    description: The inputs of the role P(slipway.aws.data#role) by their full names.
    type: dict
    required: true
  asked:
    description: As in P(slipway.aws.rotation_plan#filter).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop before any change
  ansible.builtin.assert:
    that: problems | length == 0
  vars:
    problems: "{{ inputs | slipway.aws.rotation_problems({'components': ['database']}) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.rotation import problems


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rotation_problems": problems}
