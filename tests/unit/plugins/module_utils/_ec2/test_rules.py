# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._ec2.rules import (
    acl_entries,
    canonical_cidr,
    canonical_routes,
    expand_group_rules,
    flatten_acl_entries,
    flatten_permissions,
    flatten_routes,
    port_range,
    route_destination,
    to_acl_entry,
    to_permissions,
    to_route,
)


def resolve(kind: str, name: str) -> str:
    return f"{'sg' if kind == 'group' else 'pl'}-{name}"


def single(protocol: str, low: int, high: int, kind: str, peer: str, description: str = "") -> dict[str, Any]:
    return {
        "protocol": protocol,
        "from_port": low,
        "to_port": high,
        "kind": kind,
        "peer": peer,
        "description": description,
    }


@pytest.mark.parametrize(
    ("given", "canonical"),
    [("10.0.0.1/16", "10.0.0.0/16"), ("0.0.0.0/0", "0.0.0.0/0"), ("2001:DB8:0::/32", "2001:db8::/32")],
)
def test_canonical_cidr(given: str, canonical: str) -> None:
    assert canonical_cidr(given) == canonical


def test_what_is_no_range_is_refused() -> None:
    with pytest.raises(AnsibleAWSError, match="'everywhere' is not an address range; allowed"):
        canonical_cidr("everywhere")


@pytest.mark.parametrize(("ports", "ends"), [(443, (443, 443)), ("80", (80, 80)), ("1024-65535", (1024, 65535))])
def test_port_range(ports: Any, ends: tuple[int, int]) -> None:
    assert port_range(ports) == ends


@pytest.mark.parametrize("ports", ["http", "80-", "-80", "90-80", "70000", ""])
def test_what_is_no_port_is_refused(ports: str) -> None:
    with pytest.raises(AnsibleAWSError, match="allowed"):
        port_range(ports)


def test_each_port_meets_each_peer() -> None:
    rules = expand_group_rules(
        [{"ports": ["443", "8000-8100"], "cidrs": ["10.0.0.0/8"], "groups": ["app"], "description": "web"}], resolve
    )
    assert rules == [
        single("tcp", 443, 443, "cidr", "10.0.0.0/8", "web"),
        single("tcp", 443, 443, "group", "sg-app", "web"),
        single("tcp", 8000, 8100, "cidr", "10.0.0.0/8", "web"),
        single("tcp", 8000, 8100, "group", "sg-app", "web"),
    ]


def test_rules_without_ports() -> None:
    assert expand_group_rules([{"protocol": "all", "prefix_lists": ["s3"]}], resolve) == [
        single("all", -1, -1, "prefix_list", "pl-s3")
    ]


@pytest.mark.parametrize(
    ("rule", "message"),
    [({"cidrs": ["10.0.0.0/8"]}, "a tcp rule has no ports"), ({"ports": ["1"]}, "none of cidrs, groups")],
)
def test_incomplete_rules_are_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleAWSError, match=f"here: .*{message}"):
        expand_group_rules([rule], resolve, "here")


RULES = [
    {"ports": ["443"], "cidrs": ["10.0.0.0/8", "2001:db8::/32"], "description": "web"},
    {"ports": ["5432"], "groups": ["app"]},
    {"protocol": "udp", "ports": ["53"], "prefix_lists": ["s3"], "description": "names"},
    {"protocol": "all", "groups": ["app"]},
    {"protocol": "icmp", "cidrs": ["10.0.0.0/8"]},
]


def test_rules_survive_the_way_to_ec2_and_back() -> None:
    rules = expand_group_rules(RULES, resolve)
    assert flatten_permissions(to_permissions(rules)) == rules


def test_rules_of_one_port_go_together() -> None:
    permissions = to_permissions(expand_group_rules(RULES[:1], resolve), descriptions=False)
    assert permissions == [
        {
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
            "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}],
        }
    ]


