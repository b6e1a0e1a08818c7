# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_nat_gateways
version_added: 0.1.0
short_description: Manage the NAT gateways of a VPC and their public addresses as one list
description:
  - Makes the NAT gateways of a VPC what is listed, and gives each an Elastic IP address of its own.
  - An address is allocated with the tags of its gateway, so that what a run leaves that breaks off between the two is
    found and used by the next. When a gateway goes, its address is released.
  - Gateways may be started with O(wait=false) and waited for by a later task with the same list and O(wait=true).
  - C(amazon.aws.ec2_vpc_nat_gateway) handles one gateway a task, starts another one when the address differs, and
    C(amazon.aws.ec2_eip) allocates a new address each time those it finds are in use.
  - "IAM actions: C(ec2:DescribeNatGateways), C(ec2:DescribeAddresses), C(ec2:AllocateAddress), C(ec2:ReleaseAddress),
    C(ec2:CreateNatGateway), C(ec2:DeleteNatGateway), C(ec2:CreateTags), C(ec2:DeleteTags)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC. With an empty string only addresses are looked at, which O(purge=true) then releases.
    type: str
    required: true
  nat_gateways:
    description: The NAT gateways.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the gateway; becomes the tag C(Component) of the gateway and its address.
        type: str
        required: true
      name:
        description: Becomes the tag C(Name).
        type: str
      subnet_id:
        description:
          - The public subnet of the gateway. AWS cannot change it.
          - Required when O(state=present).
        type: str
      allocation_id:
        description: An address that exists already. It is not tagged, and not released with the gateway.
        type: str
      tags:
        description: Further tags of this gateway and its address.
        type: dict
  wait:
    description:
      - Whether to wait until the listed gateways are available.
      - The deletion of a gateway is always waited for, because its address cannot be released before.
    type: bool
    default: true
  wait_timeout:
    description: How many seconds to wait at most.
    type: int
    default: 600
extends_documentation_fragment:
  - slipway.aws.network
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Start a NAT gateway in each zone, without waiting
  slipway.aws.ec2_vpc_nat_gateways:
    vpc_id: vpc-0123456789abcdef0
    owner_tags: &owner
      Project: uex
      Environment: prod
    nat_gateways: &gateways
      - component: nat-a
        name: uex-prod-nat-a
        subnet_id: subnet-0123456789abcdef0
      - component: nat-b
        name: uex-prod-nat-b
        subnet_id: subnet-0123456789abcdef1
    wait: false

- name: Wait for them, before routes point to them
  slipway.aws.ec2_vpc_nat_gateways:
    vpc_id: vpc-0123456789abcdef0
    owner_tags: *owner
    nat_gateways: *gateways

- name: Remove all NAT gateways of the environment and release their addresses
  slipway.aws.ec2_vpc_nat_gateways:
    vpc_id: vpc-0123456789abcdef0
    owner_tags: *owner
    nat_gateways: []
    purge: true
"""

RETURN = r"""
nat_gateways:
  description: The listed gateways by component.
  returned: success
  type: dict
  contains:
    nat_gateway_id:
      description: Identifier of the gateway. In check mode a placeholder for one that would be created.
      type: str
      sample: nat-0123456789abcdef0
    allocation_id:
      description: Identifier of its address.
      type: str
      sample: eipalloc-0123456789abcdef0
    public_ip:
      description: Its address. Empty in check mode for a gateway that would be created.
      type: str
      sample: 203.0.113.10
    subnet_id:
      description: Its subnet.
      type: str
      sample: subnet-0123456789abcdef0
    state:
      description: V(pending) or V(available).
      type: str
    tags:
      description: Its tags.
      type: dict
    address_tags:
      description: The tags of its address, when the address belongs to the owner.
      type: dict
nat_gateway_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"nat-a": "nat-0123456789abcdef0"}
public_ips:
  description: Addresses by component.
  returned: success
  type: dict
  sample: {"nat-a": "203.0.113.10"}
pending:
  description: Components whose gateways are not available yet.
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
    AnsibleAWSError,
    SlipwayModule,
    State,
    aws_call,
    from_tag_list,
    merged,
    reconcile,
    run,
    tag_filters,
    waiter_config,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    apply_tags,
    common_spec,
    describe_all,
    in_vpc,
    listed,
    once_consistent,
    once_free,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned, planned_id

# How often a wait asks.
DELAY = 2


@aws_call("allocate an address for the NAT gateway {name}")
def _allocate(client: Any, name: str, tags: dict[str, str]) -> State:
    return client.allocate_address(Domain="vpc", TagSpecifications=tag_specification("elastic-ip", tags))


