# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_route_tables
version_added: 0.1.0
short_description: Manage the route tables of a VPC with their routes and subnets as one list
description:
  - Makes the route tables of a VPC what is listed. One describe call, then only the calls that differ, in parallel.
  - Routes that AWS keeps itself (the local one, propagated ones, those of gateway endpoints) are left alone.
  - C(amazon.aws.ec2_vpc_route_table) handles one table a task, waits five seconds each time, creates a second one when
    a tag changes, and returns no identifier in check mode.
  - "IAM actions: C(ec2:DescribeRouteTables), C(ec2:CreateRouteTable), C(ec2:DeleteRouteTable), C(ec2:CreateRoute),
    C(ec2:ReplaceRoute), C(ec2:DeleteRoute), C(ec2:AssociateRouteTable), C(ec2:ReplaceRouteTableAssociation),
    C(ec2:DisassociateRouteTable), C(ec2:CreateTags), C(ec2:DeleteTags)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  route_tables:
    description: The route tables.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the table; becomes the tag C(Component), by which it is recognised.
        type: str
        required: true
      name:
        description: Becomes the tag C(Name).
        type: str
      routes:
        description:
          - The routes. Not touched when left out.
          - Other routes of the table go, unless O(purge_routes=false).
        type: list
        elements: dict
        suboptions:
          destination:
            description: An IPv4 or IPv6 network, or the identifier of a prefix list.
            type: str
            required: true
          target:
            description:
              - Identifier of where the traffic goes; its prefix tells what it is.
              - An internet gateway (V(igw-)), virtual private gateway (V(vgw-)), NAT gateway (V(nat-)), transit gateway
                (V(tgw-)), peering connection (V(pcx-)), network interface (V(eni-)), egress-only internet gateway
                (V(eigw-)), gateway load balancer endpoint (V(vpce-)), carrier gateway (V(cagw-)) or local gateway
                (V(lgw-)).
            type: str
            required: true
      subnet_ids:
        description:
          - The subnets that use the table. Not touched when left out.
          - A subnet that another table has is moved; one that no listed table wants goes back to the VPC's main table.
        type: list
        elements: str
      tags:
        description: Further tags of this table.
        type: dict
  purge_routes:
    description: Whether to remove routes that are not listed.
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
- name: Route the public subnets to the Internet and an application subnet through NAT
  slipway.aws.ec2_vpc_route_tables:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: dev
    route_tables:
      - component: public
        name: uex-dev-public-rtb
        subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
        routes:
          - destination: 0.0.0.0/0
            target: igw-0123456789abcdef0
      - component: app-a
        name: uex-dev-app-a-rtb
        subnet_ids: [subnet-0123456789abcdef2]
        routes:
          - destination: 0.0.0.0/0
            target: nat-0123456789abcdef0
"""

RETURN = r"""
route_tables:
  description: The listed tables by component.
  returned: success
  type: dict
  contains:
    route_table_id:
      description: Identifier of the table. In check mode a placeholder for one that would be created.
      type: str
      sample: rtb-0123456789abcdef0
    routes:
      description: The routes, each with its C(destination) and C(target).
      type: list
      elements: dict
    subnet_ids:
      description: The subnets that use the table.
      type: list
      elements: str
    tags:
      description: Tags of the table.
      type: dict
route_table_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"public": "rtb-0123456789abcdef0"}
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
    apply_tags,
    canonical_routes,
    common_spec,
    flatten_routes,
    in_vpc,
    listed,
    once_consistent,
    once_free,
    refuse_empty_owner,
    route_destination,
    surplus,
    tag_specification,
    to_route,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import planned_id


@aws_call("create the route table {name}")
@once_consistent
def _create(client: Any, name: str, vpc_id: str, tags: dict[str, str]) -> str:
    return client.create_route_table(VpcId=vpc_id, TagSpecifications=tag_specification("route-table", tags))[
        "RouteTable"
    ]["RouteTableId"]


@aws_call("delete the route table {name} ({route_table_id})", missing=["InvalidRouteTableID.NotFound"])
@once_free
def _delete(client: Any, name: str, route_table_id: str) -> None:
    client.delete_route_table(RouteTableId=route_table_id)


@aws_call("add the route {route} to {route_table_id}")
@once_consistent
def _create_route(client: Any, route_table_id: str, route: dict[str, str]) -> None:
    client.create_route(RouteTableId=route_table_id, **to_route(route))


@aws_call("change the route {route} of {route_table_id}")
@once_consistent
def _replace_route(client: Any, route_table_id: str, route: dict[str, str]) -> None:
    client.replace_route(RouteTableId=route_table_id, **to_route(route))


@aws_call("remove the route to {destination} from {route_table_id}", missing=["InvalidRoute.NotFound"])
def _delete_route(client: Any, route_table_id: str, destination: str) -> None:
    client.delete_route(RouteTableId=route_table_id, **route_destination(destination))


@aws_call("associate {subnet_id} with {route_table_id}")
@once_consistent
def _associate(client: Any, route_table_id: str, subnet_id: str) -> None:
    client.associate_route_table(RouteTableId=route_table_id, SubnetId=subnet_id)


@aws_call("move an association to {route_table_id}")
@once_consistent
def _reassociate(client: Any, route_table_id: str, association_id: str) -> None:
    client.replace_route_table_association(RouteTableId=route_table_id, AssociationId=association_id)


@aws_call("end the association {association_id}", missing=["InvalidAssociationID.NotFound"])
def _disassociate(client: Any, association_id: str) -> None:
    client.disassociate_route_table(AssociationId=association_id)


