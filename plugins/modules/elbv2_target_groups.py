# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: elbv2_target_groups
version_added: 0.1.0
short_description: Manage target groups
description:
  - Makes a list of target groups exist as stated, with health check, attributes and tags. Reads in parallel, then makes
    only the calls that differ.
  - Never touches registered targets; they belong to ECS, or to whoever registers them.
  - C(community.aws.elb_target_group) deregisters every target unless it is told not to, and has no check mode.
  - "IAM actions: C(elasticloadbalancing:DescribeTargetGroups), C(elasticloadbalancing:DescribeTargetGroupAttributes),
    C(elasticloadbalancing:DescribeTags), C(elasticloadbalancing:CreateTargetGroup),
    C(elasticloadbalancing:ModifyTargetGroup), C(elasticloadbalancing:ModifyTargetGroupAttributes),
    C(elasticloadbalancing:AddTags), C(elasticloadbalancing:RemoveTags), C(elasticloadbalancing:DeleteTargetGroup)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  target_groups:
    description:
      - The target groups. What an entry leaves out is not touched on an existing target group.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the target group, at most 32 characters.
        type: str
        required: true
      protocol:
        description:
          - Protocol that the targets speak.
          - Elastic Load Balancing cannot change this on an existing target group.
        type: str
        choices: [HTTP, HTTPS, TCP, TLS, UDP, TCP_UDP, GENEVE]
      protocol_version:
        description:
          - Version of HTTP that the targets speak.
          - Elastic Load Balancing cannot change this on an existing target group.
        type: str
        choices: [HTTP1, HTTP2, GRPC]
      port:
        description:
          - Port that the targets listen on.
          - Elastic Load Balancing cannot change this on an existing target group.
        type: int
      vpc_id:
        description:
          - The VPC of the targets.
          - Elastic Load Balancing cannot change this on an existing target group.
        type: str
      target_type:
        description:
          - What a target is; Fargate tasks are V(ip).
          - Elastic Load Balancing cannot change this on an existing target group.
        type: str
        choices: [instance, ip, lambda, alb]
      ip_address_type:
        description:
          - Kind of the targets' addresses.
          - Elastic Load Balancing cannot change this on an existing target group.
        type: str
        choices: [ipv4, ipv6]
      health_check:
        description: How a target proves that it is well. What is left out is not touched.
        type: dict
        suboptions:
          enabled:
            description: Whether targets are checked.
            type: bool
          protocol:
            description: Protocol of the check.
            type: str
          port:
            description: Port of the check, or V(traffic-port).
            type: str
          path:
            description: Path that is asked for.
            type: str
          interval:
            description: Seconds between two checks.
            type: int
          timeout:
            description: Seconds without an answer that count as a failure.
            type: int
          healthy_threshold:
            description: So many successes in a row make a target healthy.
            type: int
          unhealthy_threshold:
            description: So many failures in a row make a target unhealthy.
            type: int
          codes:
            description: Status codes that count as success, such as V(200-399).
            type: str
      attributes:
        description:
          - Attributes by Elastic Load Balancing's own keys, such as C(deregistration_delay.timeout_seconds).
          - An attribute that is not named is not touched.
        type: dict
      tags:
        description:
          - Tags of the target group.
          - Other tags are removed, unless O(purge_tags=false).
        type: dict
  state:
    description: Whether the target groups in O(target_groups) shall exist.
    type: str
    choices: [present, absent]
    default: present
  purge_tags:
    description: Whether tags go that an entry's O(target_groups[].tags) leaves out.
    type: bool
    default: true
  purge:
    description:
      - Whether to delete other target groups whose name starts with O(name_prefix) and that carry all of O(owner_tags).
    type: bool
    default: false
  name_prefix:
    description: Beginning of the names that O(purge) looks at.
    type: str
    default: ''
  owner_tags:
    description: Tags that tell whose target groups O(purge) may delete. Needed with O(purge=true).
    type: dict
    default: {}
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create the target group of a Fargate service
  slipway.aws.elbv2_target_groups:
    target_groups:
      - name: uex-prod-uex-backend
        protocol: HTTP
        port: 3903
        target_type: ip
        vpc_id: "{{ vpc_id }}"
        health_check:
          path: /api/uex/health
          interval: 15
          timeout: 5
        attributes:
          deregistration_delay.timeout_seconds: 30
        tags:
          Service: uex-backend
