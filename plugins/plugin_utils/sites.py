# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's inputs stand for, in the words of the modules that make it: pure functions, no calls."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from .waf import ORIGIN_HEADER

Plan = dict[str, Any]

BUCKET, BALANCER = "bucket", "load_balancer"
SPA, DIRECTORY = "spa", "directory"
# Alias records lead to CloudFront by this zone, whichever the distribution.
CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2"
CACHING_DISABLED = "Managed-CachingDisabled"
ALL_BUT_HOST = "Managed-AllViewerExceptHostHeader"
ALL_METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]
# What a CloudFront function may have.
FUNCTION_BYTES = 10_240
RELEASES = ".slipway"
PLANNED_BALANCER = "planned-load-balancer"

_SWITCHES = ("waf", "logging", "maintenance", "ipv6")


def plan(inputs: Mapping[str, Any], known: Mapping[str, Any] | None = None, origin_secret: str = "") -> Plan:
    """The arguments of the modules.

    C(inputs) are the role's inputs without C(edge_site_), and of the environment C(name_prefix), C(account_id),
    C(region), C(tags). C(known) is what exists by now: C(certificate_arn), C(function_arn),
    C(distribution) with C(arn) and C(domain_name). C(origin_secret) is what the load balancer knows the distribution
    by; it is no input, because those are shown.
    """
    inputs, known = typed(inputs), known or {}
    name = f"{inputs['name_prefix']}-{inputs['name']}"
    has_bucket = inputs["origin"] == BUCKET
    wants_certificate = bool(inputs["names"]) and not inputs["certificate_arn"]
    source = function_code(inputs["routing"] if has_bucket else "", inputs["maintenance"], inputs["maintenance_page"])
    certificate_arn = inputs["certificate_arn"] or known.get("certificate_arn") or ""
    return {
        "name": name,
        "bucket": bucket_name(inputs) if has_bucket else "",
        "certificates": [certificate(inputs, name)] if wants_certificate else [],
        "buckets": [bucket(inputs, known.get("distribution") or {})] if has_bucket else [],
        "access_controls": [{"name": name, "description": f"Site {name}"}] if has_bucket else [],
        "functions": [function(name, source)] if source else [],
        "distribution": distribution(
            inputs,
            name,
            certificate_arn=certificate_arn,
            function=(known.get("function_arn") or name) if source else "",
            origin_secret=origin_secret,
        ),
        "records": records(inputs, known.get("distribution") or {}),
        "tags": {**inputs["tags"], "Component": inputs["name"]},
    }


def typed(inputs: Mapping[str, Any]) -> Plan:
    """The inputs with switches as such: an extra variable of the command line is a string."""
    return {**inputs, **{switch: boolean(inputs.get(switch, False), strict=False) for switch in _SWITCHES}}


def problems(inputs: Mapping[str, Any], check_mode: bool = False) -> list[str]:
    """What is wrong with the inputs, in words for whoever wrote them. In check mode a load balancer may be to come."""
    inputs, found = typed(inputs), []
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", inputs["name"]):
        found.append(f"edge_site_name: {inputs['name']!r} is no name; it is of small letters, digits and hyphens.")
    if inputs["names"] and not (inputs["hosted_zone"] or inputs["certificate_arn"]):
        found.append(
            f"edge_site_names: {', '.join(inputs['names'])} need a certificate; name the edge_site_hosted_zone in "
            "which it can be validated, or give an edge_site_certificate_arn."
        )
    zone = inputs["hosted_zone"]
    outside = [item for item in inputs["names"] if zone and not f".{item}".endswith(f".{zone}")]
    if outside:
        found.append(f"edge_site_names: {', '.join(outside)} does not stand in the zone {zone}.")
    needs_balancer = inputs["origin"] == BALANCER or inputs["load_balancer_paths"]
    if needs_balancer and not inputs["load_balancer_name"] and not check_mode:
        found.append(
            "edge_site_load_balancer_name: the site sends requests to a load balancer, but there is none; create it "
            "first, or give its name."
        )
    size = len(function_code(inputs["routing"], inputs["maintenance"], inputs["maintenance_page"]).encode())
    if size > FUNCTION_BYTES:
        found.append(
            f"edge_site_maintenance_page: the function that answers with it would have {size} bytes; CloudFront takes "
            f"{FUNCTION_BYTES}."
        )
    return found


