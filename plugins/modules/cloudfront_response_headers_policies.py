# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: cloudfront_response_headers_policies
version_added: 0.1.0
short_description: Manage CloudFront's response headers policies
description:
  - Makes response headers policies of your own exist as stated - security headers, answers to other origins, headers of
    one's own. AWS's managed ones need no task - a distribution names them.
  - One call when nothing changes.
  - "IAM actions: C(cloudfront:ListResponseHeadersPolicies), C(cloudfront:GetResponseHeadersPolicyConfig),
    C(cloudfront:CreateResponseHeadersPolicy), C(cloudfront:UpdateResponseHeadersPolicy),
    C(cloudfront:DeleteResponseHeadersPolicy), C(cloudfront:ListDistributions)."
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
      cors:
        description: What pages of other origins may do. An empty dictionary for nothing.
        type: dict
        suboptions:
          allow_origins:
            description: The origins. All unless stated.
            type: list
            elements: str
          allow_headers:
            description: Headers of requests. All unless stated.
            type: list
            elements: str
          allow_methods:
            description: Methods of requests. C(GET), C(HEAD) and C(OPTIONS) unless stated.
            type: list
            elements: str
            choices: [GET, HEAD, OPTIONS, PUT, PATCH, POST, DELETE, ALL]
          expose_headers:
            description: Headers of responses that scripts may read.
            type: list
            elements: str
          allow_credentials:
            description: Whether cookies may be sent.
            type: bool
          max_age:
            description: Seconds for which a browser may keep the answer, 600 unless stated.
            type: int
          override:
            description: Whether they take the place of the origin's. So unless stated.
            type: bool
      security_headers:
        description: The security headers, all of them. An empty dictionary for none.
        type: dict
        suboptions:
          strict_transport_security:
            description: Browsers shall come by HTTPS only.
            type: dict
            suboptions:
              max_age:
                description: Seconds for which they remember it, a year unless stated.
                type: int
              include_subdomains:
                description: Whether it holds for subdomains, too.
                type: bool
              preload:
                description: Whether browsers may be shipped with it.
                type: bool
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
          content_type_options:
            description: Browsers shall not guess content types.
            type: dict
            suboptions:
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
          frame_options:
            description: Who may show the page in a frame.
            type: dict
            suboptions:
              value:
                description: V(SAMEORIGIN) unless stated.
                type: str
                choices: [DENY, SAMEORIGIN]
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
          referrer_policy:
            description: What other sites are told about the page.
            type: dict
            suboptions:
              value:
                description: V(strict-origin-when-cross-origin) unless stated.
                type: str
                choices:
                  - no-referrer
                  - no-referrer-when-downgrade
                  - origin
                  - origin-when-cross-origin
                  - same-origin
                  - strict-origin
                  - strict-origin-when-cross-origin
                  - unsafe-url
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
          content_security_policy:
            description: What the page may load.
            type: dict
            suboptions:
              value:
                description: The policy. V(default-src 'self') unless stated.
                type: str
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
          xss_protection:
            description: A filter of old browsers.
            type: dict
            suboptions:
              protection:
                description: Whether it is on. So unless stated.
                type: bool
              mode_block:
                description: Whether the page is not shown at all.
                type: bool
              report_uri:
                description: Where browsers report to.
                type: str
              override:
                description: Whether it takes the place of the origin's. So unless stated.
                type: bool
      custom_headers:
        description: Further headers, all of them.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the header.
            type: str
            required: true
          value:
            description: Its value.
            type: str
            required: true
          override:
            description: Whether it takes the place of the origin's.
            type: bool
            default: true
      remove_headers:
        description: Headers of the origin that viewers do not get, all of them.
        type: list
        elements: str
      server_timing_percent:
        description: Share of responses with a C(Server-Timing) header, from 0 to 100.
        type: float
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
- name: Say what the pages may load
  slipway.aws.cloudfront_response_headers_policies:
    policies:
      - name: billpay-prod-admin
        security_headers:
          strict_transport_security: {max_age: 63072000, include_subdomains: true}
          content_type_options: {}
          frame_options: {value: DENY}
          content_security_policy:
            value: "default-src 'self'; connect-src 'self' https://api.billpay.example.com"
        remove_headers: [Server, X-Powered-By]
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
    cors:
      description: What pages of other origins may do; empty for nothing.
      type: dict
    security_headers:
      description: The security headers, each with all its fields.
      type: dict
    custom_headers:
      description: Further headers by name.
      type: list
      elements: dict
    remove_headers:
      description: Headers of the origin that viewers do not get.
      type: list
      elements: str
    server_timing_percent:
      description: Share of responses with a C(Server-Timing) header.
      type: float
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
    ResponseHeadersPolicies,
    custom_headers,
    manage_named,
    wanted_cors,
    wanted_security,
)
from ansible_collections.slipway.aws.plugins.module_utils.core import State

OVERRIDE: dict[str, Any] = {"override": {"type": "bool"}}
POLICY: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "comment": {"type": "str"},
    "cors": {
        "type": "dict",
        "options": {
            "allow_origins": {"type": "list", "elements": "str"},
            "allow_headers": {"type": "list", "elements": "str"},
            "allow_methods": {
                "type": "list",
                "elements": "str",
                "choices": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "ALL"],
            },
            "expose_headers": {"type": "list", "elements": "str"},
            "allow_credentials": {"type": "bool"},
            "max_age": {"type": "int"},
            **OVERRIDE,
        },
    },
    "security_headers": {
        "type": "dict",
        "options": {
            "strict_transport_security": {
                "type": "dict",
                "options": {
                    "max_age": {"type": "int"},
                    "include_subdomains": {"type": "bool"},
                    "preload": {"type": "bool"},
                    **OVERRIDE,
                },
            },
            "content_type_options": {"type": "dict", "options": OVERRIDE},
            "frame_options": {
                "type": "dict",
                "options": {"value": {"type": "str", "choices": ["DENY", "SAMEORIGIN"]}, **OVERRIDE},
            },
            "referrer_policy": {
                "type": "dict",
                "options": {
                    "value": {
                        "type": "str",
                        "choices": [
                            "no-referrer",
                            "no-referrer-when-downgrade",
                            "origin",
                            "origin-when-cross-origin",
                            "same-origin",
                            "strict-origin",
                            "strict-origin-when-cross-origin",
                            "unsafe-url",
                        ],
                    },
                    **OVERRIDE,
                },
            },
            "content_security_policy": {"type": "dict", "options": {"value": {"type": "str"}, **OVERRIDE}},
            "xss_protection": {
                "type": "dict",
                "options": {
                    "protection": {"type": "bool"},
                    "mode_block": {"type": "bool"},
                    "report_uri": {"type": "str"},
                    **OVERRIDE,
                },
            },
        },
    },
    "custom_headers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "value": {"type": "str", "required": True},
            "override": {"type": "bool", "default": True},
        },
    },
    "remove_headers": {"type": "list", "elements": "str"},
    "server_timing_percent": {"type": "float"},
}


def _wanted(entry: dict[str, Any]) -> State:
    headers, removed = entry["custom_headers"], entry["remove_headers"]
    return {
        **entry,
        "cors": wanted_cors(entry["cors"]),
        "security_headers": wanted_security(entry["security_headers"]),
        "custom_headers": None if headers is None else custom_headers(headers),
        "remove_headers": None if removed is None else sorted(set(removed)),
    }


def main() -> None:
    manage_named("policies", POLICY, ResponseHeadersPolicies(), _wanted)


if __name__ == "__main__":
    main()
