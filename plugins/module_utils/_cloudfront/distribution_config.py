# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A distribution in the words of the module's options and in CloudFront's: pure functions, no calls.

What is not spoken of here stays in CloudFront's configuration as it is: every function that writes takes what there is
and changes only its own members.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, given
from .policies import CACHING_OPTIMIZED

Config = dict[str, Any]

# Option → member of the configuration, what CloudFront means when it is missing, and what a new distribution gets.
_PLAIN: dict[str, tuple[str, Any, Any]] = {
    "enabled": ("Enabled", True, True),
    "comment": ("Comment", "", ""),
    "default_root_object": ("DefaultRootObject", "", ""),
    "price_class": ("PriceClass", "PriceClass_All", "PriceClass_All"),
    "http_version": ("HttpVersion", "http2", "http2"),
    "ipv6": ("IsIPV6Enabled", False, True),
    "web_acl_arn": ("WebACLId", "", ""),
}
_ORIGIN = {
    "origin_path": ("OriginPath", ""),
    "connection_attempts": ("ConnectionAttempts", 3),
    "connection_timeout": ("ConnectionTimeout", 10),
    "response_completion_timeout": ("ResponseCompletionTimeout", 0),
    "origin_access_control": ("OriginAccessControlId", ""),
}
_CUSTOM: dict[str, tuple[str, Any]] = {
    "http_port": ("HTTPPort", 80),
    "https_port": ("HTTPSPort", 443),
    "protocol_policy": ("OriginProtocolPolicy", "https-only"),
    "read_timeout": ("OriginReadTimeout", 30),
    "keepalive_timeout": ("OriginKeepaliveTimeout", 5),
    "ip_address_type": ("IpAddressType", "ipv4"),
}
_S3: dict[str, tuple[str, Any]] = {
    "origin_access_identity": ("OriginAccessIdentity", ""),
    "read_timeout": ("OriginReadTimeout", 30),
}
_VPC: dict[str, tuple[str, Any]] = {
    "vpc_origin_id": ("VpcOriginId", ""),
    "read_timeout": ("OriginReadTimeout", 30),
    "keepalive_timeout": ("OriginKeepaliveTimeout", 5),
}
# Kind of an origin → its member of the configuration, and the members in that.
_KINDS = {
    "s3": ("S3OriginConfig", _S3),
    "custom": ("CustomOriginConfig", _CUSTOM),
    "vpc": ("VpcOriginConfig", _VPC),
}
_NEW_SSL_PROTOCOLS = ["TLSv1.2"]

# Option → member, and what CloudFront means when it is missing. An empty policy or log is a missing member.
_BEHAVIOUR: dict[str, tuple[str, Any]] = {
    "target_origin": ("TargetOriginId", ""),
    "viewer_protocol_policy": ("ViewerProtocolPolicy", "allow-all"),
    "compress": ("Compress", False),
    "smooth_streaming": ("SmoothStreaming", False),
    "field_level_encryption_id": ("FieldLevelEncryptionId", ""),
}
POLICIES = {
    "cache_policy": "CachePolicyId",
    "origin_request_policy": "OriginRequestPolicyId",
    "response_headers_policy": "ResponseHeadersPolicyId",
}
_REFERENCES = {**POLICIES, "realtime_log_config_arn": "RealtimeLogConfigArn"}
_LEGACY_CACHE = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
_READ = ["GET", "HEAD"]
METHOD_SETS = (
    {"GET", "HEAD"},
    {"GET", "HEAD", "OPTIONS"},
    {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"},
)
_NEW_BEHAVIOUR = {
    "viewer_protocol_policy": "redirect-to-https",
    "allowed_methods": _READ,
    "cached_methods": _READ,
    "compress": True,
    "cache_policy": CACHING_OPTIMIZED,
    "origin_request_policy": "",
    "response_headers_policy": "",
    "realtime_log_config_arn": "",
    "functions": {},
    "lambda_functions": [],
    "trusted_key_groups": [],
    "smooth_streaming": False,
    "field_level_encryption_id": "",
    "grpc": False,
}
_DEFAULT_CERTIFICATE = {
    "acm_certificate_arn": "",
    "iam_certificate_id": "",
    "minimum_protocol_version": "TLSv1",
    "ssl_support_method": "vip",
}
_NEW_CERTIFICATE = {"minimum_protocol_version": "TLSv1.2_2021", "ssl_support_method": "sni-only"}


def items(value: Mapping[str, Any] | None) -> list[Any]:
    return list((value or {}).get("Items") or [])


def listed(values: Iterable[Any]) -> dict[str, Any]:
    """A list as CloudFront takes it."""
    made = list(values)
    return {"Quantity": len(made), **({"Items": made} if made else {})}


def fingerprint(value: str) -> str:
    """What stands for a header's value, which may be a secret between CloudFront and the origin."""
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:16]}"


