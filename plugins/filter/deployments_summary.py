# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the table at the end of a deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployments_summary
short_description: The table at the end of a deployment of several services
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Service, image, revision, verdict, seconds, and how many tasks run, a line each.
positional: status, maintenance
options:
  _input:
    description: What the filter P(slipway.aws.deployments#filter) gathers.
    type: list
    elements: dict
    required: true
  status:
    description: What M(slipway.aws.ecs_services_info) returns for the services as they are now.
    type: dict
    required: true
  maintenance:
    description: Whether maintenance mode is on.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show the table
  ansible.builtin.debug:
    msg: "{{ ansible_play_hosts | slipway.aws.deployments(hostvars) | slipway.aws.deployments_summary(status) }}"
"""

RETURN = r"""
_value:
  description: The table.
  type: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import summary


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployments_summary": summary}
