# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes the certificates of an environment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_list
short_description: The certificates of an environment
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Makes the list of certificates that M(slipway.aws.acm_certificates) takes.
positional: name_prefix
options:
  _input:
    description: The certificates, each with C(name) and C(domain_names).
    type: list
    elements: dict
    required: true
  name_prefix:
    description: Beginning of every name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the certificates
  ansible.builtin.debug:
    msg: "{{ [{'name': 'api', 'domain_names': ['api.example.com']}] | slipway.aws.certificate_list('uex-prod') }}"
"""

RETURN = r"""
_value:
  description: The certificates.
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.sites import certificates


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"certificate_list": certificates}
