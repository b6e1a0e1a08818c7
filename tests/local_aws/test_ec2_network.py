# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the network needs of EC2: NAT gateways that take time, endpoints that change, dependencies that hold."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from harness import Server

Clients = Callable[..., Any]


@pytest.fixture
def ec2(aws: Clients) -> Any:
    return aws("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


def nat_gateway(ec2: Any, subnet: str, **tags: str) -> tuple[str, str]:
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    specification = [{"ResourceType": "natgateway", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    nat = ec2.create_nat_gateway(
        SubnetId=subnet, AllocationId=address, **({"TagSpecifications": specification} if tags else {})
    )["NatGateway"]
    assert nat["State"] == "pending"
    return nat["NatGatewayId"], address


def state(ec2: Any, nat: str) -> str:
    return ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"]


def until(ec2: Any, nat: str, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while state(ec2, nat) != wanted:
        assert time.monotonic() < deadline, f"{nat} is {state(ec2, nat)}, not {wanted}"
        time.sleep(0.02)


def endpoint(ec2: Any, vpc: str, service: str, **arguments: Any) -> str:
    return ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.us-east-1.{service}", **arguments)[
        "VpcEndpoint"
    ]["VpcEndpointId"]


def routes_to_services(ec2: Any, table: str) -> list[str]:
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return [route["GatewayId"] for route in routes if "DestinationPrefixListId" in route]


def test_a_nat_gateway_keeps_its_address_until_it_is_gone(server: Server, ec2: Any, subnet: str) -> None:
    nat, address = nat_gateway(ec2, subnet)
    until(ec2, nat, "available")
    server.control("ecs/clock", {"paused": True})
    ec2.delete_nat_gateway(NatGatewayId=nat)
    with pytest.raises(ClientError) as caught:
        ec2.release_address(AllocationId=address)
    assert code_of(caught) == "InvalidIPAddress.InUse"
    server.control("ecs/clock", {"paused": False})
    until(ec2, nat, "deleted")
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    ec2.release_address(AllocationId=address)
    assert ec2.describe_addresses()["Addresses"] == []


def test_nat_gateways_are_found_by_tag(ec2: Any, subnet: str) -> None:
    nat, _address = nat_gateway(ec2, subnet, Project="uex")
    nat_gateway(ec2, subnet, Project="other")
    found = ec2.describe_nat_gateways(Filter=[{"Name": "tag:Project", "Values": ["uex"]}])["NatGateways"]
    assert [item["NatGatewayId"] for item in found] == [nat]


def test_an_unknown_nat_gateway_is_not_found(ec2: Any) -> None:
    for call in (
        lambda: ec2.delete_nat_gateway(NatGatewayId="nat-00000000000000000"),
        lambda: ec2.describe_nat_gateways(NatGatewayIds=["nat-00000000000000000"]),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert code_of(caught) == "NatGatewayNotFound"


def test_a_gateway_endpoint_moves_its_routes(ec2: Any, vpc: str) -> None:
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _index in range(2))
    s3 = endpoint(ec2, vpc, "s3", VpcEndpointType="Gateway", RouteTableIds=[first])
    ec2.modify_vpc_endpoint(VpcEndpointId=s3, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert routes_to_services(ec2, first) == []
    assert routes_to_services(ec2, second) == [s3]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[s3])
    assert routes_to_services(ec2, second) == []


def test_private_dns_can_be_switched(ec2: Any, vpc: str, subnet: str) -> None:
    logs = endpoint(ec2, vpc, "logs", VpcEndpointType="Interface", SubnetIds=[subnet], PrivateDnsEnabled=True)
    ec2.modify_vpc_endpoint(VpcEndpointId=logs, PrivateDnsEnabled=False)
    filters = [{"Name": "vpc-endpoint-id", "Values": [logs]}]
    found = ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]
    assert [item["PrivateDnsEnabled"] for item in found] == [False]


def test_an_endpoint_needs_a_service_that_exists(ec2: Any, vpc: str, subnet: str) -> None:
    with pytest.raises(ClientError) as caught:
        endpoint(ec2, vpc, "nonsense", VpcEndpointType="Interface", SubnetIds=[subnet])
    assert code_of(caught) == "InvalidServiceName"


def test_endpoints_go_with_their_security_groups(ec2: Any, vpc: str, subnet: str) -> None:
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    logs = endpoint(ec2, vpc, "logs", VpcEndpointType="Interface", SubnetIds=[subnet], SecurityGroupIds=[group])
    with pytest.raises(ClientError) as caught:
        ec2.delete_security_group(GroupId=group)
    assert code_of(caught) == "DependencyViolation"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[logs])
    ec2.delete_security_group(GroupId=group)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_a_subnet_in_use_stays(ec2: Any, vpc: str, subnet: str) -> None:
    nat, _address = nat_gateway(ec2, subnet)
    with pytest.raises(ClientError) as caught:
        ec2.delete_subnet(SubnetId=subnet)
    assert code_of(caught) == "DependencyViolation"
    ec2.delete_nat_gateway(NatGatewayId=nat)
    until(ec2, nat, "deleted")
    ec2.delete_subnet(SubnetId=subnet)


def test_a_group_that_a_rule_refers_to_stays(ec2: Any, vpc: str) -> None:
    alb, app = (
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in ("alb", "app")
    )
    rule = [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": alb}]}]
    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=rule)
    with pytest.raises(ClientError) as caught:
        ec2.delete_security_group(GroupId=alb)
    assert code_of(caught) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=app, IpPermissions=rule)
    ec2.delete_security_group(GroupId=alb)


