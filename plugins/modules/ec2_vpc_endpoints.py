# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_endpoints
version_added: 0.1.0
short_description: Manage the endpoints of a VPC as one list
description:
  - Makes the gateway and interface endpoints of a VPC what is listed. One describe call, then only the calls that
    differ, in parallel. Subnets, security groups, route tables, policy and private DNS are changed in place.
  - C(amazon.aws.ec2_vpc_endpoint) handles one endpoint a task, creates a second one when its route tables differ,
    ignores changed subnets, groups and policies, and has no option for private DNS.
  - "IAM actions: C(ec2:DescribeVpcEndpoints), C(ec2:CreateVpcEndpoint), C(ec2:ModifyVpcEndpoint),
    C(ec2:DeleteVpcEndpoints), C(ec2:CreateTags), C(ec2:DeleteTags); for private DNS also
    C(route53:AssociateVPCWithHostedZone)."
author:
  - slipway.aws contributors (@slipway-aws)
options:
  vpc_id:
    description: The VPC.
    type: str
    required: true
  endpoints:
    description: The endpoints.
    type: list
    elements: dict
    required: true
    suboptions:
      component:
        description: Names the endpoint; becomes the tag C(Component), by which it is recognised.
        type: str
        required: true
      name:
        description: Becomes the tag C(Name).
        type: str
      service:
        description:
          - The service, such as V(s3) or V(ecr.api), or its full name.
          - It cannot change. Required when O(state=present).
        type: str
      type:
        description: Kind of the endpoint. It cannot change.
        type: str
        choices: [Gateway, Interface]
        default: Interface
      route_table_ids:
        description: Route tables that lead to the service, for V(Gateway). Not touched when left out.
        type: list
        elements: str
      subnet_ids:
        description: Subnets in which the endpoint has an address, for V(Interface). Not touched when left out.
        type: list
        elements: str
      security_group_ids:
        description: Security groups of the endpoint, for V(Interface). Not touched when left out.
        type: list
        elements: str
      private_dns_enabled:
        description: Whether the service's own name leads to the endpoint, for V(Interface). Not touched when left out.
        type: bool
      policy:
        description:
          - Policy that says who may do what through the endpoint. A dictionary, or a string with JSON.
          - AWS allows everything when none is given at the creation. Not touched when left out.
        type: dict
      tags:
        description: Further tags of this endpoint.
        type: dict
  wait:
    description:
      - Whether to wait until the listed endpoints are available.
      - The deletion of an endpoint is always waited for, because its network interfaces keep subnets and groups in use.
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
- name: Keep the traffic to S3 and the image registry inside the VPC
  slipway.aws.ec2_vpc_endpoints:
    vpc_id: vpc-0123456789abcdef0
    owner_tags:
      Project: uex
      Environment: prod
    endpoints:
      - component: s3
        service: s3
        type: Gateway
        route_table_ids: [rtb-0123456789abcdef0]
      - component: ecr.api
        service: ecr.api
        subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
        security_group_ids: [sg-0123456789abcdef0]
        private_dns_enabled: true
"""

RETURN = r"""
endpoints:
  description: The listed endpoints by component.
  returned: success
  type: dict
  contains:
    vpc_endpoint_id:
      description: Identifier of the endpoint. In check mode a placeholder for one that would be created.
      type: str
      sample: vpce-0123456789abcdef0
    service_name:
      description: Full name of the service.
      type: str
      sample: com.amazonaws.us-east-1.s3
    type:
      description: V(Gateway) or V(Interface).
      type: str
    state:
      description: State of the endpoint, such as V(pending) or V(available).
      type: str
    route_table_ids:
      description: Route tables that lead to the service.
      type: list
      elements: str
    subnet_ids:
      description: Subnets in which the endpoint has an address.
      type: list
      elements: str
    security_group_ids:
      description: Security groups of the endpoint.
      type: list
      elements: str
    private_dns_enabled:
      description: Whether the service's own name leads to the endpoint.
      type: bool
    policy:
      description: The endpoint's policy.
      type: dict
    tags:
      description: Tags of the endpoint.
      type: dict
endpoint_ids:
  description: Identifiers by component.
  returned: success
  type: dict
  sample: {"s3": "vpce-0123456789abcdef0"}
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

import json
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils.core import (
    AnsibleAWSError,
    SlipwayModule,
    State,
    aws_call,
    get_waiter,
    given,
    merged,
    reconcile,
    run,
    waiter_config,
)
from ansible_collections.slipway.aws.plugins.module_utils.ec2 import (
    NetworkResource,
    Scope,
    apply_tags,
    common_spec,
    in_vpc,
    listed,
    once_consistent,
    refuse_empty_owner,
    surplus,
    tag_specification,
    wanted_items,
)
from ansible_collections.slipway.aws.plugins.module_utils.planned import is_planned, planned_id

