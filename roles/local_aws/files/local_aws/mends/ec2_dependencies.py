# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What something else still uses cannot be deleted, and what belongs to a VPC goes with it.

AWS: DeleteSubnet of a subnet in which a NAT gateway or an interface endpoint stands, DeleteSecurityGroup of a group
that a rule of another group refers to or that an endpoint uses, and DeleteVpc of a VPC with an internet gateway, a
security group or an endpoint are DependencyViolation. DeleteVpc deletes the default network ACL with the VPC,
DeleteRouteTable takes the table out of its gateway endpoints (EC2 API reference).
moto 5.2.5: deletes all of them, leaves the default network ACL behind and deleted tables in the endpoints.
Can go when moto looks at these dependencies.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models.route_tables import RouteBackend
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend

from ..clock import Clock


def _refers(group: Any, group_id: str) -> bool:
    return any(
        (rule.source_group or {}).get("GroupId") == group_id for rule in [*group.ingress_rules, *group.egress_rules]
    )


def apply(clock: Clock) -> None:
    original_subnet = SubnetBackend.delete_subnet
    original_group = SecurityGroupBackend.delete_security_group
    original_vpc = VPCBackend.delete_vpc
    original_table = RouteBackend.delete_route_table

    def delete_subnet(self: Any, subnet_id: str) -> Any:
        nats = self.describe_nat_gateways({"subnet-id": [subnet_id]}, None)
        in_use = any(nat.state != "deleted" for nat in nats) or any(
            subnet_id in (endpoint.subnet_ids or []) for endpoint in self.vpc_end_points.values()
        )
        if in_use:
            raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
        return original_subnet(self, subnet_id)

    def delete_security_group(self: Any, name: str | None = None, group_id: str | None = None) -> None:
        if group_id:
            others = [group for groups in self.groups.values() for group in groups.values() if group.id != group_id]
            in_use = any(_refers(group, group_id) for group in others) or any(
                group_id in endpoint.security_group_ids for endpoint in self.vpc_end_points.values()
            )
            if in_use:
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
        original_group(self, name, group_id)

    def delete_vpc(self: Any, vpc_id: str) -> Any:
        gateways = self.describe_internet_gateways(filters={"attachment.vpc-id": [vpc_id]})
        groups = [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
        if gateways or groups or any(endpoint.vpc_id == vpc_id for endpoint in self.vpc_end_points.values()):
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        vpc = original_vpc(self, vpc_id)
        for acl in [acl for acl in self.network_acls.values() if acl.vpc_id == vpc_id and acl.default]:
            del self.network_acls[acl.id]
        return vpc

    def delete_route_table(self: Any, route_table_id: str) -> None:
        original_table(self, route_table_id)
        for endpoint in self.vpc_end_points.values():
            endpoint.route_table_ids = [found for found in endpoint.route_table_ids if found != route_table_id]

    SubnetBackend.delete_subnet = delete_subnet
    SecurityGroupBackend.delete_security_group = delete_security_group
    VPCBackend.delete_vpc = delete_vpc
    RouteBackend.delete_route_table = delete_route_table
