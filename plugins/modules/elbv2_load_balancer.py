# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_load_balancer
version_added: 0.1.0
short_description: Manage an application load balancer with its listeners
description:
  - Makes an application load balancer exist as stated, with its attributes, listeners and tags.
  - Rules of listeners are the business of M(slipway.aws.elbv2_listener_rules) and are not touched.
  - C(amazon.aws.elb_application_lb) returns no identifiers in check mode and stops there at the first difference.
  - "IAM actions: C(elasticloadbalancing:DescribeLoadBalancers), C(elasticloadbalancing:DescribeLoadBalancerAttributes),
    C(elasticloadbalancing:DescribeListeners), C(elasticloadbalancing:DescribeListenerCertificates),
    C(elasticloadbalancing:DescribeTags), C(elasticloadbalancing:CreateLoadBalancer),
    C(elasticloadbalancing:ModifyLoadBalancerAttributes), C(elasticloadbalancing:SetSubnets),
    C(elasticloadbalancing:SetSecurityGroups), C(elasticloadbalancing:SetIpAddressType),
    C(elasticloadbalancing:CreateListener), C(elasticloadbalancing:ModifyListener),
    C(elasticloadbalancing:AddListenerCertificates), C(elasticloadbalancing:RemoveListenerCertificates),
    C(elasticloadbalancing:DeleteListener), C(elasticloadbalancing:AddTags), C(elasticloadbalancing:RemoveTags),
    C(elasticloadbalancing:DeleteLoadBalancer). The first load balancer of an account also needs
    C(iam:CreateServiceLinkedRole)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  name:
    description: Name of the load balancer, at most 32 characters.
    type: str
    required: true
  state:
    description: Whether the load balancer shall exist. Its listeners and their rules go with it.
    type: str
    choices: [present, absent]
    default: present
  scheme:
    description:
      - Whether it is reached from the internet or only from the VPC.
      - Elastic Load Balancing cannot change this on an existing load balancer.
    type: str
    choices: [internet-facing, internal]
  ip_address_type:
    description: Kind of addresses it answers at.
    type: str
    choices: [ipv4, dualstack, dualstack-without-public-ipv4]
  subnets:
    description: Ids of subnets in at least two availability zones. Needed to create a load balancer.
    type: list
    elements: str
  security_groups:
    description: Ids of the security groups.
    type: list
    elements: str
  attributes:
    description:
      - Attributes by Elastic Load Balancing's own keys, such as C(idle_timeout.timeout_seconds),
        C(access_logs.s3.enabled) or C(deletion_protection.enabled).
      - An attribute that is not named is not touched.
    type: dict
  listeners:
    description: The listeners. What an entry leaves out is not touched on an existing listener.
    type: list
    elements: dict
    suboptions:
      port:
        description: Port of the listener, by which it is known.
        type: int
        required: true
      protocol:
        description: Protocol of the listener.
        type: str
        choices: [HTTP, HTTPS]
        required: true
      ssl_policy:
        description: Which versions of TLS and which ciphers it accepts, with C(protocol=HTTPS).
        type: str
      certificates:
        description: ARNs of its certificates; the first one is the default. Needed with C(protocol=HTTPS).
        type: list
        elements: str
      default_actions:
        description: What happens to a request that no rule matches.
        type: list
        elements: dict
        required: true
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
  purge_listeners:
    description: Whether listeners go that O(listeners) leaves out.
    type: bool
    default: true
  tags:
    description:
      - Tags of the load balancer. A listener gets them when it is created.
      - Other tags are removed, unless O(purge_tags=false).
    type: dict
  purge_tags:
    description: Whether tags go that O(tags) leaves out.
    type: bool
    default: true
  force:
    description: Whether deletion protection is turned off before the load balancer is deleted.
    type: bool
    default: false
  wait:
    description: Whether to wait until a new load balancer answers, or until a deleted one is gone.
    type: bool
    default: false
  wait_timeout:
    description: How many seconds to wait at most.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create a load balancer that sends everybody to HTTPS
  slipway.aws.elbv2_load_balancer:
    name: uex-prod-alb
    scheme: internet-facing
    subnets: "{{ public_subnet_ids }}"
    security_groups: "{{ [alb_security_group_id] }}"
    attributes:
      deletion_protection.enabled: true
      routing.http.drop_invalid_header_fields.enabled: true
    listeners:
      - port: 80
        protocol: HTTP
        default_actions:
          - type: redirect
            redirect:
              protocol: HTTPS
              port: "443"
      - port: 443
        protocol: HTTPS
        ssl_policy: ELBSecurityPolicy-TLS13-1-2-2021-06
        certificates: "{{ [certificate_arn] }}"
        default_actions:
          - type: fixed-response
            fixed_response:
              status_code: "404"
              message_body: Not found
