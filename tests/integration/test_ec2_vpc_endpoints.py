# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_vpc_endpoints"
POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}


class Served(Network):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.subnets = [self.subnet("10.0.0.0/24"), self.subnet("10.0.1.0/24", "us-east-1b")]
        self.tables = [
            self.ec2.create_route_table(VpcId=self.vpc_id)["RouteTable"]["RouteTableId"] for _index in range(2)
        ]
        self.groups = [
            self.ec2.create_security_group(GroupName=name, Description="d", VpcId=self.vpc_id)["GroupId"]
            for name in ("one", "two")
        ]

    def endpoints(self) -> dict[str, dict[str, Any]]:
        found = self.ec2.describe_vpc_endpoints(Filters=self.filters())["VpcEndpoints"]
        return {tags_of(endpoint)["Component"]: endpoint for endpoint in found}

    def s3(self, *tables: int, **fields: Any) -> dict[str, Any]:
        ids = [self.tables[index] for index in tables]
        return {"component": "s3", "service": "s3", "type": "Gateway", "route_table_ids": ids, **fields}

    def logs(self, subnets: list[int], groups: list[int], **fields: Any) -> dict[str, Any]:
        return {
            "component": "logs",
            "name": "uex-dev-logs",
            "service": "logs",
            "subnet_ids": [self.subnets[index] for index in subnets],
            "security_group_ids": [self.groups[index] for index in groups],
            "private_dns_enabled": True,
            **fields,
        }


@pytest.fixture
def network(aws: Aws) -> Served:
    return Served(aws)


def test_creates_both_kinds(aws: Aws, network: Served) -> None:
    wanted = [network.s3(0, 1, policy=POLICY), network.logs([0, 1], [0])]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": wanted, "tags": {"Team": "a"}})
    real = network.endpoints()
    assert done["endpoint_ids"] == {name: real[name]["VpcEndpointId"] for name in ("s3", "logs")}
    assert real["s3"]["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert sorted(real["s3"]["RouteTableIds"]) == sorted(network.tables)
    assert json.loads(real["s3"]["PolicyDocument"]) == POLICY
    assert sorted(real["logs"]["SubnetIds"]) == sorted(network.subnets)
    assert [group["GroupId"] for group in real["logs"]["Groups"]] == [network.groups[0]]
    assert real["logs"]["PrivateDnsEnabled"]
    assert tags_of(real["logs"]) == {**OWNER, "Team": "a", "Component": "logs", "Name": "uex-dev-logs"}


def test_everything_changes_in_place(aws: Aws, network: Served) -> None:
    first = settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [network.s3(0), network.logs([0], [0])]})

    def apply(*endpoints: dict[str, Any], **options: Any) -> list[tuple[str, str, list[str]]]:
        done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": list(endpoints), **options})
        assert done["endpoint_ids"].items() <= first["endpoint_ids"].items()
        return actions(done)

    assert apply(network.s3(1, policy=POLICY), network.logs([1], [1], private_dns_enabled=False)) == [
        ("update", "s3", ["policy", "route_table_ids"]),
        ("update", "logs", ["private_dns_enabled", "security_group_ids", "subnet_ids"]),
    ]
    real = network.endpoints()
    assert real["s3"]["RouteTableIds"] == [network.tables[1]]
    assert real["logs"]["SubnetIds"] == [network.subnets[1]]
    assert real["logs"]["PrivateDnsEnabled"] is False
    # What the task leaves out stays: the policy of s3.
    assert apply(network.s3(0, 1), tags={"Team": "b"}) == [("update", "s3", ["route_table_ids", "tags"])]
    assert json.loads(network.endpoints()["s3"]["PolicyDocument"]) == POLICY


def test_surplus_goes_when_asked(aws: Aws, network: Served) -> None:
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [network.s3(0), network.logs([0], [0])]})
    kept = settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [network.s3(0)]})
    assert (kept["changed"], kept["surplus"]) == (False, ["logs"])
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [network.s3(0)], "purge": True})
    assert list(network.endpoints()) == ["s3"]
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [{"component": "s3"}], "state": "absent"})
    assert network.endpoints() == {}


def test_the_service_cannot_change(aws: Aws, network: Served) -> None:
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "endpoints": [network.logs([0], [0])]})
    args = {"vpc_id": network.vpc_id, "endpoints": [network.logs([0], [0], service="kms")], "owner_tags": OWNER}
    with pytest.raises(ModuleFailed, match="cannot change service_name of the VPC endpoint logs"):
        aws.run_module(MODULE, args)


def test_an_unknown_service_is_named(aws: Aws, network: Served) -> None:
    args = {"vpc_id": network.vpc_id, "endpoints": [network.logs([0], [0], service="nonsense")], "owner_tags": OWNER}
    with pytest.raises(ModuleFailed, match=r"Failed to create the endpoint logs.*com\.amazonaws\.us-east-1\.nonsense"):
        aws.run_module(MODULE, args)


def test_a_planned_network_has_planned_endpoints(aws: Aws) -> None:
    wanted = [{"component": "s3", "service": "s3", "type": "Gateway", "route_table_ids": ["rtb-planned-x"]}]
    args = {"vpc_id": "vpc-planned-uex-dev", "endpoints": wanted, "owner_tags": OWNER}
    predicted = aws.run_module(MODULE, args, check=True)
    assert predicted["endpoint_ids"] == {"s3": "vpce-planned-s3"}
    assert predicted["endpoints"]["s3"]["service_name"] == "com.amazonaws.us-east-1.s3"
    assert aws.calls() == []
