# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds what the data role removes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_doomed
short_description: What the entry point absent of the role data removes
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - What the inputs name, and what carries the role's tags, so that a half-finished run leaves nothing behind.
positional: found, account_id
options:
  _input:
    description: The role's inputs by their full names.
    type: dict
    required: true
  found:
    description: What M(slipway.aws.environment_info) returns under the key C(data).
    type: dict
    required: true
  account_id:
    description: The account.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what would be removed
  ansible.builtin.debug:
    msg: "{{ inputs | slipway.aws.data_doomed(environment.data, '123456789012') }}"
"""

RETURN = r"""
_value:
  description: C(instances), C(replication_groups), C(secrets), C(buckets) and C(log_groups), each a list.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_doomed(inputs: Mapping[str, Any], found: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    return data.doomed(inputs, found, account_id)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_doomed": data_doomed}