"""

RETURN = r"""
load_balancer:
  description: The load balancer as it is now. In check mode as it would be. Empty when it does not exist.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the load balancer.
      type: str
      sample: uex-prod-alb
    arn:
      description: ARN. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/uex-prod-alb/50dc6c495c0c9188
    full_name:
      description: Name as CloudWatch's dimension C(LoadBalancer) has it.
      type: str
      sample: app/uex-prod-alb/50dc6c495c0c9188
    dns_name:
      description: Host name.
      type: str
      sample: uex-prod-alb-1234567890.us-east-1.elb.amazonaws.com
    hosted_zone_id:
      description: Zone for alias records.
      type: str
      sample: Z35SXDOTRQ7X7K
    vpc_id:
      description: The VPC.
      type: str
    scheme:
      description: Whether it is reached from the internet.
      type: str
      sample: internet-facing
    ip_address_type:
      description: Kind of addresses it answers at.
      type: str
      sample: ipv4
    subnets:
      description: Ids of its subnets.
      type: list
      elements: str
    security_groups:
      description: Ids of its security groups.
      type: list
      elements: str
    status:
      description: State in Elastic Load Balancing's words.
      type: str
      sample: active
    attributes:
      description: Its attributes, all values strings.
      type: dict
    listeners:
      description: Its listeners in the order of their ports.
      type: list
      elements: dict
      contains:
        arn:
          description: ARN of the listener.
          type: str
        port:
          description: Port.
          type: int
          sample: 443
        protocol:
          description: Protocol.
          type: str
          sample: HTTPS
        ssl_policy:
          description: Which versions of TLS and which ciphers it accepts, or an empty string.
          type: str
        certificates:
          description: ARNs of its certificates, the default one first.
          type: list
          elements: str
        default_actions:
          description: What happens to a request that no rule matches.
          type: list
          elements: dict
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
      description: Name of the load balancer.
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
    LoadBalancer,
    attribute_values,
    wanted_action,
)

FIELDS = ("scheme", "ip_address_type", "subnets", "security_groups", "tags")


def _listeners(listeners: list[dict[str, Any]] | None) -> dict[int, dict[str, Any]] | None:
    """The listeners by port, in their normal form."""
    if listeners is None:
        return None
    wanted: dict[int, dict[str, Any]] = {}
    for listener in listeners:
        port = listener["port"]
        if port in wanted:
            raise AnsibleAWSError(message=f"listeners: the port {port} stands twice; each port may stand once.")
        if listener["protocol"] == "HTTPS" and not listener["certificates"]:
            raise AnsibleAWSError(message=f"listeners: {port} is HTTPS and has no certificates; name at least one ARN.")
        fields = given({key: value for key, value in listener.items() if key != "port"})
        if "certificates" in fields:
            first, *others = fields["certificates"] or [""]
            fields["certificates"] = ([first] if first else []) + sorted({*others} - {first})
        fields["default_actions"] = [wanted_action(action) for action in fields["default_actions"]]
        wanted[port] = fields
    return wanted


def _wanted(options: dict[str, Any]) -> State:
    wanted = given({field: options[field] for field in FIELDS})
    for field in ("subnets", "security_groups"):
        if field in wanted:
            wanted[field] = sorted(set(wanted[field]))
    if "tags" in wanted:
        wanted["tags"] = {key: str(value) for key, value in wanted["tags"].items()}
    wanted |= given(
        {"attributes": attribute_values(options["attributes"]), "listeners": _listeners(options["listeners"])}
    )
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    name = options["name"]
    wanted = {name: _wanted(options) if options["state"] == "present" else None}
    resource = LoadBalancer(
        module.client("elbv2"),
        name,
        region=module.region or "",
        purge_listeners=options["purge_listeners"],
        purge_tags=options["purge_tags"],
        force=options["force"],
        wait_timeout=options["wait_timeout"] if options["wait"] else 0,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode)
    found = outcome.items.get(name)
    if not found:
        return outcome.as_result(load_balancer={})
    listeners = [{"port": port, **found["listeners"][port]} for port in sorted(found["listeners"])]
    return outcome.as_result(load_balancer={"name": name, **found, "listeners": listeners})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "scheme": {"type": "str", "choices": ["internet-facing", "internal"]},
            "ip_address_type": {"type": "str", "choices": ["ipv4", "dualstack", "dualstack-without-public-ipv4"]},
            "subnets": {"type": "list", "elements": "str"},
            "security_groups": {"type": "list", "elements": "str"},
            "attributes": {"type": "dict"},
            "listeners": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "port": {"type": "int", "required": True},
                    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"], "required": True},
                    "ssl_policy": {"type": "str"},
                    "certificates": {"type": "list", "elements": "str"},
                    "default_actions": {
                        "type": "list",
                        "elements": "dict",
                        "required": True,
                        "options": ACTION_OPTIONS,
                        "required_if": ACTION_REQUIREMENTS,
                    },
                },
            },
            "purge_listeners": {"type": "bool", "default": True},
            "tags": {"type": "dict"},
            "purge_tags": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 600},
        },
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
