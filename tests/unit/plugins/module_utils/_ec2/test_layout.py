# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
import itertools
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.slipway.aws.plugins.module_utils._ec2.layout import (
    DEFAULTS,
    network_acl_rules,
    network_plan,
    security_groups,
    subnet_layout,
    zone_suffix,
)

ROOT = Path(__file__).resolve().parents[5]
ZONES = ["us-east-1c", "us-east-1a", "us-east-1b", "us-east-1d"]


def inputs(**changed: Any) -> dict[str, Any]:
    return {"vpc_name_prefix": "uex-dev", "available_zones": ZONES, "vpc_service_ports": [3900, 3901], **changed}


def by_component(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["component"]: item for item in items}


def test_defaults_are_the_roles() -> None:
    role = yaml.safe_load((ROOT / "roles/vpc/defaults/main.yml").read_text())
    assert {name: role[name] for name in DEFAULTS} == DEFAULTS


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.20.0.0/20", "192.168.0.0/23"])
def test_the_layout_fills_the_range_without_overlap(cidr: str) -> None:
    layout = subnet_layout(cidr)
    networks = [ipaddress.ip_network(block) for tier in layout.values() for block in tier]
    assert list(layout) == ["public", "app", "data"]
    assert len(networks) == 12
    assert all(network.subnet_of(ipaddress.ip_network(cidr)) for network in networks)
    assert not any(first.overlaps(second) for first, second in itertools.combinations(networks, 2))


def test_the_layout_of_the_usual_range() -> None:
    assert subnet_layout("10.0.0.0/16")["public"] == ["10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20", "10.0.48.0/20"]
    assert subnet_layout("10.0.0.0/16")["data"][0] == "10.0.128.0/20"


def test_another_zone_moves_no_subnet() -> None:
    three = network_plan(inputs(vpc_availability_zone_count=3))["subnets"]
    four = network_plan(inputs(vpc_availability_zone_count=4))["subnets"]
    assert [subnet for subnet in four if subnet["availability_zone"] != "us-east-1d"] == three
    assert len(four) == 12


@pytest.mark.parametrize(
    ("zone", "suffix"),
    [("us-east-1a", "a"), ("ap-southeast-2c", "c"), ("us-gov-west-1b", "b"), ("us-east-1-bos-1a", "bos-1a")],
)
def test_zone_suffix(zone: str, suffix: str) -> None:
    assert zone_suffix(zone) == suffix


def test_the_first_zones_of_the_region_are_taken() -> None:
    assert network_plan(inputs(vpc_availability_zone_count=2))["availability_zones"] == ["us-east-1a", "us-east-1b"]


def test_explicit_zones_keep_their_order() -> None:
    plan = network_plan(inputs(vpc_availability_zones=["us-east-1d", "us-east-1b"], vpc_availability_zone_count=4))
    assert plan["availability_zones"] == ["us-east-1d", "us-east-1b"]
    assert [subnet["name"] for subnet in plan["subnets"][:2]] == ["uex-dev-public-d", "uex-dev-public-b"]


def test_explicit_ranges_and_a_tier_left_out() -> None:
    plan = network_plan(
        inputs(
            vpc_availability_zone_count=2,
            vpc_subnet_cidrs={"public": ["10.0.1.0/24", "10.0.2.0/24"], "app": ["10.0.10.0/24", "10.0.20.0/24"]},
        )
    )
    assert [(subnet["component"], subnet["cidr"]) for subnet in plan["subnets"]] == [
        ("public", "10.0.1.0/24"),
        ("public", "10.0.2.0/24"),
        ("app", "10.0.10.0/24"),
        ("app", "10.0.20.0/24"),
    ]
    assert [table["component"] for table in plan["route_tables"]] == ["public", "app-a", "app-b"]
    assert [acl["component"] for acl in plan["network_acls"]] == ["public", "app"]


