# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that orders rotations."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rotation_waves
short_description: Which secrets rotate at the same time, and which after them
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Splits the list for M(slipway.aws.secretsmanager_rotation). A user that changes others' passwords, which their
    C(admin_secret) names, rotates after them, so that its own password does not change under their hands.
options:
  _input:
    description: What P(slipway.aws.rotation_plan#filter) returns.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the order
  ansible.builtin.debug:
    msg: "{{ secrets | slipway.aws.rotation_waves }}"
  vars:
    secrets:
      - {name: uex-prod/database, strategy: rds_master_user}
      - {name: uex-prod/app-database, strategy: postgres_alternating_users, admin_secret: uex-prod/database}
"""

RETURN = r"""
_value:
  description: One list or two, none of them empty.
  type: list
  elements: list
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.rotation import waves


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"rotation_waves": waves}
