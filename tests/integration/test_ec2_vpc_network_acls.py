# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_vpc_network_acls"


class Guarded(Network):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.subnets = [self.subnet(f"10.0.{index}.0/24") for index in range(3)]

    def acls(self) -> list[dict[str, Any]]:
        return self.ec2.describe_network_acls(Filters=self.filters())["NetworkAcls"]

    def acl(self, component: str) -> dict[str, Any]:
        return next(acl for acl in self.acls() if tags_of(acl).get("Component") == component)

    def members(self, component: str) -> list[str]:
        return sorted(item["SubnetId"] for item in self.acl(component)["Associations"])

    def unguarded(self) -> list[str]:
        default = next(acl for acl in self.acls() if acl["IsDefault"])
        return sorted(item["SubnetId"] for item in default["Associations"])

    def entries(self, component: str, egress: bool = False) -> dict[int, tuple[Any, ...]]:
        return {
            entry["RuleNumber"]: (
                entry["RuleAction"],
                entry["Protocol"],
                entry.get("PortRange"),
                entry["CidrBlock"],
            )
            for entry in self.acl(component)["Entries"]
            if entry["Egress"] == egress and entry["RuleNumber"] < 32767
        }


@pytest.fixture
def network(aws: Aws) -> Guarded:
    return Guarded(aws)


def rule(number: int, ports: str | None = None, cidr: str = "10.0.0.0/16", **fields: Any) -> dict[str, Any]:
    return {"rule_number": number, "cidr": cidr, **({"ports": ports} if ports else {"protocol": "all"}), **fields}


def acl(component: str, subnets: list[str], **fields: Any) -> dict[str, Any]:
    return {"component": component, "name": f"uex-dev-{component}", "subnet_ids": subnets, **fields}


def test_creates_acls_with_rules_and_subnets(aws: Aws, network: Guarded) -> None:
    wanted = [
        acl(
            "data",
            network.subnets[:2],
            ingress=[rule(110, "5432"), rule(100), rule(120, "1024-65535", action="deny")],
            egress=[rule(100, "1024-65535")],
        ),
        acl("app", network.subnets[2:], ingress=[], egress=[]),
    ]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "network_acls": wanted})
    assert done["network_acl_ids"]["data"] == network.acl("data")["NetworkAclId"]
    assert network.entries("data") == {
        100: ("allow", "-1", None, "10.0.0.0/16"),
        110: ("allow", "6", {"From": 5432, "To": 5432}, "10.0.0.0/16"),
        120: ("deny", "6", {"From": 1024, "To": 65535}, "10.0.0.0/16"),
    }
    assert network.members("data") == sorted(network.subnets[:2])
    assert network.unguarded() == []
    assert tags_of(network.acl("app")) == {**OWNER, "Component": "app", "Name": "uex-dev-app"}


def test_rules_are_added_changed_and_removed(aws: Aws, network: Guarded) -> None:
    def apply(**rules: Any) -> dict[str, Any]:
        return settle(aws, MODULE, {"vpc_id": network.vpc_id, "network_acls": [acl("data", [], **rules)]})

    apply(ingress=[rule(100, "5432"), rule(110, "6379")], egress=[rule(100)])
    changed = apply(ingress=[rule(100, "5433"), rule(120, "22")])
    assert actions(changed) == [("update", "data", ["ingress"])]
    assert {number: entry[2]["From"] for number, entry in network.entries("data").items()} == {100: 5433, 120: 22}
    assert list(network.entries("data", egress=True)) == [100]
    apply(ingress=[], egress=[])
    assert network.entries("data") == network.entries("data", egress=True) == {}


def test_subnets_move_and_come_back_to_the_default_acl(aws: Aws, network: Guarded) -> None:
    first, second, third = network.subnets

    def apply(*acls: dict[str, Any], **options: Any) -> dict[str, Any]:
        return settle(aws, MODULE, {"vpc_id": network.vpc_id, "network_acls": list(acls), **options})

    apply(acl("one", [first, second]), acl("two", [third]))
    apply(acl("one", [first]), acl("two", [second]))
    assert (network.members("one"), network.members("two"), network.unguarded()) == ([first], [second], [third])
    apply(acl("two", [first]), purge=True)
    assert (network.members("two"), network.unguarded()) == ([first], sorted([second, third]))
    apply({"component": "two"}, state="absent")
    assert network.unguarded() == sorted(network.subnets)
    assert len(network.acls()) == 1


def test_tags_change_in_place(aws: Aws, network: Guarded) -> None:
    args = {"vpc_id": network.vpc_id, "network_acls": [acl("data", network.subnets)]}
    first = settle(aws, MODULE, args)
    changed = settle(aws, MODULE, {**args, "tags": {"Team": "b"}})
    assert changed["network_acl_ids"] == first["network_acl_ids"]
    assert actions(changed) == [("update", "data", ["tags"])]


@pytest.mark.parametrize(
    ("acls", "message"),
    [
        ([acl("a", [], ingress=[rule(1), rule(1)])], "network_acls: a.ingress: rule number 1 stands twice"),
        ([acl("a", [], egress=[rule(1, "http")])], "'http' is not a port"),
        ([acl("a", ["subnet-1"]), acl("b", ["subnet-1"])], "subnet-1 is in a and b"),
    ],
)
def test_bad_options(aws: Aws, network: Guarded, acls: list[dict[str, Any]], message: str) -> None:
    aws.mark()
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, "network_acls": acls, "owner_tags": OWNER})
    assert aws.calls() == []


def test_a_planned_network_has_planned_acls(aws: Aws) -> None:
    wanted = [acl("data", ["subnet-planned-a"], ingress=[rule(100)])]
    args = {"vpc_id": "vpc-planned-uex-dev", "network_acls": wanted, "owner_tags": OWNER}
    assert aws.run_module(MODULE, args, check=True)["network_acl_ids"] == {"data": "acl-planned-uex-dev-data"}
    assert aws.calls() == []
