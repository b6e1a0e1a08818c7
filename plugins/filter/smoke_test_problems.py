# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells what is wrong with the answers to smoke tests."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smoke_test_problems
short_description: What is wrong with the answers to smoke tests
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Tells of each failed result of M(ansible.builtin.uri) in a loop over what P(slipway.aws.smoke_tests#filter) returns.
options:
  _input:
    description: The result of the loop, or of whatever else has failed.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is wrong
  ansible.builtin.debug:
    msg: "{{ answers | slipway.aws.smoke_test_problems }}"
"""

RETURN = r"""
_value:
  description: Sentences that name the address, what it answered and what was expected.
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import smoke_test_problems


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"smoke_test_problems": smoke_test_problems}
