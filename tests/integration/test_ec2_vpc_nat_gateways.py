# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_vpc_nat_gateways"


class Natted(Network):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.subnets = [self.subnet(f"10.0.{index}.0/24") for index in range(3)]

    def gateways(self) -> dict[str, dict[str, Any]]:
        found = self.ec2.describe_nat_gateways(Filter=self.filters())["NatGateways"]
        return {tags_of(nat)["Component"]: nat for nat in found if nat["State"] in ("pending", "available")}

    def addresses(self) -> dict[str, dict[str, Any]]:
        return {address["AllocationId"]: address for address in self.ec2.describe_addresses()["Addresses"]}

    def args(self, count: int, **options: Any) -> dict[str, Any]:
        wanted = [
            {"component": f"nat-{index}", "name": f"uex-dev-nat-{index}", "subnet_id": self.subnets[index]}
            for index in range(count)
        ]
        return {"vpc_id": self.vpc_id, "nat_gateways": wanted, **options}


@pytest.fixture
def network(aws: Aws) -> Natted:
    return Natted(aws)


def test_one_two_three_and_back_to_one(aws: Aws, network: Natted) -> None:
    first = settle(aws, MODULE, network.args(1))
    assert first["nat_gateways"]["nat-0"]["state"] == "available"
    three = settle(aws, MODULE, network.args(3))
    assert [action[:2] for action in actions(three)] == [("create", "nat-1"), ("create", "nat-2")]
    assert three["nat_gateway_ids"]["nat-0"] == first["nat_gateway_ids"]["nat-0"]
    assert len(network.addresses()) == 3

    kept = settle(aws, MODULE, network.args(1))
    assert (kept["changed"], kept["surplus"]) == (False, ["nat-1", "nat-2"])
    one = settle(aws, MODULE, network.args(1, purge=True))
    assert actions(one) == [("delete", "nat-1", []), ("delete", "nat-2", [])]
    assert list(network.gateways()) == ["nat-0"]
    assert [address["PublicIp"] for address in network.addresses().values()] == [one["public_ips"]["nat-0"]]

    again = settle(aws, MODULE, network.args(2))
    assert [action[:2] for action in actions(again)] == [("create", "nat-1")]


def test_gateway_and_address_have_the_tags(aws: Aws, network: Natted) -> None:
    settle(aws, MODULE, network.args(1, tags={"Team": "a"}))
    wanted = {**OWNER, "Component": "nat-0", "Name": "uex-dev-nat-0", "Team": "a"}
    assert tags_of(network.gateways()["nat-0"]) == wanted
    assert [tags_of(address) for address in network.addresses().values()] == [wanted]
    changed = settle(aws, MODULE, network.args(1, tags={"Team": "b"}))
    assert actions(changed) == [("update", "nat-0", ["address_tags", "tags"])]
    assert {tags_of(item)["Team"] for item in [*network.gateways().values(), *network.addresses().values()]} == {"b"}


def test_starts_without_waiting_and_is_waited_for_later(aws: Aws, network: Natted) -> None:
    args = {**network.args(2), "owner_tags": OWNER}
    started = aws.run_module(MODULE, {**args, "wait": False})
    assert started["pending"] == ["nat-0", "nat-1"]
    aws.mark()
    waited = aws.run_module(MODULE, args)
    assert (waited["changed"], waited["pending"]) == (False, [])
    assert aws.mutations() == []
    assert {nat["State"] for nat in network.gateways().values()} == {"available"}


def test_an_address_left_by_a_broken_run_is_used(aws: Aws, network: Natted) -> None:
    specification = [
        {
            "ResourceType": "elastic-ip",
            "Tags": [{"Key": key, "Value": value} for key, value in {**OWNER, "Component": "nat-0"}.items()],
        }
    ]
    left = network.ec2.allocate_address(Domain="vpc", TagSpecifications=specification)
    predicted = aws.run_module(MODULE, {**network.args(1), "owner_tags": OWNER}, check=True)
    assert predicted["nat_gateways"]["nat-0"]["allocation_id"] == left["AllocationId"]
    done = settle(aws, MODULE, network.args(1))
    assert done["public_ips"] == {"nat-0": left["PublicIp"]}
    assert list(network.addresses()) == [left["AllocationId"]]


def test_a_removal_that_broke_off_is_finished(aws: Aws, network: Natted) -> None:
    done = settle(aws, MODULE, network.args(1))
    network.ec2.delete_nat_gateway(NatGatewayId=done["nat_gateway_ids"]["nat-0"])
    assert network.addresses(), "the address outlives its gateway"
    gone = settle(aws, MODULE, network.args(0, purge=True))
    assert actions(gone) == [("delete", "nat-0", [])]
    assert network.addresses() == {}


def test_a_gateway_on_its_way_out_passes_its_address_on(aws: Aws, network: Natted) -> None:
    first = settle(aws, MODULE, network.args(1))
    network.ec2.delete_nat_gateway(NatGatewayId=first["nat_gateway_ids"]["nat-0"])
    second = aws.run_module(MODULE, {**network.args(1), "owner_tags": OWNER})
    assert second["nat_gateway_ids"] != first["nat_gateway_ids"]
    assert second["public_ips"] == first["public_ips"]
    assert len(network.addresses()) == 1


def test_addresses_are_released_without_a_vpc(aws: Aws, network: Natted) -> None:
    specification = [
        {
            "ResourceType": "elastic-ip",
            "Tags": [{"Key": key, "Value": value} for key, value in {**OWNER, "Component": "nat-0"}.items()],
        }
    ]
    network.ec2.allocate_address(Domain="vpc", TagSpecifications=specification)
    foreign = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    settle(aws, MODULE, {"vpc_id": "", "nat_gateways": [], "purge": True})
    assert list(network.addresses()) == [foreign]


def test_somebody_elses_address_is_kept(aws: Aws, network: Natted) -> None:
    foreign = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    args = network.args(1)
    args["nat_gateways"][0]["allocation_id"] = foreign
    done = settle(aws, MODULE, args)
    assert done["nat_gateways"]["nat-0"]["allocation_id"] == foreign
    assert tags_of(network.addresses()[foreign]) == {}
    settle(aws, MODULE, {**network.args(0), "purge": True})
    assert list(network.addresses()) == [foreign]


def test_absent_deletes_what_is_listed(aws: Aws, network: Natted) -> None:
    settle(aws, MODULE, network.args(2))
    absent = {"vpc_id": network.vpc_id, "nat_gateways": [{"component": "nat-1"}], "state": "absent"}
    settle(aws, MODULE, absent)
    assert list(network.gateways()) == ["nat-0"]
    assert len(network.addresses()) == 1


def test_the_subnet_cannot_change(aws: Aws, network: Natted) -> None:
    settle(aws, MODULE, network.args(1))
    args = network.args(1)
    args["nat_gateways"][0]["subnet_id"] = network.subnets[1]
    with pytest.raises(ModuleFailed, match="cannot change subnet_id of the NAT gateway nat-0"):
        aws.run_module(MODULE, {**args, "owner_tags": OWNER})


def test_a_planned_network_has_planned_gateways(aws: Aws, network: Natted) -> None:
    args = network.args(1)
    args["vpc_id"] = "vpc-planned-uex-dev"
    args["nat_gateways"][0]["subnet_id"] = "subnet-planned-uex-dev-public-a"
    predicted = aws.run_module(MODULE, {**args, "owner_tags": OWNER}, check=True)
    assert predicted["nat_gateway_ids"] == {"nat-0": "nat-planned-uex-dev-nat-0"}
    assert aws.calls() == ["ec2:DescribeAddresses"]
