# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._cloudfront import api
from ansible_collections.slipway.aws.plugins.modules import cloudfront_distribution
from botocore.exceptions import ClientError

from .certificates import imported
from .harness import Aws, ModuleFailed
from .options import leaves, placed, round_trip

MODULE = "cloudfront_distribution"
SECRET = "correct-horse-battery-staple"
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
SITE: dict[str, Any] = {
    "name": "billpay-test-admin",
    "comment": "BillPay admin",
    "default_root_object": "index.html",
    "price_class": "PriceClass_100",
    "origins": [
        {"id": "site", "domain_name": "admin.s3.us-east-1.amazonaws.com"},
        {
            "id": "api",
            "domain_name": "alb.example.com",
            "custom_headers": {"X-From": "cloudfront"},
            "secret_headers": {"X-Origin-Verify": SECRET},
            "custom": {},
        },
    ],
    "default_cache_behavior": {"target_origin": "site", "response_headers_policy": "Managed-SecurityHeadersPolicy"},
    "cache_behaviors": [
        {
            "path_pattern": "/api/*",
            "target_origin": "api",
            "allowed_methods": ALL_METHODS,
            "cache_policy": "Managed-CachingDisabled",
            "origin_request_policy": "Managed-AllViewerExceptHostHeader",
        },
        {"path_pattern": "/assets/*", "target_origin": "site"},
    ],
    "custom_error_responses": [
        {"error_code": 404, "response_code": 200, "response_page_path": "/index.html"},
        {"error_code": 403, "response_code": 200, "response_page_path": "/index.html", "error_caching_min_ttl": 0},
    ],
    "tags": {"Project": "billpay", "Environment": "test"},
}
# Fields that change by themselves.
CHANGING = ("status",)
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:headers:3"
BEHAVIOUR: dict[str, Any] = {
    "target_origin": "api",
    "viewer_protocol_policy": "https-only",
    "allowed_methods": ["OPTIONS", "GET", "HEAD"],
    "cached_methods": ["OPTIONS", "GET", "HEAD"],
    "compress": False,
    "cache_policy": "UseOriginCacheControlHeaders",
    "origin_request_policy": "Managed-CORS-S3Origin",
    "response_headers_policy": "",
    "functions": {"viewer-response": "headers"},
    "lambda_functions.event_type": "origin-response",
    "lambda_functions.arn": f"{LAMBDA}4",
    "lambda_functions.include_body": True,
    "trusted_key_groups": ["b", "a"],
    "realtime_log_config_arn": "arn:aws:cloudfront::123456789012:realtime-log-config/site",
    "field_level_encryption_id": "FLE1",
    "smooth_streaming": True,
    "grpc": True,
}
# Another value for each option.
OTHERS: dict[str, Any] = {
    "enabled": False,
    "comment": "other",
    "viewer_certificate.acm_certificate_arn": "OTHER_CERTIFICATE",
    "viewer_certificate.minimum_protocol_version": "TLSv1.2_2019",
    "viewer_certificate.ssl_support_method": "vip",
    "aliases": ["WWW.example.com", "admin.example.com"],
    "default_root_object": "main.html",
    "price_class": "PriceClass_200",
    "http_version": "http2and3",
    "ipv6": False,
    "web_acl_arn": "WEB_ACL",
    "origins.domain_name": "other.s3.us-east-1.amazonaws.com",
    "origins.origin_path": "/releases/1",
    "origins.origin_access_control": "CONTROL",
    "origins.custom_headers": {"X-From": "elsewhere"},
    "origins.secret_headers": {"X-Origin-Verify": f"{SECRET}-2"},
    "origins.connection_attempts": 2,
    "origins.connection_timeout": 5,
    "origins.response_completion_timeout": 40,
    "origins.origin_shield_region": "eu-west-1",
    "origins.s3.origin_access_identity": "origin-access-identity/cloudfront/E127EXAMPLE51Z",
    "origins.s3.read_timeout": 40,
    "origins.custom.http_port": 8080,
    "origins.custom.https_port": 8443,
    "origins.custom.protocol_policy": "match-viewer",
    "origins.custom.ssl_protocols": ["TLSv1.2", "TLSv1.1"],
    "origins.custom.read_timeout": 40,
    "origins.custom.keepalive_timeout": 10,
    "origins.custom.ip_address_type": "dualstack",
    "origins.vpc.vpc_origin_id": "vo_1",
    "origins.vpc.read_timeout": 40,
    "origins.vpc.keepalive_timeout": 10,
    "origin_groups.members": ["api", "site"],
    "origin_groups.status_codes": [500],
    "origin_groups.selection_criteria": "media-quality-based",
    **{f"default_cache_behavior.{option}": value for option, value in BEHAVIOUR.items()},
    "cache_behaviors.path_pattern": "/v1/*",
    **{
        f"cache_behaviors.{option}": value
        for option, value in {
            **BEHAVIOUR,
            "target_origin": "site",
            "response_headers_policy": "Managed-SimpleCORS",
        }.items()
    },
    "custom_error_responses.error_code": 400,
    "custom_error_responses.response_code": 404,
    "custom_error_responses.response_page_path": "/404.html",
    "custom_error_responses.error_caching_min_ttl": 60,
    "logging.bucket": "other-logs",
    "logging.prefix": "cdn/",
    "logging.include_cookies": True,
    "geo_restriction.type": "blacklist",
    "geo_restriction.countries": ["de", "US"],
    "cache_tag_header": "x-amz-meta-cache-tag",
}
# By these entries are known; a certificate of IAM has a test of its own.
ELSEWHERE = {"origins.id", "origin_groups.id", "viewer_certificate.iam_certificate_id"}


