# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acl
version_added: 0.1.0
short_description: Manage a WAF web ACL, what it protects and where it logs
description:
  - Makes a web ACL exist with rules, tags, associations and logging as stated, in one task.
  - An update keeps what the task leaves open, and is repeated on the newest state when somebody else saved meanwhile.
  - No maintained module manages logging, rate limits with windows, or overrides of managed rules.
  - "IAM actions: C(wafv2:ListWebACLs), C(wafv2:GetWebACL), C(wafv2:CreateWebACL), C(wafv2:UpdateWebACL),
    C(wafv2:DeleteWebACL), C(wafv2:ListResourcesForWebACL), C(wafv2:AssociateWebACL), C(wafv2:DisassociateWebACL),
    C(wafv2:GetLoggingConfiguration), C(wafv2:PutLoggingConfiguration), C(wafv2:DeleteLoggingConfiguration),
    C(wafv2:ListTagsForResource), C(wafv2:TagResource), C(wafv2:UntagResource), for an application load balancer
    C(elasticloadbalancing:SetWebACL), and to say which distributions stand in the way of a deletion
    C(cloudfront:ListDistributions)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the web ACL.
    type: str
    required: true
  scope:
    description:
      - What the web ACL protects - resources of a region, or CloudFront distributions.
      - For V(CLOUDFRONT) the region must be V(us-east-1).
    type: str
    choices: [REGIONAL, CLOUDFRONT]
    default: REGIONAL
  state:
    description:
      - Whether the web ACL shall exist. An absent one is first taken from everything that it protects in its region.
      - One that a CloudFront distribution names is not deleted; the error names the distribution.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: What the web ACL is for.
    type: str
  default_action:
    description: What happens to requests that no rule decides on. A new web ACL allows them.
    type: str
    choices: [allow, block]
  rules:
    description:
      - The rules. They replace those that the web ACL has.
      - Each has exactly one of O(rules[].rate_limit), O(rules[].managed_rule_group), O(rules[].rule_group_arn),
        O(rules[].ip_set_arn), O(rules[].missing_header) and O(rules[].statement).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the rule.
        type: str
        required: true
      priority:
        description: Lower numbers are looked at first.
        type: int
        required: true
      action:
        description:
          - What the rule does. V(block) when left out.
          - For groups V(none) keeps the actions of the group, and is what happens when it is left out; V(count) only
            counts.
        type: str
        choices: [allow, block, count, captcha, challenge, none]
      custom_response:
        description: Answer of a rule that blocks.
        type: dict
        suboptions:
          status_code:
            description: HTTP status.
            type: int
            required: true
          body_key:
            description: Key in O(custom_response_bodies).
            type: str
          headers:
            description: Headers of the answer.
            type: dict
      metric_name:
        description: Name of the rule's metric. Made of the rule's name when left out.
        type: str
      rate_limit:
        description: Limits the requests of one client.
        type: dict
        suboptions:
          limit:
            description: Requests in one window.
            type: int
            required: true
          evaluation_window_sec:
            description: Seconds of a window. 300 when left out.
            type: int
            choices: [60, 120, 300, 600]
          aggregate_key_type:
            description: What tells clients apart. V(IP) when left out, V(FORWARDED_IP) with a header.
            type: str
            choices: [IP, FORWARDED_IP, CONSTANT]
          forwarded_ip_header:
            description: Header with the client's address, behind a proxy.
            type: str
          scope_down_statement:
            description: Which requests are counted, in WAF's words.
            type: dict
      managed_rule_group:
        description: A group of rules that AWS or a vendor maintains.
        type: dict
        suboptions:
          name:
            description: Name of the group, such as V(AWSManagedRulesCommonRuleSet).
            type: str
            required: true
          vendor_name:
            description: Who maintains it. V(AWS) when left out.
            type: str
          version:
            description: Version of the group. The vendor's default when left out.
            type: str
          excluded_rules:
            description: Rules of the group that only count.
            type: list
            elements: str
          rule_action_overrides:
            description: Rule of the group to action, V(allow), V(block), V(count), V(captcha) or V(challenge).
            type: dict
          scope_down_statement:
            description: Which requests the group looks at, in WAF's words.
            type: dict
          configs:
            description: Settings of groups that need some (bot control, account takeover), in WAF's words.
            type: list
            elements: dict
      rule_group_arn:
        description: A rule group of your own.
        type: str
      ip_set_arn:
        description: An IP set that the client's address is looked up in.
        type: str
      missing_header:
        description: Requests that lack a header with one of some values, such as what only CloudFront knows.
        type: dict
        suboptions:
          name:
            description: Name of the header.
            type: str
            required: true
          values:
            description: The values that let a request pass. Results do not show them.
            type: list
            elements: str
            required: true
      statement:
        description: Any other statement, in WAF's words, as the console's JSON editor shows it.
        type: dict
  tighten:
    description:
      - With V(false), rules with O(rules[].missing_header) are only loosened. One keeps the values that it has beside
        those of the task, and one that is not there is not made. RV(deferred) names those that are not yet as the task
        says.
      - So values can be introduced, and replaced, without shutting anybody out. First accept them, then let everybody
        send them, then run again with V(true).
    type: bool
    default: true
  custom_response_bodies:
    description: Bodies for custom responses, by key, each with C(content) and C(content_type).
    type: dict
  visibility_config:
    description: Metrics and samples of the web ACL as a whole.
    type: dict
    suboptions:
      metric_name:
        description: Name of the metric. Made of the web ACL's name when left out.
        type: str
      sampled_requests_enabled:
        description: Whether WAF keeps samples of requests.
        type: bool
        default: true
      cloudwatch_metrics_enabled:
        description: Whether WAF sends metrics.
        type: bool
        default: true
  resource_arns:
    description:
      - What a regional web ACL protects, for instance load balancers. An empty list protects nothing.
      - A CloudFront distribution names its web ACL itself.
    type: list
    elements: str
  purge_associations:
    description: Whether to take the web ACL from resources, of the listed kinds, that O(resource_arns) does not list.
    type: bool
    default: true
  logging:
    description: Where requests are logged.
    type: dict
    suboptions:
      destination_arn:
        description:
          - Log group, Firehose stream or bucket whose name starts with V(aws-waf-logs-). The first two must be in the
            region of the web ACL.
          - An empty string ends logging.
        type: str
        required: true
      redacted_fields:
        description: What logs leave out - V(uri_path), V(query_string), V(method), or names of headers.
        type: list
        elements: str
      filter:
        description: Which requests are logged, in WAF's words.
        type: dict
  tags:
    description: Tags of the web ACL.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Whether to remove tags that are not stated, when tags are stated.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Protect the load balancer
  slipway.aws.wafv2_web_acl:
    name: uex-prod
    default_action: allow
    resource_arns: ["{{ load_balancer.arn }}"]
    logging:
      destination_arn: "{{ waf_log_group.arn }}"
      redacted_fields: [authorization]
    rules:
      - name: rate-limit
        priority: 0
        action: block
        custom_response: {status_code: 429}
        rate_limit: {limit: 2000}
      - name: common
        priority: 10
        managed_rule_group:
          name: AWSManagedRulesCommonRuleSet
          excluded_rules: [SizeRestrictions_BODY]
      - name: only-from-here
        priority: 20
        statement:
          NotStatement: {Statement: {GeoMatchStatement: {CountryCodes: [US, CA]}}}
    tags:
      Project: uex
      Environment: prod
