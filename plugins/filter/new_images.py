# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells which services get a new image."""

from __future__ import annotations

DOCUMENTATION = r"""
name: new_images
short_description: The services that run another image than they shall
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Compares the image that each host's variables ask for with the one that its service runs.
positional: hostvars, found
options:
  _input:
    description: Names of the hosts.
    type: list
    elements: str
    required: true
  hostvars:
    description: Pass V(hostvars).
    type: dict
    required: true
  found:
    description: C(compute_output), or what M(slipway.aws.environment_info) returns under C(compute).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which services get a new image
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | slipway.aws.new_images(hostvars, stack_compute) }}"
"""

RETURN = r"""
_value:
  description: By host the image C(before) and C(after), for those whose image differs.
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import new_images


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"new_images": new_images}
