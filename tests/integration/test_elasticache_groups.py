# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed


def subnets(aws: Aws, count: int = 3) -> list[str]:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in zip(range(count), "abc", strict=False)
    ]


def test_subnet_group(aws: Aws) -> None:
    ids = subnets(aws)
    group: dict[str, Any] = {
        "name": "uex-test-redis",
        "description": "Data subnets",
        "subnet_ids": ids[:2],
        "tags": {"Project": "uex"},
    }
    module = "elasticache_subnet_group"
    predicted = aws.run_module(module, {**group, "subnet_ids": ["subnet-planned-data-a"]}, check=True)
    assert predicted["group"]["subnet_ids"] == ["subnet-planned-data-a"]
    assert aws.run_module(module, group)["changed"]
    assert not aws.run_module(module, {**group, "subnet_ids": ids[1::-1]})["changed"]

    for field, value in (("subnet_ids", ids), ("description", "other"), ("tags", {"Project": "uex", "Owner": "x"})):
        group[field] = value
        predicted = aws.run_module(module, group, check=True)
        result = aws.run_module(module, group)
        assert predicted["actions"] == result["actions"]
        assert result["actions"][0]["fields"] == [field]
        assert not aws.run_module(module, group)["changed"]

    absent = {"name": group["name"], "state": "absent"}
    assert aws.run_module(module, absent, check=True)["changed"]
    assert aws.run_module(module, absent)["changed"]
    assert not aws.run_module(module, absent)["changed"]


def test_parameter_group(aws: Aws) -> None:
    module = "elasticache_parameter_group"
    group: dict[str, Any] = {
        "name": "uex-test-redis",
        "family": "redis7",
        "description": "Settings of the test",
        "parameters": {"maxmemory-policy": "allkeys-lru", "timeout": 300},
        "tags": {"Project": "uex"},
    }
    predicted = aws.run_module(module, group, check=True)
    result = aws.run_module(module, group)
    assert predicted["actions"] == result["actions"]
    assert result["group"]["parameters"] == {"maxmemory-policy": "allkeys-lru", "timeout": "300"}
    assert not aws.run_module(module, group)["changed"]

    for field, value in (("parameters", {"timeout": 60}), ("tags", {"Project": "uex", "Owner": "x"})):
        group[field] = value
        predicted = aws.run_module(module, group, check=True)
        result = aws.run_module(module, group)
        assert predicted["actions"] == result["actions"]
        assert result["actions"][0]["fields"] == [field]
        assert not aws.run_module(module, group)["changed"]

    aws.mark()
    with pytest.raises(ModuleFailed, match="has no parameter no-such-thing"):
        aws.run_module(module, {**group, "parameters": {"no-such-thing": 1}})
    with pytest.raises(ModuleFailed, match="AWS cannot change family"):
        aws.run_module(module, {**group, "family": "redis6.x"})
    assert aws.mutations() == []

    absent = {"name": group["name"], "state": "absent"}
    assert aws.run_module(module, absent, check=True)["changed"]
    assert aws.run_module(module, absent)["changed"]
    assert not aws.run_module(module, absent)["changed"]
