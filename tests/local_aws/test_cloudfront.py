# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends of CloudFront."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_edge_and_operations import self_signed

Clients = Callable[..., Any]

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
# More than the two simulated minutes that a distribution takes.
DEPLOYED = 130


def code_of(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def cloudfront(aws: Clients) -> Any:
    return aws("cloudfront")


@pytest.fixture
def control(cloudfront: Any) -> str:
    return make_control(cloudfront, "site")["Id"]


def make_control(cloudfront: Any, name: str) -> dict[str, Any]:
    return cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": name,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]


def config(control: str = "", reference: str = "1", **options: Any) -> dict[str, Any]:
    behaviour = {
        "TargetOriginId": "s3",
        "ViewerProtocolPolicy": "redirect-to-https",
        "CachePolicyId": OPTIMIZED,
        "Compress": True,
        **options.pop("behaviour", {}),
    }
    origin = {
        "Id": "s3",
        "DomainName": "site.s3.us-east-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control,
    }
    return {
        "CallerReference": reference,
        "Comment": "site",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": behaviour,
        "DefaultRootObject": "index.html",
        "PriceClass": "PriceClass_100",
        "CustomErrorResponses": {
            "Quantity": 1,
            "Items": [
                {"ErrorCode": 404, "ResponsePagePath": "/index.html", "ResponseCode": "200", "ErrorCachingMinTTL": 10}
            ],
        },
        **options,
    }


def create(cloudfront: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    return cloudfront.create_distribution(DistributionConfig=config(*arguments, **options))


def contained(given: Any, returned: Any) -> bool:
    if isinstance(given, dict):
        return all(key in returned and contained(value, returned[key]) for key, value in given.items())
    if isinstance(given, list):
        return len(given) == len(returned) and all(map(contained, given, returned))
    return given == returned


def test_a_configuration_comes_back_as_given(cloudfront: Any, control: str) -> None:
    made = create(cloudfront, control)
    identifier, etag = made["Distribution"]["Id"], made["ETag"]
    found = cloudfront.get_distribution_config(Id=identifier)
    assert found["ETag"] == etag
    returned = found["DistributionConfig"]
    assert contained(config(control), returned)
    assert returned["HttpVersion"] == "http2"
    assert returned["ViewerCertificate"]["CloudFrontDefaultCertificate"] is True
    assert "ForwardedValues" not in returned["DefaultCacheBehavior"]
    # Putting back what one got changes nothing but the version.
    updated = cloudfront.update_distribution(Id=identifier, IfMatch=etag, DistributionConfig=returned)
    assert updated["Distribution"]["DistributionConfig"] == returned
    assert updated["ETag"] != etag
    listed = cloudfront.list_distributions()["DistributionList"]
    assert listed["Quantity"] == 1
    assert listed["Items"][0]["Origins"]["Items"][0]["OriginAccessControlId"] == control


def test_versions_are_checked(cloudfront: Any, control: str) -> None:
    made = create(cloudfront, control)
    identifier = made["Distribution"]["Id"]
    with pytest.raises(ClientError) as caught:
        cloudfront.update_distribution(Id=identifier, DistributionConfig=config(control))
    assert code_of(caught) == "InvalidIfMatchVersion"
    with pytest.raises(ClientError) as caught:
        cloudfront.update_distribution(Id=identifier, IfMatch="EOLD", DistributionConfig=config(control))
    assert code_of(caught) == "PreconditionFailed"
    with pytest.raises(ClientError) as caught:
        cloudfront.delete_distribution(Id=identifier, IfMatch="EOLD")
    assert code_of(caught) == "PreconditionFailed"


def test_a_distribution_deploys_and_is_disabled_before_it_goes(
    cloudfront: Any, control: str, advance: Callable[[float], None]
) -> None:
    made = create(cloudfront, control)
    identifier, etag = made["Distribution"]["Id"], made["ETag"]
    assert made["Distribution"]["Status"] == "InProgress"
    advance(DEPLOYED)
    assert cloudfront.get_distribution(Id=identifier)["Distribution"]["Status"] == "Deployed"
    with pytest.raises(ClientError) as caught:
        cloudfront.delete_distribution(Id=identifier, IfMatch=etag)
    assert code_of(caught) == "DistributionNotDisabled"
    etag = cloudfront.update_distribution(
        Id=identifier, IfMatch=etag, DistributionConfig=config(control, Enabled=False)
    )["ETag"]
    with pytest.raises(ClientError) as caught:
        cloudfront.delete_distribution(Id=identifier, IfMatch=etag)
    assert code_of(caught) == "DistributionNotDisabled"
    advance(DEPLOYED)
    cloudfront.delete_distribution(Id=identifier, IfMatch=etag)
    with pytest.raises(ClientError) as caught:
        cloudfront.get_distribution(Id=identifier)
    assert code_of(caught) == "NoSuchDistribution"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"control": "ENOTHING"}, "InvalidOriginAccessControl"),
        ({"behaviour": {"TargetOriginId": "other"}}, "NoSuchOrigin"),
        ({"Aliases": {"Quantity": 1, "Items": ["www.example.com"]}}, "InvalidViewerCertificate"),
        ({"Aliases": {"Quantity": 2, "Items": ["www.example.com"]}}, "InconsistentQuantities"),
        (
            {
                "behaviour": {
                    "FunctionAssociations": {
                        "Quantity": 1,
                        "Items": [
                            {
                                "FunctionARN": "arn:aws:cloudfront::123456789012:function/nothing",
                                "EventType": "viewer-request",
                            }
                        ],
                    }
                }
            },
            "InvalidFunctionAssociation",
        ),
    ],
)
def test_what_is_refused(cloudfront: Any, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        create(cloudfront, **options)
    assert code_of(caught) == code
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == 0


def test_an_alias_belongs_to_one_distribution(aws: Clients, cloudfront: Any) -> None:
    certificate, key = self_signed("*.example.com")
    arn = aws("acm").import_certificate(Certificate=certificate, PrivateKey=key)["CertificateArn"]
    options = {
        "Aliases": {"Quantity": 1, "Items": ["www.example.com"]},
        "ViewerCertificate": {
            "ACMCertificateArn": arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }
    made = create(cloudfront, **options)
    assert made["Distribution"]["DistributionConfig"]["ViewerCertificate"]["CertificateSource"] == "acm"
    with pytest.raises(ClientError) as caught:
        create(cloudfront, reference="2", **options)
    assert code_of(caught) == "CNAMEAlreadyExists"
    with pytest.raises(ClientError) as caught:
        create(cloudfront)
    assert code_of(caught) == "DistributionAlreadyExists"


def test_tags(aws: Clients, cloudfront: Any) -> None:
    tags = {"Items": [{"Key": "Project", "Value": "uex"}]}
    made = cloudfront.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config(), "Tags": tags}
    )
    arn = made["Distribution"]["ARN"]
    assert cloudfront.list_tags_for_resource(Resource=arn)["Tags"] == tags
    found = aws("resourcegroupstaggingapi").get_resources(ResourceTypeFilters=["cloudfront"])
    assert [item["ResourceARN"] for item in found["ResourceTagMappingList"]] == [arn]
    elsewhere = aws("resourcegroupstaggingapi", region="eu-west-1").get_resources()
    assert elsewhere["ResourceTagMappingList"] == []