def without_identifiers(distribution: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in distribution.items() if key not in ("id", "arn", "domain_name")}


def steady(distribution: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in distribution.items() if key not in CHANGING}


def provisioning(aws: Aws, **settings: Any) -> None:
    """How long AWS takes."""
    url = f"{aws.server.url}/local-aws/provisioning"
    urllib.request.urlopen(urllib.request.Request(url, data=json.dumps(settings).encode(), method="POST")).close()


def config_of(aws: Aws, identifier: str) -> dict[str, Any]:
    return aws.client("cloudfront").get_distribution_config(Id=identifier)["DistributionConfig"]


def changed_elsewhere(aws: Aws, identifier: str, **fields: Any) -> None:
    """Somebody else saves a configuration."""
    client = aws.client("cloudfront")
    found = client.get_distribution_config(Id=identifier)
    config = {**found["DistributionConfig"], **fields}
    client.update_distribution(Id=identifier, IfMatch=found["ETag"], DistributionConfig=config)


def test_created_once_as_predicted(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, SITE, check=True)
    assert predicted["distribution"]["id"] == "Eplanned-billpay-test-admin"
    first = aws.run_module(MODULE, SITE)
    assert first["actions"] == predicted["actions"]
    made = first["distribution"]
    assert without_identifiers(made) == without_identifiers(predicted["distribution"])
    assert made["tags"] == {"Name": "billpay-test-admin", "Project": "billpay", "Environment": "test"}
    assert made["hosted_zone_id"] == "Z2FDTNDATAQYW2"
    aws.mark()
    second = aws.run_module(MODULE, SITE)
    assert not second["changed"]
    assert steady(second["distribution"]) == steady(made)
    assert aws.calls() == ["resourcegroupstaggingapi:GetResources", "cloudfront:GetDistribution"]

    config = config_of(aws, made["id"])
    api_origin, site_origin = sorted(config["Origins"]["Items"], key=lambda origin: origin["Id"])
    assert api_origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert api_origin["CustomOriginConfig"]["OriginSslProtocols"]["Items"] == ["TLSv1.2"]
    assert {"HeaderName": "X-Origin-Verify", "HeaderValue": SECRET} in api_origin["CustomHeaders"]["Items"]
    assert "S3OriginConfig" in site_origin
    assert [item["PathPattern"] for item in config["CacheBehaviors"]["Items"]] == ["/api/*", "/assets/*"]
    assert "ForwardedValues" not in config["DefaultCacheBehavior"]


def test_the_order_of_what_has_none_means_nothing(aws: Aws) -> None:
    aws.run_module(MODULE, SITE)
    turned = {
        **SITE,
        "origins": SITE["origins"][::-1],
        "custom_error_responses": SITE["custom_error_responses"][::-1],
    }
    assert not aws.run_module(MODULE, turned)["changed"]
    # That of behaviours decides.
    moved = aws.run_module(MODULE, {**SITE, "cache_behaviors": SITE["cache_behaviors"][::-1]})
    assert moved["actions"][0]["fields"] == ["cache_behaviors"]
    assert [item["path_pattern"] for item in moved["distribution"]["cache_behaviors"]] == ["/assets/*", "/api/*"]


