# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_vpc_route_tables"
ANYWHERE = "0.0.0.0/0"


class Routed(Network):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.subnets = [self.subnet(f"10.0.{index}.0/24") for index in range(3)]
        self.igw = self.internet_gateway()
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        nat = self.ec2.create_nat_gateway(SubnetId=self.subnets[0], AllocationId=address)["NatGateway"]
        self.nat = nat["NatGatewayId"]

    def table(self, component: str) -> dict[str, Any]:
        found = self.ec2.describe_route_tables(Filters=self.filters())["RouteTables"]
        return next(table for table in found if tags_of(table).get("Component") == component)

    def routes(self, component: str) -> dict[str, str]:
        return {
            route["DestinationCidrBlock"]: route.get("NatGatewayId") or route["GatewayId"]
            for route in self.table(component)["Routes"]
            if "DestinationCidrBlock" in route and route.get("GatewayId") != "local"
        }

    def members(self, component: str) -> list[str]:
        return sorted(item["SubnetId"] for item in self.table(component)["Associations"] if "SubnetId" in item)


@pytest.fixture
def network(aws: Aws) -> Routed:
    return Routed(aws)


def table(component: str, subnets: list[str], **routes: str) -> dict[str, Any]:
    return {
        "component": component,
        "name": f"uex-dev-{component}",
        "subnet_ids": subnets,
        "routes": [{"destination": ANYWHERE, "target": target} for target in routes.values()],
    }


def test_creates_tables_with_routes_and_subnets(aws: Aws, network: Routed) -> None:
    wanted = [
        table("public", network.subnets[:2], default=network.igw),
        table("app-a", network.subnets[2:], default=network.nat),
        table("data", []),
    ]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": wanted, "tags": {"Team": "a"}})
    assert done["route_table_ids"]["app-a"] == network.table("app-a")["RouteTableId"]
    assert network.routes("public") == {ANYWHERE: network.igw}
    assert network.routes("app-a") == {ANYWHERE: network.nat}
    assert network.routes("data") == {}
    assert network.members("public") == sorted(network.subnets[:2])
    assert tags_of(network.table("data")) == {**OWNER, "Team": "a", "Component": "data", "Name": "uex-dev-data"}


def test_a_tag_changes_the_table_not_the_number_of_tables(aws: Aws, network: Routed) -> None:
    args = {"vpc_id": network.vpc_id, "route_tables": [table("app-a", network.subnets[:1])]}
    first = settle(aws, MODULE, args)
    changed = settle(aws, MODULE, {**args, "tags": {"Team": "b"}})
    assert changed["route_table_ids"] == first["route_table_ids"]
    assert actions(changed) == [("update", "app-a", ["tags"])]


def test_routes_are_added_changed_and_removed(aws: Aws, network: Routed) -> None:
    def apply(routes: dict[str, str], **options: Any) -> dict[str, Any]:
        item = {
            "component": "app-a",
            "routes": [{"destination": destination, "target": target} for destination, target in routes.items()],
        }
        return settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": [item], **options})

    apply({ANYWHERE: network.igw, "192.0.2.0/24": network.nat})
    assert actions(apply({ANYWHERE: network.nat, "198.51.100.0/24": network.nat})) == [("update", "app-a", ["routes"])]
    assert network.routes("app-a") == {ANYWHERE: network.nat, "198.51.100.0/24": network.nat}
    apply({ANYWHERE: network.igw}, purge_routes=False)
    assert network.routes("app-a") == {ANYWHERE: network.igw, "198.51.100.0/24": network.nat}
    apply({})
    assert network.routes("app-a") == {}


def test_the_routes_of_gateway_endpoints_are_left_alone(aws: Aws, network: Routed) -> None:
    args = {"vpc_id": network.vpc_id, "route_tables": [table("data", [])]}
    table_id = settle(aws, MODULE, args)["route_table_ids"]["data"]
    network.ec2.create_vpc_endpoint(
        VpcId=network.vpc_id,
        ServiceName="com.amazonaws.us-east-1.s3",
        VpcEndpointType="Gateway",
        RouteTableIds=[table_id],
    )
    assert not settle(aws, MODULE, args)["changed"]
    assert any("DestinationPrefixListId" in route for route in network.table("data")["Routes"])


def test_a_subnet_moves_from_table_to_table(aws: Aws, network: Routed) -> None:
    first, second, third = network.subnets
    both = [table("one", [first, second]), table("two", [third])]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": both})
    moved = [table("one", [first]), table("two", [second])]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": moved})
    assert (network.members("one"), network.members("two")) == ([first], [second])
    # One table takes what the other had while that one goes.
    only = {"vpc_id": network.vpc_id, "route_tables": [table("two", [first, second])], "purge": True}
    assert [action[:2] for action in actions(settle(aws, MODULE, only))] == [("update", "two"), ("delete", "one")]
    assert network.members("two") == sorted([first, second])


def test_everything_goes(aws: Aws, network: Routed) -> None:
    wanted = [table("public", network.subnets, default=network.igw), table("data", [])]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": wanted})
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": [{"component": "data"}], "state": "absent"})
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "route_tables": [], "purge": True})
    assert len(network.ec2.describe_route_tables(Filters=network.filters())["RouteTables"]) == 1


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ([{"component": "a", "routes": [{"destination": ANYWHERE, "target": "nowhere"}]}], "is no route target"),
        (
            [{"component": "a", "subnet_ids": ["subnet-1"]}, {"component": "b", "subnet_ids": ["subnet-1"]}],
            "in a and b",
        ),
        ([{"component": "a"}, {"component": "a"}], "stands twice"),
    ],
)
def test_bad_options(aws: Aws, network: Routed, tables: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, "route_tables": tables, "owner_tags": OWNER})


def test_a_planned_network_has_planned_tables(aws: Aws) -> None:
    wanted = [table("app-a", ["subnet-planned-a"], default="nat-planned-uex-dev-nat-a")]
    args = {"vpc_id": "vpc-planned-uex-dev", "route_tables": wanted, "owner_tags": OWNER}
    predicted = aws.run_module(MODULE, args, check=True)
    assert predicted["route_table_ids"] == {"app-a": "rtb-planned-uex-dev-app-a"}
    assert aws.calls() == []
