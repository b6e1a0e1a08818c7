# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_security_groups
version_added: 0.1.0
short_description: Manage security groups that refer to each other as one list
description:
  - Makes the security groups of a VPC what is listed. One describe call; then missing groups are created, then rules
    are changed, then groups that shall go are deleted, each step in parallel and only where something differs.
  - Rules may refer to other groups of the list in any direction, in circles too.
  - C(amazon.aws.ec2_security_group) handles one group a task, waits three seconds for each new one, and cannot refer to
    a group that a later task creates.
  - "IAM actions: C(ec2:DescribeSecurityGroups), C(ec2:DescribeManagedPrefixLists), C(ec2:CreateSecurityGroup),
    C(ec2:DeleteSecurityGroup), C(ec2:AuthorizeSecurityGroupIngress), C(ec2:AuthorizeSecurityGroupEgress),
    C(ec2:RevokeSecurityGroupIngress), C(ec2:RevokeSecurityGroupEgress),
    C(ec2:UpdateSecurityGroupRuleDescriptionsIngress), C(ec2:UpdateSecurityGroupRuleDescriptionsEgress),
    C(ec2:CreateTags), C(ec2:DeleteTags)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  security_groups:
    description: The security groups.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the group; becomes the tag C(Component), by which it is recognised and referred to.
        type: str
        required: true
      name:
        description:
          - The group's name, also its tag C(Name). AWS cannot change the name of an existing group.
          - Required when O(state=present).
        type: str
      description:
        description:
          - What the group is for. AWS cannot change it.
          - Required when O(state=present).
        type: str
      ingress:
        description: Rules for what enters. Not touched when left out.
        type: list
        elements: dict
        suboptions: &rule
          protocol:
            description: V(tcp), V(udp), V(icmp), V(icmpv6), V(all) or a protocol's number.
            type: str
            default: tcp
          ports:
            description: Ports and ranges such as V(8000-8100). Needed for V(tcp) and V(udp), without meaning otherwise.
            type: list
            elements: str
          cidrs:
            description: IPv4 and IPv6 networks on the other side.
            type: list
            elements: str
          groups:
            description:
              - Security groups on the other side, each by its component, its name or its identifier.
            type: list
            elements: str
          prefix_lists:
            description:
              - Prefix lists on the other side, each by its identifier, its name, or the short name of the AWS service,
                such as V(s3).
            type: list
            elements: str
          description:
            description: What the rule is for.
            type: str
      egress:
        description:
          - Rules for what leaves. Not touched when left out; a new group then may reach everything, as AWS makes it.
        type: list
        elements: dict
        suboptions: *rule
      tags:
        description: Further tags of this group.
        type: dict
  purge_rules:
    description: Whether to remove rules that are not listed.
    type: bool
    default: true
extends_documentation_fragment:
  - slipway.aws.network
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - slipway.aws.attributes
"""

EXAMPLES = r"""
- name: Let the load balancer reach the services, and nothing else
  slipway.aws.ec2_security_groups:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: prod
    security_groups:
      - component: alb
        name: uex-prod-alb-sg
        description: Load balancer
        ingress:
          - ports: ["80", "443"]
            cidrs: [0.0.0.0/0]
        egress:
          - ports: ["3900-3903"]
            groups: [app]
      - component: app
        name: uex-prod-app-sg
        description: Services
        ingress:
          - ports: ["3900-3903"]
            groups: [alb]
            description: Load balancer
        egress:
          - ports: ["443"]
            prefix_lists: [s3]
"""

RETURN = r"""
security_groups:
  description: The listed groups by component.
  returned: success
  type: dict
  contains:
    group_id:
      description: Identifier of the group. In check mode a placeholder for one that would be created.
      type: str
      sample: sg-0123456789abcdef0
    group_name:
      description: Name of the group.
      type: str
    description:
      description: What the group is for.
      type: str
    ingress:
      description: Rules for what enters, one for each port range and peer.
      type: list
      elements: dict
    egress:
      description: Rules for what leaves, one for each port range and peer.
      type: list
      elements: dict
    tags:
      description: Tags of the group.
      type: dict
security_group_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"alb": "sg-0123456789abcdef0"}
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

from collections.abc import Callable
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    Outcome,
    Resource,
    SlipwayModule,
    State,
    aws_call,
    merged,
    reconcile,
    run,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    apply_tags,
    combined,
    common_spec,
    describe_all,
    expand_group_rules,
    flatten_permissions,
    group_rule_key,
    in_vpc,
    once_consistent,
    once_free,
    refuse_empty_owner,
    tag_specification,
    to_permissions,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id

DIRECTIONS = ("ingress", "egress")
# What AWS lets a new group do.
EVERYTHING_LEAVES = [
    {"protocol": "all", "from_port": -1, "to_port": -1, "kind": "cidr", "peer": "0.0.0.0/0", "description": ""}
]