@pytest.fixture
def neighbours(aws: Aws) -> dict[str, str]:
    """What options refer to."""
    buckets = [{"name": name, "ownership": "BucketOwnerPreferred"} for name in ("site-logs", "other-logs")]
    aws.run_module("s3_buckets", {"buckets": buckets})
    aws.run_module("cloudfront_functions", {"functions": [{"name": "headers", "code": "function handler(e) {}"}]})
    controls = aws.run_module("cloudfront_origin_access_controls", {"controls": [{"name": "site"}]})
    acl = aws.run_module("wafv2_web_acl", {"name": "site", "scope": "CLOUDFRONT"})
    return {
        "CERTIFICATE": imported(aws, "*.example.com"),
        "OTHER_CERTIFICATE": imported(aws, "*.example.com"),
        "WEB_ACL": acl["web_acl"]["arn"],
        "CONTROL": controls["controls"]["site"]["id"],
    }


def test_every_option_round_trips(aws: Aws, neighbours: dict[str, str]) -> None:
    assert set(leaves(cloudfront_distribution.CONFIGURATION)) - OTHERS.keys() == ELSEWHERE
    edge = {"lambda_functions": [{"event_type": "origin-request", "arn": LAMBDA}]}
    site, api_origin = SITE["origins"]
    internal = {"id": "internal", "domain_name": "i.example.com", "vpc": {"vpc_origin_id": "vo_0"}}
    base = {
        **{key: value for key, value in SITE.items() if key != "tags"},
        "aliases": ["admin.example.com"],
        "viewer_certificate": {"acm_certificate_arn": neighbours["CERTIFICATE"]},
        "origins": [{**site, "s3": {}}, api_origin, internal],
        "origin_groups": [{"id": "both", "members": ["site", "api"], "status_codes": [503, 502]}],
        "default_cache_behavior": {**SITE["default_cache_behavior"], **edge},
        "cache_behaviors": [{**SITE["cache_behaviors"][0], **edge}],
        "logging": {"bucket": "site-logs"},
        "geo_restriction": {"type": "whitelist", "countries": ["US"]},
    }
    aws.run_module(MODULE, base)
    others = {path: neighbours.get(value, value) if isinstance(value, str) else value for path, value in OTHERS.items()}
    round_trip(aws, MODULE, base, others, result="distribution", changing=CHANGING)


def test_tags_and_their_purging(aws: Aws) -> None:
    aws.run_module(MODULE, SITE)
    more = {"name": SITE["name"], "tags": {"Component": "admin"}, "purge_tags": False}
    assert aws.run_module(MODULE, more)["distribution"]["tags"] == {
        "Name": "billpay-test-admin",
        "Project": "billpay",
        "Environment": "test",
        "Component": "admin",
    }
    fewer = {"name": SITE["name"], "tags": {"Component": "admin"}}
    predicted = aws.run_module(MODULE, fewer, check=True)
    done = aws.run_module(MODULE, fewer)
    assert steady(done["distribution"]) == steady(predicted["distribution"])
    assert done["distribution"]["tags"] == {"Name": "billpay-test-admin", "Component": "admin"}
    assert not aws.run_module(MODULE, fewer)["changed"]