def _put(target: Config, member: str, value: Any, default: Any) -> None:
    """Set a member, but do not speak of one that is missing and means the same."""
    if member in target or value != default:
        target[member] = value


# From CloudFront's words


def origin_state(origin: Mapping[str, Any]) -> dict[str, Any]:
    shield = origin.get("OriginShield") or {}
    state = {
        "id": origin["Id"],
        "domain_name": origin["DomainName"],
        **{option: origin.get(member, default) for option, (member, default) in _ORIGIN.items()},
        "custom_headers": {
            header["HeaderName"]: fingerprint(header["HeaderValue"]) for header in items(origin.get("CustomHeaders"))
        },
        "origin_shield_region": shield.get("OriginShieldRegion", "") if shield.get("Enabled") else "",
    }
    for kind, (member, members) in _KINDS.items():
        if member in origin:
            config = origin[member]
            state[kind] = {option: config.get(name, default) for option, (name, default) in members.items()}
            if kind == "custom":
                state[kind]["ssl_protocols"] = sorted(items(config.get("OriginSslProtocols")))
    return state


def behaviour_state(behaviour: Mapping[str, Any]) -> dict[str, Any]:
    methods = behaviour.get("AllowedMethods") or {}
    return {
        **({"path_pattern": behaviour["PathPattern"]} if "PathPattern" in behaviour else {}),
        **{option: behaviour.get(member, default) for option, (member, default) in _BEHAVIOUR.items()},
        **{option: behaviour.get(member) or "" for option, member in _REFERENCES.items()},
        "allowed_methods": sorted(items(methods) or _READ),
        "cached_methods": sorted(items(methods.get("CachedMethods")) or _READ),
        "functions": {item["EventType"]: item["FunctionARN"] for item in items(behaviour.get("FunctionAssociations"))},
        "lambda_functions": _lambdas(
            {
                "event_type": item["EventType"],
                "arn": item["LambdaFunctionARN"],
                "include_body": item.get("IncludeBody", False),
            }
            for item in items(behaviour.get("LambdaFunctionAssociations"))
        ),
        "trusted_key_groups": sorted(items(behaviour.get("TrustedKeyGroups"))),
        "grpc": (behaviour.get("GrpcConfig") or {}).get("Enabled", False),
    }