"""

RETURN = r"""
target_groups:
  description: The target groups in O(target_groups) by name, as they are now. In check mode as they would be.
  returned: success
  type: dict
  contains:
    arn:
      description: ARN. In check mode a placeholder when it does not exist yet.
      type: str
      sample: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/uex-prod-uex-backend/73e2d6bc24d8a067
    full_name:
      description: Name as CloudWatch's dimension C(TargetGroup) has it.
      type: str
      sample: targetgroup/uex-prod-uex-backend/73e2d6bc24d8a067
    protocol:
      description: Protocol that the targets speak.
      type: str
      sample: HTTP
    port:
      description: Port that the targets listen on.
      type: int
      sample: 3903
    vpc_id:
      description: The VPC of the targets.
      type: str
    target_type:
      description: What a target is.
      type: str
      sample: ip
    health_check:
      description: How a target proves that it is well.
      type: dict
    attributes:
      description: The attributes, all values strings.
      type: dict
    load_balancer_arns:
      description: Load balancers that use the target group.
      type: list
      elements: str
    tags:
      description: Tags of the target group.
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
      description: Name of the target group.
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
from ansible_collections.slipway.aws.plugins.module_utils.elbv2 import TargetGroup, attribute_values


def _wanted(groups: list[dict[str, Any]], state: str) -> dict[str, State | None]:
    wanted: dict[str, State | None] = {}
    for group in groups:
        name = group["name"]
        if name in wanted:
            raise AnsibleAWSError(message=f"target_groups: the name {name} stands twice; each name may stand once.")
        if len(name) > 32:
            raise AnsibleAWSError(
                message=f"target_groups: the name {name} has {len(name)} characters; at most 32 are allowed."
            )
        fields = given({key: value for key, value in group.items() if key != "name"})
        if "health_check" in fields:
            fields["health_check"] = given(fields["health_check"])
        if "attributes" in fields:
            fields["attributes"] = attribute_values(fields["attributes"])
        if "tags" in fields:
            fields["tags"] = {key: str(value) for key, value in fields["tags"].items()}
        wanted[name] = fields if state == "present" else None
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    wanted = _wanted(options["target_groups"], options["state"])
    resource = TargetGroup(
        module.client("elbv2"),
        wanted,
        region=module.region or "",
        purge_tags=options["purge_tags"],
        prefix=options["name_prefix"],
        owner=options["owner_tags"] if options["purge"] else None,
    )
    outcome = reconcile(resource, wanted, check_mode=module.check_mode, purge=options["purge"])
    return outcome.as_result(target_groups={name: outcome.items[name] for name in wanted if name in outcome.items})


def main() -> None:
    module = SlipwayModule(
        argument_spec={
            "target_groups": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "protocol": {
                        "type": "str",
                        "choices": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"],
                    },
                    "protocol_version": {"type": "str", "choices": ["HTTP1", "HTTP2", "GRPC"]},
                    "port": {"type": "int"},
                    "vpc_id": {"type": "str"},
                    "target_type": {"type": "str", "choices": ["instance", "ip", "lambda", "alb"]},
                    "ip_address_type": {"type": "str", "choices": ["ipv4", "ipv6"]},
                    "health_check": {
                        "type": "dict",
                        "options": {
                            "enabled": {"type": "bool"},
                            "protocol": {"type": "str"},
                            "port": {"type": "str"},
                            "path": {"type": "str"},
                            "interval": {"type": "int"},
                            "timeout": {"type": "int"},
                            "healthy_threshold": {"type": "int"},
                            "unhealthy_threshold": {"type": "int"},
                            "codes": {"type": "str"},
                        },
                    },
                    "attributes": {"type": "dict"},
                    "tags": {"type": "dict"},
                },
            },
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "purge_tags": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "name_prefix": {"type": "str", "default": ""},
            "owner_tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    if module.params["purge"] and not module.params["owner_tags"]:
        module.fail_json(msg="purge: owner_tags is empty, so target groups of others could be deleted; set it.")
    run(module, _run)


if __name__ == "__main__":
    main()