def test_a_vpc_in_use_stays(ec2: Any, vpc: str) -> None:
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with pytest.raises(ClientError) as caught:
        ec2.delete_vpc(VpcId=vpc)
    assert code_of(caught) == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_vpc(VpcId=vpc)
    filters = [{"Name": "vpc-id", "Values": [vpc]}]
    assert ec2.describe_network_acls(Filters=filters)["NetworkAcls"] == []


def test_a_deleted_route_table_leaves_its_endpoints(ec2: Any, vpc: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    s3 = endpoint(ec2, vpc, "s3", VpcEndpointType="Gateway", RouteTableIds=[table])
    ec2.delete_route_table(RouteTableId=table)
    assert ec2.describe_vpc_endpoints(VpcEndpointIds=[s3])["VpcEndpoints"][0]["RouteTableIds"] == []


def test_a_rule_is_told_by_its_peer_not_by_its_description(ec2: Any, vpc: str) -> None:
    alb, app = (
        ec2.create_security_group(GroupName=name, Description="d", VpcId=vpc)["GroupId"] for name in ("alb", "app")
    )
    prefix_list = ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]

    def permission(note: str) -> list[dict[str, Any]]:
        text = {"Description": note} if note else {}
        return [
            {
                "IpProtocol": "tcp",
                "FromPort": 443,
                "ToPort": 443,
                "IpRanges": [{"CidrIp": "10.0.0.0/8", **text}],
                "UserIdGroupPairs": [{"GroupId": alb, **text}],
                "PrefixListIds": [{"PrefixListId": prefix_list, **text}],
            }
        ]

    def notes() -> set[str | None]:
        group = ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"][0]
        peers = [
            peer
            for rule in group["IpPermissions"]
            for kind in ("IpRanges", "UserIdGroupPairs", "PrefixListIds")
            for peer in rule[kind]
        ]
        assert len(peers) == 3
        return {peer.get("Description") for peer in peers}

    ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=permission("first"))
    assert notes() == {"first"}
    with pytest.raises(ClientError) as caught:
        ec2.authorize_security_group_ingress(GroupId=app, IpPermissions=permission("second"))
    assert code_of(caught) == "InvalidPermission.Duplicate"
    ec2.update_security_group_rule_descriptions_ingress(GroupId=app, IpPermissions=permission("second"))
    assert notes() == {"second"}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=app, IpPermissions=permission(""))
    assert notes() == {None}
    ec2.update_security_group_rule_descriptions_ingress(GroupId=app, IpPermissions=permission("third"))
    ec2.revoke_security_group_ingress(GroupId=app, IpPermissions=permission(""))
    assert ec2.describe_security_groups(GroupIds=[app])["SecurityGroups"][0]["IpPermissions"] == []