# How often a wait asks.
DELAY = 2


def _acceptors(matcher: str, states: list[str], outcome: str) -> list[dict[str, Any]]:
    """AWS documents an endpoint's states with a small letter, and in the API's model with a capital one."""
    return [
        {"matcher": matcher, "argument": "VpcEndpoints[].State", "expected": state, "state": outcome}
        for name in states
        for state in (name, name.capitalize())
    ]


WAITERS: dict[str, dict[str, Any]] = {
    "vpc_endpoints_available": {
        "operation": "DescribeVpcEndpoints",
        "delay": DELAY,
        "maxAttempts": 120,
        "acceptors": [
            *_acceptors("pathAll", ["available"], "success"),
            *_acceptors("pathAny", ["failed", "rejected"], "failure"),
            {"matcher": "error", "expected": "InvalidVpcEndpointId.NotFound", "state": "retry"},
        ],
    },
    "vpc_endpoints_deleted": {
        "operation": "DescribeVpcEndpoints",
        "delay": DELAY,
        "maxAttempts": 120,
        "acceptors": [
            {"matcher": "path", "argument": "length(VpcEndpoints)", "expected": 0, "state": "success"},
            *_acceptors("pathAll", ["deleted"], "success"),
            {"matcher": "error", "expected": "InvalidVpcEndpointId.NotFound", "state": "success"},
        ],
    },
}

# The lists of an endpoint, and what ModifyVpcEndpoint calls them.
LISTS = {
    "route_table_ids": "RouteTableIds",
    "subnet_ids": "SubnetIds",
    "security_group_ids": "SecurityGroupIds",
}


@aws_call("create the endpoint {name}")
@once_consistent
def _create(client: Any, name: str, arguments: State) -> State:
    return client.create_vpc_endpoint(**arguments)["VpcEndpoint"]


@aws_call("change the endpoint {name} ({endpoint_id})")
@once_consistent
def _modify(client: Any, name: str, endpoint_id: str, arguments: State) -> None:
    client.modify_vpc_endpoint(VpcEndpointId=endpoint_id, **arguments)


@aws_call("delete the endpoints {ids}")
def _delete(client: Any, ids: list[str]) -> list[State]:
    return client.delete_vpc_endpoints(VpcEndpointIds=ids).get("Unsuccessful") or []


@aws_call("see the endpoints {ids} become available within {timeout} seconds")
def _wait_available(client: Any, ids: list[str], timeout: int) -> None:
    get_waiter(client, "vpc_endpoints_available", WAITERS).wait(
        VpcEndpointIds=ids, WaiterConfig=waiter_config(timeout, DELAY)
    )


@aws_call("see the endpoints {ids} go within {timeout} seconds")
def _wait_deleted(client: Any, ids: list[str], timeout: int) -> None:
    get_waiter(client, "vpc_endpoints_deleted", WAITERS).wait(
        Filters=[{"Name": "vpc-endpoint-id", "Values": ids}], WaiterConfig=waiter_config(timeout, DELAY)
    )


class Endpoint(NetworkResource):
    kind = "VPC endpoint"
    identifier = "vpc_endpoint_id"
    unordered = frozenset(LISTS)
    policies = frozenset({"policy"})
    immutable = frozenset({"service_name", "type"})

    def __init__(self, client: Any, scope: Scope, vpc_id: str, wait_timeout: int) -> None:
        super().__init__(client, scope)
        self.vpc_id = vpc_id
        self.wait_timeout = wait_timeout

    def describe(self) -> dict[str, State]:
        found = in_vpc(self.client, "describe_vpc_endpoints", "VpcEndpoints", "endpoints", self.vpc_id)
        return self.by_component(
            (endpoint, _state(endpoint))
            for endpoint in found
            if endpoint["State"].lower() not in ("deleting", "deleted")
        )

    def create(self, name: str, wanted: State) -> State:
        arguments = given(
            {
                "VpcId": self.vpc_id,
                "ServiceName": wanted["service_name"],
                "VpcEndpointType": wanted["type"],
                "RouteTableIds": wanted.get("route_table_ids"),
                "SubnetIds": wanted.get("subnet_ids"),
                "SecurityGroupIds": wanted.get("security_group_ids"),
                "PrivateDnsEnabled": wanted.get("private_dns_enabled"),
                "PolicyDocument": json.dumps(wanted["policy"]) if wanted.get("policy") else None,
                "TagSpecifications": tag_specification("vpc-endpoint", wanted["tags"]),
            }
        )
        return merged({**_state(_create(self.client, name, arguments)), "tags": {}}, wanted)

    def update(self, name: str, current: State, changes: State, wanted: State) -> State:
        if "tags" in changes:
            apply_tags(self.client, current["vpc_endpoint_id"], current["tags"], changes["tags"])
        arguments = modification(current, changes)
        if arguments:
            _modify(self.client, name, current["vpc_endpoint_id"], arguments)
        return merged(current, changes)

    def delete_all(self, states: Any) -> None:
        ids = sorted(state["vpc_endpoint_id"] for state in states.values())
        unsuccessful = _delete(self.client, ids)
        if unsuccessful:
            reasons = "; ".join(f"{item['ResourceId']}: {item['Error']['Message']}" for item in unsuccessful)
            raise AnsibleAWSError(message=f"Failed to delete endpoints: {reasons}")
        _wait_deleted(self.client, ids, self.wait_timeout)

    def planned(self, name: str, wanted: State) -> State:
        endpoint_id = planned_id("vpc_endpoint", wanted["tags"].get("Name") or name)
        empty = {field: [] for field in LISTS}
        return merged(empty, {**wanted, "vpc_endpoint_id": endpoint_id, "state": "pending"})