class RouteTable(NetworkResource):
    kind = "route table"
    identifier = "route_table_id"
    unordered = frozenset({"routes", "subnet_ids"})

    def __init__(
        self, client: Any, scope: Scope, vpc_id: str, wanted: dict[str, State | None], purge_routes: bool
    ) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        self.purge_routes = purge_routes
        # Subnets that some listed table wants: they are moved, never left without a table in between.
        self.claimed = {subnet for state in wanted.values() if state for subnet in state.get("subnet_ids") or []}
        self.associations: dict[str, str] = {}

    def describe(self) -> dict[str, State]:
        found = in_vpc(self.client, "describe_route_tables", "RouteTables", "route tables", self.vpc_id)
        self.associations = {
            association["SubnetId"]: association["RouteTableAssociationId"]
            for table in found
            for association in table["Associations"]
            if association.get("SubnetId")
        }
        return self.by_component((table, self._state(table)) for table in found)

    @staticmethod
    def _state(table: State) -> State:
        return {
            "route_table_id": table["RouteTableId"],
            "routes": flatten_routes(table["Routes"]),
            "subnet_ids": [item["SubnetId"] for item in table["Associations"] if item.get("SubnetId")],
        }

    def differences(self, name: str, current: State, wanted: State) -> State:
        if not self.purge_routes and wanted.get("routes") is not None:
            stated = {route["destination"] for route in wanted["routes"]}
            kept = [route for route in current["routes"] if route["destination"] not in stated]
            wanted = {**wanted, "routes": [*wanted["routes"], *kept]}
        return super().differences(name, current, wanted)

    def waves(self, steps: list[Step]) -> list[list[Step]]:
        # A table is deleted when its subnets have moved to another.
        return [
            [step for step in steps if step.action != "delete"],
            [step for step in steps if step.action == "delete"],
        ]

    def create(self, name: str, wanted: State) -> State:
        table_id = _create(self.client, name, self.vpc_id, wanted["tags"])
        state = {"route_table_id": table_id, "routes": [], "subnet_ids": [], "tags": wanted["tags"]}
        self._apply(state, wanted)
        return merged(state, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "tags" in changes:
            apply_tags(self.client, current["route_table_id"], current["tags"], changes["tags"])
        self._apply(current, changes)
        return merged(current, changes)

    def _apply(self, current: State, changes: State) -> None:
        table_id = current["route_table_id"]
        calls: dict[Any, Any] = {}
        if changes.get("routes") is not None:
            present = {route["destination"]: route["target"] for route in current["routes"]}
            for route in changes["routes"]:
                destination = route["destination"]
                if destination not in present:
                    calls["route", destination] = lambda route=route: _create_route(self.client, table_id, route)
                elif present[destination] != route["target"]:
                    calls["route", destination] = lambda route=route: _replace_route(self.client, table_id, route)
            for destination in present.keys() - {route["destination"] for route in changes["routes"]}:
                calls["route", destination] = lambda destination=destination: _delete_route(
                    self.client, table_id, destination
                )
        if changes.get("subnet_ids") is not None:
            for subnet_id in set(changes["subnet_ids"]) - set(current["subnet_ids"]):
                calls["subnet", subnet_id] = lambda subnet_id=subnet_id: self._join(table_id, subnet_id)
            for subnet_id in set(current["subnet_ids"]) - set(changes["subnet_ids"]) - self.claimed:
                calls["subnet", subnet_id] = lambda subnet_id=subnet_id: _disassociate(
                    self.client, self.associations[subnet_id]
                )
        in_parallel(calls)

    def _join(self, table_id: str, subnet_id: str) -> None:
        if subnet_id in self.associations:
            _reassociate(self.client, table_id, self.associations[subnet_id])
        else:
            _associate(self.client, table_id, subnet_id)

    def delete(self, name: str, current: State) -> None:
        left = [subnet_id for subnet_id in current["subnet_ids"] if subnet_id not in self.claimed]
        in_parallel(
            {subnet: lambda subnet=subnet: _disassociate(self.client, self.associations[subnet]) for subnet in left}
        )
        _delete(self.client, name, current["route_table_id"])

    def planned(self, name: str, wanted: State) -> State:
        table_id = planned_id("route_table", wanted["tags"].get("Name") or name)
        return merged({"routes": [], "subnet_ids": []}, {**wanted, "route_table_id": table_id})


def _wanted(options: dict[str, Any], scope: Scope) -> dict[str, State | None]:
    wanted = wanted_items(options["route_tables"], options["state"], scope, option="route_tables")
    owner: dict[str, str] = {}
    for name, state in wanted.items():
        if state is None:
            continue
        if "routes" in state:
            state["routes"] = canonical_routes(state["routes"], f"route_tables: {name}")
        for subnet_id in state.get("subnet_ids") or []:
            if subnet_id in owner:
                raise AnsibleAWSError(
                    message=f"route_tables: {subnet_id} is in {owner[subnet_id]} and {name}; a subnet has one table."
                )
            owner[subnet_id] = name
    return wanted


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    scope = Scope(options)
    wanted = _wanted(options, scope)
    outcome = reconcile(
        RouteTable(module.client("ec2"), scope, options["vpc_id"], wanted, options["purge_routes"]),
        wanted,
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    states = listed(outcome, wanted)
    return outcome.as_result(
        route_tables=states,
        route_table_ids={name: state["route_table_id"] for name, state in states.items()},
        surplus=surplus(outcome, wanted),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            route_tables={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "routes": {
                        "type": "list",
                        "elements": "dict",
                        "options": {
                            "destination": {"type": "str", "required": True},
                            "target": {"type": "str", "required": True},
                        },
                    },
                    "subnet_ids": {"type": "list", "elements": "str"},
                    "tags": {"type": "dict"},
                },
            },
            purge_routes={"type": "bool", "default": True},
        ),
        supports_check_mode=True,
    )
    run(module, _run)


if __name__ == "__main__":
    main()
