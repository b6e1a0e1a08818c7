# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that puts rotations together."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_result
short_description: What several calls of secretsmanager_rotation have done, as one
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Puts together what M(slipway.aws.secretsmanager_rotation) returns in a loop.
options:
  _input:
    description: The C(results) of the loop.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what became of the secrets
  ansible.builtin.debug:
    msg: "{{ rotated.results | slipway.aws.rotation_result | slipway.aws.rotation_table }}"
"""

RETURN = r"""
_value:
  description: The keys C(secrets), C(consumers), C(findings) and C(failures).
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.rotation import result


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rotation_result": result}