# Invalidations


def invalidate(cloudfront: Any, distribution: str, reference: str, *paths: str) -> dict[str, Any]:
    batch = {"CallerReference": reference, "Paths": {"Quantity": len(paths), "Items": list(paths)}}
    return cloudfront.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]


def test_an_invalidation_completes(cloudfront: Any, advance: Callable[[float], None]) -> None:
    distribution = create(cloudfront)["Distribution"]["Id"]
    made = invalidate(cloudfront, distribution, "1", "/*")
    assert made["Status"] == "InProgress"
    assert cloudfront.get_distribution(Id=distribution)["Distribution"]["InProgressInvalidationBatches"] == 1
    advance(61)
    cloudfront.get_waiter("invalidation_completed").wait(
        DistributionId=distribution, Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 1}
    )
    assert cloudfront.get_distribution(Id=distribution)["Distribution"]["InProgressInvalidationBatches"] == 0


def test_a_caller_reference_stands_for_one_batch(cloudfront: Any) -> None:
    distribution = create(cloudfront)["Distribution"]["Id"]
    first = invalidate(cloudfront, distribution, "1", "/a", "/b")
    assert invalidate(cloudfront, distribution, "1", "/b", "/a")["Id"] == first["Id"]
    with pytest.raises(ClientError) as caught:
        invalidate(cloudfront, distribution, "1", "/c")
    assert code_of(caught) == "InvalidationBatchAlreadyExists"
    second = invalidate(cloudfront, distribution, "2", "/c")
    listed = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]
    assert [item["Id"] for item in listed["Items"]] == [second["Id"], first["Id"]]
    page = cloudfront.list_invalidations(DistributionId=distribution, MaxItems="1")["InvalidationList"]
    assert (page["IsTruncated"], page["NextMarker"]) == (True, second["Id"])


def test_paths_are_checked(cloudfront: Any) -> None:
    distribution = create(cloudfront)["Distribution"]["Id"]
    with pytest.raises(ClientError) as caught:
        invalidate(cloudfront, distribution, "1", "index.html")
    assert code_of(caught) == "InvalidArgument"
    with pytest.raises(ClientError) as caught:
        cloudfront.get_invalidation(DistributionId=distribution, Id="INOTHING")
    assert code_of(caught) == "NoSuchInvalidation"


# Policies


def test_managed_policies_are_listed(cloudfront: Any) -> None:
    listed = cloudfront.list_cache_policies(Type="managed")["CachePolicyList"]
    names = {item["CachePolicy"]["CachePolicyConfig"]["Name"]: item["CachePolicy"]["Id"] for item in listed["Items"]}
    assert names["Managed-CachingOptimized"] == OPTIMIZED
    requests = cloudfront.list_origin_request_policies(Type="managed")["OriginRequestPolicyList"]
    assert requests["Quantity"] == 8
    headers = cloudfront.list_response_headers_policies(Type="managed")["ResponseHeadersPolicyList"]
    assert headers["Quantity"] == 5
    assert cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]["Quantity"] == 0


