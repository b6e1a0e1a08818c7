# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns a site's inputs into what the modules take."""

from __future__ import annotations

DOCUMENTATION = r"""
name: site_plan
short_description: Bucket, distribution, function, certificate and records that a site's inputs stand for
version_added: 0.1.0
author: slipway.aws contributors (@slipway-aws)
description:
  - Computes what the entry point C(site) of the role P(slipway.aws.edge#role) makes, without asking AWS.
positional: known, origin_secret
options:
  _input:
    description: The role's inputs without C(edge_site_), with C(edge_) ones of the environment.
    type: dict
    required: true
  known:
    description:
      - What the modules answered so far, C(certificate_arn) and C(distribution).
      - What needs an answer that is not there yet is left out.
    type: dict
    default: {}
  origin_secret:
    description: What the load balancer knows the distribution by, in the header C(X-Origin-Verify). Empty for none.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Show the distribution
  ansible.builtin.debug:
    msg: "{{ (inputs | slipway.aws.site_plan).distribution }}"
"""

RETURN = r"""
_value:
  description: A dictionary with C(name), C(bucket), C(certificates), C(buckets), C(access_controls), C(functions),
    C(distribution), C(records) and C(tags).
  type: dict
"""

from collections.abc import Mapping
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.sites import plan


def site_plan(
    inputs: Mapping[str, Any], known: Mapping[str, Any] | None = None, origin_secret: str = ""
) -> dict[str, Any]:
    return plan(inputs, known, origin_secret)


class FilterModule:
    def filters(self) -> dict[str, Any]:
        return {"site_plan": site_plan}
