# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.slipway.aws.plugins.filter import network_plan, network_problems


def test_the_plan_is_a_filter() -> None:
    plan = network_plan.FilterModule().filters()["network_plan"]
    inputs = {"vpc_name_prefix": "uex-dev", "available_zones": ["us-east-1a"], "vpc_availability_zone_count": 1}
    assert plan(inputs)["subnets"][0] == {
        "component": "public",
        "name": "uex-dev-public-a",
        "cidr": "10.0.0.0/20",
        "availability_zone": "us-east-1a",
    }
    assert plan(inputs, {"subnet_ids": {"10.0.0.0/20": "subnet-1"}})["nat_gateways"][0]["subnet_id"] == "subnet-1"


def test_the_problems_are_a_filter() -> None:
    problems = network_problems.FilterModule().filters()["network_problems"]
    assert problems({}) == []
    assert len(problems({"vpc_cidr": "10.0.0.0/30"})) == 1