def headers_policy(name: str, seconds: int) -> dict[str, Any]:
    return {
        "Name": name,
        "Comment": "",
        "SecurityHeadersConfig": {
            "StrictTransportSecurity": {
                "Override": True,
                "IncludeSubdomains": True,
                "Preload": False,
                "AccessControlMaxAgeSec": seconds,
            }
        },
        "CustomHeadersConfig": {"Quantity": 1, "Items": [{"Header": "X-A", "Value": "1", "Override": True}]},
    }


def test_a_response_headers_policy_lives(cloudfront: Any) -> None:
    made = cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=headers_policy("site", 60))
    identifier = made["ResponseHeadersPolicy"]["Id"]
    with pytest.raises(ClientError) as caught:
        cloudfront.create_response_headers_policy(ResponseHeadersPolicyConfig=headers_policy("site", 60))
    assert code_of(caught) == "ResponseHeadersPolicyAlreadyExists"
    found = cloudfront.get_response_headers_policy_config(Id=identifier)
    assert found["ResponseHeadersPolicyConfig"] == headers_policy("site", 60)
    updated = cloudfront.update_response_headers_policy(
        Id=identifier, IfMatch=found["ETag"], ResponseHeadersPolicyConfig=headers_policy("site", 90)
    )
    distribution = create(cloudfront, behaviour={"ResponseHeadersPolicyId": identifier})
    for etag, code in ((found["ETag"], "PreconditionFailed"), (updated["ETag"], "ResponseHeadersPolicyInUse")):
        with pytest.raises(ClientError) as caught:
            cloudfront.delete_response_headers_policy(Id=identifier, IfMatch=etag)
        assert code_of(caught) == code
    cloudfront.update_distribution(
        Id=distribution["Distribution"]["Id"], IfMatch=distribution["ETag"], DistributionConfig=config()
    )
    cloudfront.delete_response_headers_policy(Id=identifier, IfMatch=updated["ETag"])
    with pytest.raises(ClientError) as caught:
        cloudfront.get_response_headers_policy(Id=identifier)
    assert code_of(caught) == "NoSuchResponseHeadersPolicy"


# Functions and origin access controls


def test_a_function_is_published(cloudfront: Any) -> None:
    settings = {"Comment": "spa", "Runtime": "cloudfront-js-2.0"}
    made = cloudfront.create_function(Name="spa", FunctionConfig=settings, FunctionCode=b"one")
    with pytest.raises(ClientError) as caught:
        cloudfront.describe_function(Name="spa", Stage="LIVE")
    assert code_of(caught) == "NoSuchFunctionExists"
    with pytest.raises(ClientError) as caught:
        cloudfront.publish_function(Name="spa", IfMatch="EOLD")
    assert code_of(caught) == "PreconditionFailed"
    live = cloudfront.publish_function(Name="spa", IfMatch=made["ETag"])["FunctionSummary"]
    assert live["FunctionMetadata"]["Stage"] == "LIVE"
    etag = cloudfront.update_function(Name="spa", IfMatch=made["ETag"], FunctionConfig=settings, FunctionCode=b"two")[
        "ETag"
    ]
    assert cloudfront.get_function(Name="spa", Stage="LIVE")["FunctionCode"].read() == b"one"
    assert cloudfront.get_function(Name="spa")["FunctionCode"].read() == b"two"
    association = {"FunctionARN": live["FunctionMetadata"]["FunctionARN"], "EventType": "viewer-request"}
    distribution = create(cloudfront, behaviour={"FunctionAssociations": {"Quantity": 1, "Items": [association]}})
    behaviour = distribution["Distribution"]["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["FunctionAssociations"]["Items"] == [association]
    with pytest.raises(ClientError) as caught:
        cloudfront.delete_function(Name="spa", IfMatch=etag)
    assert code_of(caught) == "FunctionInUse"


def test_origin_access_controls(cloudfront: Any, control: str) -> None:
    with pytest.raises(ClientError) as caught:
        make_control(cloudfront, "site")
    assert code_of(caught) == "OriginAccessControlAlreadyExists"
    distribution = create(cloudfront, control)
    assert control.startswith("E")
    found = cloudfront.get_origin_access_control_config(Id=control)
    assert found["OriginAccessControlConfig"]["SigningBehavior"] == "always"
    for etag, code in (("EOLD", "PreconditionFailed"), (found["ETag"], "OriginAccessControlInUse")):
        with pytest.raises(ClientError) as caught:
            cloudfront.delete_origin_access_control(Id=control, IfMatch=etag)
        assert code_of(caught) == code
    cloudfront.update_distribution(
        Id=distribution["Distribution"]["Id"], IfMatch=distribution["ETag"], DistributionConfig=config()
    )
    cloudfront.delete_origin_access_control(Id=control, IfMatch=found["ETag"])
