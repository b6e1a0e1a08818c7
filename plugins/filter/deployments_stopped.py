# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells whether a deployment of several services has to stop."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployments_stopped
short_description: Whether a deployment of several services has to stop
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - A failed migration stops it. So do failed services when their share of a wave is greater than
    C(compute_deploy_max_fail_percentage).
options:
  _input:
    description: What the filter P(slipway.aws.deployments#filter) gathers.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Say that it stops
  ansible.builtin.debug:
    msg: Nothing more is deployed.
  when: ansible_play_hosts | slipway.aws.deployments(hostvars) | slipway.aws.deployments_stopped
"""

RETURN = r"""
_value:
  description: Whether it has to stop.
  type: bool
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import deployments_stopped


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployments_stopped": deployments_stopped}
