# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any

import pytest
import quickjs
from ansible_collections.slipway.aws.plugins.plugin_utils import sites

INPUTS: dict[str, Any] = {
    "name_prefix": "billpay-dev",
    "account_id": "411111111111",
    "region": "eu-west-1",
    "tags": {"Project": "billpay", "Role": "edge"},
    "name": "admin",
    "origin": "bucket",
    "comment": "",
    "bucket": "",
    "names": ["admin.example.com", "www.example.com"],
    "hosted_zone": "example.com",
    "certificate_arn": "",
    "minimum_tls": "TLSv1.2_2021",
    "routing": "spa",
    "index_document": "index.html",
    "error_page": "",
    "error_responses": [],
    "maintenance": False,
    "maintenance_page": "<h1>Soon</h1>",
    "cache_policy": "Managed-CachingOptimized",
    "response_headers_policy": "Managed-SecurityHeadersPolicy",
    "price_class": "PriceClass_100",
    "http_version": "http2and3",
    "ipv6": True,
    "geo_restriction": {},
    "waf": "true",
    "web_acl_arn": "arn:waf",
    "logging": True,
    "log_bucket": "logs",
    "load_balancer_paths": [],
    "load_balancer_name": "",
    "load_balancer_protocol": "https-only",
    "origins": [],
    "behaviors": [],
}
DISTRIBUTION = {"arn": "arn:aws:cloudfront::4:distribution/E1", "domain_name": "d1.cloudfront.net"}


