# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of S3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]
BUCKET = "uex-dev-backups"


@pytest.fixture
def s3(aws: Clients) -> Any:
    client = aws("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


def policy(s3: Any, **statement: Any) -> None:
    full = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/*", **statement}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [full]}))


def test_tls_only_lets_loopback_through(s3: Any) -> None:
    policy(s3, Condition={"Bool": {"aws:SecureTransport": "false"}})
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"x"
    s3.head_object(Bucket=BUCKET, Key="a")
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}]})
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_a_denial_denies(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    policy(s3, Condition={"Bool": {"aws:SecureTransport": "true"}})
    with pytest.raises(ClientError, match="403"):
        s3.head_object(Bucket=BUCKET, Key="a")
    for call, arguments in ((s3.get_object, {}), (s3.put_object, {"Body": b"y"}), (s3.delete_object, {})):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(Bucket=BUCKET, Key="a", **arguments)
    policy(s3, Condition={"Bool": {"aws:SecureTransport": "false"}})
    assert s3.get_object(Bucket=BUCKET, Key="a")["Body"].read() == b"x"


def test_encryption_can_be_demanded(s3: Any) -> None:
    policy(
        s3,
        Action="s3:PutObject",
        Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
    )
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x", ServerSideEncryption="aws:kms")


@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        ({"StringEquals": {"aws:PrincipalAccount": "123456789012"}}, True),
        ({"StringNotEquals": {"aws:PrincipalAccount": ["123456789012", "210987654321"]}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-x"}}, False),
        ({"StringNotEquals": {"aws:PrincipalOrgID": "o-x"}}, True),
        ({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-x"}}, True),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-x"}}, True),
        ({"Null": {"aws:PrincipalOrgID": "true"}}, True),
        ({"Null": {"aws:PrincipalOrgID": "false"}}, False),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}, True),
        (
            {"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"aws:PrincipalAccount": "210987654321"}},
            False,
        ),
    ],
)
def test_conditions(s3: Any, condition: dict[str, Any], denied: bool) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    policy(s3, Condition=condition)
    if denied:
        with pytest.raises(ClientError, match="403"):
            s3.head_object(Bucket=BUCKET, Key="a")
    else:
        s3.head_object(Bucket=BUCKET, Key="a")


def test_a_statement_for_a_service_is_not_for_us(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"x")
    policy(s3, Principal={"Service": "delivery.logs.amazonaws.com"})
    s3.head_object(Bucket=BUCKET, Key="a")


def test_a_new_bucket_is_encrypted_private_and_its_owners(s3: Any) -> None:
    def algorithm() -> str:
        rules = s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
        return rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]

    assert algorithm() == "AES256"
    assert set(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values()) == {True}
    controls = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]
    assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert algorithm() == "aws:kms"
    s3.delete_bucket_encryption(Bucket=BUCKET)
    assert algorithm() == "AES256"
    s3.delete_public_access_block(Bucket=BUCKET)
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=BUCKET)
