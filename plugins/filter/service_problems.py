# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds what is wrong with a service."""

from __future__ import annotations

DOCUMENTATION = r"""
name: service_problems
short_description: What is wrong with a service's inputs
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Checks the inputs of the entry point C(service) of the role P(slipway.aws.compute#role) without asking AWS.
positional: only
options:
  _input:
    description:
      - The service's inputs, with their full names or without C(compute_service_). A whole host's variables will do.
      - C(secret_arns) and C(repository_url) of the environment may be among them; without them, what they would tell is
        not checked.
    type: dict
    required: true
  only:
    description: The respects in which to look. All of them by default.
    type: list
    elements: str
    choices: [name, image, size, counts, traffic, health, variables, deployment, environment]
    default: []
"""

EXAMPLES = r"""
- name: Stop before any change when a service cannot work
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join('\n') }}"
  vars:
    problems: "{{ groups['services'] | map('extract', hostvars) | map('slipway.aws.service_problems') | flatten }}"
"""

RETURN = r"""
_value:
  description: Sentences that name the variable, its value and what is allowed. Empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import service_problems as problems


def service_problems(inputs: Mapping[str, Any], only: Iterable[str] = ()) -> list[str]:
    return problems(inputs, only)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"service_problems": service_problems}
