# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of a VPC change as a whole.

AWS: ModifyVpcEndpoint with AddRouteTableIds and RemoveRouteTableIds adds and removes the route to the service in these
tables, and PrivateDnsEnabled switches private DNS. DescribeVpcEndpoints filters by ``vpc-endpoint-id``, ``vpc-id``,
``service-name``, ``vpc-endpoint-state`` and by tag. A service that does not exist is InvalidServiceName. A deleted
endpoint disappears (EC2 API reference).
moto 5.2.5: changes the list of route tables, not the routes; ignores PrivateDnsEnabled; has no filter on
``vpc-endpoint-id`` and ``service-name``; accepts any service; keeps deleted endpoints for ever, and fails to describe
one whose security group is deleted too.
Can go when moto does these.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint
from moto.ec2.responses.vpcs import VPCs

from ..clock import Clock

# moto's list of a region's services lacks those that every region has.
_EVERYWHERE = ("s3", "dynamodb")


def apply(clock: Clock) -> None:
    original_create = VPCBackend.create_vpc_endpoint
    original_delete = VPCBackend.delete_vpc_endpoints
    original_modify = VPCBackend.modify_vpc_endpoint
    original_modify_response = VPCs.modify_vpc_endpoint
    original_filter = VPCEndPoint.get_filter_value

    def create(self: Any, vpc_id: str, service_name: str, *args: Any, **kwargs: Any) -> Any:
        known = {f"com.amazonaws.{self.region_name}.{name}" for name in _EVERYWHERE} | {
            service["ServiceName"]
            for service in self._collect_default_endpoint_services(self.account_id, self.region_name)
        }
        of_aws = service_name.startswith("com.amazonaws.") and not service_name.startswith("com.amazonaws.vpce.")
        if of_aws and service_name not in known:
            raise EC2ClientError("InvalidServiceName", f"The Vpc Endpoint Service '{service_name}' does not exist")
        return original_create(self, vpc_id, service_name, *args, **kwargs)

    def modify(self: Any, vpc_id: str, *args: Any, **kwargs: Any) -> None:
        endpoint = self.describe_vpc_endpoints(vpc_end_point_ids=[vpc_id])[0]
        before = set(endpoint.route_table_ids)
        original_modify(self, vpc_id, *args, **kwargs)
        prefix_list = endpoint.destination_prefix_list_id
        if not prefix_list:
            return
        for table_id in sorted(set(endpoint.route_table_ids) - before):
            self.create_route(table_id, None, gateway_id=vpc_id, destination_prefix_list_id=prefix_list)
        for table_id in sorted(before - set(endpoint.route_table_ids)):
            if table_id in self.route_tables:
                self.delete_route(table_id, prefix_list)

    def delete(self: Any, vpce_ids: list[str] | None = None) -> None:
        original_delete(self, vpce_ids)
        for endpoint_id in vpce_ids or []:
            self.vpc_end_points.pop(endpoint_id, None)

    def modify_response(self: Any) -> ActionResult:
        answer = original_modify_response(self)
        enabled = self._get_param("PrivateDnsEnabled")
        if enabled is not None:
            endpoint_id = self._get_param("VpcEndpointId")
            endpoint = self.ec2_backend.describe_vpc_endpoints(vpc_end_point_ids=[endpoint_id])[0]
            endpoint.private_dns_enabled = str(enabled).lower() == "true"
        return answer

    def get_filter_value(self: Any, filter_name: str, method_name: str | None = None) -> Any:
        values = {"vpc-endpoint-id": self.id, "vpc-id": self.vpc_id, "service-name": self.service_name}
        if filter_name in values:
            return values[filter_name]
        return original_filter(self, filter_name, method_name)

    VPCBackend.create_vpc_endpoint = create
    VPCBackend.delete_vpc_endpoints = delete
    VPCBackend.modify_vpc_endpoint = modify
    VPCs.modify_vpc_endpoint = modify_response
    VPCEndPoint.get_filter_value = get_filter_value
