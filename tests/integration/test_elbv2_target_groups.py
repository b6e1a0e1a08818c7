# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from .harness import Aws, ModuleFailed

NAME = "uex-dev-backend"


@pytest.fixture
def vpc_id(aws: Aws) -> str:
    return aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def group(vpc: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "protocol": "HTTP",
        "port": 3903,
        "target_type": "ip",
        "vpc_id": vpc,
        "health_check": {"path": "/health", "interval": 15, "timeout": 5, "codes": "200-299"},
        "attributes": {"deregistration_delay.timeout_seconds": 30, "stickiness.enabled": False},
        "tags": {"Service": "backend"},
        **fields,
    }


def ensure(aws: Aws, *groups: dict[str, Any], check: bool = False, **options: Any) -> dict[str, Any]:
    return aws.run_module("elbv2_target_groups", {"target_groups": list(groups), **options}, check=check)


def test_creates_and_changes_nothing_again(aws: Aws, vpc_id: str) -> None:
    predicted = ensure(aws, group("vpc-planned-main"), check=True)
    assert predicted["target_groups"][NAME]["full_name"] == f"targetgroup/planned-{NAME}"
    created = ensure(aws, group(vpc_id))
    found = aws.client("elbv2").describe_target_groups(Names=[NAME])["TargetGroups"][0]
    assert created["target_groups"][NAME]["arn"] == found["TargetGroupArn"]
    assert (found["HealthCheckPath"], found["Matcher"]) == ("/health", {"HttpCode": "200-299"})
    aws.mark()
    again = ensure(aws, group(vpc_id))
    assert not again["changed"]
    assert aws.mutations() == []
    assert again["target_groups"] == created["target_groups"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("health_check", {"path": "/ready"}),
        ("health_check", {"interval": 20, "healthy_threshold": 2, "codes": "200"}),
        ("attributes", {"deregistration_delay.timeout_seconds": 60}),
        ("attributes", {"stickiness.enabled": True}),
        ("tags", {"Service": "other"}),
        ("tags", {}),
    ],
)
def test_each_change_is_predicted_made_and_then_found(aws: Aws, vpc_id: str, field: str, value: Any) -> None:
    ensure(aws, group(vpc_id))
    predicted = ensure(aws, group(vpc_id, **{field: value}), check=True)
    assert predicted["actions"] == [{"action": "update", "name": NAME, "fields": [field]}]
    made = ensure(aws, group(vpc_id, **{field: value}))
    assert made["target_groups"] == predicted["target_groups"]
    again = ensure(aws, group(vpc_id, **{field: value}))
    assert not again["changed"]
    assert again["target_groups"] == made["target_groups"]


@pytest.mark.parametrize(
    ("field", "value"), [("port", 3904), ("protocol", "HTTPS"), ("target_type", "instance"), ("vpc_id", "vpc-other")]
)
def test_names_what_cannot_change(aws: Aws, vpc_id: str, field: str, value: Any) -> None:
    ensure(aws, group(vpc_id))
    with pytest.raises(ModuleFailed, match=f"cannot change {field} of the target group {NAME}"):
        ensure(aws, group(vpc_id, **{field: value}))


def test_never_touches_targets(aws: Aws, vpc_id: str) -> None:
    arn = ensure(aws, group(vpc_id))["target_groups"][NAME]["arn"]
    elbv2 = aws.client("elbv2")
    elbv2.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.10"}])
    ensure(aws, group(vpc_id, health_check={"path": "/ready"}))
    described = elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [target["Target"]["Id"] for target in described] == ["10.0.0.10"]


def test_names_a_name_that_is_too_long(aws: Aws, vpc_id: str) -> None:
    with pytest.raises(ModuleFailed, match="has 33 characters; at most 32"):
        ensure(aws, group(vpc_id, name="a" * 33), check=True)


def test_deletes(aws: Aws, vpc_id: str) -> None:
    ensure(aws, group(vpc_id))
    assert ensure(aws, {"name": NAME}, state="absent", check=True)["changed"]
    assert ensure(aws, {"name": NAME}, state="absent")["changed"]
    assert not ensure(aws, {"name": NAME}, state="absent")["changed"]


def test_purges_only_its_owners_groups(aws: Aws, vpc_id: str) -> None:
    owner = {"Project": "uex"}
    ensure(aws, group(vpc_id, tags=owner), group(vpc_id, name="foreign", tags={}))
    gone = ensure(aws, state="absent", purge=True, owner_tags=owner)
    assert gone["actions"] == [{"action": "delete", "name": NAME, "fields": []}]
    with pytest.raises(ModuleFailed, match="owner_tags is empty"):
        ensure(aws, state="absent", purge=True)
