# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says what is wrong with a site's inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: site_problems
short_description: What is wrong with a site's inputs
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Looks at what the argument specification of the role P(slipway.aws.edge#role) cannot say, before anything changes.
positional: check_mode
options:
  _input:
    description: The inputs as P(slipway.aws.site_plan#filter) takes them.
    type: dict
    required: true
  check_mode:
    description: Whether a load balancer that does not exist yet is no problem.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Stop before any change when the inputs do not fit
  ansible.builtin.assert:
    that: inputs | slipway.aws.site_problems | length == 0
"""

RETURN = r"""
_value:
  description: The problems, each a sentence that names the input. Empty when there is none.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.sites import problems


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"site_problems": problems}