@aws_call("release the address {allocation_id}", missing=["InvalidAllocationID.NotFound"])
@once_free
def _release(client: Any, allocation_id: str) -> None:
    client.release_address(AllocationId=allocation_id)


@aws_call("create the NAT gateway {name}")
@once_consistent
def _create(client: Any, name: str, subnet_id: str, allocation_id: str, tags: dict[str, str]) -> State:
    return client.create_nat_gateway(
        SubnetId=subnet_id, AllocationId=allocation_id, TagSpecifications=tag_specification("natgateway", tags)
    )["NatGateway"]


@aws_call("delete the NAT gateway {name} ({nat_gateway_id})", missing=["NatGatewayNotFound"])
def _delete(client: Any, name: str, nat_gateway_id: str) -> None:
    client.delete_nat_gateway(NatGatewayId=nat_gateway_id)


@aws_call("see the NAT gateways {ids} become available within {timeout} seconds")
def _wait_available(client: Any, ids: list[str], timeout: int) -> None:
    client.get_waiter("nat_gateway_available").wait(NatGatewayIds=ids, WaiterConfig=waiter_config(timeout, DELAY))


@aws_call("see the NAT gateway {nat_gateway_id} go within {timeout} seconds", missing=["NatGatewayNotFound"])
def _wait_deleted(client: Any, nat_gateway_id: str, timeout: int) -> None:
    client.get_waiter("nat_gateway_deleted").wait(
        NatGatewayIds=[nat_gateway_id], WaiterConfig=waiter_config(timeout, DELAY)
    )


