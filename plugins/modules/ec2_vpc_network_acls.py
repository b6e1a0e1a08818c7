# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_network_acls
version_added: 0.1.0
short_description: Manage the network ACLs of a VPC with their rules and subnets as one list
description:
  - Makes the network ACLs of a VPC what is listed. One describe call, then only the calls that differ, in parallel.
  - C(amazon.aws.ec2_vpc_nacl) handles one ACL a task and fails in check mode when a subnet does not exist yet.
  - "IAM actions: C(ec2:DescribeNetworkAcls), C(ec2:CreateNetworkAcl), C(ec2:DeleteNetworkAcl),
    C(ec2:CreateNetworkAclEntry), C(ec2:ReplaceNetworkAclEntry), C(ec2:DeleteNetworkAclEntry),
    C(ec2:ReplaceNetworkAclAssociation), C(ec2:CreateTags), C(ec2:DeleteTags)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  network_acls:
    description: The network ACLs.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the ACL; becomes the tag C(Component), by which it is recognised.
        type: str
        required: true
      name:
        description: Becomes the tag C(Name).
        type: str
      ingress:
        description: Rules for what enters. Replaces all rules; not touched when left out.
        type: list
        elements: dict
        suboptions: &rule
          rule_number:
            description: Rules are looked at in the order of their numbers; 1 to 32766.
            type: int
            required: true
          action:
            description: What to do with what matches.
            type: str
            choices: [allow, deny]
            default: allow
          protocol:
            description: V(all), V(tcp), V(udp), V(icmp), V(icmpv6) or a protocol's number.
            type: str
            default: tcp
          ports:
            description: A port or a range such as V(1024-65535), for V(tcp) and V(udp). All ports when left out.
            type: str
          cidr:
            description: The other side, an IPv4 or IPv6 network.
            type: str
            required: true
      egress:
        description: Rules for what leaves. Replaces all rules; not touched when left out.
        type: list
        elements: dict
        suboptions: *rule
      subnet_ids:
        description:
          - The subnets the ACL guards. Not touched when left out.
          - A subnet that no listed ACL wants goes back to the VPC's default ACL.
        type: list
        elements: str
      tags:
        description: Further tags of this ACL.
        type: dict
extends_documentation_fragment:
  - slipway.aws.network
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Let only the application's subnets reach the database's
  slipway.aws.ec2_vpc_network_acls:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: prod
    network_acls:
      - component: data
        name: uex-prod-data-acl
        subnet_ids: [subnet-0123456789abcdef0]
        ingress:
          - rule_number: 100
            ports: "5432"
            cidr: 10.0.64.0/20
        egress:
          - rule_number: 100
            ports: 1024-65535
            cidr: 10.0.64.0/20
"""

RETURN = r"""
network_acls:
  description: The listed ACLs by component.
  returned: success
  type: dict
  contains:
    network_acl_id:
      description: Identifier of the ACL. In check mode a placeholder for one that would be created.
      type: str
      sample: acl-0123456789abcdef0
    ingress:
      description: Rules for what enters.
      type: list
      elements: dict
    egress:
      description: Rules for what leaves.
      type: list
      elements: dict
    subnet_ids:
      description: The subnets the ACL guards.
      type: list
      elements: str
    tags:
      description: Tags of the ACL.
      type: dict
network_acl_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"public": "acl-0123456789abcdef0"}
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

import time
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    Step,
    aws_call,
    in_parallel,
    merged,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    acl_entries,
    apply_tags,
    common_spec,
    describe_all,
    flatten_acl_entries,
    in_vpc,
    listed,
    once_consistent,
    once_free,
    refuse_empty_owner,
    surplus,
    tag_specification,
    to_acl_entry,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id

DIRECTIONS = ("ingress", "egress")
# How often, a second apart, a new subnet's association is looked for.
LOOKS = 8


@aws_call("create the network ACL {name}")
@once_consistent
def _create(client: Any, name: str, vpc_id: str, tags: dict[str, str]) -> str:
    return client.create_network_acl(VpcId=vpc_id, TagSpecifications=tag_specification("network-acl", tags))[
        "NetworkAcl"
    ]["NetworkAclId"]


