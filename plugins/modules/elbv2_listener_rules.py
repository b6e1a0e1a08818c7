# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_listener_rules
version_added: 0.1.0
short_description: Manage rules of a listener
description:
  - Makes a list of rules exist on one listener of an application load balancer. A rule is known by its tag C(Name), so
    its conditions, actions and priority may change.
  - Several processes may add rules to the same listener at the same time. A rule without a priority gets a free one
    and keeps it; a longer path comes before a shorter one.
  - A new rule with the conditions of another one is an error, because only one of them could get the requests.
  - C(amazon.aws.elb_application_lb) manages rules only all at once, and fails on a new listener.
  - "IAM actions: C(elasticloadbalancing:DescribeRules), C(elasticloadbalancing:DescribeTags),
    C(elasticloadbalancing:CreateRule), C(elasticloadbalancing:ModifyRule), C(elasticloadbalancing:SetRulePriorities),
    C(elasticloadbalancing:AddTags), C(elasticloadbalancing:RemoveTags), C(elasticloadbalancing:DeleteRule)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  listener_arn:
    description: ARN of the listener.
    type: str
    required: true
  rules:
    description: The rules.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the rule, which becomes its tag C(Name).
        type: str
        required: true
      priority:
        description:
          - Place of the rule, from 1 to 50000; the smallest that matches wins.
          - Without it a new rule gets a free one, and an existing rule keeps its own.
        type: int
      conditions:
        description: What a request must be like, in every respect that is named. Needed with O(state=present).
        type: dict
        suboptions:
          path_patterns:
            description: Paths, of which one must match. C(*) and C(?) are wildcards.
            type: list
            elements: str
          host_headers:
            description: Host names, of which one must match. C(*) and C(?) are wildcards.
            type: list
            elements: str
          http_methods:
            description: Methods, of which one must be the request's.
            type: list
            elements: str
          source_ips:
            description: Address ranges in CIDR form, of which one must hold the client.
            type: list
            elements: str
          http_headers:
            description: Header names with lists of values, of which one must match.
            type: dict
          query_strings:
            description: Parameters of the query, of which one must match.
            type: list
            elements: dict
            suboptions:
              key:
                description: Name of the parameter. Without it any name will do.
                type: str
              value:
                description: Its value. C(*) and C(?) are wildcards.
                type: str
                required: true
      actions:
        description: What happens to a request. Needed with O(state=present).
        type: list
        elements: dict
        suboptions:
          type:
            description: What happens to a request.
            type: str
            choices: [forward, redirect, fixed-response]
            required: true
          target_groups:
            description: Where a request goes, with C(type=forward).
            type: list
            elements: dict
            suboptions:
              arn:
                description: ARN of the target group.
                type: str
                required: true
              weight:
                description: Share of the requests, relative to the other weights; from 0 to 999.
                type: int
                default: 1
          stickiness_seconds:
            description: How long a client stays with one of several target groups. Without it, it does not.
            type: int
          redirect:
            description: Where a client is sent, with C(type=redirect). What is left open stays as in the request.
            type: dict
            suboptions:
              protocol:
                description: V(HTTP) or V(HTTPS).
                type: str
              port:
                description: Port.
                type: str
              host:
                description: Host name.
                type: str
              path:
                description: Path, with a slash at its beginning.
                type: str
              query:
                description: Query, without the question mark.
                type: str
              status_code:
                description: V(HTTP_301) for ever, V(HTTP_302) for now.
                type: str
                choices: [HTTP_301, HTTP_302]
                default: HTTP_301
          fixed_response:
            description: What a client is answered, with C(type=fixed-response).
            type: dict
            suboptions:
              status_code:
                description: Status, such as V(404).
                type: str
                required: true
              content_type:
                description: Kind of the body.
                type: str
                default: text/plain
              message_body:
                description: The body.
                type: str
                default: ''
      keep_weights:
        description:
          - Whether somebody else, such as a blue/green deployment of ECS, shifts the traffic between the target groups.
            Then the weights only count when the rule is created.
        type: bool
        default: false
      tags:
        description:
          - Tags of the rule, beside C(Name).
          - Other tags are removed, unless O(purge_tags=false).
        type: dict
  state:
    description: Whether the rules in O(rules) shall exist.
    type: str
    choices: [present, absent]
    default: present
  purge_tags:
    description: Whether tags go that an entry's O(rules[].tags) leaves out.
    type: bool
    default: true
  purge:
    description: Whether to delete other rules of the listener that carry all of O(owner_tags).
    type: bool
    default: false
  owner_tags:
    description: Tags that tell whose rules O(purge) may delete. Needed with O(purge=true).
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Send a path to a service
  slipway.aws.elbv2_listener_rules:
    listener_arn: "{{ https_listener_arn }}"
    rules:
      - name: uex-prod-uex-backend
        conditions:
          path_patterns: [/api/uex/*]
        actions:
          - type: forward
            target_groups:
              - arn: "{{ target_group_arn }}"
        tags:
          Service: uex-backend

- name: Send a tenth of the clients to the next version
  slipway.aws.elbv2_listener_rules:
    listener_arn: "{{ https_listener_arn }}"
    rules:
      - name: presentation
        conditions:
          host_headers: [www.example.com]
          path_patterns: [/presentation/*]
        actions:
          - type: forward
            stickiness_seconds: 3600
            target_groups:
              - arn: "{{ blue_target_group_arn }}"
                weight: 90
              - arn: "{{ green_target_group_arn }}"
                weight: 10
"""

RETURN = r"""
rules:
  description: The rules in O(rules) by name, as they are now. In check mode as they would be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN. In check mode a placeholder when the rule does not exist yet.
      type: str
      sample: arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/uex/50dc6c49/f2f7dc8e/9683b2d0
    priority:
      description: Place of the rule.
      type: int
      sample: 43121
    conditions:
      description: What a request must be like.
      type: dict
      sample:
        path_patterns: [/api/uex/*]
    actions:
      description: What happens to a request.
      type: list
      elements: dict
    tags:
      description: Tags of the rule, beside C(Name).
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
      description: Name of the rule.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    given,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.elbv2 import (
    ACTION_OPTIONS,
    ACTION_REQUIREMENTS,
    HIGHEST,
    LOWEST,
    Rule,
    wanted_action,
    wanted_conditions,
)


def _wanted(rules: list[dict[str, Any]], state: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for rule in rules:
        name = rule["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"rules: the name {name} stands twice; each name may stand once.")
        wanted[name] = _rule(name, rule) if state == "present" else None
    stated = {name: fields for name, fields in wanted.items() if fields}
    for field in ("conditions", "priority"):
        seen: dict[str, str] = {}
        for name, fields in stated.items():
            value = fields.get(field)
            if value is not None and repr(value) in seen:
                raise AnsibleAWSError(message=f"rules: {seen[repr(value)]} and {name} have the same {field}: {value}.")
            seen[repr(value)] = name
    return wanted


def _rule(name: str, rule: dict[str, Any]) -> State:
    conditions = wanted_conditions(rule["conditions"] or {})
    if not conditions:
        raise AnsibleAWSError(message=f"rules: {name} has no conditions, which state=present requires.")
    if not rule["actions"]:
        raise AnsibleAWSError(message=f"rules: {name} has no actions, which state=present requires.")
    priority = rule["priority"]
    if priority is not None and not LOWEST <= priority <= HIGHEST:
        raise AnsibleAWSError(message=f"rules: {name} has the priority {priority}; allowed are {LOWEST} to {HIGHEST}.")
    return given(
        {
            "priority": priority,
            "conditions": conditions,
            "actions": [wanted_action(action) for action in rule["actions"]],
            "tags": None if rule["tags"] is None else {key: str(value) for key, value in rule["tags"].items()},
        }
    )


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options["rules"], options["state"])
    resource = Rule(
        module.client("elbv2"),
        options["listener_arn"],
        wanted,
        keep_weights={rule["name"] for rule in options["rules"] if rule["keep_weights"]},
        purge_tags=options["purge_tags"],
        owner=options["owner_tags"] if options["purge"] else None,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(rules={name: outcome.items[name] for name in wanted if name in outcome.items})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "listener_arn": {"type": "str", "required": True},
            "rules": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "priority": {"type": "int"},
                    "conditions": {
                        "type": "dict",
                        "options": {
                            "path_patterns": {"type": "list", "elements": "str"},
                            "host_headers": {"type": "list", "elements": "str"},
                            "http_methods": {"type": "list", "elements": "str"},
                            "source_ips": {"type": "list", "elements": "str"},
                            "http_headers": {"type": "dict"},
                            "query_strings": {
                                "type": "list",
                                "elements": "dict",
                                "options": {
                                    "key": {"type": "str", "no_log": False},
                                    "value": {"type": "str", "required": True},
                                },
                            },
                        },
                    },
                    "actions": {
                        "type": "list",
                        "elements": "dict",
                        "options": ACTION_OPTIONS,
                        "required_if": ACTION_REQUIREMENTS,
                    },
                    "keep_weights": {"type": "bool", "default": False},
                    "tags": {"type": "dict"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge_tags": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "owner_tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["owner_tags"]:
        module.fail_json(msg="purge: owner_tags is empty, so rules of others could be deleted; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()
