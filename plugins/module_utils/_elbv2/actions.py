# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions and conditions of listeners: AWS's forms and the module's. Pure functions, no calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core import given

_REDIRECT: dict[str, str] = {
    "protocol": "Protocol",
    "port": "Port",
    "host": "Host",
    "path": "Path",
    "query": "Query",
    "status_code": "StatusCode",
}
# What Elastic Load Balancing fills in where a redirect leaves a part open: the part of the request.
_REDIRECT_DEFAULTS: dict[str, str] = {
    "protocol": "#{protocol}",
    "port": "#{port}",
    "host": "#{host}",
    "path": "/#{path}",
    "query": "#{query}",
}
_FIXED: dict[str, str] = {"status_code": "StatusCode", "content_type": "ContentType", "message_body": "MessageBody"}

# Option → field of the condition, key of its configuration. All of them hold a list of plain values.
_PLAIN_CONDITIONS: dict[str, tuple[str, str]] = {
    "path_patterns": ("path-pattern", "PathPatternConfig"),
    "host_headers": ("host-header", "HostHeaderConfig"),
    "http_methods": ("http-request-method", "HttpRequestMethodConfig"),
    "source_ips": ("source-ip", "SourceIpConfig"),
}

ACTION_OPTIONS: dict[str, Any] = {
    "type": {"type": "str", "required": True, "choices": ["forward", "redirect", "fixed-response"]},
    "target_groups": {
        "type": "list",
        "elements": "dict",
        "options": {
            "arn": {"type": "str", "required": True},
            "weight": {"type": "int", "default": 1},
        },
    },
    "stickiness_seconds": {"type": "int"},
    "redirect": {
        "type": "dict",
        "options": {
            "protocol": {"type": "str"},
            "port": {"type": "str"},
            "host": {"type": "str"},
            "path": {"type": "str"},
            "query": {"type": "str"},
            "status_code": {"type": "str", "choices": ["HTTP_301", "HTTP_302"], "default": "HTTP_301"},
        },
    },
    "fixed_response": {
        "type": "dict",
        "options": {
            "status_code": {"type": "str", "required": True},
            "content_type": {"type": "str", "default": "text/plain"},
            "message_body": {"type": "str", "default": ""},
        },
    },
}

ACTION_REQUIREMENTS = [
    ("type", "forward", ["target_groups"]),
    ("type", "redirect", ["redirect"]),
    ("type", "fixed-response", ["fixed_response"]),
]


def forward(target_groups: Iterable[Mapping[str, Any]], stickiness_seconds: int | None) -> dict[str, Any]:
    """A forward action in its normal form. The weight of a lone target group means nothing."""
    groups = sorted(target_groups, key=lambda group: group["arn"])
    weights = {group["arn"]: 1 if len(groups) == 1 else group["weight"] for group in groups}
    return {"type": "forward", "weights": weights, "stickiness_seconds": stickiness_seconds or 0}


def wanted_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action of the task in its normal form."""
    if action["type"] == "forward":
        return forward(action["target_groups"], action.get("stickiness_seconds"))
    if action["type"] == "redirect":
        stated = {key: str(value) for key, value in given(action["redirect"]).items()}
        return {"type": "redirect", **_REDIRECT_DEFAULTS, **stated}
    fixed = {key: str(value) for key, value in action["fixed_response"].items()}
    return {"type": "fixed-response", **fixed}


def action_state(action: Mapping[str, Any]) -> dict[str, Any]:
    """An action of AWS's answer in its normal form. What the module does not speak of stays as AWS has it."""
    if action["Type"] == "forward":
        config = action.get("ForwardConfig") or {}
        groups = config.get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"]}]
        stickiness = config.get("TargetGroupStickinessConfig") or {}
        return forward(
            [{"arn": group["TargetGroupArn"], "weight": group.get("Weight", 1)} for group in groups],
            stickiness.get("DurationSeconds") if stickiness.get("Enabled") else 0,
        )
    if action["Type"] == "redirect":
        config = action["RedirectConfig"]
        found = {name: config[key] for name, key in _REDIRECT.items() if config.get(key)}
        return {"type": "redirect", **_REDIRECT_DEFAULTS, **found}
    if action["Type"] == "fixed-response":
        config = action["FixedResponseConfig"]
        return {"type": "fixed-response", **{name: config.get(key) or "" for name, key in _FIXED.items()}}
    return {"type": action["Type"], **{key: value for key, value in action.items() if key not in ("Type", "Order")}}