def plan(known: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return sites.plan({**INPUTS, **changes}, known)


def test_the_bucket_is_read_by_its_distribution_alone() -> None:
    before = plan()["buckets"][0]
    assert before["name"] == "billpay-dev-admin-411111111111"
    assert "statements" not in before, "an unknown distribution leaves the policy as it is"
    after = plan({"distribution": DISTRIBUTION})["buckets"][0]
    read, keep = after["statements"]
    assert read["Condition"] == {"StringEquals": {"AWS:SourceArn": DISTRIBUTION["arn"]}}
    assert (read["Action"], read["Resource"]) == ("s3:GetObject", f"arn:aws:s3:::{after['name']}/*")
    assert (keep["Effect"], keep["Resource"]) == ("Deny", f"arn:aws:s3:::{after['name']}/.slipway/*")
    assert (after["block_public_access"], after["tls_only"], after["ownership"]) == (True, True, "BucketOwnerEnforced")


def test_only_the_load_balancer_is_told_the_secret() -> None:
    balanced = {**INPUTS, "load_balancer_paths": ["/api/*"], "load_balancer_name": "lb"}
    bucket, balancer = sites.plan(balanced, None, "s3cret")["distribution"]["origins"]
    assert balancer["secret_headers"] == {"X-Origin-Verify": "s3cret"}
    assert "secret_headers" not in bucket
    assert sites.plan(balanced)["distribution"]["origins"][1]["secret_headers"] == {}, "it can be taken away again"


def test_a_certificate_is_requested_for_the_names_unless_there_is_one() -> None:
    assert plan()["certificates"] == [
        {
            "name": "billpay-dev-admin",
            "domain_name": "admin.example.com",
            "subject_alternative_names": ["www.example.com"],
            "tags": {"Project": "billpay", "Role": "edge", "Component": "admin"},
        }
    ]
    assert plan(certificate_arn="arn:c")["certificates"] == plan(names=[])["certificates"] == []
    assert plan({"certificate_arn": "arn:new"})["distribution"]["viewer_certificate"] == {
        "acm_certificate_arn": "arn:new",
        "minimum_protocol_version": "TLSv1.2_2021",
    }
    assert plan(certificate_arn="arn:c")["distribution"]["viewer_certificate"]["acm_certificate_arn"] == "arn:c"
    assert plan(names=[])["distribution"]["viewer_certificate"] == {"acm_certificate_arn": ""}


def test_the_distribution_serves_the_bucket_and_some_paths_of_the_load_balancer() -> None:
    made = plan(load_balancer_paths=["/api/*"], load_balancer_name="api.example.com", error_page="/404.html")
    wanted = made["distribution"]
    assert [origin["id"] for origin in wanted["origins"]] == ["bucket", "load_balancer"]
    assert wanted["origins"][0]["domain_name"] == "billpay-dev-admin-411111111111.s3.eu-west-1.amazonaws.com"
    assert wanted["origins"][0]["origin_access_control"] == made["access_controls"][0]["name"]
    assert wanted["default_cache_behavior"]["functions"] == {"viewer-request": "billpay-dev-admin"}
    api = wanted["cache_behaviors"][0]
    assert (api["path_pattern"], api["target_origin"]) == ("/api/*", "load_balancer")
    assert (api["cache_policy"], api["functions"]) == ("Managed-CachingDisabled", {})
    assert wanted["custom_error_responses"] == [
        {"error_code": code, "response_code": 404, "response_page_path": "/404.html"} for code in (403, 404)
    ]
    assert wanted["logging"] == {"bucket": "logs", "prefix": "admin/"}
    assert wanted["web_acl_arn"] == "arn:waf"
    assert plan(waf="no")["distribution"]["web_acl_arn"] == ""
    assert plan(logging=False)["distribution"]["logging"] == {"bucket": "", "prefix": ""}


def test_a_distribution_of_the_load_balancer_alone_has_no_bucket() -> None:
    made = plan(origin="load_balancer", load_balancer_name="api.example.com")
    assert (made["buckets"], made["access_controls"], made["functions"], made["bucket"]) == ([], [], [], "")
    assert [origin["id"] for origin in made["distribution"]["origins"]] == ["load_balancer"]
    assert made["distribution"]["default_cache_behavior"]["target_origin"] == "load_balancer"
    assert made["distribution"]["default_root_object"] == ""


def test_records_lead_to_the_distribution_for_both_families_of_addresses() -> None:
    made = plan({"distribution": DISTRIBUTION})["records"]
    assert [(item["name"], item["type"]) for item in made] == [
        (name, kind) for name in INPUTS["names"] for kind in ("A", "AAAA")
    ]
    assert made[0]["alias"]["zone_id"] == "Z2FDTNDATAQYW2"
    assert {item["type"] for item in plan({"distribution": DISTRIBUTION}, ipv6="no")["records"]} == {"A"}
    assert plan({"distribution": DISTRIBUTION}, hosted_zone="", certificate_arn="arn:c")["records"] == []
    validation = [{"name": "_x.example.com.", "type": "CNAME", "ttl": 300, "values": ["y"]}]
    assert sites.unwanted_records(["a"], validation) == [
        {"name": "a", "type": "A"},
        {"name": "a", "type": "AAAA"},
        {"name": "_x.example.com.", "type": "CNAME"},
    ]


def run(code: str, uri: str) -> dict[str, Any]:
    """What the function makes of a viewer's request."""
    context = quickjs.Context()
    context.eval(code)
    event = json.dumps({"request": {"method": "GET", "uri": uri, "headers": {}}})
    return json.loads(context.eval(f"JSON.stringify(handler({event}))"))


@pytest.mark.parametrize(
    ("routing", "uri", "served"),
    [
        ("spa", "/", "/index.html"),
        ("spa", "/orders/4711", "/index.html"),
        ("spa", "/assets/app.0a1b2c3d4e.js", "/assets/app.0a1b2c3d4e.js"),
        ("spa", "/missing.png", "/missing.png"),
        ("directory", "/", "/index.html"),
        ("directory", "/docs", "/docs/index.html"),
        ("directory", "/docs/", "/docs/index.html"),
        ("directory", "/v1.2/notes.html", "/v1.2/notes.html"),
    ],
)
def test_the_function_finds_the_page_of_a_path(routing: str, uri: str, served: str) -> None:
    assert run(plan(routing=routing)["functions"][0]["code"], uri)["uri"] == served


def test_maintenance_answers_everything_at_the_edge() -> None:
    made = plan(
        maintenance="true", load_balancer_paths=["/api/*"], load_balancer_name="lb", maintenance_page="\u201cSoon\u201d"
    )
    answer = run(made["functions"][0]["code"], "/api/orders")
    assert (answer["statusCode"], answer["body"]) == (503, "\u201cSoon\u201d")
    assert answer["headers"]["cache-control"] == {"value": "no-store"}
    assert made["distribution"]["cache_behaviors"][0]["functions"] == {"viewer-request": "billpay-dev-admin"}
    assert plan(routing="none")["functions"] == []
    assert len(plan(routing="none", maintenance=True)["functions"]) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "Admin_1"}, "edge_site_name: 'Admin_1' is no name"),
        ({"hosted_zone": ""}, "need a certificate"),
        ({"names": ["admin.example.org"]}, "admin.example.org does not stand in the zone example.com"),
        ({"load_balancer_paths": ["/api/*"]}, "but there is none"),
        ({"maintenance": True, "maintenance_page": "x" * 11_000}, "CloudFront takes 10240"),
    ],
)
def test_what_does_not_fit_is_told(changes: dict[str, Any], message: str) -> None:
    found = sites.problems({**INPUTS, **changes})
    assert len(found) == 1
    assert message in found[0]
    assert sites.problems(INPUTS) == []


def test_a_plan_goes_on_without_the_load_balancer() -> None:
    wanted = {**INPUTS, "load_balancer_paths": ["/api/*"]}
    assert sites.problems(wanted, True) == []
    assert sites.plan(wanted)["distribution"]["origins"][1]["domain_name"] == "planned-load-balancer"


def test_certificates_of_the_load_balancer() -> None:
    wanted = sites.certificates([{"name": "load_balancer", "domain_names": ["api.example.com", "b"]}], "billpay-dev")
    assert wanted == [
        {
            "name": "billpay-dev-load_balancer",
            "domain_name": "api.example.com",
            "subject_alternative_names": ["b"],
            "tags": {"Component": "load_balancer"},
        }
    ]
    assert sites.certificate_arns({"billpay-dev-load_balancer": {"arn": "arn:c"}}, "billpay-dev") == {
        "load_balancer": "arn:c"
    }