@aws_call("delete the network ACL {name} ({acl_id})", missing=["InvalidNetworkAclID.NotFound"])
@once_free
def _delete(client: Any, name: str, acl_id: str) -> None:
    client.delete_network_acl(NetworkAclId=acl_id)


@aws_call("add the rule {rule} to {acl_id}")
@once_consistent
def _create_entry(client: Any, acl_id: str, rule: State, egress: bool) -> None:
    client.create_network_acl_entry(NetworkAclId=acl_id, **to_acl_entry(rule, egress=egress))


@aws_call("change the rule {rule} of {acl_id}")
def _replace_entry(client: Any, acl_id: str, rule: State, egress: bool) -> None:
    client.replace_network_acl_entry(NetworkAclId=acl_id, **to_acl_entry(rule, egress=egress))


@aws_call("remove the rule {number} from {acl_id}", missing=["InvalidNetworkAclEntry.NotFound"])
def _delete_entry(client: Any, acl_id: str, number: int, egress: bool) -> None:
    client.delete_network_acl_entry(NetworkAclId=acl_id, RuleNumber=number, Egress=egress)


@aws_call("put a subnet under {acl_id}")
@once_consistent
def _associate(client: Any, acl_id: str, association_id: str) -> None:
    client.replace_network_acl_association(NetworkAclId=acl_id, AssociationId=association_id)


