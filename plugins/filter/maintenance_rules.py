# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the rules of maintenance mode."""

from __future__ import annotations

DOCUMENTATION = r"""
name: maintenance_rules
short_description: The rules of maintenance mode
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - A fixed response for some paths, as C(rules) of M(slipway.aws.elbv2_listener_rules) takes it. Paths that do not fit
    into one rule get a further one.
options:
  _input:
    description:
      - C(name), C(priority), C(path_patterns), C(host_headers), C(status_code), C(content_type), C(body) and C(tags).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ maintenance | slipway.aws.maintenance_rules }}"
"""

RETURN = r"""
_value:
  description: The rules.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.compute import maintenance_rules


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"maintenance_rules": maintenance_rules}
