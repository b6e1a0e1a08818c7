# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a table of what became of secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_table
short_description: What became of secrets, as a table for people
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Renders what M(slipway.aws.secretsmanager_rotation) returns. One line a secret, then consumers, findings, failures.
options:
  _input:
    description: What M(slipway.aws.secretsmanager_rotation) returns.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what became of the secrets
  ansible.builtin.debug:
    msg: "{{ rotated | slipway.aws.rotation_table }}"
"""

RETURN = r"""
_value:
  description: The table.
  type: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.rotation import table


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rotation_table": table}
