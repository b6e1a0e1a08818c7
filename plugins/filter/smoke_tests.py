# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that completes the smoke tests of a service."""

from __future__ import annotations

DOCUMENTATION = r"""
name: smoke_tests
short_description: The smoke tests of a service with everything filled in
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Completes the entries of C(compute_smoke_tests), and stops when one of them cannot be a test.
positional: base_url
options:
  _input:
    description:
      - The tests, each with C(path), and with C(status), C(body), C(method) and C(headers) where they differ from a GET
        that is answered with 200.
    type: list
    elements: dict
    required: true
  base_url:
    description: What the paths are appended to.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show what is asked
  ansible.builtin.debug:
    msg: "{{ [{'path': '/health', 'body': 'ok'}] | slipway.aws.smoke_tests('https://api.example.com') }}"
"""

RETURN = r"""
_value:
  description: The tests, each with C(url), C(status), C(body), C(method) and C(headers).
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import smoke_tests


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"smoke_tests": smoke_tests}