class NetworkAcl(NetworkResource):
    kind = "network ACL"
    identifier = "network_acl_id"
    unordered = frozenset({"subnet_ids"})

    def __init__(self, client: Any, scope: Scope, vpc_id: str, wanted: dict[str, State | None]) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        # Subnets that some listed ACL wants: they move there, not to the default one in between.
        self.claimed = {subnet for state in wanted.values() if state for subnet in state.get("subnet_ids") or []}
        self.associations: dict[str, str] = {}
        self.default_acl = ""

    def describe(self) -> dict[str, State]:
        found = in_vpc(self.client, "describe_network_acls", "NetworkAcls", "network ACLs", self.vpc_id)
        self._remember(found)
        return self.by_component((acl, self._state(acl)) for acl in found)

    def _remember(self, found: list[State]) -> None:
        for acl in found:
            for association in acl["Associations"]:
                self.associations[association["SubnetId"]] = association["NetworkAclAssociationId"]
            if acl["IsDefault"]:
                self.default_acl = acl["NetworkAclId"]

    @staticmethod
    def _state(acl: State) -> State:
        return {
            "network_acl_id": acl["NetworkAclId"],
            "ingress": flatten_acl_entries(acl["Entries"], egress=False),
            "egress": flatten_acl_entries(acl["Entries"], egress=True),
            "subnet_ids": [association["SubnetId"] for association in acl["Associations"]],
        }

    def waves(self, steps: list[Step]) -> list[list[Step]]:
        # An ACL is deleted when its subnets have moved to another.
        return [
            [step for step in steps if step.action != "delete"],
            [step for step in steps if step.action == "delete"],
        ]

    def create(self, name: str, wanted: State) -> State:
        acl_id = _create(self.client, name, self.vpc_id, wanted["tags"])
        state = {"network_acl_id": acl_id, "ingress": [], "egress": [], "subnet_ids": [], "tags": wanted["tags"]}
        self._apply(state, wanted)
        return merged(state, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "tags" in changes:
            apply_tags(self.client, current["network_acl_id"], current["tags"], changes["tags"])
        self._apply(current, changes)
        return merged(current, changes)

    def _apply(self, current: State, changes: State) -> None:
        acl_id = current["network_acl_id"]
        # The rules first: a subnet comes under the ACL when it is complete.
        in_parallel(self._entry_calls(acl_id, current, changes))
        if changes.get("subnet_ids") is None:
            return
        joining = set(changes["subnet_ids"]) - set(current["subnet_ids"])
        leaving = set(current["subnet_ids"]) - set(changes["subnet_ids"]) - self.claimed
        targets = {**dict.fromkeys(joining, acl_id), **dict.fromkeys(leaving, self.default_acl)}
        self._move(targets)

    def _entry_calls(self, acl_id: str, current: State, changes: State) -> dict[Any, Any]:
        calls: dict[Any, Any] = {}
        for direction in DIRECTIONS:
            if changes.get(direction) is None:
                continue
            egress = direction == "egress"
            present = {rule["rule_number"]: rule for rule in current[direction]}
            wanted = {rule["rule_number"]: rule for rule in changes[direction]}
            for number, rule in wanted.items():
                if number not in present:
                    calls[direction, number] = lambda rule=rule, egress=egress: _create_entry(
                        self.client, acl_id, rule, egress
                    )
                elif present[number] != rule:
                    calls[direction, number] = lambda rule=rule, egress=egress: _replace_entry(
                        self.client, acl_id, rule, egress
                    )
            for number in present.keys() - wanted.keys():
                calls[direction, number] = lambda number=number, egress=egress: _delete_entry(
                    self.client, acl_id, number, egress
                )
        return calls

    def _move(self, targets: dict[str, str]) -> None:
        self._find_associations(targets.keys())
        in_parallel(
            {
                subnet_id: lambda subnet_id=subnet_id, acl_id=acl_id: _associate(
                    self.client, acl_id, self.associations[subnet_id]
                )
                for subnet_id, acl_id in targets.items()
            }
        )

    def _find_associations(self, subnet_ids: Any) -> None:
        """A subnet made just before may not show under the default ACL at once."""
        for look in range(LOOKS):
            missing = sorted(set(subnet_ids) - self.associations.keys())
            if not missing:
                return
            if look:
                time.sleep(1)
            filters = [{"Name": "association.subnet-id", "Values": missing}]
            what = f"network ACLs of {', '.join(missing)}"
            self._remember(describe_all(self.client, "describe_network_acls", "NetworkAcls", what, Filters=filters))
        raise AnsibleAWSError(message=f"network_acls: {', '.join(missing)} are no subnets of {self.vpc_id}.")

    def delete(self, name: str, current: State) -> None:
        left = [subnet_id for subnet_id in current["subnet_ids"] if subnet_id not in self.claimed]
        self._move(dict.fromkeys(left, self.default_acl))
        _delete(self.client, name, current["network_acl_id"])

    def planned(self, name: str, wanted: State) -> State:
        acl_id = planned_id("network_acl", wanted["tags"].get("Name") or name)
        return merged({"ingress": [], "egress": [], "subnet_ids": []}, {**wanted, "network_acl_id": acl_id})


def _wanted(options: dict[str, Any], scope: Scope) -> dict[str, State | None]:
    wanted = wanted_items(options["network_acls"], options["state"], scope, option="network_acls")
    owner: dict[str, str] = {}
    for name, state in wanted.items():
        if state is None:
            continue
        for direction in DIRECTIONS:
            if direction in state:
                state[direction] = acl_entries(state[direction], f"network_acls: {name}.{direction}")
        for subnet_id in state.get("subnet_ids") or []:
            if subnet_id in owner:
                raise AnsibleAWSError(
                    message=f"network_acls: {subnet_id} is in {owner[subnet_id]} and {name}; a subnet has one ACL."
                )
            owner[subnet_id] = name
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    scope = Scope(options)
    wanted = _wanted(options, scope)
    outcome = reconcile(
        NetworkAcl(module.client("ec2"), scope, options["vpc_id"], wanted),
        wanted,
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    states = listed(outcome, wanted)
    return outcome.as_result(
        network_acls=states,
        network_acl_ids={name: state["network_acl_id"] for name, state in states.items()},
        surplus=surplus(outcome, wanted),
    )


RULE = {
    "type": "list",
    "elements": "dict",
    "options": {
        "rule_number": {"type": "int", "required": True},
        "action": {"type": "str", "choices": ["allow", "deny"], "default": "allow"},
        "protocol": {"type": "str", "default": "tcp"},
        "ports": {"type": "str"},
        "cidr": {"type": "str", "required": True},
    },
}


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            network_acls={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "ingress": RULE,
                    "egress": RULE,
                    "subnet_ids": {"type": "list", "elements": "str"},
                    "tags": {"type": "dict"},
                },
            },
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
