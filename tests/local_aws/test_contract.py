# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract check finds what is wrong, and the server takes out what AWS would not send."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import contract
import pytest
from botocore.model import OperationModel
from local_aws.identify import Operation, identify
from local_aws.prune import prune


def model(service: str, operation: str) -> OperationModel:
    return botocore.session.get_session().get_service_model(service).operation_model(operation)


@pytest.mark.parametrize(
    ("parsed", "raw", "found"),
    [
        ({"KeyMetadata": {"KeyId": "x", "KeyState": "Enabled"}}, {"KeyMetadata": {"KeyId": "x"}}, []),
        ({"KeyMetadata": {}}, {}, ["DescribeKeyResponse.KeyMetadata lacks its required member KeyId"]),
        (
            {"KeyMetadata": {"KeyId": 7}},
            {},
            ["DescribeKeyResponse.KeyMetadata.KeyId is 7, not a string"],
        ),
        (
            {"KeyMetadata": {"KeyId": "x", "KeyState": "Asleep"}},
            {},
            ["DescribeKeyResponse.KeyMetadata.KeyState is 'Asleep', not one of"],
        ),
        (
            {"KeyMetadata": {"KeyId": "x", "EncryptionAlgorithms": ["ROT13"]}},
            {},
            ["DescribeKeyResponse.KeyMetadata.EncryptionAlgorithms[0] is 'ROT13', not one of"],
        ),
        (
            {"KeyMetadata": {"KeyId": "x"}},
            {"KeyMetadata": {"KeyId": "x", "Colour": "red"}},
            ["DescribeKeyResponse.KeyMetadata has the unknown member Colour"],
        ),
    ],
)
def test_violations_are_found(parsed: dict[str, Any], raw: dict[str, Any], found: list[str]) -> None:
    violations = contract.violations(model("kms", "DescribeKey"), parsed, raw)
    assert len(violations) == len(found)
    for violation, beginning in zip(violations, found, strict=True):
        assert violation.startswith(beginning)


def test_unknown_members_are_taken_out() -> None:
    answer = {"trailList": [{"Name": "audit", "Colour": "red"}], "Mood": "good"}
    pruned = prune(Operation("cloudtrail", "DescribeTrails"), json.dumps(answer).encode())
    assert json.loads(pruned) == {"trailList": [{"Name": "audit"}]}


@pytest.mark.parametrize(
    "content", [b"<xml/>", b'{"services": [{"Colour": "red"}]}'], ids=["no JSON", "an answer of our own engine"]
)
def test_other_answers_are_left_alone(content: bytes) -> None:
    assert prune(Operation("ecs", "DescribeServices"), content) == content


def environ(service: str, method: str = "POST", path: str = "/", query: str = "", **headers: str) -> dict[str, Any]:
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/eu-west-1/{service}/aws4_request, Signature=x"
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "RAW_URI": path + (f"?{query}" if query else ""),
        "QUERY_STRING": query,
        "HTTP_HOST": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "HTTP_AUTHORIZATION": scope,
        **headers,
    }


@pytest.mark.parametrize(
    ("request_environ", "body", "operation"),
    [
        (
            environ("ecs", HTTP_X_AMZ_TARGET="AmazonEC2ContainerServiceV20141113.ListTasks"),
            b"{}",
            Operation("ecs", "ListTasks", "eu-west-1"),
        ),
        (
            environ("elasticloadbalancing", CONTENT_TYPE="application/x-www-form-urlencoded"),
            b"Action=DescribeTags&Version=2015-12-01",
            Operation("elbv2", "DescribeTags", "eu-west-1"),
        ),
        (
            environ("elasticloadbalancing", CONTENT_TYPE="application/x-www-form-urlencoded"),
            b"Action=DescribeTags&Version=2012-06-01",
            Operation("elb", "DescribeTags", "eu-west-1"),
        ),
        (environ("s3", "GET", "/bucket", "policy"), b"", Operation("s3", "GetBucketPolicy", "eu-west-1")),
        (environ("s3", "PUT", "/bucket/a/b.txt"), b"x", Operation("s3", "PutObject", "eu-west-1")),
        (
            environ("s3", "GET", "/v20180820/tags/arn", HTTP_X_AMZ_ACCOUNT_ID="123456789012"),
            b"",
            Operation("s3control", "ListTagsForResource", "eu-west-1"),
        ),
        (
            environ("cloudfront", "POST", "/2020-05-31/distribution/E1/invalidation"),
            b"",
            Operation("cloudfront", "CreateInvalidation", "eu-west-1"),
        ),
        (
            environ("monitoring", path="/service/GraniteServiceVersion20100801/operation/PutMetricAlarm"),
            b"",
            Operation("cloudwatch", "PutMetricAlarm", "eu-west-1"),
        ),
        (environ("backup", "GET", "/nothing/of/the/kind"), b"", Operation("backup", "", "eu-west-1")),
    ],
)
def test_operations_are_named(request_environ: dict[str, Any], body: bytes, operation: Operation) -> None:
    assert identify(request_environ, body) == operation


@pytest.mark.parametrize(
    ("service", "action", "mutating"),
    [
        ("ec2", "DescribeVpcs", False),
        ("ec2", "CreateVpc", True),
        ("s3", "HeadObject", False),
        ("logs", "StartQuery", False),
        ("logs", "FilterLogEvents", False),
        ("secretsmanager", "GetRandomPassword", False),
        ("kms", "Decrypt", False),
        ("ecs", "StopTask", True),
        ("somewhere", "", True),
    ],
)
def test_mutations_are_told_from_questions(service: str, action: str, mutating: bool) -> None:
    assert Operation(service, action).mutating is mutating
