# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._s3buckets import transformations as to


def policy(**options: Any) -> dict[str, Any]:
    stated = {"tls_only": None, "alb_logs": None, "statements": None, "account_id": "1", **options}
    return to.bucket_policy("b", **stated)


def test_a_policy_is_what_its_parts_say() -> None:
    assert policy() == {}
    own = {"Sid": "Own"}
    statements = policy(tls_only=True, alb_logs={}, statements=[own])["Statement"]
    assert [statement["Sid"] for statement in statements] == ["DenyInsecureTransport", "AllowLoadBalancerLogs", "Own"]
    assert statements[0]["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


@pytest.mark.parametrize(
    ("alb_logs", "resource"),
    [
        ({}, "arn:aws:s3:::b/AWSLogs/1/*"),
        ({"prefix": "/uex/"}, "arn:aws:s3:::b/uex/AWSLogs/1/*"),
        ({"prefix": "", "account_id": "2"}, "arn:aws:s3:::b/AWSLogs/2/*"),
    ],
)
def test_load_balancers_write_in_their_own_folder(alb_logs: dict[str, str], resource: str) -> None:
    assert policy(alb_logs=alb_logs)["Statement"][0]["Resource"] == resource


def test_another_partition() -> None:
    assert policy(tls_only=True, partition="aws-cn")["Statement"][0]["Resource"][0] == "arn:aws-cn:s3:::b"


KEY = "arn:aws:kms:us-east-1:1:key/abc"


@pytest.mark.parametrize(
    "wanted",
    [
        {"algorithm": "AES256"},
        {"algorithm": "aws:kms", "kms_key_id": KEY, "bucket_key": True},
        {"algorithm": "aws:kms", "kms_key_id": "", "bucket_key": False},
    ],
)
def test_encryption_there_and_back(wanted: dict[str, Any]) -> None:
    assert to.encryption_from(to.encryption_rule(wanted)) == wanted


@pytest.mark.parametrize(
    ("wanted", "same"),
    [
        ({"algorithm": "aws:kms", "kms_key_id": KEY}, True),
        ({"algorithm": "aws:kms", "kms_key_id": "abc"}, True),
        ({"algorithm": "aws:kms", "kms_key_id": "bc"}, False),
        ({"algorithm": "aws:kms"}, False),
        ({"algorithm": "aws:kms", "kms_key_id": KEY, "bucket_key": False}, False),
        ({"algorithm": "AES256"}, False),
    ],
)
def test_same_encryption(wanted: dict[str, Any], same: bool) -> None:
    current = {"algorithm": "aws:kms", "kms_key_id": KEY, "bucket_key": True}
    assert to.same_encryption(current, wanted) is same


def test_a_bucket_without_encryption() -> None:
    assert to.encryption_from({}) == {}
    assert not to.same_encryption({}, {"algorithm": "AES256"})


RULES: list[dict[str, Any]] = [
    {
        "id": "b",
        "enabled": True,
        "prefix": "weekly/",
        "transitions": [{"days": 90, "storage_class": "DEEP_ARCHIVE"}, {"days": 30, "storage_class": "GLACIER"}],
        "expiration_days": 365,
        "noncurrent_transitions": [{"days": 7, "storage_class": "GLACIER"}],
        "noncurrent_expiration_days": 30,
        "noncurrent_versions_kept": 3,
        "abort_uploads_days": 7,
    },
    {"id": "a", "enabled": False, "expired_object_delete_marker": True, "expiration_days": None, "transitions": None},
]


def test_lifecycle_rules_there_and_back() -> None:
    stated = to.stated_rules(RULES)
    assert [rule["id"] for rule in stated] == ["a", "b"]
    assert to.rules_from(to.lifecycle_rules(stated)) == stated


def test_rules_that_others_wrote() -> None:
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"And": {"Prefix": "p", "Tags": []}}, "Expiration": {"Days": 1}}
    assert to.rules_from([rule])[0]["prefix"] == "p"
    assert to.rules_from([{"ID": "x", "Status": "Enabled", "Prefix": "old"}])[0]["prefix"] == "old"


def test_logging_there_and_back() -> None:
    assert to.logging_from({}) == to.logging_target({}) == {}
    wanted = {"target_bucket": "logs", "target_prefix": "b/"}
    assert to.logging_from(to.logging_target(wanted)) == wanted