def bucket_name(inputs: Mapping[str, Any]) -> str:
    """Unique in the world by the account's number."""
    return inputs["bucket"] or f"{inputs['name_prefix']}-{inputs['name']}-{inputs['account_id']}"


def certificate(inputs: Mapping[str, Any], name: str) -> Plan:
    first, *others = inputs["names"]
    return {
        "name": name,
        "domain_name": first,
        "subject_alternative_names": others,
        "tags": {**inputs["tags"], "Component": inputs["name"]},
    }


def bucket(inputs: Mapping[str, Any], distribution: Mapping[str, Any]) -> Plan:
    """A private bucket that only its distribution reads, without the memory of s3_site in it."""
    made: Plan = {
        "name": bucket_name(inputs),
        "encryption": {"algorithm": "AES256"},
        "block_public_access": True,
        "ownership": "BucketOwnerEnforced",
        "tls_only": True,
        "lifecycle_rules": [{"id": "unfinished-uploads", "abort_uploads_days": 7}],
        "tags": {**inputs["tags"], "Component": inputs["name"]},
    }
    if distribution.get("arn"):
        arn = f"arn:aws:s3:::{made['name']}"
        made["statements"] = [
            {
                "Sid": "ReadByDistribution",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{arn}/*",
                "Condition": {"StringEquals": {"AWS:SourceArn": distribution["arn"]}},
            },
            {
                "Sid": "KeepReleasesPrivate",
                "Effect": "Deny",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{arn}/{RELEASES}/*",
            },
        ]
    return made


def function(name: str, source: str) -> Plan:
    return {"name": name, "code": source, "runtime": "cloudfront-js-2.0", "comment": f"Requests of the site {name}"}


_ROUTES = {
    # A path whose last part has no dot is a place in the application; a missing file stays missing.
    SPA: "  if (uri.split('/').pop().indexOf('.') < 0) { request.uri = '/index.html'; }\n",
    DIRECTORY: (
        "  if (uri.charAt(uri.length - 1) === '/') { request.uri = uri + 'index.html'; }\n"
        "  else if (uri.split('/').pop().indexOf('.') < 0) { request.uri = uri + '/index.html'; }\n"
    ),
}


def function_code(routing: str, maintenance: bool, page: str) -> str:
    """The CloudFront function for the requests of viewers; empty when there is nothing for it to do."""
    if maintenance:
        answer = {
            "statusCode": 503,
            "statusDescription": "Service Unavailable",
            "headers": {
                "content-type": {"value": "text/html; charset=utf-8"},
                "cache-control": {"value": "no-store"},
                "retry-after": {"value": "300"},
            },
            "body": page,
        }
        return f"function handler(event) {{\n  return {json.dumps(answer)};\n}}\n"
    if routing not in _ROUTES:
        return ""
    return (
        "function handler(event) {\n  var request = event.request;\n  var uri = request.uri;\n"
        f"{_ROUTES[routing]}  return request;\n}}\n"
    )


def distribution(
    inputs: Mapping[str, Any], name: str, *, certificate_arn: str, function: str, origin_secret: str = ""
) -> Plan:
    """What cloudfront_distribution takes; every option that the role speaks of is stated, so that it can be undone."""
    has_bucket = inputs["origin"] == BUCKET
    balanced_paths = inputs["load_balancer_paths"] if has_bucket else []
    functions = {"viewer-request": function} if function else {}
    plain = {
        "viewer_protocol_policy": "redirect-to-https",
        "compress": True,
        "response_headers_policy": inputs["response_headers_policy"],
    }
    dynamic = {
        **plain,
        "target_origin": BALANCER,
        "allowed_methods": ALL_METHODS,
        "cache_policy": CACHING_DISABLED,
        "origin_request_policy": ALL_BUT_HOST,
        # Routes are the site's; maintenance is everybody's.
        "functions": functions if inputs["maintenance"] else {},
    }
    static = {
        **plain,
        "target_origin": BUCKET,
        "allowed_methods": ["GET", "HEAD", "OPTIONS"],
        "cache_policy": inputs["cache_policy"],
        "origin_request_policy": "",
        "functions": functions,
    }
    origins = []
    if has_bucket:
        origins.append(
            {
                "id": BUCKET,
                "domain_name": f"{bucket_name(inputs)}.s3.{inputs['region']}.amazonaws.com",
                "origin_access_control": name,
                "s3": {},
            }
        )
    if balanced_paths or not has_bucket:
        origins.append(
            {
                "id": BALANCER,
                "domain_name": inputs["load_balancer_name"] or PLANNED_BALANCER,
                "custom": {"protocol_policy": inputs["load_balancer_protocol"]},
                "secret_headers": {ORIGIN_HEADER: origin_secret} if origin_secret else {},
            }
        )
    made: Plan = {
        "name": name,
        "comment": inputs["comment"] or name,
        "aliases": inputs["names"],
        "default_root_object": inputs["index_document"] if has_bucket else "",
        "price_class": inputs["price_class"],
        "http_version": inputs["http_version"],
        "ipv6": inputs["ipv6"],
        "web_acl_arn": inputs["web_acl_arn"] if inputs["waf"] else "",
        "origins": [*origins, *inputs["origins"]],
        "default_cache_behavior": static if has_bucket else dynamic,
        "cache_behaviors": [{"path_pattern": path, **dynamic} for path in balanced_paths] + list(inputs["behaviors"]),
        "custom_error_responses": error_responses(inputs),
        "viewer_certificate": {"acm_certificate_arn": certificate_arn},
        "logging": {"bucket": "", "prefix": ""},
        "geo_restriction": inputs["geo_restriction"] or {"type": "none", "countries": []},
        "tags": {**inputs["tags"], "Component": inputs["name"]},
    }
    if certificate_arn:
        made["viewer_certificate"]["minimum_protocol_version"] = inputs["minimum_tls"]
    if inputs["logging"] and inputs["log_bucket"]:
        made["logging"] = {"bucket": inputs["log_bucket"], "prefix": f"{inputs['name']}/"}
    return made


def error_responses(inputs: Mapping[str, Any]) -> list[Plan]:
    """The stated ones, or the error page. To who may not list the bucket S3 says 403 for what is not there."""
    if inputs["error_responses"] or not inputs["error_page"]:
        return list(inputs["error_responses"])
    return [
        {"error_code": code, "response_code": 404, "response_page_path": inputs["error_page"]} for code in (403, 404)
    ]


def records(inputs: Mapping[str, Any], distribution: Mapping[str, Any]) -> list[Plan]:
    """Alias records for both families of addresses. Without a distribution only what tells them apart."""
    if not inputs["hosted_zone"]:
        return []
    types = ("A", "AAAA") if inputs["ipv6"] else ("A",)
    keys = [{"name": name, "type": kind} for name in inputs["names"] for kind in types]
    if not distribution.get("domain_name"):
        return keys
    target = {
        "dns_name": distribution["domain_name"],
        "zone_id": distribution.get("hosted_zone_id") or CLOUDFRONT_ZONE,
        "evaluate_target_health": False,
    }
    return [{**key, "alias": target} for key in keys]


def unwanted_records(names: Iterable[str], validation: Iterable[Mapping[str, Any]] = ()) -> list[Plan]:
    """What tells the records of a site apart, and those that validated its certificate."""
    found = [{"name": name, "type": kind} for name in names for kind in ("A", "AAAA")]
    return found + [{"name": record["name"], "type": record["type"]} for record in validation]


def certificates(entries: Iterable[Mapping[str, Any]], name_prefix: str) -> list[Plan]:
    """Certificates of the role's entry point of that name, as acm_certificates takes them."""
    return [
        {
            "name": f"{name_prefix}-{entry['name']}",
            "domain_name": entry["domain_names"][0],
            "subject_alternative_names": list(entry["domain_names"][1:]),
            "tags": {"Component": entry["name"]},
        }
        for entry in entries
    ]


def certificate_arns(made: Mapping[str, Mapping[str, Any]], name_prefix: str) -> dict[str, str]:
    """Name in the environment → ARN, of what acm_certificates returned."""
    return {name.removeprefix(f"{name_prefix}-"): item["arn"] for name, item in made.items()}
