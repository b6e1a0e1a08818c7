# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._acm import api
from ansible_collections.slipway.aws.plugins.modules import acm_certificates

from .harness import Aws, ModuleFailed
from .options import leaves, round_trip

MODULE = "acm_certificates"
ENTRY: dict[str, Any] = {
    "name": "billpay-sites",
    "domain_name": "example.com",
    "subject_alternative_names": ["www.example.com", "*.example.com"],
}
ARGUMENTS: dict[str, Any] = {"certificates": [ENTRY], "tags": {"Project": "billpay", "Environment": "test"}}
OTHERS: dict[str, Any] = {
    "domain_name": "example.org",
    "subject_alternative_names": ["api.example.com"],
    "key_algorithm": "EC_prime256v1",
    "tags": {"Component": "sites"},
}
# What only AWS can know.
OWN = ("arn", "validation_records", "not_after", "superseded_arns")


def put_records(aws: Aws, records: list[dict[str, Any]], zone: str = "example.com") -> None:
    if not aws.client("route53").list_hosted_zones_by_name(DNSName=zone)["HostedZones"]:
        aws.client("route53").create_hosted_zone(Name=zone, CallerReference=zone)
    aws.run_module("route53_records", {"zone": zone, "records": records})


def issued(aws: Aws, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
    """A certificate that is issued."""
    arguments = arguments or ARGUMENTS
    put_records(aws, aws.run_module(MODULE, arguments)["validation_records"])
    return aws.run_module(MODULE, {**arguments, "wait": True})["certificates"]["billpay-sites"]


def steady(certificate: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in certificate.items() if key not in OWN}


def test_requested_once_and_issued_when_its_records_are_there(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, ARGUMENTS, check=True)
    made = aws.run_module(MODULE, ARGUMENTS)
    first = made["certificates"]["billpay-sites"]
    assert made["actions"] == predicted["actions"]
    assert steady(first) == steady(predicted["certificates"]["billpay-sites"])
    assert "planned-billpay-sites" in predicted["certificates"]["billpay-sites"]["arn"]
    # A name and its wildcard share a record.
    assert len(made["validation_records"]) == len(predicted["validation_records"]) == 2
    assert first["status"] == "PENDING_VALIDATION"
    aws.mark()
    assert not aws.run_module(MODULE, ARGUMENTS)["changed"]
    assert aws.calls() == ["resourcegroupstaggingapi:GetResources", "acm:DescribeCertificate"]

    put_records(aws, made["validation_records"])
    waited = aws.run_module(MODULE, {"certificates": [{"name": "billpay-sites"}], "wait": True})
    assert not waited["changed"]
    assert waited["certificates"]["billpay-sites"]["status"] == "ISSUED"
    assert waited["certificates"]["billpay-sites"]["arn"] == first["arn"]


def test_every_option_round_trips(aws: Aws) -> None:
    assert set(leaves(acm_certificates.CERTIFICATE, but=("name",))) == OTHERS.keys()
    aws.run_module(MODULE, ARGUMENTS)
    others = {f"certificates.{option}": value for option, value in OTHERS.items()}
    # The ARN and the records of a new certificate are ACM's; everything else is predicted.
    round_trip(aws, MODULE, ARGUMENTS, others, result="certificates", changing=OWN)
    tagged = {**ARGUMENTS, "tags": {"Project": "billpay"}}
    assert aws.run_module(MODULE, tagged)["certificates"]["billpay-sites"]["tags"] == {
        "Name": "billpay-sites",
        "Project": "billpay",
    }
    more = {**ARGUMENTS, "tags": {"Environment": "prod"}, "purge_tags": False}
    tags = aws.run_module(MODULE, more)["certificates"]["billpay-sites"]["tags"]
    assert tags == {"Name": "billpay-sites", "Project": "billpay", "Environment": "prod"}
    assert not aws.run_module(MODULE, more)["changed"]


def test_a_replacement_stands_beside_what_is_in_use(aws: Aws) -> None:
    old = issued(aws)
    site = {
        "name": "site",
        "aliases": ["www.example.com"],
        "viewer_certificate": {"acm_certificate_arn": old["arn"]},
        "origins": [{"id": "site", "domain_name": "a.s3.us-east-1.amazonaws.com"}],
        "default_cache_behavior": {"target_origin": "site"},
    }
    distribution = aws.run_module("cloudfront_distribution", site)["distribution"]
    more = {**ARGUMENTS, "certificates": [{**ENTRY, "subject_alternative_names": ["*.example.com"]}]}
    new = issued(aws, more)
    assert new["arn"] != old["arn"]
    assert new["superseded_arns"] == [old["arn"]]
    purge = {**more, "purge_superseded": True}
    kept = aws.run_module(MODULE, purge)
    assert not kept["changed"]
    assert kept["certificates"]["billpay-sites"]["superseded_arns"] == [old["arn"]]

    gone = {"certificates": [{"name": "billpay-sites"}], "state": "absent"}
    with pytest.raises(ModuleFailed, match=f"{old['arn']}. is used by {distribution['arn']}"):
        aws.run_module(MODULE, gone)
    aws.run_module("cloudfront_distribution", {**site, "viewer_certificate": {"acm_certificate_arn": new["arn"]}})
    predicted = aws.run_module(MODULE, purge, check=True)
    done = aws.run_module(MODULE, purge)
    assert done["actions"] == predicted["actions"]
    assert done["certificates"]["billpay-sites"]["superseded_arns"] == []
    assert not aws.run_module(MODULE, purge)["changed"]
    summaries = aws.client("acm").list_certificates()["CertificateSummaryList"]
    assert [item["CertificateArn"] for item in summaries] == [new["arn"]]

    aws.run_module("cloudfront_distribution", {"name": "site", "state": "absent"})
    assert aws.run_module(MODULE, gone, check=True)["changed"]
    assert aws.run_module(MODULE, gone)["changed"]
    assert not aws.run_module(MODULE, gone)["changed"]


def test_a_timeout_names_the_record_that_is_missing(aws: Aws) -> None:
    made = aws.run_module(MODULE, ARGUMENTS)
    missing, present = made["validation_records"]
    put_records(aws, [present])
    with pytest.raises(ModuleFailed) as caught:
        aws.run_module(MODULE, {**ARGUMENTS, "wait": True, "wait_timeout": 0})
    message = caught.value.result["msg"]
    assert f"CNAME {missing['name']} → {missing['values'][0]}" in message
    assert present["name"] not in message.replace(missing["name"], "")


def test_one_that_failed_is_requested_anew(aws: Aws) -> None:
    made = aws.run_module(MODULE, ARGUMENTS)
    caa = {"name": "example.com", "type": "CAA", "values": ['0 issue "letsencrypt.org"']}
    put_records(aws, [*made["validation_records"], caa])
    with pytest.raises(ModuleFailed, match=r"is FAILED: CAA_ERROR\. Mend the cause"):
        aws.run_module(MODULE, {**ARGUMENTS, "wait": True})
    aws.run_module("route53_records", {"zone": "example.com", "records": [caa], "state": "absent"})
    predicted = aws.run_module(MODULE, ARGUMENTS, check=True)
    new = aws.run_module(MODULE, {**ARGUMENTS, "wait": True})
    assert (
        new["actions"] == predicted["actions"] == [{"action": "update", "name": "billpay-sites", "fields": ["status"]}]
    )
    certificate = new["certificates"]["billpay-sites"]
    assert certificate["status"] == "ISSUED"
    # The run that told of the failure had found the first one failed, and had requested a second one.
    assert made["certificates"]["billpay-sites"]["arn"] in certificate["superseded_arns"]
    purged = aws.run_module(MODULE, {**ARGUMENTS, "purge_superseded": True})
    assert purged["certificates"]["billpay-sites"]["superseded_arns"] == []


def test_a_killed_request_is_not_made_twice(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    request = api.request

    def killed(*args: Any, **kwargs: Any) -> str:
        request(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(api, "request", killed)
        with pytest.raises(KeyboardInterrupt):
            aws.run_module(MODULE, ARGUMENTS)
    with monkeypatch.context() as patch:
        # The tagging API does not know it yet.
        patch.setattr(api, "named", lambda client, names: {})
        aws.run_module(MODULE, ARGUMENTS)
    assert len(aws.client("acm").list_certificates()["CertificateSummaryList"]) == 1
    assert not aws.run_module(MODULE, ARGUMENTS)["changed"]


def test_what_cannot_be_meant_is_an_error(aws: Aws) -> None:
    for check in (True, False):
        with pytest.raises(ModuleFailed, match="needs a domain_name"):
            aws.run_module(MODULE, {"certificates": [{"name": "a"}]}, check=check)
        with pytest.raises(ModuleFailed, match="billpay-sites stands twice"):
            aws.run_module(MODULE, {"certificates": [ENTRY, ENTRY]}, check=check)


def test_the_region_is_the_task_s(aws: Aws) -> None:
    made = aws.run_module(MODULE, {**ARGUMENTS, "region": "eu-west-1"})["certificates"]["billpay-sites"]
    assert made["arn"].startswith("arn:aws:acm:eu-west-1:")
    assert not aws.run_module(MODULE, {**ARGUMENTS, "region": "eu-west-1"})["changed"]
