# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ec2.problems import network_problems, short_service

ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
SERVICES = [f"com.amazonaws.us-east-1.{name}" for name in ("s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager")]


def problems(**inputs: Any) -> list[str]:
    return network_problems({"available_zones": ZONES, "available_services": SERVICES, **inputs})


def only(**inputs: Any) -> str:
    found = problems(**inputs)
    assert len(found) == 1, found
    return found[0]


def test_the_defaults_are_good() -> None:
    assert problems() == []
    assert network_problems({}) == []


@pytest.mark.parametrize(
    "inputs",
    [
        {"vpc_cidr": "10.20.0.0/23"},
        {"vpc_nat_gateways": 0},
        {"vpc_nat_gateways": "3"},
        {"vpc_availability_zones": ["us-east-1b", "us-east-1c"], "vpc_nat_gateways": 2},
        {
            "vpc_availability_zone_count": 2,
            "vpc_subnet_cidrs": {"public": ["10.0.1.0/24", "10.0.2.0/24"], "app": ["10.0.10.0/24", "10.0.20.0/24"]},
        },
        {
            "vpc_cidr": "10.0.0.0/26",
            "vpc_nat_gateways": 0,
            "vpc_availability_zone_count": 1,
            "vpc_subnet_cidrs": {"app": ["10.0.0.0/28"]},
        },
        {"vpc_extra_security_group_rules": {"app": {"egress": [{"ports": ["27017"], "cidrs": ["192.0.2.0/24"]}]}}},
        {
            "vpc_network_acl_rules": {
                "data": {"ingress": [{"rule_number": 10, "protocol": "all", "cidr": "10.0.0.0/8"}]}
            }
        },
        {"existing_vpcs": [{"vpc_id": "vpc-1", "cidr_block": "10.0.0.0/16"}]},
    ],
)
def test_good_inputs(inputs: dict[str, Any]) -> None:
    assert problems(**inputs) == []


@pytest.mark.parametrize(
    ("inputs", "variable", "value", "allowed"),
    [
        ({"vpc_cidr": "10.0.0.0/24"}, "vpc_cidr", "10.0.0.0/24", "/16 to /23"),
        ({"vpc_cidr": "10.0.0.0/8"}, "vpc_cidr", "10.0.0.0/8", "/16 to /23"),
        ({"vpc_cidr": "10.0.0.1/16"}, "vpc_cidr", "10.0.0.1/16", "like 10.0.0.0/16"),
        ({"vpc_cidr": "10.0.0.0"}, "vpc_cidr", "10.0.0.0", "like 10.0.0.0/16"),
        ({"vpc_cidr": "fd00::/56"}, "vpc_cidr", "fd00::/56", "IPv4"),
        ({"vpc_availability_zone_count": 0}, "vpc_availability_zone_count", "0", "1 to 4"),
        ({"vpc_availability_zone_count": "some"}, "vpc_availability_zone_count", "some", "a whole number"),
        ({"vpc_availability_zone_count": 4}, "vpc_availability_zone_count", "4", "1 to 3"),
        ({"vpc_availability_zones": ["us-east-1z"]}, "vpc_availability_zones", "us-east-1z", "us-east-1a"),
        ({"vpc_availability_zones": ["us-east-1a", "us-east-1a"]}, "vpc_availability_zones", "us-east-1a", "1 to 4"),
        ({"vpc_nat_gateways": "many"}, "vpc_nat_gateways", "many", "per-az"),
        ({"vpc_nat_gateways": 4}, "vpc_nat_gateways", "4", "0 to 3"),
        ({"vpc_nat_gateways": -1}, "vpc_nat_gateways", "-1", "0 to 3"),
        ({"vpc_service_ports": [70000]}, "vpc_service_ports", "70000", "1 to 65535"),
        ({"vpc_service_ports": 3900}, "vpc_service_ports", "3900", "a list"),
        ({"vpc_database_port": 0}, "vpc_database_port", "0", "1 to 65535"),
        ({"vpc_alb_ingress_cidrs": ["everybody"]}, "vpc_alb_ingress_cidrs", "everybody", "0.0.0.0/0"),
        ({"vpc_alb_cloudfront_only": "perhaps"}, "vpc_alb_cloudfront_only", "perhaps", "true or false"),
        ({"vpc_gateway_endpoints": ["sqs"]}, "vpc_gateway_endpoints", "sqs", "s3, dynamodb"),
        ({"vpc_interface_endpoints": ["ecr.apo"]}, "vpc_interface_endpoints", "ecr.apo", "ecr.api"),
        ({"vpc_interface_endpoints": ["logs", "logs"]}, "vpc_interface_endpoints", "logs", "once"),
        ({"vpc_endpoint_policies": {"kms": {}}}, "vpc_endpoint_policies", "kms", "secretsmanager"),
        ({"vpc_extra_security_group_rules": {"web": {}}}, "vpc_extra_security_group_rules", "web", "alb, app"),
        (
            {"vpc_extra_security_group_rules": {"app": {"out": []}}},
            "vpc_extra_security_group_rules.app", "out", "ingress and egress",
        ),
        (
            {"vpc_extra_security_group_rules": {"app": {"egress": [{"port": 1}]}}},
            "vpc_extra_security_group_rules.app.egress", "port", "ports",
        ),
        (
            {"vpc_extra_security_group_rules": {"app": {"egress": [{"ports": ["x"], "cidrs": ["10.0.0.0/8"]}]}}},
            "vpc_extra_security_group_rules.app.egress", "x", "443",
        ),
        ({"vpc_network_acl_rules": {"web": {}}}, "vpc_network_acl_rules", "web", "public, app, data"),
        (
            {"vpc_network_acl_rules": {"app": {"ingress": [{"cidr": "10.0.0.0/8"}]}}},
            "vpc_network_acl_rules.app.ingress", "cidr", "rule_number",
        ),
        (
            {"vpc_network_acl_rules": {"app": {"ingress": [{"rule_number": 1, "cidr": "nowhere"}]}}},
            "vpc_network_acl_rules.app.ingress", "nowhere", "10.0.0.0/16",
        ),
        (
            {"vpc_subnet_cidrs": {"web": []}, "vpc_nat_gateways": 0}, "vpc_subnet_cidrs", "web", "public, app, data",
        ),
        (
            {"existing_vpcs": [{"vpc_id": "vpc-1", "cidr_block": "10.9.0.0/16"}]},
            "vpc_cidr", "10.0.0.0/16", "10.9.0.0/16",
        ),
    ],
)  # fmt: skip
def test_a_problem_names_variable_value_and_what_is_allowed(
    inputs: dict[str, Any], variable: str, value: str, allowed: str
) -> None:
    problem = only(**inputs)
    head, _semicolon, tail = problem.partition("allowed:")
    assert problem.startswith(f"{variable}: "), problem
    assert value in head, problem
    assert allowed in tail, problem


