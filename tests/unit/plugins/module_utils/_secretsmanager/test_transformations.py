# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._secretsmanager import transformations as to

ENTRY: dict[str, Any] = {
    "ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:uex/db-a1B2c3",
    "Name": "uex/db",
    "Tags": [{"Key": "Project", "Value": "uex"}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}],
}


@pytest.mark.parametrize("key", ["VersionIdsToStages", "SecretVersionsToStages"])
def test_listing_and_description_say_the_same(key: str) -> None:
    state = to.from_listing({**ENTRY, key: {"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]}})
    assert state == {
        "arn": ENTRY["ARN"],
        "description": "",
        "kms_key_id": "",
        "type": "",
        "tags": {"Project": "uex"},
        "rotation": {},
        "scheduled_for_deletion": False,
        "version_id": "v2",
    }


def test_a_secret_without_value_and_one_on_its_way_out() -> None:
    assert to.from_listing(ENTRY)["version_id"] == ""
    assert to.from_listing({**ENTRY, "DeletedDate": "2026-11-21"})["scheduled_for_deletion"]


def test_rotation() -> None:
    on = {"RotationEnabled": True, "RotationLambdaARN": "arn:lambda"}
    assert to.rotation({"RotationLambdaARN": "arn:lambda"}) == {}
    days = {"lambda_arn": "arn:lambda", "automatically_after_days": 30}
    assert to.rotation({**on, "RotationRules": {"AutomaticallyAfterDays": 30}}) == days
    # AWS computes the days of a schedule; the task stated none.
    rules = {"AutomaticallyAfterDays": 9, "ScheduleExpression": "rate(9 days)", "Duration": "3h"}
    assert to.rotation({**on, "RotationRules": rules}) == {
        "lambda_arn": "arn:lambda",
        "schedule_expression": "rate(9 days)",
        "duration": "3h",
    }
    assert to.rotation_arguments(days) == {
        "RotationLambdaARN": "arn:lambda",
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "RotateImmediately": False,
    }


def replica(region: str, key: str = "") -> dict[str, str]:
    return {"region": region, "kms_key_id": key}


def test_replicas_are_in_the_order_of_their_regions() -> None:
    status = [{"Region": "us-west-2", "KmsKeyId": "k"}, {"Region": "eu-west-1"}]
    assert to.replicas(status) == [replica("eu-west-1"), replica("us-west-2", "k")]
    assert to.replicas(None) == []


@pytest.mark.parametrize(
    ("current", "wanted", "add", "leave"),
    [
        ([replica("b"), replica("a")], [replica("a"), replica("b")], [], []),
        ([], [replica("a")], [replica("a")], []),
        ([replica("a")], [], [], ["a"]),
        ([replica("a", "k1")], [replica("a", "k2")], [replica("a", "k2")], ["a"]),
        ([replica("a", "k1")], [replica("a")], [], []),
    ],
)
def test_replica_changes(current: list, wanted: list, add: list, leave: list) -> None:
    assert to.replica_changes(current, wanted) == (add, leave)


@pytest.mark.parametrize(
    ("current", "wanted", "same"),
    [
        ("", "", True),
        ("arn:aws:kms:us-east-1:1:key/abc", "abc", True),
        ("abc", "arn:aws:kms:us-east-1:1:key/abc", True),
        ("arn:aws:kms:us-east-1:1:alias/uex", "alias/uex", True),
        ("arn:aws:kms:us-east-1:1:key/abc", "bc", False),
        ("arn:aws:kms:us-east-1:1:key/abc", "", False),
        ("arn:aws:kms:us-east-1:1:key/abc", "arn:aws:kms:us-east-1:1:key/abd", False),
    ],
)
def test_same_key(current: str, wanted: str, same: bool) -> None:
    assert to.same_key(current, wanted) is same


def test_a_name_from_an_arn() -> None:
    assert to.name_of(ENTRY["ARN"]) == "uex/db"
    assert to.name_of("uex/db") == "uex/db"
