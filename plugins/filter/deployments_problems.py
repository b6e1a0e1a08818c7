# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells what went wrong in a deployment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: deployments_problems
short_description: What went wrong in a deployment of several services
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Names each service whose migration, rollout, smoke test or rollback failed, with the cause.
positional: lead
options:
  _input:
    description: What the filter P(slipway.aws.deployments#filter) gathers.
    type: list
    elements: dict
    required: true
  lead:
    description: The fact C(compute_output) of the host that switches maintenance mode, to tell when it was left on.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Fail when anything went wrong
  ansible.builtin.fail:
    msg: "{{ problems | join('\n') }}"
  when: problems | length > 0
  vars:
    problems: "{{ ansible_play_hosts | slipway.aws.deployments(hostvars) | slipway.aws.deployments_problems }}"
"""

RETURN = r"""
_value:
  description: Sentences. Empty when all went well.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import problems


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"deployments_problems": problems}