def _lambdas(functions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return sorted((dict(function) for function in functions), key=lambda function: function["event_type"])


def group_state(group: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": group["Id"],
        "status_codes": sorted(items(group["FailoverCriteria"]["StatusCodes"])),
        "members": [member["OriginId"] for member in items(group["Members"])],
        "selection_criteria": group.get("SelectionCriteria") or "default",
    }


def error_state(response: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "error_code": int(response["ErrorCode"]),
        "response_code": int(response.get("ResponseCode") or 0),
        "response_page_path": response.get("ResponsePagePath") or "",
        "error_caching_min_ttl": int(response.get("ErrorCachingMinTTL", 10)),
    }


def certificate_state(certificate: Mapping[str, Any]) -> dict[str, Any]:
    if not (certificate.get("ACMCertificateArn") or certificate.get("IAMCertificateId")):
        return dict(_DEFAULT_CERTIFICATE)
    return {
        "acm_certificate_arn": certificate.get("ACMCertificateArn") or "",
        "iam_certificate_id": certificate.get("IAMCertificateId") or "",
        "minimum_protocol_version": certificate.get("MinimumProtocolVersion") or "TLSv1",
        "ssl_support_method": certificate.get("SSLSupportMethod") or "vip",
    }


def config_state(config: Mapping[str, Any]) -> dict[str, Any]:
    """A distribution's configuration in the words of the options, complete."""
    logging = config.get("Logging") or {}
    restriction = (config.get("Restrictions") or {}).get("GeoRestriction") or {}
    on = bool(logging.get("Enabled"))
    return {
        **{option: config.get(member, missing) for option, (member, missing, _new) in _PLAIN.items()},
        # Some of CloudFront's answers shout.
        "http_version": str(config.get("HttpVersion") or "http2").lower(),
        "aliases": sorted(items(config.get("Aliases"))),
        "origins": _by_id(map(origin_state, items(config["Origins"]))),
        "origin_groups": _by_id(map(group_state, items(config.get("OriginGroups")))),
        "default_cache_behavior": behaviour_state(config["DefaultCacheBehavior"]),
        "cache_behaviors": [behaviour_state(item) for item in items(config.get("CacheBehaviors"))],
        "custom_error_responses": _errors(map(error_state, items(config.get("CustomErrorResponses")))),
        "viewer_certificate": certificate_state(config.get("ViewerCertificate") or {}),
        "logging": {
            "bucket": logging.get("Bucket") or "" if on else "",
            "prefix": logging.get("Prefix") or "" if on else "",
            "include_cookies": bool(logging.get("IncludeCookies")) if on else False,
        },
        "geo_restriction": {
            "type": restriction.get("RestrictionType") or "none",
            "countries": sorted(items(restriction)),
        },
        "cache_tag_header": (config.get("CacheTagConfig") or {}).get("HeaderName") or "",
    }


def _by_id(states: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(states, key=lambda state: state["id"])


def _errors(states: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(states, key=lambda state: state["error_code"])


# From the task's words


def stated_headers(origin: Mapping[str, Any]) -> dict[str, str] | None:
    """The headers that a task states for an origin, secret ones among them."""
    if origin.get("custom_headers") is None and origin.get("secret_headers") is None:
        return None
    both = {**(origin.get("custom_headers") or {}), **(origin.get("secret_headers") or {})}
    return {name: str(value) for name, value in both.items()}


def header_values(origins: Iterable[Mapping[str, Any]] | None) -> dict[str, str]:
    """Fingerprint → value of all headers that a task states: only what is sent knows the values."""
    return {fingerprint(value): value for origin in origins or [] for value in (stated_headers(origin) or {}).values()}


def _wanted_origin(origin: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
    stated = given({key: value for key, value in origin.items() if key not in ("secret_headers", *_KINDS)})
    headers = stated_headers(origin)
    if headers is not None:
        stated["custom_headers"] = {name: fingerprint(value) for name, value in headers.items()}
    kinds = [kind for kind in _KINDS if origin.get(kind) is not None]
    if len(kinds) > 1:
        raise AnsibleAWSError(message=f"origins: {origin['id']} is {' and '.join(kinds)}; it can be one of them.")
    base = current or {
        **{option: default for option, (_member, default) in _ORIGIN.items()},
        "custom_headers": {},
        "origin_shield_region": "",
    }
    if not current and not stated.get("domain_name"):
        raise AnsibleAWSError(message=f"origins: {origin['id']} is new and needs a domain_name.")
    was = next((kind for kind in _KINDS if kind in base), "s3")
    kind = kinds[0] if kinds else was
    _member, members = _KINDS[kind]
    made = {key: value for key, value in {**base, **stated}.items() if key not in _KINDS}
    defaults: dict[str, Any] = {option: default for option, (_name, default) in members.items()}
    if kind == "custom":
        defaults["ssl_protocols"] = _NEW_SSL_PROTOCOLS
    details = {**defaults, **base.get(kind, {}), **given(origin.get(kind) or {})}
    if kind == "custom":
        details["ssl_protocols"] = sorted(set(details["ssl_protocols"]))
    if kind == "vpc" and not details["vpc_origin_id"]:
        raise AnsibleAWSError(message=f"origins: {origin['id']} is new and needs vpc.vpc_origin_id.")
    return {**made, kind: details}


def _wanted_behaviour(behaviour: Mapping[str, Any], current: Mapping[str, Any] | None, where: str) -> dict[str, Any]:
    stated = given(behaviour)
    made = {**(current or _NEW_BEHAVIOUR), **stated}
    if not made.get("target_origin"):
        raise AnsibleAWSError(message=f"{where} is new and needs a target_origin.")
    for option in ("allowed_methods", "cached_methods", "trusted_key_groups"):
        made[option] = sorted(set(made[option]))
    for option, allowed in (("allowed_methods", METHOD_SETS), ("cached_methods", METHOD_SETS[:2])):
        if set(made[option]) not in allowed:
            raise AnsibleAWSError(
                message=f"{where}: {option} is {', '.join(made[option])}; CloudFront takes "
                f"{' or '.join(', '.join(sorted(each)) for each in allowed)}."
            )
    if "lambda_functions" in stated:
        made["lambda_functions"] = _lambdas(stated["lambda_functions"])
    return made


def _wanted_certificate(stated: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    stated = given(stated)
    for one, other in (
        ("acm_certificate_arn", "iam_certificate_id"),
        ("iam_certificate_id", "acm_certificate_arn"),
    ):
        if stated.get(one):
            stated = {**stated, other: ""}
    base = current if current["acm_certificate_arn"] or current["iam_certificate_id"] else _NEW_CERTIFICATE
    made = {**_DEFAULT_CERTIFICATE, **base, **stated}
    return made if made["acm_certificate_arn"] or made["iam_certificate_id"] else dict(_DEFAULT_CERTIFICATE)


def _wanted_logging(stated: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    made = {**current, **given(stated)}
    if not made["bucket"]:
        return {"bucket": "", "prefix": "", "include_cookies": False}
    # CloudFront wants the bucket's domain name.
    return {**made, "bucket": made["bucket"] if "." in made["bucket"] else f"{made['bucket']}.s3.amazonaws.com"}


def _keyed(entries: Iterable[Mapping[str, Any]], key: str, option: str) -> dict[Any, Mapping[str, Any]]:
    made: dict[Any, Mapping[str, Any]] = {}
    for entry in entries:
        if entry[key] in made:
            raise AnsibleAWSError(message=f"{option}: {entry[key]} stands twice; each {key} may stand once.")
        made[entry[key]] = entry
    return made


def _of(states: Iterable[Mapping[str, Any]], key: str) -> dict[Any, Mapping[str, Any]]:
    return {state[key]: state for state in states}


_NOTHING: dict[str, Any] = {
    **{option: new for option, (_member, _missing, new) in _PLAIN.items()},
    "aliases": [],
    "origins": [],
    "origin_groups": [],
    "default_cache_behavior": None,
    "cache_behaviors": [],
    "custom_error_responses": [],
    "viewer_certificate": _DEFAULT_CERTIFICATE,
    "logging": {"bucket": "", "prefix": "", "include_cookies": False},
    "geo_restriction": {"type": "none", "countries": []},
    "cache_tag_header": "",
}
FIELDS = tuple(_NOTHING)


def wanted_state(stated: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
    """The whole configuration that shall be: what there is, or the defaults of a new one, with what the task states."""
    base = {**_NOTHING, **(current or {})}
    made = {field: base[field] for field in FIELDS}
    stated = given({field: stated.get(field) for field in FIELDS})
    made |= {field: stated[field] for field in (*_PLAIN, "cache_tag_header") if field in stated}
    if "aliases" in stated:
        made["aliases"] = sorted({alias.lower() for alias in stated["aliases"]})
    if "origins" in stated:
        known = _of(base["origins"], "id")
        entries = _keyed(stated["origins"], "id", "origins")
        made["origins"] = _by_id(_wanted_origin(entry, known.get(key)) for key, entry in entries.items())
    if "origin_groups" in stated:
        known = _of(base["origin_groups"], "id")
        entries = _keyed(stated["origin_groups"], "id", "origin_groups")
        made["origin_groups"] = _by_id(_wanted_group(entry, known.get(key)) for key, entry in entries.items())
    if "default_cache_behavior" in stated:
        made["default_cache_behavior"] = _wanted_behaviour(
            stated["default_cache_behavior"], base["default_cache_behavior"], "default_cache_behavior"
        )
    if "cache_behaviors" in stated:
        known = _of(base["cache_behaviors"], "path_pattern")
        entries = _keyed(stated["cache_behaviors"], "path_pattern", "cache_behaviors")
        made["cache_behaviors"] = [
            _wanted_behaviour(entry, known.get(key), f"cache_behaviors: {key}") for key, entry in entries.items()
        ]
    if "custom_error_responses" in stated:
        made["custom_error_responses"] = _wanted_errors(
            stated["custom_error_responses"], base["custom_error_responses"]
        )
    if "viewer_certificate" in stated:
        made["viewer_certificate"] = _wanted_certificate(stated["viewer_certificate"], base["viewer_certificate"])
    if "logging" in stated:
        made["logging"] = _wanted_logging(stated["logging"], base["logging"])
    if "geo_restriction" in stated:
        restriction = {**base["geo_restriction"], **given(stated["geo_restriction"])}
        countries = [] if restriction["type"] == "none" else restriction["countries"]
        made["geo_restriction"] = {**restriction, "countries": sorted({country.upper() for country in countries})}
    _check(made)
    return made


def _wanted_group(group: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
    made = {"selection_criteria": "default", "status_codes": [], "members": [], **(current or {}), **given(group)}
    if len(made["members"]) != 2 or not made["status_codes"]:
        raise AnsibleAWSError(
            message=f"origin_groups: {group['id']} needs two members and at least one of status_codes."
        )
    return {**made, "status_codes": sorted(set(made["status_codes"]))}


def _wanted_errors(
    responses: Iterable[Mapping[str, Any]], current: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    known = _of(current, "error_code")
    new = {"response_code": 0, "response_page_path": "", "error_caching_min_ttl": 10}
    made = [
        {**new, **known.get(code, {}), **given(entry)}
        for code, entry in _keyed(responses, "error_code", "custom_error_responses").items()
    ]
    for entry in made:
        if bool(entry["response_code"]) != bool(entry["response_page_path"]):
            raise AnsibleAWSError(
                message=f"custom_error_responses: {entry['error_code']} needs response_code and response_page_path "
                "together, or neither."
            )
    return _errors(made)


def _check(state: Mapping[str, Any]) -> None:
    """Refuse what CloudFront would refuse, so that check mode tells it, too."""
    if not state["origins"]:
        raise AnsibleAWSError(message="origins: a distribution needs at least one origin.")
    if not state["default_cache_behavior"]:
        raise AnsibleAWSError(message="default_cache_behavior: a new distribution needs one.")
    names = {item["id"] for item in (*state["origins"], *state["origin_groups"])}
    for behaviour in (state["default_cache_behavior"], *state["cache_behaviors"]):
        if behaviour["target_origin"] not in names:
            where = behaviour.get("path_pattern", "default_cache_behavior")
            raise AnsibleAWSError(
                message=f"target_origin: {where} leads to {behaviour['target_origin']}, which is none of the origins "
                f"{', '.join(sorted(names))}."
            )
    certificate = state["viewer_certificate"]
    if state["aliases"] and not (certificate["acm_certificate_arn"] or certificate["iam_certificate_id"]):
        raise AnsibleAWSError(
            message=f"viewer_certificate: {', '.join(state['aliases'])} needs a certificate that names it; give "
            "acm_certificate_arn of one in us-east-1."
        )


def changed_fields(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ, with what they shall be."""
    return {field: wanted[field] for field in FIELDS if wanted[field] != current[field]}


# To CloudFront's words


def _origin_config(state: Mapping[str, Any], existing: Config, values: Mapping[str, str]) -> Config:
    made = copy.deepcopy(existing)
    made["Id"], made["DomainName"] = state["id"], state["domain_name"]
    for option, (member, default) in _ORIGIN.items():
        _put(made, member, state[option], default)
    # An update wants it, a creation may leave it out.
    made["OriginPath"] = state["origin_path"]
    if not made.get("ResponseCompletionTimeout"):
        made.pop("ResponseCompletionTimeout", None)
    known = {fingerprint(item["HeaderValue"]): item["HeaderValue"] for item in items(existing.get("CustomHeaders"))}
    made["CustomHeaders"] = listed(
        {"HeaderName": name, "HeaderValue": values.get(mark) or known[mark]}
        for name, mark in sorted(state["custom_headers"].items())
    )
    shield = state["origin_shield_region"]
    made["OriginShield"] = {"Enabled": True, "OriginShieldRegion": shield} if shield else {"Enabled": False}
    for kind, (member, members) in _KINDS.items():
        if kind not in state:
            made.pop(member, None)
            continue
        config = made.setdefault(member, {})
        required = ("http_port", "https_port", "protocol_policy", "origin_access_identity", "vpc_origin_id")
        for option, (name, default) in members.items():
            if option in required:
                config[name] = state[kind][option]
            else:
                _put(config, name, state[kind][option], default)
        if kind == "custom":
            config["OriginSslProtocols"] = listed(state[kind]["ssl_protocols"])
    return made


def _group_config(state: Mapping[str, Any], existing: Config) -> Config:
    made = copy.deepcopy(existing)
    made["Id"] = state["id"]
    made["FailoverCriteria"] = {"StatusCodes": listed(state["status_codes"])}
    made["Members"] = listed({"OriginId": member} for member in state["members"])
    _put(made, "SelectionCriteria", state["selection_criteria"], "default")
    return made


def _behaviour_config(state: Mapping[str, Any], existing: Config) -> Config:
    made = copy.deepcopy(existing)
    if "path_pattern" in state:
        made["PathPattern"] = state["path_pattern"]
    for option, (member, _default) in _BEHAVIOUR.items():
        made[member] = state[option]
    for option, member in _REFERENCES.items():
        if state[option]:
            made[member] = state[option]
        else:
            made.pop(member, None)
    if state["cache_policy"]:
        for member in _LEGACY_CACHE:
            made.pop(member, None)
    made["AllowedMethods"] = {**listed(state["allowed_methods"]), "CachedMethods": listed(state["cached_methods"])}
    made["FunctionAssociations"] = listed(
        {"EventType": event, "FunctionARN": arn} for event, arn in sorted(state["functions"].items())
    )
    made["LambdaFunctionAssociations"] = listed(
        {"EventType": item["event_type"], "LambdaFunctionARN": item["arn"], "IncludeBody": item["include_body"]}
        for item in state["lambda_functions"]
    )
    groups = state["trusted_key_groups"]
    made["TrustedKeyGroups"] = {"Enabled": bool(groups), **listed(groups)}
    made.setdefault("TrustedSigners", {"Enabled": False, "Quantity": 0})
    if "GrpcConfig" in made or state["grpc"]:
        made["GrpcConfig"] = {"Enabled": state["grpc"]}
    return made


def _error_config(state: Mapping[str, Any]) -> Config:
    return {
        "ErrorCode": state["error_code"],
        "ErrorCachingMinTTL": state["error_caching_min_ttl"],
        # An update wants both, also where there is no page.
        "ResponsePagePath": state["response_page_path"],
        "ResponseCode": str(state["response_code"] or ""),
    }


def _certificate_config(state: Mapping[str, Any]) -> Config:
    source = given(
        {
            "ACMCertificateArn": state["acm_certificate_arn"] or None,
            "IAMCertificateId": state["iam_certificate_id"] or None,
        }
    )
    if not source:
        return {"CloudFrontDefaultCertificate": True}
    return {
        **source,
        "CloudFrontDefaultCertificate": False,
        "MinimumProtocolVersion": state["minimum_protocol_version"],
        "SSLSupportMethod": state["ssl_support_method"],
    }


def _existing(config: Mapping[str, Any], member: str, key: str, value: Any) -> Config:
    return next((item for item in items(config.get(member)) if item[key] == value), {})


def with_changes(config: Mapping[str, Any], changes: Mapping[str, Any], values: Mapping[str, str]) -> Config:
    """The configuration with these fields as they shall be, and everything else as it is."""
    made = copy.deepcopy(dict(config))
    writers: dict[str, tuple[str, Callable[[Any], Any]]] = {
        **{option: (member, lambda value: value) for option, (member, _missing, _new) in _PLAIN.items()},
        "aliases": ("Aliases", listed),
        "origins": (
            "Origins",
            lambda states: listed(
                _origin_config(state, _existing(config, "Origins", "Id", state["id"]), values) for state in states
            ),
        ),
        "origin_groups": (
            "OriginGroups",
            lambda states: listed(
                _group_config(state, _existing(config, "OriginGroups", "Id", state["id"])) for state in states
            ),
        ),
        "default_cache_behavior": (
            "DefaultCacheBehavior",
            lambda state: _behaviour_config(state, config.get("DefaultCacheBehavior") or {}),
        ),
        "cache_behaviors": (
            "CacheBehaviors",
            lambda states: listed(
                _behaviour_config(state, _existing(config, "CacheBehaviors", "PathPattern", state["path_pattern"]))
                for state in states
            ),
        ),
        "custom_error_responses": ("CustomErrorResponses", lambda states: listed(map(_error_config, states))),
        "viewer_certificate": ("ViewerCertificate", _certificate_config),
        "logging": (
            "Logging",
            lambda state: {
                "Enabled": bool(state["bucket"]),
                "IncludeCookies": state["include_cookies"],
                "Bucket": state["bucket"],
                "Prefix": state["prefix"],
            },
        ),
        "geo_restriction": (
            "Restrictions",
            lambda state: {"GeoRestriction": {"RestrictionType": state["type"], **listed(state["countries"])}},
        ),
    }
    for field, (member, write) in writers.items():
        if field in changes:
            made[member] = write(changes[field])
    if "cache_tag_header" in changes:
        made.pop("CacheTagConfig", None)
        if changes["cache_tag_header"]:
            made["CacheTagConfig"] = {"HeaderName": changes["cache_tag_header"]}
    return made


def new_config(state: Mapping[str, Any], reference: str, values: Mapping[str, str]) -> Config:
    """The configuration of a new distribution."""
    spoken = {field: value for field, value in state.items() if field in FIELDS}
    for field in ("origin_groups", "cache_tag_header"):
        if not spoken[field]:
            del spoken[field]
    return with_changes({"CallerReference": reference}, spoken, values)
