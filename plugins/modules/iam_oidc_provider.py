# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: iam_oidc_provider
version_added: 0.1.0
short_description: Manage an OIDC provider in IAM
description:
  - Makes an OpenID Connect provider, such as GitHub Actions, exist as stated, so that its identities can assume roles.
  - An account has one provider for a URL, which projects may share. By default what others added to it stays.
  - No other module manages OIDC providers.
  - "IAM actions: C(iam:ListOpenIDConnectProviders), C(iam:GetOpenIDConnectProvider),
    C(iam:CreateOpenIDConnectProvider), C(iam:AddClientIDToOpenIDConnectProvider),
    C(iam:RemoveClientIDFromOpenIDConnectProvider), C(iam:UpdateOpenIDConnectProviderThumbprint),
    C(iam:TagOpenIDConnectProvider), C(iam:UntagOpenIDConnectProvider), C(iam:DeleteOpenIDConnectProvider)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  url:
    description: Address of the provider, beginning with C(https://).
    type: str
    required: true
  state:
    description: Whether the provider shall exist. Without it no role that trusts it can be assumed any more.
    type: str
    choices: [present, absent]
    default: present
  client_ids:
    description: For whom its tokens are meant, the audiences.
    type: list
    elements: str
  purge_client_ids:
    description: Whether audiences go that O(client_ids) leaves out.
    type: bool
    default: false
  thumbprints:
    description: Thumbprints of the provider's certificates. IAM looks them up itself where none are given.
    type: list
    elements: str
  tags:
    description:
      - Tags of the provider.
      - Other tags are removed, unless O(purge_tags=false).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags) leaves out.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Let jobs of GitHub Actions assume roles
  slipway.aws.iam_oidc_provider:
    url: https://token.actions.githubusercontent.com
    client_ids: [sts.amazonaws.com]
"""

RETURN = r"""
provider:
  description: The provider as it is now. In check mode as it would be. Empty when it does not exist.
  returned: success
  type: dict
  contains:
    url:
      description: Address of the provider.
      type: str
      sample: https://token.actions.githubusercontent.com
    arn:
      description: ARN of the provider. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
    client_ids:
      description: For whom its tokens are meant.
      type: list
      elements: str
    thumbprints:
      description: Thumbprints of its certificates.
      type: list
      elements: str
    tags:
      description: Its tags.
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
      description: Host name of the provider.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import SlipwayModule, State, given, reconcile, run
from ansible_collections.slipway.aws.plugins.module_utils.iam import OidcProvider


def _wanted(options: dict[str, Any]) -> State:
    wanted = given({field: options[field] for field in ("client_ids", "thumbprints", "tags")})
    for field in ("client_ids", "thumbprints"):
        if field in wanted:
            wanted[field] = sorted(set(wanted[field]))
    if "tags" in wanted:
        wanted["tags"] = {key: str(value) for key, value in wanted["tags"].items()}
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    resource = OidcProvider(
        module.client("iam"),
        options["url"],
        purge_client_ids=options["purge_client_ids"],
        purge_tags=options["purge_tags"],
    )
    wanted = {resource.host: _wanted(options) if options["state"] == "present" else None}
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    found = outcome.items.get(resource.host)
    return outcome.as_result(provider={"url": f"https://{resource.host}", **found} if found else {})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "client_ids": {"type": "list", "elements": "str"},
            "purge_client_ids": {"type": "bool", "default": False},
            "thumbprints": {"type": "list", "elements": "str"},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    if not module.params["url"].startswith("https://"):
        module.fail_json(msg=f"url is {module.params['url']!r}; an OIDC provider's address begins with https://.")
    run(module, _run)


if __name__ == "__main__":
    main()