@pytest.mark.parametrize(
    ("count", "gateways", "targets"),
    [
        (0, [], [None, None, None]),
        ("1", ["nat-a"], ["id-a", "id-a", "id-a"]),
        (2, ["nat-a", "nat-b"], ["id-a", "id-b", "id-a"]),
        ("per-az", ["nat-a", "nat-b", "nat-c"], ["id-a", "id-b", "id-c"]),
    ],
)
def test_each_zone_leaves_through_a_nat_gateway(count: Any, gateways: list[str], targets: list[str | None]) -> None:
    ids = {"nat_gateway_ids": {"nat-a": "id-a", "nat-b": "id-b", "nat-c": "id-c"}}
    plan = network_plan(inputs(vpc_nat_gateways=count), ids)
    assert [nat["component"] for nat in plan["nat_gateways"]] == gateways
    tables = by_component(plan["route_tables"])
    found = [tables[f"app-{zone}"]["routes"] for zone in "abc"]
    assert found == [[{"destination": "0.0.0.0/0", "target": target}] if target else [] for target in targets]
    assert tables["data"]["routes"] == []


def test_identifiers_go_where_they_belong() -> None:
    bare = network_plan(inputs(vpc_availability_zone_count=1, vpc_interface_endpoints=["logs"]))
    subnet_ids = {subnet["cidr"]: f"subnet-{subnet['component']}" for subnet in bare["subnets"]}
    plan = network_plan(
        inputs(vpc_availability_zone_count=1, vpc_interface_endpoints=["logs"]),
        {
            "internet_gateway_id": "igw-1",
            "subnet_ids": subnet_ids,
            "nat_gateway_ids": {"nat-a": "nat-1"},
            "route_table_ids": {"public": "rtb-1", "data": "rtb-2"},
            "security_group_ids": {"endpoints": "sg-1"},
        },
    )
    assert plan["nat_gateways"][0]["subnet_id"] == "subnet-public"
    assert by_component(plan["route_tables"])["public"]["routes"][0]["target"] == "igw-1"
    assert by_component(plan["network_acls"])["data"]["subnet_ids"] == ["subnet-data"]
    endpoints = by_component(plan["endpoints"])
    assert endpoints["s3"]["route_table_ids"] == ["rtb-2", "rtb-1"]
    assert endpoints["logs"]["subnet_ids"] == ["subnet-app"]
    assert endpoints["logs"]["security_group_ids"] == ["sg-1"]


def test_an_endpoints_policy_is_its_own() -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    endpoints = by_component(network_plan(inputs(vpc_endpoint_policies={"s3": policy}))["endpoints"])
    assert endpoints["s3"]["policy"] == policy
    assert "policy" not in endpoints["logs"]


def test_only_the_load_balancer_meets_the_internet() -> None:
    groups = by_component(security_groups(inputs()))
    open_to_all = [
        (name, rule["ports"])
        for name, group in groups.items()
        for rule in group["ingress"]
        if "0.0.0.0/0" in rule.get("cidrs", [])
    ]
    assert open_to_all == [("alb", ["80", "443"])]


def test_the_load_balancer_may_be_behind_cloudfront_alone() -> None:
    (rule,) = by_component(security_groups(inputs(vpc_alb_cloudfront_only=True)))["alb"]["ingress"]
    assert (rule["ports"], rule["prefix_lists"]) == (["443"], ["com.amazonaws.global.cloudfront.origin-facing"])
    assert "cidrs" not in rule


def test_what_reaches_what() -> None:
    groups = by_component(security_groups(inputs()))
    reach = {
        (name, peer): rule["ports"]
        for name, group in groups.items()
        for rule in group["ingress"]
        for peer in rule.get("groups", [])
    }
    assert reach == {
        ("app", "alb"): ["3900", "3901"],
        ("rds", "app"): ["5432"],
        ("redis", "app"): ["6379"],
        ("endpoints", "app"): ["443"],
    }
    # What may enter somewhere may also leave where it comes from.
    leave = {
        (peer, name): rule["ports"]
        for name, group in groups.items()
        for rule in group["egress"]
        for peer in rule.get("groups", [])
    }
    assert leave == reach


