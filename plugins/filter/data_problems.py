# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds what cannot work in the data role's inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_problems
short_description: What cannot work in the inputs of the role data
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Each sentence names the variable, its value and what is allowed.
options:
  _input:
    description: The role's inputs by their full names.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop before any change when the inputs do not fit
  ansible.builtin.assert:
    that: inputs | slipway.aws.data_problems | length == 0
"""

RETURN = r"""
_value:
  description: The problems; empty when there are none.
  type: list
  elements: str
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_problems(inputs: Mapping[str, Any]) -> list[str]:
    return data.problems(inputs)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_problems": data_problems}
