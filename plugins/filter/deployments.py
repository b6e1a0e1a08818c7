# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that gathers what the steps of a deployment came to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployments
short_description: What the steps of a deployment of several services came to
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Gathers C(migration), C(deployment), C(smoke_test) and C(rollback) of the fact C(compute_output) of several hosts,
    with the name and the wave of their services.
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
- name: Show what became of the services
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | slipway.aws.deployments(hostvars) }}"
"""

RETURN = r"""
_value:
  description: One dictionary a host.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import deployments


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployments": deployments}
