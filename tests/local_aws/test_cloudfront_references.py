# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What distributions refer to, and the certificates and web ACLs that they use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from test_cloudfront import code_of, config, create

Clients = Callable[..., Any]

# More than the simulated minute that it takes to issue a certificate.
ISSUED = 70


def put_records(aws: Clients, zone: str, records: list[tuple[str, str, str]]) -> None:
    route53 = aws("route53")
    identifier = route53.create_hosted_zone(Name=zone, CallerReference=str(time.monotonic()))["HostedZone"]["Id"]
    route53.change_resource_record_sets(
        HostedZoneId=identifier,
        ChangeBatch={
            "Changes": [
                {
                    "Action": "UPSERT",
                    "ResourceRecordSet": {
                        "Name": name,
                        "Type": kind,
                        "TTL": 300,
                        "ResourceRecords": [{"Value": value}],
                    },
                }
                for name, kind, value in records
            ]
        },
    )


def request(aws: Clients, *names: str, **options: Any) -> str:
    return aws("acm").request_certificate(
        DomainName=names[0], SubjectAlternativeNames=list(names), ValidationMethod="DNS", **options
    )["CertificateArn"]


def described(aws: Clients, arn: str) -> dict[str, Any]:
    return aws("acm").describe_certificate(CertificateArn=arn)["Certificate"]


def wanted(aws: Clients, arn: str) -> list[tuple[str, str, str]]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        options = described(aws, arn)["DomainValidationOptions"]
        if all("ResourceRecord" in option for option in options):
            records = [option["ResourceRecord"] for option in options]
            return sorted({(record["Name"], "CNAME", record["Value"]) for record in records})
    raise AssertionError("the records are never told")


def issued(aws: Clients, advance: Callable[[float], None], *names: str) -> str:
    arn = request(aws, *names)
    # The records are known some seconds after the request.
    advance(10)
    put_records(aws, names[0].removeprefix("*."), wanted(aws, arn))
    assert described(aws, arn)["Status"] == "PENDING_VALIDATION"
    advance(ISSUED)
    assert described(aws, arn)["Status"] == "ISSUED"
    return arn


def certified(arn: str, *aliases: str) -> dict[str, Any]:
    return {
        "Aliases": {"Quantity": len(aliases), "Items": list(aliases)},
        "ViewerCertificate": {
            "ACMCertificateArn": arn,
            "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021",
        },
    }


def test_a_certificate_must_be_issued_and_name_the_aliases(aws: Clients, advance: Callable[[float], None]) -> None:
    cloudfront = aws("cloudfront")
    with pytest.raises(ClientError) as caught:
        create(cloudfront, **certified(request(aws, "example.org"), "example.org"))
    assert code_of(caught) == "InvalidViewerCertificate"
    arn = issued(aws, advance, "example.com", "*.example.com")
    for alias in ("example.org", "a.b.example.com"):
        with pytest.raises(ClientError, match="doesn't cover the alternate domain name") as caught:
            create(cloudfront, **certified(arn, alias))
        assert code_of(caught) == "InvalidViewerCertificate"
    made = create(cloudfront, **certified(arn, "example.com", "www.example.com"))["Distribution"]

    assert described(aws, arn)["InUseBy"] == [made["ARN"]]
    with pytest.raises(ClientError) as caught:
        aws("acm").delete_certificate(CertificateArn=arn)
    assert code_of(caught) == "ResourceInUseException"


def test_each_name_of_a_request_is_validated_by_itself(aws: Clients) -> None:
    arn = request(aws, "example.com", "www.example.com", KeyAlgorithm="EC_prime256v1")
    assert described(aws, arn)["KeyAlgorithm"] == "EC_prime256v1"
    first, _second = wanted(aws, arn)
    put_records(aws, "example.com", [first])
    states = {
        option["DomainName"]: option["ValidationStatus"] for option in described(aws, arn)["DomainValidationOptions"]
    }
    assert sorted(states.values()) == ["PENDING_VALIDATION", "SUCCESS"]


def test_caa_records_can_forbid_amazon(aws: Clients) -> None:
    arn = request(aws, "www.example.com")
    put_records(aws, "example.com", [*wanted(aws, arn), ("example.com", "CAA", '0 issue "letsencrypt.org"')])
    failed = described(aws, arn)
    assert (failed["Status"], failed["FailureReason"]) == ("FAILED", "CAA_ERROR")


def test_a_token_of_a_deleted_certificate_stands_for_nothing(aws: Clients) -> None:
    arn = request(aws, "example.com", IdempotencyToken="one")
    assert request(aws, "example.com", IdempotencyToken="one") == arn
    aws("acm").delete_certificate(CertificateArn=arn)
    assert request(aws, "example.com", IdempotencyToken="one") != arn


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"behaviour": {"CachePolicyId": "00000000-0000-4000-8000-000000000000"}}, "NoSuchCachePolicy"),
        ({"behaviour": {"OriginRequestPolicyId": "0"}}, "NoSuchOriginRequestPolicy"),
        ({"behaviour": {"ResponseHeadersPolicyId": "0"}}, "NoSuchResponseHeadersPolicy"),
        ({"WebACLId": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/a/b"}, "InvalidWebACLId"),
        (
            {"Logging": {"Enabled": True, "IncludeCookies": False, "Bucket": "no.s3.amazonaws.com", "Prefix": ""}},
            "InvalidArgument",
        ),
    ],
)
def test_what_is_not_there_is_refused(aws: Clients, options: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError) as caught:
        create(aws("cloudfront"), **options)
    assert code_of(caught) == code


def test_the_bucket_of_logs_needs_access_lists(aws: Clients) -> None:
    s3 = aws("s3")
    s3.create_bucket(Bucket="site-logs")
    logging = {"Enabled": True, "IncludeCookies": False, "Bucket": "site-logs.s3.amazonaws.com", "Prefix": "cdn/"}
    with pytest.raises(ClientError, match="does not enable ACL access"):
        create(aws("cloudfront"), Logging=logging)
    s3.put_bucket_ownership_controls(
        Bucket="site-logs", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    assert create(aws("cloudfront"), Logging=logging)["Distribution"]["DistributionConfig"]["Logging"] == logging


def test_a_web_acl_of_a_distribution_is_not_deleted(aws: Clients) -> None:
    wafv2, cloudfront = aws("wafv2"), aws("cloudfront")
    made = wafv2.create_web_acl(
        Name="site",
        Scope="CLOUDFRONT",
        DefaultAction={"Allow": {}},
        VisibilityConfig={"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "site"},
    )["Summary"]
    distribution = create(cloudfront, WebACLId=made["ARN"])
    arguments = {"Name": "site", "Scope": "CLOUDFRONT", "Id": made["Id"], "LockToken": made["LockToken"]}
    with pytest.raises(ClientError) as caught:
        wafv2.delete_web_acl(**arguments)
    assert code_of(caught) == "WAFAssociatedItemException"
    cloudfront.update_distribution(
        Id=distribution["Distribution"]["Id"], IfMatch=distribution["ETag"], DistributionConfig=config()
    )
    wafv2.delete_web_acl(**arguments)