def test_everything_is_minus_one_for_ec2() -> None:
    assert to_permissions(expand_group_rules(RULES[3:4], resolve)) == [
        {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-app"}]}
    ]


ACL_RULES = [
    {"rule_number": 110, "ports": "1024-65535", "cidr": "0.0.0.0/0"},
    {"rule_number": 100, "protocol": "all", "cidr": "10.0.0.1/16"},
    {"rule_number": 120, "protocol": "udp", "ports": "53", "cidr": "2001:db8::/32", "action": "deny"},
]


def test_acl_rules_are_in_the_order_of_their_numbers() -> None:
    assert acl_entries(ACL_RULES) == [
        {"rule_number": 100, "action": "allow", "protocol": "all", "cidr": "10.0.0.0/16"},
        {"rule_number": 110, "action": "allow", "protocol": "tcp", "cidr": "0.0.0.0/0", "ports": "1024-65535"},
        {"rule_number": 120, "action": "deny", "protocol": "udp", "cidr": "2001:db8::/32", "ports": "53"},
    ]


def test_acl_rules_survive_the_way_to_ec2_and_back() -> None:
    entries = [to_acl_entry(rule, egress=True) for rule in acl_entries(ACL_RULES)]
    closing = {"RuleNumber": 32767, "RuleAction": "deny", "Protocol": "-1", "Egress": True, "CidrBlock": "0.0.0.0/0"}
    assert flatten_acl_entries([*entries, closing], egress=True) == acl_entries(ACL_RULES)
    assert flatten_acl_entries([*entries, closing], egress=False) == []


def test_an_acl_rule_for_icmp_names_all_types() -> None:
    rule = acl_entries([{"rule_number": 1, "protocol": "icmp", "cidr": "10.0.0.0/8"}])[0]
    assert to_acl_entry(rule, egress=False)["IcmpTypeCode"] == {"Type": -1, "Code": -1}


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([ACL_RULES[0], ACL_RULES[0]], "rule number 110 stands twice"),
        ([{"rule_number": 40000, "cidr": "10.0.0.0/8"}], "rule number 40000 is out of range"),
    ],
)
def test_acl_numbers_are_checked(rules: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(AnsibleAWSError, match=message):
        acl_entries(rules, "here")


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("igw-1", "GatewayId"),
        ("nat-1", "NatGatewayId"),
        ("tgw-1", "TransitGatewayId"),
        ("pcx-1", "VpcPeeringConnectionId"),
        ("eigw-1", "EgressOnlyInternetGatewayId"),
        ("nat-planned-uex-dev-nat-a", "NatGatewayId"),
    ],
)
def test_a_targets_prefix_says_what_it_is(target: str, name: str) -> None:
    assert to_route({"destination": "0.0.0.0/0", "target": target}) == {
        "DestinationCidrBlock": "0.0.0.0/0",
        name: target,
    }


@pytest.mark.parametrize(
    ("destination", "name"),
    [("0.0.0.0/0", "DestinationCidrBlock"), ("::/0", "DestinationIpv6CidrBlock"), ("pl-1", "DestinationPrefixListId")],
)
def test_a_destination_is_named_by_its_kind(destination: str, name: str) -> None:
    assert route_destination(destination) == {name: destination}


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ([{"destination": "0.0.0.0/0", "target": ""}], "'' of 0.0.0.0/0 is no route target; allowed: .*igw-"),
        ([{"destination": "10.0.0.0/8", "target": "igw-1"}] * 2, "10.0.0.0/8 stands twice"),
    ],
)
def test_routes_are_checked(routes: list[dict[str, str]], message: str) -> None:
    with pytest.raises(AnsibleAWSError, match=message):
        canonical_routes(routes)


def test_routes_that_aws_keeps_are_left_alone() -> None:
    answer = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"},
        {"DestinationCidrBlock": "172.16.0.0/12", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"},
        {"DestinationCidrBlock": "192.168.0.0/16", "GatewayId": "vpce-2", "Origin": "CreateRoute"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "Origin": "CreateRoute"},
    ]
    assert flatten_routes(answer) == [
        {"destination": "0.0.0.0/0", "target": "nat-1"},
        {"destination": "192.168.0.0/16", "target": "vpce-2"},
    ]


def test_routes_in_one_form() -> None:
    assert canonical_routes([{"destination": "10.1.2.3/8", "target": "igw-1"}]) == [
        {"destination": "10.0.0.0/8", "target": "igw-1"}
    ]
