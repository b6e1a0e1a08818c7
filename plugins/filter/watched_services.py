# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the services of one role the input of another."""

from __future__ import annotations

DOCUMENTATION = r"""
name: watched_services
short_description: The services that the role compute publishes, as the role monitoring takes them
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list that C(monitoring_services) takes from the C(services) of C(compute_output) or of
    M(slipway.aws.environment_info).
options:
  _input:
    description: Services by name.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Watch the services
  ansible.builtin.include_role:
    name: slipway.aws.monitoring
  vars:
    monitoring_services: "{{ compute_output.services | slipway.aws.watched_services }}"
"""

RETURN = r"""
_value:
  description: The services, each with its name, cluster, log group and target group.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import watched_services


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"watched_services": watched_services}