def action_request(action: Mapping[str, Any]) -> dict[str, Any]:
    """A normal form as AWS takes it."""
    if action["type"] == "forward":
        stickiness: dict[str, Any] = {"Enabled": bool(action["stickiness_seconds"])}
        if action["stickiness_seconds"]:
            stickiness["DurationSeconds"] = action["stickiness_seconds"]
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in action["weights"].items()]
        config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
        return {"Type": "forward", "ForwardConfig": config}
    if action["type"] == "redirect":
        return {"Type": "redirect", "RedirectConfig": {key: action[name] for name, key in _REDIRECT.items()}}
    fixed = {key: action[name] for name, key in _FIXED.items() if action[name]}
    return {"Type": "fixed-response", "FixedResponseConfig": fixed}


def same_actions(current: list[dict[str, Any]], wanted: list[dict[str, Any]], *, keep_weights: bool = False) -> bool:
    """Whether two lists of actions do the same; with C(keep_weights) whatever the shares of the traffic are."""
    if not keep_weights:
        return current == wanted
    return [_without_weights(action) for action in current] == [_without_weights(action) for action in wanted]


def _without_weights(action: Mapping[str, Any]) -> dict[str, Any]:
    return {**action, "weights": sorted(action["weights"])} if action["type"] == "forward" else dict(action)


def wanted_conditions(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The conditions of a task in their normal form: only those that are set, without an order."""
    normal: dict[str, Any] = {
        option: sorted(str(value) for value in conditions[option])
        for option in _PLAIN_CONDITIONS
        if conditions.get(option)
    }
    if conditions.get("http_headers"):
        normal["http_headers"] = {
            name: sorted(str(value) for value in values) for name, values in conditions["http_headers"].items()
        }
    if conditions.get("query_strings"):
        pairs = [{"key": pair.get("key") or "", "value": str(pair["value"])} for pair in conditions["query_strings"]]
        normal["query_strings"] = sorted(pairs, key=lambda pair: (pair["key"], pair["value"]))
    return normal


def conditions_state(conditions: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The conditions of AWS's answer in their normal form."""
    options = {field: option for option, (field, config) in _PLAIN_CONDITIONS.items()}
    found: dict[str, Any] = {}
    for condition in conditions:
        field = condition["Field"]
        if field in options:
            config = condition.get(_PLAIN_CONDITIONS[options[field]][1]) or condition
            found[options[field]] = config.get("Values") or condition.get("Values") or []
        elif field == "http-header":
            config = condition["HttpHeaderConfig"]
            found.setdefault("http_headers", {})[config["HttpHeaderName"]] = config["Values"]
        elif field == "query-string":
            pairs = [
                {"key": pair.get("Key"), "value": pair["Value"]} for pair in condition["QueryStringConfig"]["Values"]
            ]
            found["query_strings"] = found.get("query_strings", []) + pairs
    return wanted_conditions(found)


def conditions_request(conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Conditions in their normal form as AWS takes them."""
    request: list[dict[str, Any]] = [
        {"Field": field, config: {"Values": conditions[option]}}
        for option, (field, config) in _PLAIN_CONDITIONS.items()
        if conditions.get(option)
    ]
    request += [
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": name, "Values": values}}
        for name, values in conditions.get("http_headers", {}).items()
    ]
    if conditions.get("query_strings"):
        pairs = [
            {**({"Key": pair["key"]} if pair["key"] else {}), "Value": pair["value"]}
            for pair in conditions["query_strings"]
        ]
        request.append({"Field": "query-string", "QueryStringConfig": {"Values": pairs}})
    return request