"""

RETURN = r"""
web_acl:
  description: The web ACL as it is now, or in check mode as it will be; empty when it does not exist.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the web ACL.
      type: str
    arn:
      description: ARN of the web ACL.
      type: str
      sample: arn:aws:wafv2:us-east-1:123456789012:regional/webacl/uex-prod/1a2b3c4d-0000-4000-8000-1a2b3c4d5e6f
    id:
      description: Identifier of the web ACL.
      type: str
    default_action:
      description: What happens to requests that no rule decides on, in WAF's words.
      type: dict
    rules:
      description: The rules by priority, in WAF's words.
      type: list
      elements: dict
    resource_arns:
      description: What it protects, of the kinds that the task looked at.
      type: list
      elements: str
    logging:
      description: Where requests are logged; empty when nowhere.
      type: dict
    tags:
      description: Tags of the web ACL.
      type: dict
deferred:
  description: Rules that O(tighten=false) has left looser than the task says.
  returned: success
  type: list
  elements: str
loosened:
  description: Rules that have blocked requests for want of a header, and accept more values now or are gone.
  returned: success
  type: list
  elements: str
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
      description: Name of the web ACL.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

import re
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.wafv2 import (
    WebAcl,
    check_rules,
    distributions,
    loosened,
    passwords,
    types_to_look_at,
    wanted_acl,
    wanted_logging,
)


