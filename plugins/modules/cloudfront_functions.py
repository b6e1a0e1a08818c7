# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_functions
version_added: 0.1.0
short_description: Manage CloudFront functions
description:
  - Makes CloudFront functions exist as stated, and publishes them. What is live already is neither written nor
    published again.
  - A run that was killed between writing and publishing is taken up again by the next one.
  - Two calls and one for each function when nothing changes.
  - "IAM actions: C(cloudfront:ListFunctions), C(cloudfront:GetFunction), C(cloudfront:DescribeFunction),
    C(cloudfront:CreateFunction), C(cloudfront:UpdateFunction), C(cloudfront:PublishFunction),
    C(cloudfront:DeleteFunction), C(cloudfront:ListDistributions)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  functions:
    description: The functions. What an entry leaves out stays as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, unique in the account.
        type: str
        required: true
      code:
        description: The code, at most 10 KB. Needed for a new function.
        type: str
      runtime:
        description: What runs it. V(cloudfront-js-2.0) for a new function.
        type: str
        choices: [cloudfront-js-1.0, cloudfront-js-2.0]
      comment:
        description: What it is for.
        type: str
      publish:
        description: Whether it goes live. Otherwise only its stage C(DEVELOPMENT) is looked at and written.
        type: bool
        default: true
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
- name: Publish the function that gives every route of the application its page
  slipway.aws.cloudfront_functions:
    functions:
      - name: billpay-prod-admin-routes
        comment: Every route is the application's page
        code: "{{ lookup('ansible.builtin.file', 'routes.js') }}"
  register: published

- name: Use it
  slipway.aws.cloudfront_distribution:
    name: billpay-prod-admin
    default_cache_behavior:
      functions:
        viewer-request: "{{ published.functions['billpay-prod-admin-routes'].arn }}"
"""

RETURN = r"""
functions:
  description: The listed functions by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
    arn:
      description: ARN; a placeholder when check mode only plans it.
      type: str
      sample: arn:aws:cloudfront::123456789012:function/billpay-prod-admin-routes
    runtime:
      description: What runs it.
      type: str
    comment:
      description: What it is for.
      type: str
    code_sha256:
      description: Checksum of the code.
      type: str
    published:
      description: Whether this code is live. False where the task does not publish.
      type: bool
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

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import Functions, manage, shown
from ansible_collections.slipway.aws.plugins.module_utils.core import State

FUNCTION: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "code": {"type": "str"},
    "runtime": {"type": "str", "choices": ["cloudfront-js-1.0", "cloudfront-js-2.0"]},
    "comment": {"type": "str"},
    "publish": {"type": "bool", "default": True},
}


def _wanted(entry: dict[str, Any]) -> State:
    fields = {field: entry[field] for field in ("code", "runtime", "comment")}
    return {**fields, "published": True} if entry["publish"] else fields


def _functions(client: Any, entries: list[dict[str, Any]]) -> Functions:
    return Functions(client, {entry["name"]: entry["publish"] for entry in entries})


def main() -> None:
    manage("functions", FUNCTION, _functions, _wanted, shown)


if __name__ == "__main__":
    main()