@aws_call("create the security group {name}")
@once_consistent
def _create(client: Any, name: str, description: str, vpc_id: str, tags: dict[str, str]) -> str:
    return client.create_security_group(
        GroupName=name,
        Description=description,
        VpcId=vpc_id,
        TagSpecifications=tag_specification("security-group", tags),
    )["GroupId"]


@aws_call("delete the security group {name} ({group_id})", missing=["InvalidGroup.NotFound"])
@once_free
def _delete(client: Any, name: str, group_id: str) -> None:
    client.delete_security_group(GroupId=group_id)


@aws_call("add {direction} rules to the security group {name}")
@once_consistent
def _authorize(client: Any, name: str, group_id: str, direction: str, permissions: list[State]) -> None:
    getattr(client, f"authorize_security_group_{direction}")(GroupId=group_id, IpPermissions=permissions)


@aws_call("remove {direction} rules from the security group {name}")
@once_consistent
def _revoke(client: Any, name: str, group_id: str, direction: str, permissions: list[State]) -> None:
    getattr(client, f"revoke_security_group_{direction}")(GroupId=group_id, IpPermissions=permissions)


@aws_call("describe {direction} rules of the security group {name}")
def _redescribe(client: Any, name: str, group_id: str, direction: str, permissions: list[State]) -> None:
    operation = f"update_security_group_rule_descriptions_{direction}"
    getattr(client, operation)(GroupId=group_id, IpPermissions=permissions)


class Group(NetworkResource):
    kind = "security group"
    identifier = "group_id"
    immutable = frozenset({"group_name", "description"})

    def __init__(self, client: Any, scope: Scope, vpc_id: str, found: list[State]) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        self.found = found

    def describe(self) -> dict[str, State]:
        return self.by_component(
            (
                group,
                {
                    "group_id": group["GroupId"],
                    "group_name": group["GroupName"],
                    "description": group["Description"],
                },
            )
            for group in self.found
        )

    def create(self, name: str, wanted: State) -> State:
        group_id = _create(self.client, wanted["group_name"], wanted["description"], self.vpc_id, wanted["tags"])
        return merged(wanted, {"group_id": group_id})

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        apply_tags(self.client, current["group_id"], current["tags"], changes["tags"])
        return merged(current, changes)

    def delete(self, name: str, current: State) -> None:
        _delete(self.client, name, current["group_id"])

    def planned(self, name: str, wanted: State) -> State:
        return merged(wanted, {"group_id": planned_id("security_group", wanted["group_name"])})


