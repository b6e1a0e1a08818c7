# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds what two services both want."""

from __future__ import annotations

DOCUMENTATION = r"""
name: path_conflicts
short_description: What two services of an environment both want
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Finds services that want the same path of the same host, or the same priority on the load balancer.
options:
  _input:
    description:
      - The services, each with C(name), C(path_patterns), C(host_headers) and C(priority), or with the full names of
        these inputs. Whole hosts' variables will do.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Stop before any change when services collide
  ansible.builtin.assert:
    that: conflicts | length == 0
    fail_msg: "{{ conflicts | join('\n') }}"
  vars:
    conflicts: "{{ groups['services'] | map('extract', hostvars) | list | slipway.aws.path_conflicts }}"
"""

RETURN = r"""
_value:
  description: Sentences that name the services, the variable and its value. Empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import path_conflicts as conflicts


def path_conflicts(services: Iterable[Mapping[str, Any]]) -> list[str]:
    return conflicts(services)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"path_conflicts": path_conflicts}
