# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes text of the status of services."""

from __future__ import annotations

DOCUMENTATION = r"""
name: services_status
short_description: How services do, as text for people
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Renders what M(slipway.aws.ecs_services_info) returns.
positional: maintenance
options:
  _input:
    description: What M(slipway.aws.ecs_services_info) returns.
    type: dict
    required: true
  maintenance:
    description: Whether maintenance mode is on.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show how the services do
  ansible.builtin.debug:
    msg: "{{ status | slipway.aws.services_status }}"
"""

RETURN = r"""
_value:
  description: The report, some lines a service.
  type: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.services_status import services_status


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"services_status": services_status}