def _state(endpoint: State) -> State:
    return {
        "vpc_endpoint_id": endpoint["VpcEndpointId"],
        "service_name": endpoint["ServiceName"],
        "type": endpoint.get("VpcEndpointType", "Gateway"),
        # AWS writes it in either case.
        "state": endpoint.get("State", "pending").lower(),
        "route_table_ids": endpoint.get("RouteTableIds") or [],
        "subnet_ids": endpoint.get("SubnetIds") or [],
        "security_group_ids": [group["GroupId"] for group in endpoint.get("Groups") or []],
        "private_dns_enabled": bool(endpoint.get("PrivateDnsEnabled")),
        "policy": json.loads(endpoint.get("PolicyDocument") or "{}"),
    }


def modification(current: State, changes: State) -> State:
    """The arguments of ModifyVpcEndpoint for what differs."""
    arguments: State = {}
    for field, name in LISTS.items():
        if field in changes:
            added = sorted(set(changes[field]) - set(current[field]))
            removed = sorted(set(current[field]) - set(changes[field]))
            arguments |= given({f"Add{name}": added or None, f"Remove{name}": removed or None})
    if "private_dns_enabled" in changes:
        arguments["PrivateDnsEnabled"] = changes["private_dns_enabled"]
    if "policy" in changes:
        arguments["PolicyDocument"] = json.dumps(changes["policy"])
    return arguments


def _wanted(options: dict[str, Any], scope: Scope, region: str) -> dict[str, State | None]:
    wanted = wanted_items(options["endpoints"], options["state"], scope, option="endpoints", required=["service"])
    for state in wanted.values():
        if state is None:
            continue
        service = state.pop("service")
        state["service_name"] = service if "amazonaws" in service else f"com.amazonaws.{region}.{service}"
    return wanted


def _wait(module: SlipwayModule, states: dict[str, State]) -> None:
    pending = [state for state in states.values() if state["state"] == "pending"]
    ids = [state["vpc_endpoint_id"] for state in pending if not is_planned(state["vpc_endpoint_id"])]
    if ids:
        _wait_available(module.client("ec2"), ids, module.params["wait_timeout"])
    for state in pending:
        state["state"] = "available"


def _run(module: SlipwayModule) -> dict[str, Any]:
    options = module.params
    refuse_empty_owner(options)
    client = module.client("ec2")
    scope = Scope(options)
    wanted = _wanted(options, scope, client.meta.region_name)
    outcome = reconcile(
        Endpoint(client, scope, options["vpc_id"], options["wait_timeout"]),
        wanted,
        check_mode=module.check_mode,
        purge=options["purge"],
    )
    states = listed(outcome, wanted)
    if options["wait"] and not module.check_mode:
        _wait(module, states)
    return outcome.as_result(
        endpoints=states,
        endpoint_ids={name: state["vpc_endpoint_id"] for name, state in states.items()},
        surplus=surplus(outcome, wanted),
    )


def main() -> None:
    module = SlipwayModule(
        argument_spec=common_spec(
            vpc_id={"type": "str", "required": True},
            endpoints={
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "component": {"type": "str", "required": True},
                    "name": {"type": "str"},
                    "service": {"type": "str"},
                    "type": {"type": "str", "choices": ["Gateway", "Interface"], "default": "Interface"},
                    "route_table_ids": {"type": "list", "elements": "str"},
                    "subnet_ids": {"type": "list", "elements": "str"},
                    "security_group_ids": {"type": "list", "elements": "str"},
                    "private_dns_enabled": {"type": "bool"},
                    "policy": {"type": "dict"},
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
