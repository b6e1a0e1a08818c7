# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the fact data_output."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_output
short_description: The output of the role data, from what its modules returned
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Gives the structure that M(slipway.aws.environment_info) returns under the key C(data).
  - Absent things are empty; every key is always there.
options:
  _input:
    description:
      - C(plan), and what the modules returned, each where there is something. C(kms_key_arn), C(kms_key_alias),
        C(secrets), C(instances), C(replication_group).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Publish what there is
  ansible.builtin.set_fact:
    data_output: "{{ results | slipway.aws.data_output }}"
"""

RETURN = r"""
_value:
  description: The fact.
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_output(results: Mapping[str, Any]) -> dict[str, Any]:
    return data.output(results)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_output": data_output}
