# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that tells the ARNs of an environment's certificates."""

from __future__ import annotations

DOCUMENTATION = r"""
name: certificate_arns
short_description: The ARNs of an environment's certificates
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Tells the ARNs of certificates by their names in the environment, without its name prefix.
positional: name_prefix
options:
  _input:
    description: The certificates that M(slipway.aws.acm_certificates) returned.
    type: dict
    required: true
  name_prefix:
    description: Beginning of every name.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the ARNs
  ansible.builtin.debug:
    msg: "{{ certificates.certificates | slipway.aws.certificate_arns('uex-prod') }}"
"""

RETURN = r"""
_value:
  description: The ARNs.
  type: dict
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.sites import certificate_arns


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"certificate_arns": certificate_arns}
