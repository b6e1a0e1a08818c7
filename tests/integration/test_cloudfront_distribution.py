# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

from .harness import Aws

MODULE = "cloudfront_distribution"
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
            "secret_headers": {"X-Origin-Verify": "correct-horse-battery-staple"},
            "custom": {},
        },
    ],
    "default_cache_behavior": {"target_origin": "site", "response_headers_policy": "Managed-SecurityHeadersPolicy"},
    "cache_behaviors": [
        {
            "path_pattern": "/api/*",
            "target_origin": "api",
            "allowed_methods": ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"],
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


def without_identifiers(distribution: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in distribution.items() if key not in ("id", "arn", "domain_name")}


def test_created_once_as_predicted(aws: Aws) -> None:
    predicted = aws.run_module(MODULE, SITE, check=True)
    assert predicted["distribution"]["id"] == "Eplanned-billpay-test-admin"
    first = aws.run_module(MODULE, SITE)
    assert first["actions"] == predicted["actions"]
    assert without_identifiers(first["distribution"]) == without_identifiers(predicted["distribution"])
    aws.mark()
    second = aws.run_module(MODULE, SITE)
    assert not second["changed"]
    assert second["distribution"] == first["distribution"]
    assert aws.calls() == ["resourcegroupstaggingapi:GetResources", "cloudfront:GetDistribution"]
