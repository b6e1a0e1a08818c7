# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells in which order services are deployed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deploy_waves
short_description: The waves in which services are deployed
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Reads C(compute_service_deploy_wave) of each host, 0 where it is not set.
positional: hostvars
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
"""

EXAMPLES = r"""
- name: Show the waves
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | slipway.aws.deploy_waves(hostvars) }}"
"""

RETURN = r"""
_value:
  description: The numbers of the waves, the first one first.
  type: list
  elements: int
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import deploy_waves


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deploy_waves": deploy_waves}