def test_what_the_task_leaves_out_stays(aws: Aws) -> None:
    made = aws.run_module(MODULE, SITE)["distribution"]
    assert not aws.run_module(MODULE, {"name": SITE["name"]})["changed"]
    assert not aws.run_module(MODULE, {"name": SITE["name"], "default_cache_behavior": {"target_origin": "site"}})[
        "changed"
    ]
    # What this module does not know of stays, too.
    config = config_of(aws, made["id"])
    signers = {"Enabled": True, "Quantity": 1, "Items": ["self"]}
    changed_elsewhere(
        aws,
        made["id"],
        Staging=False,
        AnycastIpListId="list-1",
        DefaultCacheBehavior={**config["DefaultCacheBehavior"], "TrustedSigners": signers},
    )
    done = aws.run_module(MODULE, {"name": SITE["name"], "default_cache_behavior": {"compress": False}})
    assert done["actions"][0]["fields"] == ["default_cache_behavior"]
    now = config_of(aws, made["id"])
    assert now["AnycastIpListId"] == "list-1"
    assert now["DefaultCacheBehavior"]["TrustedSigners"] == signers
    assert (
        now["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
        == config["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
    )
    # The headers of an origin whose task does not speak of them, too, with their values.
    without = [{key: value for key, value in origin.items() if "headers" not in key} for origin in SITE["origins"]]
    without[1] = {**without[1], "origin_path": "/v2"}
    aws.run_module(MODULE, {"name": SITE["name"], "origins": without})
    (origin,) = [item for item in config_of(aws, made["id"])["Origins"]["Items"] if item["Id"] == "api"]
    assert {"HeaderName": "X-Origin-Verify", "HeaderValue": SECRET} in origin["CustomHeaders"]["Items"]


def test_settings_from_before_there_were_policies(aws: Aws) -> None:
    made = aws.run_module(MODULE, SITE)["distribution"]
    behaviour = config_of(aws, made["id"])["DefaultCacheBehavior"]
    del behaviour["CachePolicyId"]
    behaviour |= {"ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}}, "MinTTL": 7}
    changed_elsewhere(aws, made["id"], DefaultCacheBehavior=behaviour)
    aws.run_module(MODULE, {"name": SITE["name"], "default_cache_behavior": {"compress": False}})
    now = config_of(aws, made["id"])["DefaultCacheBehavior"]
    assert (now["ForwardedValues"]["QueryString"], now["MinTTL"]) == (True, 7)
    aws.run_module(
        MODULE, {"name": SITE["name"], "default_cache_behavior": {"cache_policy": "Managed-CachingDisabled"}}
    )
    assert not config_of(aws, made["id"])["DefaultCacheBehavior"].keys() & {"ForwardedValues", "MinTTL", "MaxTTL"}


def test_secrets_do_not_appear(aws: Aws) -> None:
    made = aws.run_module(MODULE, SITE)
    other = placed(SITE, "origins.secret_headers", {"X-Origin-Verify": "another-secret-of-the-origin"})
    changed = aws.run_module(MODULE, other)
    assert changed["changed"]
    told = json.dumps([made, changed])
    assert SECRET not in told
    assert "another-secret-of-the-origin" not in told
    headers = changed["distribution"]["origins"][0]["custom_headers"]
    assert headers["X-Origin-Verify"] != made["distribution"]["origins"][0]["custom_headers"]["X-Origin-Verify"]


def test_a_conflict_goes_onto_what_somebody_else_saved(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    made = aws.run_module(MODULE, SITE)["distribution"]
    update, codes = api.update_distribution, []

    def late(client: Any, identifier: str, etag: str, config: dict[str, Any]) -> dict[str, Any]:
        if not codes:
            changed_elsewhere(aws, identifier, Comment="somebody else")
        try:
            return update(client, identifier, etag, config)
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
            raise

    monkeypatch.setattr(api, "update_distribution", late)
    done = aws.run_module(MODULE, {"name": SITE["name"], "price_class": "PriceClass_All"})
    assert codes == ["PreconditionFailed"]
    now = config_of(aws, made["id"])
    assert (now["Comment"], now["PriceClass"]) == ("somebody else", "PriceClass_All")
    assert done["distribution"]["comment"] == "somebody else"


def test_a_killed_creation_is_taken_up(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    create = api.create_distribution

    def killed(*args: Any, **kwargs: Any) -> dict[str, Any]:
        create(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(api, "create_distribution", killed)
        with pytest.raises(KeyboardInterrupt):
            aws.run_module(MODULE, SITE)
    with monkeypatch.context() as patch:
        # The tags of what was made a moment ago are not found yet.
        patch.setattr(api, "named_distributions", lambda client, name: {})
        taken_up = aws.run_module(MODULE, {**SITE, "comment": "changed meanwhile"})
    assert taken_up["distribution"]["comment"] == "changed meanwhile"
    assert not aws.run_module(MODULE, {**SITE, "comment": "changed meanwhile"})["changed"]
    assert aws.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 1


def test_waiting_tells_of_its_progress(aws: Aws, tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    provisioning(aws, minute_ms=60_000)
    try:
        made = aws.run_module(MODULE, SITE)
        assert made["distribution"]["status"] == "InProgress"
        with pytest.raises(ModuleFailed, match=r"is InProgress. AWS goes on by itself: run again to go on waiting"):
            aws.run_module(MODULE, {"name": SITE["name"], "wait": True, "wait_timeout": 0})
    finally:
        provisioning(aws, minute_ms=0)
    wanted = {"name": SITE["name"], "price_class": "PriceClass_All", "wait": True, "progress_file": str(progress)}
    waited = aws.run_module(MODULE, wanted)
    assert waited["distribution"]["status"] == "Deployed"
    assert progress.read_text().splitlines()[-1].startswith("billpay-test-admin: Deployed (")
    aws.mark()
    again = aws.run_module(MODULE, wanted)
    assert not again["changed"]
    assert again["distribution"]["status"] == "Deployed"
    assert len(aws.calls()) == 2


def test_disabled_waited_for_and_deleted(aws: Aws, tmp_path: Path) -> None:
    aws.run_module(MODULE, SITE)
    gone = {"name": SITE["name"], "state": "absent", "progress_file": str(tmp_path / "progress")}
    assert aws.run_module(MODULE, gone, check=True)["actions"] == [
        {"action": "delete", "name": SITE["name"], "fields": []}
    ]
    aws.mark()
    done = aws.run_module(MODULE, gone)
    assert done["distribution"] == {}
    assert aws.mutations() == ["cloudfront:UpdateDistribution", "cloudfront:DeleteDistribution"]
    assert "is being disabled" in (tmp_path / "progress").read_text()
    assert not aws.run_module(MODULE, gone)["changed"]
    # The name is free again, and the same caller reference with it.
    assert aws.run_module(MODULE, SITE)["changed"]
    assert not aws.run_module(MODULE, SITE)["changed"]


def test_another_s_distribution_is_taken_over(aws: Aws) -> None:
    made = aws.run_module(MODULE, SITE)["distribution"]
    client = aws.client("cloudfront")
    client.untag_resource(Resource=made["arn"], TagKeys={"Items": ["Name"]})
    over = {**SITE, "distribution_id": made["id"], "comment": "ours now"}
    predicted = aws.run_module(MODULE, over, check=True)
    done = aws.run_module(MODULE, over)
    assert done["actions"] == predicted["actions"]
    assert done["actions"][0]["fields"] == ["comment", "tags"]
    assert not aws.run_module(MODULE, {**SITE, "comment": "ours now"})["changed"]
    unnamed = aws.run_module(MODULE, {"distribution_id": made["id"]})
    assert not unnamed["changed"]
    assert unnamed["distribution"]["name"] == made["id"]


def test_an_alias_that_another_has(aws: Aws) -> None:
    arn = imported(aws, "*.example.com")
    named = {**SITE, "aliases": ["admin.example.com"], "viewer_certificate": {"acm_certificate_arn": arn}}
    first = aws.run_module(MODULE, named)["distribution"]
    message = f"aliases: admin.example.com belongs to the distribution {first['id']}"
    for check in (True, False):
        with pytest.raises(ModuleFailed, match=message):
            aws.run_module(MODULE, {**named, "name": "other"}, check=check)
    aws.run_module(MODULE, {**SITE, "name": "other"})
    with pytest.raises(ModuleFailed, match=message):
        aws.run_module(MODULE, {**named, "name": "other"})


def test_a_certificate_that_cloudfront_does_not_see_yet(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    made = aws.run_module("acm_certificates", {"certificates": [{"name": "site", "domain_name": "www.example.com"}]})
    aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    naps: list[float] = []
    nap = time.sleep

    def sleep(seconds: float) -> None:
        # The records come while CloudFront still refuses.
        if not naps:
            aws.run_module("route53_records", {"zone": "example.com", "records": made["validation_records"]})
        naps.append(seconds)
        nap(0.2)

    monkeypatch.setattr(time, "sleep", sleep)
    arn = made["certificates"]["site"]["arn"]
    done = aws.run_module(
        MODULE, {**SITE, "aliases": ["www.example.com"], "viewer_certificate": {"acm_certificate_arn": arn}}
    )
    assert done["distribution"]["viewer_certificate"] == {
        "acm_certificate_arn": arn,
        "iam_certificate_id": "",
        "minimum_protocol_version": "TLSv1.2_2021",
        "ssl_support_method": "sni-only",
    }
    assert 1 <= len(naps) < 6


def test_what_cloudfront_refuses_is_told_with_the_next_step(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    arn = imported(aws, "*.example.com")
    named = {**SITE, "viewer_certificate": {"acm_certificate_arn": arn}}
    other = {**named, "aliases": ["www.example.org"]}
    with pytest.raises(ModuleFailed, match=r"\(viewer_certificate: the certificate must be of .*InvalidViewerCertif"):
        aws.run_module(MODULE, other)
    aws.run_module(MODULE, SITE)
    with pytest.raises(ModuleFailed, match=r"update the distribution .* \(viewer_certificate: the certificate must be"):
        aws.run_module(MODULE, other)
    with pytest.raises(ModuleFailed, match=r"\(web_acl_arn: give that of .* CLOUDFRONT.*InvalidWebACLId"):
        aws.run_module(
            MODULE, {"name": SITE["name"], "web_acl_arn": f"arn:aws:wafv2:us-east-1:{aws.account_id}:regional/x"}
        )


def test_a_certificate_of_iam_takes_the_place_of_acms(aws: Aws) -> None:
    arn = imported(aws, "*.example.com")
    site = {**SITE, "viewer_certificate": {"acm_certificate_arn": arn}}
    aws.run_module(MODULE, site)
    other = {**SITE, "viewer_certificate": {"iam_certificate_id": "ASCAEXAMPLE"}}
    certificate = aws.run_module(MODULE, other)["distribution"]["viewer_certificate"]
    assert (certificate["acm_certificate_arn"], certificate["iam_certificate_id"]) == ("", "ASCAEXAMPLE")
    assert not aws.run_module(MODULE, other)["changed"]
    none = {**SITE, "viewer_certificate": {"acm_certificate_arn": "", "iam_certificate_id": ""}}
    assert aws.run_module(MODULE, none)["changed"]
    assert not aws.run_module(MODULE, none)["changed"]


def test_names_of_what_is_only_planned(aws: Aws) -> None:
    site = {
        **SITE,
        "origins": [{"id": "site", "domain_name": "a.s3.us-east-1.amazonaws.com", "origin_access_control": "none"}],
        "default_cache_behavior": {
            "target_origin": "site",
            "cache_policy": "none",
            "functions": {"viewer-request": "none"},
        },
        "cache_behaviors": [],
    }
    planned = aws.run_module(MODULE, site, check=True)["distribution"]
    assert planned["origins"][0]["origin_access_control"] == "planned-none"
    assert planned["default_cache_behavior"]["cache_policy"] == "planned-none"
    assert "planned-none" in planned["default_cache_behavior"]["functions"]["viewer-request"]
    with pytest.raises(ModuleFailed) as caught:
        aws.run_module(MODULE, site)
    for part in ("cache policy none", "published function none", "origin access control none"):
        assert f"there is no {part}" in caught.value.result["msg"]
    assert aws.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"origins": []}, "origins: a distribution needs at least one origin"),
        ({"origins": [{"id": "site"}]}, "origins: site is new and needs a domain_name"),
        ({"origins": [SITE["origins"][0], SITE["origins"][0]]}, "origins: site stands twice"),
        ({"origins": [{**SITE["origins"][0], "s3": {}, "custom": {}}]}, "site is s3 and custom"),
        ({"default_cache_behavior": None}, "default_cache_behavior: a new distribution needs one"),
        ({"default_cache_behavior": {}}, "default_cache_behavior is new and needs a target_origin"),
        ({"default_cache_behavior": {"target_origin": "no"}}, "leads to no, which is none of the origins api, site"),
        (
            {"default_cache_behavior": {"target_origin": "site", "allowed_methods": ["GET"]}},
            "allowed_methods is GET; CloudFront takes GET, HEAD or",
        ),
        ({"cache_behaviors": [{"path_pattern": "/a", "target_origin": "site"}] * 2}, "/a stands twice"),
        ({"aliases": ["a.example.com"]}, "a.example.com needs a certificate that names it"),
        ({"custom_error_responses": [{"error_code": 404, "response_code": 200}]}, "404 needs response_code and"),
        ({"origin_groups": [{"id": "g", "members": ["site"]}]}, "g needs two members"),
        ({"name": None}, "name, distribution_id"),
        ({"distribution_id": "E0000000000000"}, "there is no distribution E0000000000000"),
    ],
)
def test_what_cannot_be_meant_is_an_error(aws: Aws, changes: dict[str, Any], message: str) -> None:
    arguments = {key: value for key, value in {**SITE, **changes}.items() if value is not None}
    for check in (True, False):
        with pytest.raises(ModuleFailed) as caught:
            aws.run_module(MODULE, arguments, check=check)
        assert message in caught.value.result["msg"]
