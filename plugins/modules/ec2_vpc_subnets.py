# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_subnets
version_added: 0.1.0
short_description: Manage the subnets of a VPC as one list
description:
  - Makes the subnets of a VPC what is listed. One describe call, then only the calls that differ, in parallel.
  - A subnet is recognised by its address range, of which a VPC has only one.
  - C(amazon.aws.ec2_vpc_subnet) handles one subnet a task and returns no identifier in check mode.
  - "IAM actions: C(ec2:DescribeSubnets), C(ec2:CreateSubnet), C(ec2:ModifySubnetAttribute), C(ec2:DeleteSubnet),
    C(ec2:CreateTags), C(ec2:DeleteTags)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  subnets:
    description: The subnets.
    type: list
    elements: dict
    required: true
    suboptions:
      cidr:
        description: Address range of the subnet. It names the subnet and cannot change.
        type: str
        required: true
      availability_zone:
        description:
          - Zone of the subnet, such as V(us-east-1a). AWS cannot change it.
          - Required when O(state=present).
        type: str
      component:
        description: What the subnet is part of, such as its tier; becomes the tag C(Component).
        type: str
        default: subnet
      name:
        description: Becomes the tag C(Name).
        type: str
      map_public_ip:
        description: Whether what is started in the subnet gets a public address by itself.
        type: bool
        default: false
      tags:
        description: Further tags of this subnet.
        type: dict
extends_documentation_fragment:
  - slipway.aws.network
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Create two public subnets and one for data
  slipway.aws.ec2_vpc_subnets:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: dev
    subnets:
      - cidr: 10.0.0.0/20
        availability_zone: us-east-1a
        component: public
        name: uex-dev-public-a
      - cidr: 10.0.16.0/20
        availability_zone: us-east-1b
        component: public
        name: uex-dev-public-b
      - cidr: 10.0.128.0/20
        availability_zone: us-east-1a
        component: data
        name: uex-dev-data-a

- name: Remove all subnets of the environment
  slipway.aws.ec2_vpc_subnets:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: dev
    subnets: []
    purge: true
"""

RETURN = r"""
subnets:
  description: The listed subnets by address range.
  returned: success
  type: dict
  contains:
    subnet_id:
      description: Identifier of the subnet. In check mode a placeholder for a subnet that would be created.
      type: str
      sample: subnet-0123456789abcdef0
    availability_zone:
      description: Zone of the subnet.
      type: str
      sample: us-east-1a
    map_public_ip:
      description: Whether what is started in the subnet gets a public address by itself.
      type: bool
    tags:
      description: Tags of the subnet.
      type: dict
subnet_ids:
  description: Identifiers by address range.
  returned: success
  type: dict
  sample: {"10.0.0.0/20": "subnet-0123456789abcdef0"}
subnet_ids_by_component:
  description: Identifiers by component, in the order of the zones.
  returned: success
  type: dict
  sample: {"public": ["subnet-0123456789abcdef0"]}
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
      description: What it is done to.
      type: str
    fields:
      description: The fields that change.
      type: list
      elements: str
surplus:
  description: What carries O(owner_tags), exists and is not listed; O(purge=true) removes it.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    SlipwayModule,
    State,
    aws_call,
    from_tag_list,
    merged,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    apply_tags,
    canonical_cidr,
    common_spec,
    in_vpc,
    listed,
    once_consistent,
    once_free,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id


@aws_call("create the subnet {cidr}")
@once_consistent
def _create(client: Any, vpc_id: str, cidr: str, zone: str, tags: dict[str, str]) -> str:
    return client.create_subnet(
        VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone, TagSpecifications=tag_specification("subnet", tags)
    )["Subnet"]["SubnetId"]


@aws_call("change the subnet {subnet_id}")
@once_consistent
def _map_public_ip(client: Any, subnet_id: str, value: bool) -> None:
    client.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": value})


@aws_call("delete the subnet {cidr} ({subnet_id})", missing=["InvalidSubnetID.NotFound"])
@once_free
def _delete(client: Any, cidr: str, subnet_id: str) -> None:
    client.delete_subnet(SubnetId=subnet_id)


class Subnet(NetworkResource):
    kind = "subnet"
    identifier = "subnet_id"
    immutable = frozenset({"availability_zone"})

    def __init__(self, client: Any, scope: Scope, vpc_id: str, listed_cidrs: set[str]) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        self.listed_cidrs = listed_cidrs

    def describe(self) -> dict[str, State]:
        found = in_vpc(self.client, "describe_subnets", "Subnets", "subnets", self.vpc_id)
        return {
            subnet["CidrBlock"]: {
                "subnet_id": subnet["SubnetId"],
                "availability_zone": subnet["AvailabilityZone"],
                "map_public_ip": subnet["MapPublicIpOnLaunch"],
                "tags": from_tag_list(subnet.get("Tags")),
            }
            for subnet in found
            if subnet["CidrBlock"] in self.listed_cidrs or self.scope.owns(from_tag_list(subnet.get("Tags")))
        }

    def create(self, name: str, wanted: State) -> State:
        subnet_id = _create(self.client, self.vpc_id, name, wanted["availability_zone"], wanted["tags"])
        if wanted["map_public_ip"]:
            _map_public_ip(self.client, subnet_id, True)
        return merged(wanted, {"subnet_id": subnet_id})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "map_public_ip" in changes:
            _map_public_ip(self.client, current["subnet_id"], changes["map_public_ip"])
        if "tags" in changes:
            apply_tags(self.client, current["subnet_id"], current["tags"], changes["tags"])
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, name, current["subnet_id"])

    def planned(self, name: str, wanted: State) -> State:
        return merged(wanted, {"subnet_id": planned_id("subnet", wanted["tags"].get("Name") or name)})


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    scope = Scope(options)
    subnets = [{**subnet, "cidr": canonical_cidr(subnet["cidr"])} for subnet in options["subnets"]]
    wanted = wanted_items(
        subnets,
        options["state"],
        scope,
        option="subnets",
        required=["availability_zone"],
        key="cidr",
        leave_out=["cidr"],
    )
    outcome = reconcile(
        Subnet(module.client("ec2"), scope, options["vpc_id"], set(wanted)),
        wanted,
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    states = listed(outcome, wanted)
    by_component: dict[str, list[str]] = {}
    for state in sorted(states.values(), key=lambda state: state["availability_zone"]):
        by_component.setdefault(state["tags"]["Component"], []).append(state["subnet_id"])
    return outcome.as_result(
        subnets=states,
        subnet_ids={cidr: state["subnet_id"] for cidr, state in states.items()},
        subnet_ids_by_component=by_component,
        surplus=surplus(outcome, wanted),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            subnets={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "cidr": {"type": "str", "required": True},
                    "availability_zone": {"type": "str"},
                    "component": {"type": "str", "default": "subnet"},
                    "name": {"type": "str"},
                    "map_public_ip": {"type": "bool", "default": False},
                    "tags": {"type": "dict"},
                },
            },
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