def test_stores_start_no_connections() -> None:
    groups = by_component(security_groups(inputs()))
    assert [groups[name]["egress"] for name in ("rds", "redis", "endpoints")] == [[], [], []]


def test_without_nat_services_only_reach_the_gateway_endpoints() -> None:
    outward = by_component(security_groups(inputs(vpc_nat_gateways=0)))["app"]["egress"]
    assert not [rule for rule in outward if rule.get("cidrs")]
    assert [rule["prefix_lists"] for rule in outward if "prefix_lists" in rule] == [["s3"]]


def test_without_services_nothing_reaches_them() -> None:
    groups = by_component(security_groups(inputs(vpc_service_ports=[])))
    assert groups["app"]["ingress"] == []
    assert groups["alb"]["egress"] == []


def test_extra_rules_come_on_top() -> None:
    extra = {"ports": ["27017"], "cidrs": ["192.0.2.0/24"]}
    groups = by_component(security_groups(inputs(vpc_extra_security_group_rules={"app": {"egress": [extra]}})))
    assert groups["app"]["egress"][-1] == extra
    assert len(groups["app"]["ingress"]) == 1


def rules(tier: str, **changed: Any) -> dict[str, list[tuple[Any, ...]]]:
    arguments: dict[str, Any] = {
        "vpc_cidr": "10.0.0.0/16",
        "cidrs": {"app": ["10.0.64.0/20"], "data": ["10.0.128.0/20"]},
        "egress_ports": [443, 25],
        "data_ports": [5432, 6379],
        **changed,
    }
    return {
        direction: [(rule["protocol"], rule.get("ports"), rule["cidr"]) for rule in found]
        for direction, found in network_acl_rules(tier, **arguments).items()
    }


def test_the_data_tier_only_answers_the_application() -> None:
    assert rules("data") == {
        "ingress": [
            ("all", None, "10.0.128.0/20"),
            ("tcp", "5432", "10.0.64.0/20"),
            ("tcp", "6379", "10.0.64.0/20"),
        ],
        "egress": [("all", None, "10.0.128.0/20"), ("tcp", "1024-65535", "10.0.64.0/20")],
    }


def test_the_data_tier_without_an_application_tier_answers_the_vpc() -> None:
    found = rules("data", cidrs={"data": ["10.0.128.0/20"]})
    assert ("tcp", "5432", "10.0.0.0/16") in found["ingress"]


def test_answers_come_back() -> None:
    assert rules("app") == {
        "ingress": [("all", None, "10.0.0.0/16"), ("tcp", "1024-65535", "0.0.0.0/0")],
        "egress": [("all", None, "10.0.0.0/16"), ("tcp", "25", "0.0.0.0/0"), ("tcp", "443", "0.0.0.0/0")],
    }
    public = rules("public")
    assert ("tcp", "443", "0.0.0.0/0") in public["ingress"]
    assert ("tcp", "1024-65535", "0.0.0.0/0") in public["ingress"]
    assert ("tcp", "1024-65535", "0.0.0.0/0") in public["egress"]


def test_rules_are_numbered() -> None:
    found = network_acl_rules("app", vpc_cidr="10.0.0.0/16", cidrs={}, egress_ports=[443], data_ports=[])
    assert [rule["rule_number"] for rule in found["egress"]] == [100, 110]


def test_given_acl_rules_replace_the_computed_ones() -> None:
    rule = {"rule_number": 1, "protocol": "all", "cidr": "0.0.0.0/0"}
    acls = by_component(network_plan(inputs(vpc_network_acl_rules={"data": {"ingress": [rule]}}))["network_acls"])
    assert (acls["data"]["ingress"], acls["data"]["egress"]) == ([rule], [])
    assert len(acls["app"]["ingress"]) == 2
