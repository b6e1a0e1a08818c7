# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_cache_policies
version_added: 0.1.0
short_description: Manage CloudFront's cache policies
description:
  - Makes cache policies of your own exist as stated. AWS's managed ones need no task - a distribution names them.
  - One call when nothing changes.
  - "IAM actions: C(cloudfront:ListCachePolicies), C(cloudfront:GetCachePolicyConfig), C(cloudfront:CreateCachePolicy),
    C(cloudfront:UpdateCachePolicy), C(cloudfront:DeleteCachePolicy), C(cloudfront:ListDistributions)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  policies:
    description: The policies. What an entry leaves out stays as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, unique in the account.
        type: str
        required: true
      comment:
        description: What it is for.
        type: str
      min_ttl:
        description: Seconds for which an object is kept at least. 1 for a new policy.
        type: int
      default_ttl:
        description: Seconds for which an object is kept whose response says nothing. A day for a new policy.
        type: int
      max_ttl:
        description: Seconds for which an object is kept at most. A year for a new policy.
        type: int
      gzip:
        description: Whether objects compressed with gzip are asked for and kept. So for a new policy.
        type: bool
      brotli:
        description: Whether objects compressed with Brotli are asked for and kept. So for a new policy.
        type: bool
      headers:
        description: Which headers tell objects apart and reach the origin. None for a new policy.
        type: dict
        suboptions:
          behavior:
            description: Which of them.
            type: str
            choices: [none, whitelist]
            required: true
          names:
            description: Their names, where O(policies[].headers.behavior) asks for some.
            type: list
            elements: str
      cookies:
        description: Which cookies tell objects apart and reach the origin. None for a new policy.
        type: dict
        suboptions:
          behavior:
            description: Which of them.
            type: str
            choices: [none, whitelist, allExcept, all]
            required: true
          names:
            description: Their names, where O(policies[].cookies.behavior) asks for some.
            type: list
            elements: str
      query_strings:
        description: Which query strings tell objects apart and reach the origin. None for a new policy.
        type: dict
        suboptions:
          behavior:
            description: Which of them.
            type: str
            choices: [none, whitelist, allExcept, all]
            required: true
          names:
            description: Their names, where O(policies[].query_strings.behavior) asks for some.
            type: list
            elements: str
  state:
    description: Whether they shall exist. One that is used is not deleted; the error names the distributions.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Keep search results for a minute, by what was searched for
  slipway.aws.cloudfront_cache_policies:
    policies:
      - name: billpay-prod-search
        min_ttl: 0
        default_ttl: 60
        max_ttl: 60
        query_strings: {behavior: whitelist, names: [q, page]}
"""

RETURN = r"""
policies:
  description: The listed policies by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
    id:
      description: Identifier; a placeholder when check mode only plans it.
      type: str
      sample: 2766f7b2-75c5-41c6-8f06-bf4303a2f2f5
    comment:
      description: What it is for.
      type: str
    min_ttl:
      description: Seconds for which an object is kept at least.
      type: int
    default_ttl:
      description: Seconds for which an object is kept whose response says nothing.
      type: int
    max_ttl:
      description: Seconds for which an object is kept at most.
      type: int
    gzip:
      description: Whether objects compressed with gzip are kept.
      type: bool
    brotli:
      description: Whether objects compressed with Brotli are kept.
      type: bool
    headers:
      description: Which headers tell objects apart.
      type: dict
    cookies:
      description: Which cookies tell objects apart.
      type: dict
    query_strings:
      description: Which query strings tell objects apart.
      type: dict
actions:
  description: What was done, or in check mode would be done.
  returned: success
  type: list
  elements: dict
  contains:
    action:
      description: V(create), V(update) or V(delete).
      type: str
    name:
      description: The name.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import (
    CachePolicies,
    manage_named,
    selection_options,
    wanted_selections,
)

POLICY: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "comment": {"type": "str"},
    "min_ttl": {"type": "int"},
    "default_ttl": {"type": "int"},
    "max_ttl": {"type": "int"},
    "gzip": {"type": "bool"},
    "brotli": {"type": "bool"},
    **selection_options(
        headers=["none", "whitelist"],
        cookies=["none", "whitelist", "allExcept", "all"],
        query_strings=["none", "whitelist", "allExcept", "all"],
    ),
}


def main() -> None:
    manage_named("policies", POLICY, CachePolicies(), wanted_selections)


if __name__ == "__main__":
    main()
