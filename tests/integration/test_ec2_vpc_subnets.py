# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed
from .network import OWNER, Network, actions, settle, tags_of

MODULE = "ec2_vpc_subnets"


@pytest.fixture
def network(aws: Aws) -> Network:
    return Network(aws)


def subnet(cidr: str, zone: str = "us-east-1a", **fields: Any) -> dict[str, Any]:
    return {"cidr": cidr, "availability_zone": zone, "component": "app", "name": f"uex-dev-{cidr}", **fields}


def found(network: Network) -> dict[str, Any]:
    return {item["CidrBlock"]: item for item in network.ec2.describe_subnets(Filters=network.filters())["Subnets"]}


def test_creates_all_with_their_tags(aws: Aws, network: Network) -> None:
    wanted = [
        subnet("10.0.16.0/20", "us-east-1b"),
        subnet("10.0.0.0/20"),
        subnet("10.0.32.0/20", component="public", map_public_ip=True, tags={"Extra": "x"}),
    ]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": wanted, "tags": {"Team": "a"}})
    real = found(network)
    assert done["subnet_ids"] == {cidr: real[cidr]["SubnetId"] for cidr in done["subnet_ids"]}
    # In the order of the zones, not of the list.
    assert done["subnet_ids_by_component"]["app"] == [
        real["10.0.0.0/20"]["SubnetId"],
        real["10.0.16.0/20"]["SubnetId"],
    ]
    assert real["10.0.32.0/20"]["MapPublicIpOnLaunch"]
    assert not real["10.0.0.0/20"]["MapPublicIpOnLaunch"]
    assert tags_of(real["10.0.32.0/20"]) == {
        **OWNER, "Team": "a", "Extra": "x", "Component": "public", "Name": "uex-dev-10.0.32.0/20",
    }  # fmt: skip


def test_changes_only_what_differs(aws: Aws, network: Network) -> None:
    first = settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20"), subnet("10.0.16.0/20")]})
    wanted = [subnet("10.0.0.0/20", map_public_ip=True), subnet("10.0.16.0/20"), subnet("10.0.32.0/20")]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": wanted})
    assert [action[:2] for action in actions(done)] == [("update", "10.0.0.0/20"), ("create", "10.0.32.0/20")]
    assert done["subnet_ids"]["10.0.16.0/20"] == first["subnet_ids"]["10.0.16.0/20"]
    done = settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": wanted, "tags": {"Team": "b"}})
    assert {fields[0] for _action, _name, fields in actions(done)} == {"tags"}


def test_other_tags_stay_when_asked(aws: Aws, network: Network) -> None:
    args = {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20")]}
    subnet_id = settle(aws, MODULE, args)["subnet_ids"]["10.0.0.0/20"]
    network.ec2.create_tags(Resources=[subnet_id], Tags=[{"Key": "kubernetes.io/role/elb", "Value": "1"}])
    assert not settle(aws, MODULE, {**args, "purge_tags": False})["changed"]
    assert settle(aws, MODULE, args)["changed"]
    assert "kubernetes.io/role/elb" not in tags_of(found(network)["10.0.0.0/20"])


def test_surplus_is_reported_and_purged_when_asked(aws: Aws, network: Network) -> None:
    foreign = network.subnet("10.0.240.0/20")
    args = {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20")]}
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20"), subnet("10.0.16.0/20")]})
    kept = settle(aws, MODULE, args)
    assert (kept["changed"], kept["surplus"]) == (False, ["10.0.16.0/20"])
    gone = settle(aws, MODULE, {**args, "purge": True})
    assert (actions(gone), gone["surplus"]) == ([("delete", "10.0.16.0/20", [])], [])
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [], "purge": True})
    assert [item["SubnetId"] for item in found(network).values()] == [foreign]


def test_absent_deletes_what_is_listed(aws: Aws, network: Network) -> None:
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20"), subnet("10.0.16.0/20")]})
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [{"cidr": "10.0.0.0/20"}], "state": "absent"})
    assert list(found(network)) == ["10.0.16.0/20"]


def test_a_zone_cannot_change(aws: Aws, network: Network) -> None:
    settle(aws, MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20")]})
    with pytest.raises(ModuleFailed, match=r"cannot change availability_zone of the subnet 10\.0\.0\.0/20"):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.0.0.0/20", "us-east-1b")]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subnets": [{"cidr": "10.0.0.0/20"}]}, "has no availability_zone"),
        ({"subnets": [subnet("10.0.0.0/20"), subnet("10.0.0.1/20")]}, "cidr '10.0.0.0/20' stands twice"),
        ({"subnets": [], "purge": True}, "owner_tags is empty"),
    ],
)
def test_bad_options(aws: Aws, network: Network, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, **options})


def test_a_planned_vpc_has_planned_subnets(aws: Aws) -> None:
    aws.mark()
    args = {"vpc_id": "vpc-planned-uex-dev", "subnets": [subnet("10.0.0.0/20", name="uex-dev-app-a")]}
    predicted = aws.run_module(MODULE, {**args, "owner_tags": OWNER}, check=True)
    assert predicted["subnet_ids"] == {"10.0.0.0/20": "subnet-planned-uex-dev-app-a"}
    assert aws.calls() == []


def test_awss_refusal_names_the_subnet(aws: Aws, network: Network) -> None:
    with pytest.raises(ModuleFailed, match=r"Failed to create the subnet 10\.9\.0\.0/20"):
        aws.run_module(MODULE, {"vpc_id": network.vpc_id, "subnets": [subnet("10.9.0.0/20")]})
