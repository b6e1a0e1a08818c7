# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what is watched."""

from __future__ import annotations

DOCUMENTATION = r"""
name: monitoring_subjects
short_description: What an environment's monitoring watches
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Takes what the play names, and for what it leaves empty what M(slipway.aws.environment_info) found.
positional: found
options:
  _input:
    description:
      - What the play names, under C(cluster_name), C(services), C(load_balancer_full_name), C(database_identifiers),
        C(replica_identifiers) and C(redis_member_ids).
      - A service has a C(name), and may have C(cluster), C(service_name), C(log_group), C(target_group_full_name),
        C(alternate_target_group_full_name) and C(min_count).
    type: dict
    required: true
  found:
    description: The result of M(slipway.aws.environment_info). Empty when it was not asked.
    type: dict
    default: {}
  retention_days:
    description: Days that the log groups keep their events.
    type: int
    default: 30
  log_groups:
    description: Further log groups, each with a C(name) and perhaps C(retention_days) and C(kms_key_id).
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show what is watched
  ansible.builtin.debug:
    msg: "{{ {'services': []} | slipway.aws.monitoring_subjects(found) }}"
"""

RETURN = r"""
_value:
  description:
    - The same keys, all of them filled, and C(log_groups), the further log groups and those that AWS itself writes into
      for these databases and this cluster.
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import monitoring_subjects


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"monitoring_subjects": monitoring_subjects}
