# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells which records a site has."""

from __future__ import annotations

DOCUMENTATION = r"""
name: site_records
short_description: The records that a site has
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list of records by name and type that M(slipway.aws.route53_records) removes with a site.
positional: validation
options:
  _input:
    description: Names of the site.
    type: list
    elements: str
    required: true
  validation:
    description: Records that validated its certificate, as M(slipway.aws.acm_certificates) returns them.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Show the records
  ansible.builtin.debug:
    msg: "{{ ['admin.example.com'] | slipway.aws.site_records }}"
"""

RETURN = r"""
_value:
  description: The records.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.sites import unwanted_records


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"site_records": unwanted_records}
