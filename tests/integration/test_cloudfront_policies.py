# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Origin access controls, cache, origin request and response headers policies."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._cloudfront.named import Named
from ansible_collections.slipway.aws.plugins.modules import (
    cloudfront_cache_policies,
    cloudfront_origin_access_controls,
    cloudfront_origin_request_policies,
    cloudfront_response_headers_policies,
)

from .harness import Aws, ModuleFailed
from .options import leaves, round_trip

CONTROLS = "cloudfront_origin_access_controls"
CACHE = "cloudfront_cache_policies"
REQUEST = "cloudfront_origin_request_policies"
HEADERS = "cloudfront_response_headers_policies"
# Module → its list's option and the options of an entry, what is made first, and another value for each option.
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    CONTROLS: (
        "controls",
        cloudfront_origin_access_controls.CONTROL,
        {},
        {
            "description": "other",
            "origin_type": "lambda",
            "signing_behavior": "no-override",
            "signing_protocol": "sigv4a",
        },
    ),
    CACHE: (
        "policies",
        cloudfront_cache_policies.POLICY,
        {"headers": {"behavior": "whitelist", "names": ["X-B", "X-A"]}},
        {
            "comment": "other",
            "min_ttl": 0,
            "default_ttl": 60,
            "max_ttl": 90000,
            "gzip": False,
            "brotli": False,
            "headers.behavior": "none",
            "headers.names": ["X-C"],
            "cookies.behavior": "all",
            "query_strings.behavior": "all",
        },
    ),
    REQUEST: (
        "policies",
        cloudfront_origin_request_policies.POLICY,
        {"headers": {"behavior": "allViewer"}, "query_strings": {"behavior": "whitelist", "names": ["q", "p"]}},
        {
            "comment": "other",
            "headers.behavior": "none",
            "cookies": {"behavior": "allExcept", "names": ["session"]},
            "query_strings.names": ["page"],
        },
    ),
    HEADERS: (
        "policies",
        cloudfront_response_headers_policies.POLICY,
        {"cors": {"max_age": 60}, "custom_headers": [{"name": "X-A", "value": "1"}]},
        {
            "comment": "other",
            "cors.allow_origins": ["https://b.example.com", "https://a.example.com"],
            "cors.allow_headers": ["X-B", "X-A"],
            "cors.allow_methods": ["POST", "GET"],
            "cors.expose_headers": ["X-A"],
            "cors.allow_credentials": True,
            "cors.max_age": 90,
            "cors.override": False,
            "security_headers.strict_transport_security.max_age": 60,
            "security_headers.strict_transport_security.include_subdomains": True,
            "security_headers.strict_transport_security.preload": True,
            "security_headers.strict_transport_security.override": False,
            "security_headers.content_type_options.override": False,
            "security_headers.frame_options.value": "DENY",
            "security_headers.frame_options.override": False,
            "security_headers.referrer_policy.value": "origin",
            "security_headers.referrer_policy.override": False,
            "security_headers.content_security_policy.value": "default-src 'none'",
            "security_headers.content_security_policy.override": False,
            "security_headers.xss_protection.protection": False,
            "security_headers.xss_protection.mode_block": True,
            "security_headers.xss_protection.report_uri": "https://example.com/report",
            "security_headers.xss_protection.override": False,
            "custom_headers.name": "X-B",
            "custom_headers.value": "2",
            "custom_headers.override": False,
            "remove_headers": ["X-Powered-By", "Server"],
            "server_timing_percent": 12.5,
        },
    ),
}
# Cookies and query strings are the same code as headers, with which their names are tested.
SAME = {
    CACHE: {"cookies.names", "query_strings.names"},
    REQUEST: {"headers.names", "cookies.names", "cookies.behavior", "query_strings.behavior"},
}