def two_zones(**cidrs: Any) -> list[str]:
    return problems(vpc_availability_zone_count=2, vpc_nat_gateways=0, vpc_subnet_cidrs=cidrs)


@pytest.mark.parametrize(
    ("cidrs", "variable", "wrong"),
    [
        ({"app": ["10.0.1.0/24"]}, "vpc_subnet_cidrs.app", "one network for each of the 2"),
        ({"app": ["10.0.1.0/24", "10.1.0.0/24"]}, "vpc_subnet_cidrs.app", "outside the VPC"),
        ({"app": ["10.0.1.0/24", "10.0.2.0/29"]}, "vpc_subnet_cidrs.app", "too small"),
        ({"public": ["10.0.1.0/24", "10.0.2.0/28"]}, "vpc_subnet_cidrs.public", "too small"),
        ({"app": ["10.0.1.0/24", "10.0.1.128/25"]}, "vpc_subnet_cidrs.app", "overlaps 10.0.1.0/24"),
        ({"app": ["10.0.1.0/24", "10.0.2.1/24"]}, "vpc_subnet_cidrs.app", "is not an IPv4 network"),
        ({"app": "10.0.1.0/24"}, "vpc_subnet_cidrs.app", "is not a list"),
    ],
)
def test_explicit_ranges(cidrs: dict[str, Any], variable: str, wrong: str) -> None:
    found = two_zones(**cidrs)
    assert len(found) == 1, found
    assert found[0].startswith(f"{variable}: ")
    assert wrong in found[0]


def test_tiers_may_not_overlap() -> None:
    found = two_zones(public=["10.0.1.0/24", "10.0.2.0/24"], data=["10.0.2.0/25", "10.0.3.0/24"])
    wrong = "vpc_subnet_cidrs.data: '10.0.2.0/25' overlaps 10.0.2.0/24 of vpc_subnet_cidrs.public"
    assert found == [f"{wrong}; allowed: networks that share no address."]


def test_nat_gateways_need_public_subnets() -> None:
    found = only(vpc_availability_zone_count=1, vpc_subnet_cidrs={"app": ["10.0.1.0/24"]}, vpc_nat_gateways=1)
    assert found == "vpc_nat_gateways: 1 needs public subnets, and vpc_subnet_cidrs has none; allowed: 0."


def test_all_problems_at_once() -> None:
    assert len(problems(vpc_cidr="10.0.0.0/30", vpc_nat_gateways="x", vpc_service_ports=[0])) == 3


def test_too_many_acl_rules() -> None:
    found = problems(vpc_app_egress_ports=list(range(1, 25)))
    assert [problem.partition(":")[0] for problem in found] == [
        "vpc_network_acl_rules.public",
        "vpc_network_acl_rules.app",
    ]


def test_two_vpcs_of_one_environment() -> None:
    vpcs = [{"vpc_id": f"vpc-{index}", "cidr_block": "10.0.0.0/16"} for index in range(2)]
    assert "vpc-0 (10.0.0.0/16), vpc-1 (10.0.0.0/16)" in only(existing_vpcs=vpcs)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("com.amazonaws.eu-west-1.ecr.api", "ecr.api"),
        ("cn.com.amazonaws.cn-north-1.ecr.api", "ecr.api"),
        ("logs", "logs"),
        ("com.amazonaws.vpce.us-east-1.vpce-svc-1", "com.amazonaws.vpce.us-east-1.vpce-svc-1"),
    ],
)
def test_short_service(name: str, short: str) -> None:
    assert short_service(name) == short