def _check(options: dict[str, Any], region: str) -> None:
    if options["scope"] == "CLOUDFRONT" and region != "us-east-1":
        raise AnsibleAWSError(message=f"region: {region} cannot hold a web ACL for CloudFront; it must be us-east-1.")
    if options["scope"] == "CLOUDFRONT" and options["resource_arns"]:
        raise AnsibleAWSError(
            message="resource_arns: a CloudFront distribution names its web ACL itself; leave it out with "
            "scope=CLOUDFRONT."
        )
    check_rules(options["rules"] or [])
    destination = (options["logging"] or {}).get("destination_arn") or ""
    if destination and not re.search(r"[:/]aws-waf-logs-[^:/]*(:\*)?$", destination):
        raise AnsibleAWSError(
            message=f"logging: WAF logs only to what has a name that starts with aws-waf-logs-, not to {destination}."
        )
    place = destination.split(":")[3] if destination else ""
    # A bucket's ARN names no region; WAF looks for it everywhere.
    if place and place != region:
        raise AnsibleAWSError(
            message=f"logging: {destination} stands in {place}; a web ACL of {region} logs only to its own region."
        )


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    name, present = options["name"], options["state"] == "present"
    _check(options, module.region)
    resource = WebAcl(
        module.client("wafv2"),
        scope=options["scope"],
        name=name,
        region=module.region,
        purge_tags=options["purge_tags"],
        purge_associations=options["purge_associations"],
        distributions=lambda: distributions(module.client("cloudfront")),
        resource_types=types_to_look_at(options["resource_arns"], everything=not present),
        patient={} if options["tighten"] else _headers(options["rules"] or []),
    )
    wanted: State | None = None
    if present:
        wanted = {
            **wanted_acl(options),
            **given(
                {
                    "tags": options["tags"],
                    "logging": wanted_logging(options["logging"]),
                    "resource_arns": options["resource_arns"],
                }
            ),
        }
    outcome = reconcile(resource, {name: wanted}, check_mode=module.check_mode)
    before, state = outcome.before.get(name) or {}, outcome.items.get(name) or {}
    # What the task says is kept out of the output already; what the web ACL had before is no less secret.
    module.hide(passwords(before.get("rules") or []) | passwords(state.get("rules") or []))
    shown = {key: value for key, value in state.items() if key != "kept"}
    return outcome.as_result(
        web_acl={"name": name, **shown} if shown else {},
        deferred=resource.deferred,
        loosened=sorted(loosened(before.get("rules") or [], state.get("rules") or [])),
    )


def _headers(rules: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule["missing_header"] for rule in rules if rule.get("missing_header")}


RULE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "priority": {"type": "int", "required": True},
    "action": {"type": "str", "choices": ["allow", "block", "count", "captcha", "challenge", "none"]},
    "custom_response": {
        "type": "dict",
        "options": {
            "status_code": {"type": "int", "required": True},
            "body_key": {"type": "str", "no_log": False},
            "headers": {"type": "dict"},
        },
    },
    "metric_name": {"type": "str"},
    "rate_limit": {
        "type": "dict",
        "options": {
            "limit": {"type": "int", "required": True},
            "evaluation_window_sec": {"type": "int", "choices": [60, 120, 300, 600]},
            "aggregate_key_type": {
                "type": "str",
                "choices": ["IP", "FORWARDED_IP", "CONSTANT"],
                "no_log": False,
            },
            "forwarded_ip_header": {"type": "str"},
            "scope_down_statement": {"type": "dict"},
        },
    },
    "managed_rule_group": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "vendor_name": {"type": "str"},
            "version": {"type": "str"},
            "excluded_rules": {"type": "list", "elements": "str"},
            "rule_action_overrides": {"type": "dict"},
            "scope_down_statement": {"type": "dict"},
            "configs": {"type": "list", "elements": "dict"},
        },
    },
    "rule_group_arn": {"type": "str"},
    "ip_set_arn": {"type": "str"},
    "missing_header": {
        "type": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "values": {"type": "list", "elements": "str", "required": True, "no_log": True},
        },
    },
    "statement": {"type": "dict"},
}

CONFIGURATION: dict[str, Any] = {
    "description": {"type": "str"},
    "default_action": {"type": "str", "choices": ["allow", "block"]},
    "rules": {"type": "list", "elements": "dict", "options": RULE},
    "custom_response_bodies": {"type": "dict"},
    "visibility_config": {
        "type": "dict",
        "options": {
            "metric_name": {"type": "str"},
            "sampled_requests_enabled": {"type": "bool", "default": True},
            "cloudwatch_metrics_enabled": {"type": "bool", "default": True},
        },
    },
    "resource_arns": {"type": "list", "elements": "str"},
    "logging": {
        "type": "dict",
        "options": {
            "destination_arn": {"type": "str", "required": True},
            "redacted_fields": {"type": "list", "elements": "str"},
            "filter": {"type": "dict"},
        },
    },
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
}


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "scope": {"type": "str", "choices": ["REGIONAL", "CLOUDFRONT"], "default": "REGIONAL"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            **CONFIGURATION,
            "tighten": {"type": "bool", "default": True},
            "purge_associations": {"type": "bool", "default": True},
            "purge_tags": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
