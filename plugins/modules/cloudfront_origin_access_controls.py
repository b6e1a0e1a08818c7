# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_origin_access_controls
version_added: 0.1.0
short_description: Manage CloudFront's origin access controls
description:
  - Makes origin access controls exist as stated. With one of them CloudFront signs its requests to a private bucket,
    whose policy then lets in only the distribution.
  - One call when nothing changes.
  - "IAM actions: C(cloudfront:ListOriginAccessControls), C(cloudfront:GetOriginAccessControlConfig),
    C(cloudfront:CreateOriginAccessControl), C(cloudfront:UpdateOriginAccessControl),
    C(cloudfront:DeleteOriginAccessControl), C(cloudfront:ListDistributions)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  controls:
    description: The origin access controls. What an entry leaves out stays as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, unique in the account, at most 64 characters.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
      origin_type:
        description: Kind of the origins. V(s3) for a new one.
        type: str
        choices: [s3, mediastore, mediapackagev2, lambda]
      signing_behavior:
        description: Which requests are signed. V(always) for a new one.
        type: str
        choices: [always, always-amz-auth, never, no-override]
      signing_protocol:
        description: How requests are signed. V(sigv4) for a new one.
        type: str
        choices: [sigv4, sigv4a]
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
- name: Let CloudFront sign its requests to the bucket of the site
  slipway.aws.cloudfront_origin_access_controls:
    controls:
      - name: billpay-prod-admin
        description: BillPay admin
"""

RETURN = r"""
controls:
  description: The listed origin access controls by name, as they are now, or in check mode as they will be.
  returned: success
  type: dict
  contains:
    name:
      description: Name.
      type: str
    id:
      description: Identifier; a placeholder when check mode only plans it.
      type: str
      sample: E327GJI25M56DG
    description:
      description: What it is for.
      type: str
    origin_type:
      description: Kind of the origins.
      type: str
    signing_behavior:
      description: Which requests are signed.
      type: str
    signing_protocol:
      description: How requests are signed.
      type: str
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

from ansible_collections.slipway.aws.plugins.module_utils.cloudfront import OriginAccessControls, manage_named

CONTROL: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "origin_type": {"type": "str", "choices": ["s3", "mediastore", "mediapackagev2", "lambda"]},
    "signing_behavior": {"type": "str", "choices": ["always", "always-amz-auth", "never", "no-override"]},
    "signing_protocol": {"type": "str", "choices": ["sigv4", "sigv4a"]},
}


def main() -> None:
    manage_named("controls", CONTROL, OriginAccessControls())


if __name__ == "__main__":
    main()