@pytest.mark.parametrize("module", list(KINDS))
def test_every_option_round_trips(aws: Aws, module: str) -> None:
    option, spec, first, others = KINDS[module]
    missing = set(leaves(spec, but=("name",))) - others.keys() - SAME.get(module, set())
    assert not missing, f"{module}: {missing} are not tested"
    arguments = {option: [{"name": "billpay", **first}]}
    predicted = aws.run_module(module, arguments, check=True)
    made = aws.run_module(module, arguments)
    assert predicted[option]["billpay"]["id"] == "planned-billpay"
    assert {**predicted[option]["billpay"], "id": ""} == {**made[option]["billpay"], "id": ""}
    aws.mark()
    assert not aws.run_module(module, arguments)["changed"]
    assert not aws.run_module(module, {option: [{"name": "billpay"}]})["changed"]
    assert len(aws.calls()) == 2
    round_trip(aws, module, arguments, {f"{option}.{path}": value for path, value in others.items()}, result=option)


def test_what_is_empty_is_removed(aws: Aws) -> None:
    option, _spec, first, _others = KINDS[HEADERS]
    full = {"name": "billpay", **first, "security_headers": {"frame_options": {}}, "remove_headers": ["Server"]}
    aws.run_module(HEADERS, {option: [full]})
    empty = {
        "policies.cors": {},
        "policies.security_headers": {},
        "policies.custom_headers": [],
        "policies.remove_headers": [],
    }
    round_trip(aws, HEADERS, {option: [full]}, empty, result=option)


@pytest.mark.parametrize("module", list(KINDS))
def test_what_others_saved_meanwhile_stays(aws: Aws, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    option, _spec, first, others = KINDS[module]
    text = "description" if module == CONTROLS else "comment"
    aws.run_module(module, {option: [{"name": "billpay", **first}]})
    path, value = next(item for item in others.items() if item[0] != text and "." not in item[0])
    read, reads = Named._read, []

    def late(self: Any, identifier: str) -> Any:
        found = read(self, identifier)
        if not reads:
            reads.append(identifier)
            aws.run_module(module, {option: [{"name": "billpay", text: "somebody else"}]})
        return found

    monkeypatch.setattr(Named, "_read", late)
    aws.mark()
    done = aws.run_module(module, {option: [{"name": "billpay", path: value}]})
    assert len([call for call in aws.mutations() if ":Update" in call]) == 3
    assert done[option]["billpay"][text] == "somebody else"


def test_one_that_is_used_is_not_deleted(aws: Aws) -> None:
    ids = {
        module: next(
            iter(aws.run_module(module, {KINDS[module][0]: [{"name": "billpay"}]})[KINDS[module][0]].values())
        )["id"]
        for module in KINDS
    }
    site = {
        "name": "site",
        "origins": [
            {"id": "site", "domain_name": "a.s3.us-east-1.amazonaws.com", "origin_access_control": "billpay"},
        ],
        "default_cache_behavior": {
            "target_origin": "site",
            "cache_policy": "billpay",
            "origin_request_policy": ids[REQUEST],
            "response_headers_policy": "billpay",
        },
    }
    made = aws.run_module("cloudfront_distribution", site)["distribution"]
    assert made["origins"][0]["origin_access_control"] == ids[CONTROLS]
    assert made["default_cache_behavior"]["cache_policy"] == ids[CACHE]
    assert made["default_cache_behavior"]["response_headers_policy"] == ids[HEADERS]
    gone = {module: {KINDS[module][0]: [{"name": "billpay"}], "state": "absent"} for module in KINDS}
    for module, arguments in gone.items():
        with pytest.raises(ModuleFailed, match=f"billpay is still used by {made['id']}; take it from there"):
            aws.run_module(module, arguments)
    aws.run_module("cloudfront_distribution", {"name": "site", "state": "absent"})
    for module, arguments in gone.items():
        assert aws.run_module(module, arguments, check=True)["changed"]
        assert aws.run_module(module, arguments)["changed"]
        assert not aws.run_module(module, arguments)["changed"]


def test_a_name_stands_once(aws: Aws) -> None:
    with pytest.raises(ModuleFailed, match="controls: a stands twice"):
        aws.run_module(CONTROLS, {"controls": [{"name": "a"}, {"name": "a"}]})


def test_managed_policies_are_not_ones_own(aws: Aws) -> None:
    done = aws.run_module(CACHE, {"policies": [{"name": "Managed-CachingOptimized"}], "state": "absent"}, check=True)
    assert not done["changed"]
