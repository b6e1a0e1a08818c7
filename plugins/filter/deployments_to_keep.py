# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells which services have come out well."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployments_to_keep
short_description: The hosts whose services have come out well
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Those that were changed and need not go back any more.
options:
  _input:
    description: What the filter P(slipway.aws.deployments#filter) gathers.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep what has come out well
  ansible.builtin.include_role:
    name: slipway.aws.compute
    tasks_from: deploy_keep
  when: inventory_hostname in (ansible_play_hosts | slipway.aws.deployments(hostvars) | slipway.aws.deployments_to_keep)
"""

RETURN = r"""
_value:
  description: Names of hosts.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import deployments_to_keep


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployments_to_keep": deployments_to_keep}