class NatGateway(NetworkResource):
    kind = "NAT gateway"
    identifier = "nat_gateway_id"
    immutable = frozenset({"subnet_id", "allocation_id"})

    def __init__(
        self, client: Any, scope: Scope, vpc_id: str, wanted: dict[str, State | None], wait_timeout: int
    ) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        self.wanted_names = wanted.keys()
        self.wait_timeout = wait_timeout
        # The owner's addresses by component, and the gateways that go but still hold theirs.
        self.addresses: dict[str, list[State]] = {}
        self.leaving: dict[str, list[str]] = {}

    def describe(self) -> dict[str, State]:
        found = (
            in_vpc(self.client, "describe_nat_gateways", "NatGateways", "NAT gateways", self.vpc_id)
            if self.vpc_id
            else []
        )
        self._find_addresses()
        owned_ids = {address["allocation_id"]: address for group in self.addresses.values() for address in group}
        present = [(nat, self._state(nat, owned_ids)) for nat in found if nat["State"] in ("pending", "available")]
        states = self.by_component(present)
        self._find_leaving(found, states)
        # What is left of gateways that were deleted: addresses that nothing uses, and gateways on their way out.
        for component in [*self.addresses, *self.leaving]:
            if component in states or component in self.wanted_names:
                continue
            if component in self.leaving or any(not address["in_use"] for address in self.addresses[component]):
                states[component] = {"nat_gateway_id": "", "state": "deleted", "tags": {}}
        return states

    def _find_addresses(self) -> None:
        # Addresses belong to the region, not to a VPC: without owner tags nothing says whose they are.
        if not self.scope.owner_tags:
            return
        filters = [*tag_filters(self.scope.owner_tags), {"Name": "tag-key", "Values": ["Component"]}]
        for address in describe_all(
            self.client, "describe_addresses", "Addresses", "addresses of the NAT gateways", Filters=filters
        ):
            tags = from_tag_list(address.get("Tags"))
            self.addresses.setdefault(tags["Component"], []).append(
                {
                    "allocation_id": address["AllocationId"],
                    "public_ip": address.get("PublicIp", ""),
                    "in_use": bool(address.get("AssociationId")),
                    "tags": tags,
                }
            )

    def _find_leaving(self, found: list[State], present: dict[str, State]) -> None:
        for nat in found:
            tags = from_tag_list(nat.get("Tags"))
            component = tags.get("Component")
            if nat["State"] == "deleting" and component and self.scope.owns(tags) and component not in present:
                self.leaving.setdefault(component, []).append(nat["NatGatewayId"])

    @staticmethod
    def _state(nat: State, owned: dict[str, State]) -> State:
        address = (nat.get("NatGatewayAddresses") or [{}])[0]
        allocation_id = address.get("AllocationId", "")
        return {
            "nat_gateway_id": nat["NatGatewayId"],
            "allocation_id": allocation_id,
            # A pending gateway does not name its address yet.
            "public_ip": address.get("PublicIp") or owned.get(allocation_id, {}).get("public_ip", ""),
            "subnet_id": nat["SubnetId"],
            "state": nat["State"],
            "address_tags": owned.get(allocation_id, {}).get("tags", {}),
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        changes = super().differences(name, current, wanted)
        # The address has the gateway's tags, unless it is somebody else's.
        wanted_tags = changes.get("tags", current.get("tags"))
        if current["address_tags"] and current["address_tags"] != wanted_tags:
            changes["address_tags"] = wanted_tags
        return changes

    def create(self, name: str, wanted: State) -> State:
        for nat_gateway_id in self.leaving.get(name, []):
            _wait_deleted(self.client, nat_gateway_id, self.wait_timeout)
        address = self._address(name, wanted)
        nat = _create(self.client, name, wanted["subnet_id"], address["allocation_id"], wanted["tags"])
        return merged(wanted, {**address, "nat_gateway_id": nat["NatGatewayId"], "state": nat.get("State", "pending")})

    def _address(self, name: str, wanted: State) -> State:
        """The address given, one left over from a run that broke off, or a new one."""
        if wanted.get("allocation_id"):
            return {"allocation_id": wanted["allocation_id"], "public_ip": "", "address_tags": {}}
        held = name in self.leaving
        for address in self.addresses.get(name, []):
            if held or not address["in_use"]:
                apply_tags(self.client, address["allocation_id"], address["tags"], wanted["tags"])
                return {
                    "allocation_id": address["allocation_id"],
                    "public_ip": address["public_ip"],
                    "address_tags": wanted["tags"],
                }
        address = _allocate(self.client, name, wanted["tags"])
        return {
            "allocation_id": address["AllocationId"],
            "public_ip": address["PublicIp"],
            "address_tags": wanted["tags"],
        }

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "tags" in changes:
            apply_tags(self.client, current["nat_gateway_id"], current["tags"], changes["tags"])
        if "address_tags" in changes:
            apply_tags(self.client, current["allocation_id"], current["address_tags"], changes["address_tags"])
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        going = list(self.leaving.get(name, []))
        if current["nat_gateway_id"]:
            _delete(self.client, name, current["nat_gateway_id"])
            going.append(current["nat_gateway_id"])
        for nat_gateway_id in going:
            _wait_deleted(self.client, nat_gateway_id, self.wait_timeout)
        for address in self.addresses.get(name, []):
            if not address["in_use"] or address["allocation_id"] == current.get("allocation_id") or going:
                _release(self.client, address["allocation_id"])

    def planned(self, name: str, wanted: State) -> State:
        label = wanted["tags"].get("Name") or name
        address = next((address for address in self.addresses.get(name, []) if not address["in_use"]), {})
        return {
            "allocation_id": address.get("allocation_id") or planned_id("elastic_ip", label),
            "public_ip": address.get("public_ip", ""),
            "address_tags": {} if wanted.get("allocation_id") else wanted["tags"],
            **wanted,
            "nat_gateway_id": planned_id("nat_gateway", label),
            "state": "pending",
        }


def _wait(module: SlipwayModule, states: dict[str, State]) -> None:
    pending = [state["nat_gateway_id"] for state in states.values() if state["state"] == "pending"]
    ids = [nat_gateway_id for nat_gateway_id in pending if not is_planned(nat_gateway_id)]
    if not ids:
        return
    client = module.client("ec2")
    try:
        _wait_available(client, ids, module.params["wait_timeout"])
    except AnsibleAWSError as error:
        # The waiter only says that a gateway failed; the gateway says why.
        gateways = describe_all(
            client, "describe_nat_gateways", "NatGateways", "NAT gateways that failed", NatGatewayIds=ids
        )
        reasons = [f"{nat['NatGatewayId']}: {nat['FailureMessage']}" for nat in gateways if nat.get("FailureMessage")]
        if reasons:
            error.message = f"{error.message}. {'; '.join(reasons)}"
        raise
    for state in states.values():
        if state["nat_gateway_id"] in ids:
            state["state"] = "available"


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    scope = Scope(options)
    wanted = wanted_items(
        options["nat_gateways"], options["state"], scope, option="nat_gateways", required=["subnet_id"]
    )
    outcome = reconcile(
        NatGateway(module.client("ec2"), scope, options["vpc_id"], wanted, options["wait_timeout"]),
        wanted,
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    states = listed(outcome, wanted)
    if options["wait"] and not module.check_mode:
        _wait(module, states)
    return outcome.as_result(
        nat_gateways=states,
        nat_gateway_ids={name: state["nat_gateway_id"] for name, state in states.items()},
        public_ips={name: state["public_ip"] for name, state in states.items()},
        pending=[name for name, state in states.items() if state["state"] == "pending"],
        surplus=surplus(outcome, wanted),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            nat_gateways={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "subnet_id": {"type": "str"},
                    "allocation_id": {"type": "str"},
                    "tags": {"type": "dict"},
                },
            },
            wait={"type": "bool", "default": True},
            wait_timeout={"type": "int", "default": 600},
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
