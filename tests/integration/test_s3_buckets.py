# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest

from .harness import Aws, ModuleFailed

MODULE = "s3_buckets"
KEY = "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-1a2b3c4d5e6f"


def full(aws: Aws) -> dict[str, Any]:
    return {
        "name": f"uex-test-backups-{aws.account_id}",
        "versioning": True,
        "encryption": {"algorithm": "aws:kms", "kms_key_id": KEY},
        "block_public_access": True,
        "ownership": "BucketOwnerEnforced",
        "tls_only": True,
        "lifecycle_rules": [
            {
                "id": "archive",
                "prefix": "weekly/",
                "transitions": [{"days": 30, "storage_class": "GLACIER"}],
                "expiration_days": 365,
                "noncurrent_expiration_days": 30,
                "abort_uploads_days": 7,
            },
            {"id": "markers", "expired_object_delete_marker": True},
        ],
        "tags": {"Project": "uex", "Component": "backups"},
    }


def test_creates_and_then_leaves_alone(aws: Aws) -> None:
    bucket = full(aws)
    predicted = aws.run_module(MODULE, {"buckets": [bucket]}, check=True)
    result = aws.run_module(MODULE, {"buckets": [bucket]})

    assert predicted["actions"] == result["actions"]
    assert predicted["buckets"] == result["buckets"]
    aws.mark()
    assert not aws.run_module(MODULE, {"buckets": [bucket]})["changed"]
    assert aws.mutations() == []

    s3 = aws.client("s3")
    name = bucket["name"]
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY
    assert rule["BucketKeyEnabled"] is True
    assert set(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values()) == {True}
    statement = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"][0]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]}
    assert rules["archive"]["Transitions"] == [{"Days": 30, "StorageClass": "GLACIER"}]
    assert rules["archive"]["Filter"] == {"Prefix": "weekly/"}


OTHER_VALUES: list[tuple[str, Any, str]] = [
    ("versioning", False, "versioning"),
    ("encryption", {"algorithm": "AES256"}, "encryption"),
    ("encryption", {"algorithm": "aws:kms", "kms_key_id": KEY, "bucket_key": False}, "encryption"),
    ("block_public_access", False, "block_public_access"),
    ("ownership", "BucketOwnerPreferred", "ownership"),
    ("tls_only", False, "policy"),
    ("alb_logs", {"prefix": "uex"}, "policy"),
    ("lifecycle_rules", [], "lifecycle_rules"),
    ("lifecycle_rules", [{"id": "archive", "expiration_days": 10}], "lifecycle_rules"),
    ("tags", {"Project": "uex"}, "tags"),
]


def test_each_option_round_trips(aws: Aws) -> None:
    stated = full(aws)
    aws.run_module(MODULE, {"buckets": [stated]})
    for option, value, field in OTHER_VALUES:
        stated = {**stated, option: value}

        predicted = aws.run_module(MODULE, {"buckets": [stated]}, check=True)
        aws.mark()
        result = aws.run_module(MODULE, {"buckets": [stated]})

        assert [action["fields"] for action in result["actions"]] == [[field]]
        assert predicted["actions"] == result["actions"]
        assert len(aws.mutations()) == 1, option
        assert not aws.run_module(MODULE, {"buckets": [stated]})["changed"], option


def test_access_logging_round_trips(aws: Aws) -> None:
    logs = {"name": f"uex-test-logs-{aws.account_id}"}
    logs["statements"] = [
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{logs['name']}/*",
        }
    ]
    aws.run_module(MODULE, {"buckets": [logs]})
    bucket = {"name": f"uex-test-app-{aws.account_id}", "logging": {"target_bucket": logs["name"]}}

    assert aws.run_module(MODULE, {"buckets": [bucket]})["changed"]
    assert not aws.run_module(MODULE, {"buckets": [bucket]})["changed"]
    assert aws.run_module(MODULE, {"buckets": [{**bucket, "logging": {}}]})["changed"]
    assert not aws.run_module(MODULE, {"buckets": [{**bucket, "logging": {}}]})["changed"]


def test_load_balancers_may_write_their_logs_only(aws: Aws) -> None:
    bucket = {"name": f"uex-test-alb-{aws.account_id}", "tls_only": True, "alb_logs": {}}

    policy = aws.run_module(MODULE, {"buckets": [bucket]})["buckets"][bucket["name"]]["policy"]

    allow = policy["Statement"][1]
    assert allow["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert allow["Action"] == "s3:PutObject"
    assert allow["Resource"] == f"arn:aws:s3:::{bucket['name']}/AWSLogs/{aws.account_id}/*"


def test_what_the_task_does_not_state_is_not_touched(aws: Aws) -> None:
    aws.run_module(MODULE, {"buckets": [full(aws)]})

    assert not aws.run_module(MODULE, {"buckets": [{"name": full(aws)["name"]}]})["changed"]


def test_a_bucket_that_is_half_made_is_completed(aws: Aws) -> None:
    aws.client("s3").create_bucket(Bucket=full(aws)["name"])

    assert aws.run_module(MODULE, {"buckets": [full(aws)]})["actions"][0]["action"] == "update"
    assert not aws.run_module(MODULE, {"buckets": [full(aws)]})["changed"]


def test_another_region(aws: Aws) -> None:
    name = f"uex-test-west-{aws.account_id}"
    aws.run_module(MODULE, {"buckets": [{"name": name}], "region": "us-west-2"})

    assert aws.client("s3").get_bucket_location(Bucket=name)["LocationConstraint"] == "us-west-2"
    assert not aws.run_module(MODULE, {"buckets": [{"name": name}], "region": "us-west-2"})["changed"]


def test_deletes_only_what_is_empty_unless_forced(aws: Aws) -> None:
    bucket = full(aws)
    aws.run_module(MODULE, {"buckets": [bucket]})
    s3 = aws.client("s3")
    s3.delete_bucket_policy(Bucket=bucket["name"])
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket["name"], Key="dump", Body=body)
    s3.delete_object(Bucket=bucket["name"], Key="dump")
    absent = {"buckets": [{"name": bucket["name"]}], "state": "absent"}

    with pytest.raises(ModuleFailed, match="is not empty"):
        aws.run_module(MODULE, absent)
    assert aws.run_module(MODULE, {**absent, "force": True}, check=True)["changed"]
    assert aws.run_module(MODULE, {**absent, "force": True})["changed"]
    assert s3.list_buckets()["Buckets"] == []
    assert not aws.run_module(MODULE, {**absent, "force": True})["changed"]


def test_one_name_twice_is_refused(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="stands twice"):
        aws.run_module(MODULE, {"buckets": [full(aws), full(aws)]})
