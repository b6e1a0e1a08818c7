# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.slipway.aws.plugins.module_utils.planned import (
    is_planned,
    planned_arn,
    planned_id,
    without_planned,
)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("vpc", "main", "vpc-planned-main"),
        ("security_group", "uex dev/alb", "sg-planned-uex-dev/alb"),
        ("hosted_zone", "example.com", "Zplanned-example.com"),
        ("anything else", "x", "planned-x"),
        ("vpc", "", "vpc-planned-resource"),
    ],
)
def test_a_placeholder_has_the_shape_of_its_kind(kind: str, name: str, expected: str) -> None:
    assert planned_id(kind, name) == expected
    assert is_planned(expected)


def test_an_arn_is_marked_in_its_last_part() -> None:
    arn = planned_arn("kms", "key/main", region="eu-west-1")
    assert arn == "arn:aws:kms:eu-west-1:000000000000:key/planned-main"
    assert is_planned(arn)
    assert is_planned(planned_arn("s3", "uex-dev-backups"))


@pytest.mark.parametrize(
    "value", ["vpc-0a1b2c3d", "unplanned-x", "arn:aws:s3:::backups", "", None, 7, "arn:aws:iam::1:role/unplanned-role"]
)
def test_what_exists_is_not_taken_for_a_plan(value: object) -> None:
    assert not is_planned(value)


def test_only_what_exists_is_sent_to_aws() -> None:
    assert without_planned(["subnet-1", "subnet-planned-app"]) == ["subnet-1"]
