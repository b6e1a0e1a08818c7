# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says whether the role data has anything to wait for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_settled
short_description: Whether the role data has nothing to wait for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Says whether the database, its replicas and the cache are all there, as wanted, and at rest, by what the modules
    returned that did not wait.
options:
  _input:
    description:
      - C(plan), and what the modules returned, C(instances) and C(replication_group). C(unfinished) says whether one
        of them changed something or put something off.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Wait for the database and the cache
  ansible.builtin.include_tasks: wait.yml
  when: not results | slipway.aws.data_settled
"""

RETURN = r"""
_value:
  description: Whether there is nothing to wait for.
  type: bool
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils import data


def data_settled(results: Mapping[str, Any]) -> bool:
    return data.settled(results)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"data_settled": data_settled}
