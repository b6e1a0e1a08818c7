# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a web ACL protects, and where it logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Clients = Callable[..., Any]
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/uex/1234567890abcdef"


def create(wafv2: Any, name: str, scope: str = "REGIONAL") -> dict[str, Any]:
    return wafv2.create_web_acl(
        Name=name,
        Scope=scope,
        DefaultAction={"Allow": {}},
        VisibilityConfig={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name},
    )["Summary"]


def test_a_resource_has_one_web_acl_and_keeps_it_from_being_deleted(aws: Clients) -> None:
    wafv2 = aws("wafv2")
    first, second = create(wafv2, "first"), create(wafv2, "second")

    def protected(web_acl: dict[str, Any], **kind: str) -> list[str]:
        return wafv2.list_resources_for_web_acl(WebACLArn=web_acl["ARN"], **kind)["ResourceArns"]

    wafv2.associate_web_acl(WebACLArn=first["ARN"], ResourceArn=BALANCER)
    wafv2.associate_web_acl(WebACLArn=second["ARN"], ResourceArn=BALANCER)
    wafv2.associate_web_acl(WebACLArn=second["ARN"], ResourceArn=BALANCER)
    assert protected(first) == []
    assert protected(second) == [BALANCER]
    assert protected(second, ResourceType="API_GATEWAY") == []

    def delete(web_acl: dict[str, Any]) -> None:
        wafv2.delete_web_acl(Name=web_acl["Name"], Scope="REGIONAL", Id=web_acl["Id"], LockToken=web_acl["LockToken"])

    delete(first)
    with pytest.raises(ClientError, match="WAFAssociatedItemException"):
        delete(second)
    wafv2.disassociate_web_acl(ResourceArn=BALANCER)
    delete(second)
    with pytest.raises(ClientError, match="WAFNonexistentItemException"):
        protected(second)


def test_an_update_replaces_everything_that_it_leaves_out(aws: Clients) -> None:
    wafv2 = aws("wafv2")
    made = create(wafv2, "first")
    shown = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "first"}
    rule = {
        "Name": "one",
        "Priority": 1,
        "Statement": {
            "ByteMatchStatement": {
                "SearchString": b"POST",
                "FieldToMatch": {"Method": {}},
                "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                "PositionalConstraint": "EXACTLY",
            }
        },
        "Action": {"Block": {}},
        "VisibilityConfig": shown,
    }
    which = {"Name": "first", "Scope": "REGIONAL", "Id": made["Id"]}
    said: dict[str, Any] = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": shown}
    seen = []
    for more in ({"Rules": [rule], "Description": "x", "TokenDomains": ["example.com"]}, {"Rules": []}):
        lock = wafv2.get_web_acl(**which)["LockToken"]
        wafv2.update_web_acl(**which, LockToken=lock, **said, **more)
        found = wafv2.get_web_acl(**which)["WebACL"]
        seen.append((len(found["Rules"]), found.get("Description"), found.get("TokenDomains")))
    assert seen == [(1, "x", ["example.com"]), (0, "", None)]


LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-site"


@pytest.mark.parametrize(
    ("destination", "taken"),
    [
        (LOGS, True),
        ("arn:aws:s3:::aws-waf-logs-site", True),
        ("arn:aws:firehose:us-east-1:123456789012:deliverystream/aws-waf-logs-site", True),
        (LOGS.replace("aws-waf-logs-", "waf-"), False),
        (LOGS.replace("us-east-1", "eu-west-1"), False),
    ],
)
@pytest.mark.parametrize("scope", ["REGIONAL", "CLOUDFRONT"])
def test_logs_go_only_where_waf_writes(aws: Clients, scope: str, destination: str, taken: bool) -> None:
    wafv2 = aws("wafv2")
    arn = create(wafv2, "site", scope)["ARN"]
    logging = {"ResourceArn": arn, "LogDestinationConfigs": [destination]}
    if taken:
        answer = wafv2.put_logging_configuration(LoggingConfiguration=logging)
        assert answer["LoggingConfiguration"]["LogDestinationConfigs"] == [destination]
        return
    with pytest.raises(ClientError) as caught:
        wafv2.put_logging_configuration(LoggingConfiguration=logging)
    assert caught.value.response["Error"]["Code"] == "WAFInvalidParameterException"