class Rules(Resource):
    """The rules of groups that exist, or in check mode would."""

    kind = "set of rules"

    def __init__(self, client: Any, groups: dict[str, State], found: list[State], purge_rules: bool) -> None:
        self.client = client
        self.groups = groups
        self.found = {group["GroupId"]: group for group in found}
        self.purge_rules = purge_rules

    def describe(self) -> dict[str, State]:
        return {name: self._state(group["group_id"]) for name, group in self.groups.items()}

    def _state(self, group_id: str) -> State:
        if group_id not in self.found:
            return {"ingress": [], "egress": list(EVERYTHING_LEAVES)}
        group = self.found[group_id]
        return {
            "ingress": flatten_permissions(group["IpPermissions"]),
            "egress": flatten_permissions(group["IpPermissionsEgress"]),
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        if not self.purge_rules:
            wanted = {
                direction: [*rules, *_others(current[direction], rules)]
                for direction, rules in wanted.items()
                if rules is not None
            }
        return {
            direction: rules
            for direction, rules in wanted.items()
            if rules is not None and _sorted(rules) != _sorted(current[direction])
        }

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        group_id = self.groups[name]["group_id"]
        for direction, rules in changes.items():
            present = {group_rule_key(rule): rule for rule in current[direction]}
            stated = {group_rule_key(rule): rule for rule in rules}
            self._call(_authorize, name, group_id, direction, [stated[key] for key in stated.keys() - present.keys()])
            self._call(_revoke, name, group_id, direction, [present[key] for key in present.keys() - stated.keys()])
            renamed = [stated[key] for key in stated.keys() & present.keys() if stated[key] != present[key]]
            self._call(_redescribe, name, group_id, direction, renamed)
        return merged(current, changes)

    def _call(self, call: Callable[..., None], name: str, group_id: str, direction: str, rules: list[State]) -> None:
        if rules:
            permissions = to_permissions(_sorted(rules), descriptions=call is not _revoke)
            call(self.client, name, group_id, direction, permissions)


def _sorted(rules: list[State]) -> list[State]:
    return sorted(rules, key=group_rule_key)


def _others(current: list[State], stated: list[State]) -> list[State]:
    keys = {group_rule_key(rule) for rule in stated}
    return [rule for rule in current if group_rule_key(rule) not in keys]


class Names:
    """What the names in rules stand for."""

    def __init__(self, client: Any, groups: dict[str, State], found: list[State]) -> None:
        self.client = client
        self.components = {name: group["group_id"] for name, group in groups.items()}
        self.names = {group["GroupName"]: group["GroupId"] for group in found}
        self._prefix_lists: dict[str, str] = {}

    def __call__(self, kind: str, name: str) -> str:
        return self._group(name) if kind == "group" else self._prefix_list(name)

    def _group(self, name: str) -> str:
        if name.startswith("sg-"):
            return name
        identifier = self.components.get(name) or self.names.get(name)
        if not identifier:
            raise AnsibleAWSError(
                message=f"security_groups: a rule refers to {name!r}, which is neither listed nor in the VPC; "
                f"known are {', '.join(sorted({*self.components, *self.names})) or 'none'}."
            )
        return identifier

    def _prefix_list(self, name: str) -> str:
        if name.startswith("pl-"):
            return name
        full = name if "." in name else f"com.amazonaws.{self.client.meta.region_name}.{name}"
        if full not in self._prefix_lists:
            found = describe_all(
                self.client,
                "describe_managed_prefix_lists",
                "PrefixLists",
                f"prefix lists named {full}",
                Filters=[{"Name": "prefix-list-name", "Values": [full]}],
            )
            if not found:
                raise AnsibleAWSError(
                    message=f"security_groups: a rule refers to the prefix list {full!r}, which does not exist."
                )
            self._prefix_lists[full] = found[0]["PrefixListId"]
        return self._prefix_lists[full]


def _wanted_groups(options: dict[str, Any], scope: Scope) -> dict[str, State | None]:
    wanted = wanted_items(
        options["security_groups"],
        options["state"],
        scope,
        option="security_groups",
        required=["name", "description"],
        leave_out=DIRECTIONS,
    )
    for group in options["security_groups"]:
        state = wanted[group["component"]]
        if state is not None:
            state["group_name"] = group["name"]
    return wanted


def _wanted_rules(options: dict[str, Any], names: Names, going: list[str]) -> dict[str, State | None]:
    """The rules stated, and none for the groups that go: a group is only deletable when no rule refers to it."""
    rules: dict[str, State | None] = {name: {"ingress": [], "egress": []} for name in going}
    if options["state"] == "present":
        for group in options["security_groups"]:
            rules[group["component"]] = {
                direction: expand_group_rules(group[direction], names, f"security_groups: {group['component']}")
                for direction in DIRECTIONS
                if group[direction] is not None
            }
    return rules


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    client = module.client("ec2")
    scope = Scope(options)
    found = in_vpc(client, "describe_security_groups", "SecurityGroups", "security groups", options["vpc_id"])
    groups = Group(client, scope, options["vpc_id"], found)
    wanted = _wanted_groups(options, scope)
    # Names that do not resolve are found before the first group is made.
    planned = {name: groups.planned(name, state) for name, state in wanted.items() if state is not None}
    _wanted_rules(options, Names(client, {**planned, **groups.describe()}, found), [])

    kept = {name: state for name, state in wanted.items() if state is not None}
    made = reconcile(groups, kept, check_mode=module.check_mode)
    going = [name for name in made.items if name not in kept and (options["purge"] or name in wanted)]
    rules = Rules(client, made.items, found, options["purge_rules"] or not kept)
    ruled = reconcile(
        rules, _wanted_rules(options, Names(client, made.items, found), going), check_mode=module.check_mode
    )
    gone = reconcile(groups, dict.fromkeys(going), check_mode=module.check_mode)
    return _result(kept, going, made, ruled, gone)


def _result(kept: dict[str, State], going: list[str], made: Outcome, ruled: Outcome, gone: Outcome) -> dict[str, Any]:
    states = {name: {**made.items[name], **ruled.items[name]} for name in kept}
    return {
        **combined(made, ruled, gone),
        "security_groups": states,
        "security_group_ids": {name: state["group_id"] for name, state in states.items()},
        "surplus": sorted(name for name in made.items if name not in kept and name not in going),
    }


RULE = {
    "type": "list",
    "elements": "dict",
    "options": {
        "protocol": {"type": "str", "default": "tcp"},
        "ports": {"type": "list", "elements": "str"},
        "cidrs": {"type": "list", "elements": "str"},
        "groups": {"type": "list", "elements": "str"},
        "prefix_lists": {"type": "list", "elements": "str"},
        "description": {"type": "str"},
    },
}


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            security_groups={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "description": {"type": "str"},
                    "ingress": RULE,
                    "egress": RULE,
                    "tags": {"type": "dict"},
                },
            },
            purge_rules={"type": "bool", "default": True},
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
