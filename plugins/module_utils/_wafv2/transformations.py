# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web ACLs in the words of the module's options and in WAF's: pure functions, no calls."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, given

# What a rule may be; exactly one of them.
STATEMENTS = ("rate_limit", "managed_rule_group", "rule_group_arn", "ip_set_arn", "missing_header", "statement")
# Rules whose actions come from a group: WAF calls for an override action instead of an action.
GROUPS = ("managed_rule_group", "rule_group_arn")
# Fields of a web ACL that this module does not manage, but that an update must send as they are.
KEPT = (
    "AssociationConfig",
    "CaptchaConfig",
    "ChallengeConfig",
    "TokenDomains",
    "DataProtectionConfig",
    "OnSourceDDoSProtectionConfig",
    "ApplicationConfig",
    "MonetizationConfig",
)


def cleaned(value: Any) -> Any:
    """The value without members that say nothing."""
    if isinstance(value, Mapping):
        return {key: cleaned(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    # What a request is searched for is bytes in WAF's answers, and text in tasks.
    return value.decode("utf-8", errors="surrogateescape") if isinstance(value, bytes) else value


def action_of(name: str, response: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """WAF's action: C(block) becomes C({"Block": {}}), with a custom response where one is given."""
    details: dict[str, Any] = {}
    if name == "block" and response:
        details["CustomResponse"] = given(
            {
                "ResponseCode": response.get("status_code"),
                "CustomResponseBodyKey": response.get("body_key"),
                "ResponseHeaders": [
                    {"Name": key, "Value": str(value)} for key, value in sorted((response.get("headers") or {}).items())
                ]
                or None,
            }
        )
    return {name.capitalize(): details}


def visibility(metric_name: str, *, sampled: bool = True, metrics: bool = True) -> dict[str, Any]:
    return {"SampledRequestsEnabled": sampled, "CloudWatchMetricsEnabled": metrics, "MetricName": metric_name}


def metric_name(name: str) -> str:
    """A metric name that CloudWatch accepts, from a rule's name."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)[:128]


def _rate_limit(option: Mapping[str, Any]) -> dict[str, Any]:
    forwarded = option.get("forwarded_ip_header")
    return given(
        {
            "Limit": option["limit"],
            "EvaluationWindowSec": option.get("evaluation_window_sec") or 300,
            "AggregateKeyType": option.get("aggregate_key_type") or ("FORWARDED_IP" if forwarded else "IP"),
            "ForwardedIPConfig": {"HeaderName": forwarded, "FallbackBehavior": "MATCH"} if forwarded else None,
            "ScopeDownStatement": option.get("scope_down_statement"),
        }
    )


def _managed(option: Mapping[str, Any]) -> dict[str, Any]:
    overrides = {
        **dict.fromkeys(option.get("excluded_rules") or [], "count"),
        **(option.get("rule_action_overrides") or {}),
    }
    return given(
        {
            "VendorName": option.get("vendor_name") or "AWS",
            "Name": option["name"],
            "Version": option.get("version"),
            "ScopeDownStatement": option.get("scope_down_statement"),
            "ManagedRuleGroupConfigs": option.get("configs") or None,
            "RuleActionOverrides": [
                {"Name": rule, "ActionToUse": action_of(overrides[rule])} for rule in sorted(overrides)
            ]
            or None,
        }
    )


def statement_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """WAF's statement for a rule of the task."""
    if rule.get("rate_limit"):
        return {"RateBasedStatement": _rate_limit(rule["rate_limit"])}
    if rule.get("managed_rule_group"):
        return {"ManagedRuleGroupStatement": _managed(rule["managed_rule_group"])}
    if rule.get("rule_group_arn"):
        return {"RuleGroupReferenceStatement": {"ARN": rule["rule_group_arn"]}}
    if rule.get("ip_set_arn"):
        return {"IPSetReferenceStatement": {"ARN": rule["ip_set_arn"]}}
    if rule.get("missing_header"):
        return _missing_header(rule["missing_header"])
    return cleaned(rule["statement"])


def _missing_header(option: Mapping[str, Any]) -> dict[str, Any]:
    found = [
        {
            "ByteMatchStatement": {
                "SearchString": value,
                "FieldToMatch": {"SingleHeader": {"Name": option["name"].lower()}},
                "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                "PositionalConstraint": "EXACTLY",
            }
        }
        for value in option["values"]
    ]
    # WAF takes an Or of two statements or more.
    return {"NotStatement": {"Statement": found[0] if len(found) == 1 else {"OrStatement": {"Statements": found}}}}


def passwords(rules: Iterable[Mapping[str, Any]]) -> set[str]:
    """What a request must say to pass rules with C(missing_header), in WAF's words."""
    found = set()
    for rule in rules:
        wanted = rule["Statement"].get("NotStatement", {}).get("Statement", {})
        for statement in wanted.get("OrStatement", {}).get("Statements", [wanted]):
            match = statement.get("ByteMatchStatement", {})
            if "SingleHeader" in match.get("FieldToMatch", {}) and match.get("PositionalConstraint") == "EXACTLY":
                found.add(match["SearchString"])
    return found


def loosened(current: Iterable[Mapping[str, Any]], wanted: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names of the rules that let requests pass now which they have blocked for want of a header."""
    after = {rule["Name"]: passwords([rule]) for rule in wanted}
    before = {rule["Name"]: passwords([rule]) for rule in current}
    return {name for name, values in before.items() if values and (name not in after or after[name] - values)}


def only_looser(
    current: Iterable[Mapping[str, Any]], wanted: Iterable[dict[str, Any]], headers: Mapping[str, Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The wanted rules, but those with C(missing_header) no stricter than they are, and the names of those that are not
    yet as wanted. C(headers) is what the task says of them, by their names."""
    there, rules, deferred = {rule["Name"]: rule for rule in current}, [], []
    for rule in wanted:
        header = headers.get(rule["Name"])
        if header is None:
            rules.append(rule)
            continue
        more = sorted(passwords([there[rule["Name"]]]) - set(header["values"])) if rule["Name"] in there else []
        if more or rule["Name"] not in there:
            deferred.append(rule["Name"])
        if rule["Name"] in there:
            rules.append({**rule, "Statement": _missing_header({**header, "values": [*header["values"], *more]})})
    return rules, deferred


def rule_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    """WAF's rule for a rule of the task."""
    grouped = any(rule.get(kind) for kind in GROUPS)
    action = rule.get("action") or ("none" if grouped else "block")
    return {
        "Name": rule["name"],
        "Priority": rule["priority"],
        "Statement": statement_of(rule),
        "VisibilityConfig": visibility(rule.get("metric_name") or metric_name(rule["name"])),
        **(
            {"OverrideAction": action_of(action)}
            if grouped
            else {"Action": action_of(action, rule.get("custom_response"))}
        ),
    }


def bodies_of(bodies: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    return {
        key: {"ContentType": body.get("content_type") or "APPLICATION_JSON", "Content": body["content"]}
        for key, body in bodies.items()
    }


def wanted_acl(options: Mapping[str, Any]) -> dict[str, Any]:
    """The web ACL that the task describes, in WAF's words, without what it leaves open."""
    rules = options.get("rules")
    bodies = options.get("custom_response_bodies")
    config = options.get("visibility_config")
    return given(
        {
            "default_action": action_of(options["default_action"]) if options.get("default_action") else None,
            "description": options.get("description"),
            "rules": sorted((rule_of(rule) for rule in rules), key=_priority) if rules is not None else None,
            "custom_response_bodies": bodies_of(bodies) if bodies is not None else None,
            "visibility_config": visibility(
                config.get("metric_name") or metric_name(options["name"]),
                sampled=config["sampled_requests_enabled"],
                metrics=config["cloudwatch_metrics_enabled"],
            )
            if config
            else None,
        }
    )


def _priority(rule: Mapping[str, Any]) -> int:
    return rule["Priority"]


def _comparable_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as WAF answers, with the defaults that rule_of says and with its legacy exclusions as overrides."""
    plain = cleaned(rule)
    statement = plain.get("Statement", {})
    if "RateBasedStatement" in statement:
        statement["RateBasedStatement"].setdefault("EvaluationWindowSec", 300)
    group = statement.get("ManagedRuleGroupStatement")
    if group is not None:
        excluded = [
            {"Name": item["Name"], "ActionToUse": {"Count": {}}} for item in group.pop("ExcludedRules", None) or []
        ]
        overrides = sorted([*group.get("RuleActionOverrides", []), *excluded], key=lambda item: item["Name"])
        group.pop("RuleActionOverrides", None)
        if overrides:
            group["RuleActionOverrides"] = overrides
    for empty in ("RuleLabels",):
        if not plain.get(empty):
            plain.pop(empty, None)
    return plain


def acl_state(answer: Mapping[str, Any]) -> dict[str, Any]:
    """A web ACL as WAF answers, in the form of wanted_acl."""
    return {
        "arn": answer["ARN"],
        "id": answer["Id"],
        "default_action": cleaned(answer["DefaultAction"]),
        "description": answer.get("Description") or "",
        "rules": sorted((_comparable_rule(rule) for rule in answer.get("Rules") or []), key=_priority),
        "custom_response_bodies": cleaned(answer.get("CustomResponseBodies") or {}),
        "visibility_config": cleaned(answer["VisibilityConfig"]),
        "capacity": answer.get("Capacity", 0),
        "kept": {key: cleaned(answer[key]) for key in KEPT if answer.get(key)},
    }


def to_request(state: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that describe the web ACL itself: a create and an update take the same."""
    sent = {
        "DefaultAction": state["default_action"],
        "Rules": state.get("rules") or [],
        "VisibilityConfig": state["visibility_config"],
        **state.get("kept", {}),
    }
    if state.get("description"):
        sent["Description"] = state["description"]
    if state.get("custom_response_bodies"):
        sent["CustomResponseBodies"] = state["custom_response_bodies"]
    return sent


def logging_state(answer: Mapping[str, Any] | None) -> dict[str, Any]:
    """A logging configuration as WAF answers; empty when there is none."""
    if not answer:
        return {}
    plain = cleaned(answer)
    return {
        "destination_arn": plain["LogDestinationConfigs"][0].removesuffix(":*"),
        "redacted_fields": plain.get("RedactedFields") or [],
        "filter": plain.get("LoggingFilter") or {},
    }


def wanted_logging(option: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The logging configuration that the task describes; an empty destination means none."""
    if option is None:
        return None
    if not option.get("destination_arn"):
        return {}
    return {
        "destination_arn": option["destination_arn"].removesuffix(":*"),
        "redacted_fields": [redacted_field(name) for name in option.get("redacted_fields") or []],
        "filter": cleaned(option.get("filter") or {}),
    }


def redacted_field(name: str) -> dict[str, Any]:
    """What logs leave out: C(uri_path), C(query_string), C(method), or the name of a header."""
    fixed = {"uri_path": "UriPath", "query_string": "QueryString", "method": "Method"}
    return {fixed[name]: {}} if name in fixed else {"SingleHeader": {"Name": name.lower()}}


def logging_request(arn: str, state: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {"ResourceArn": arn, "LogDestinationConfigs": [state["destination_arn"]]}
    if state.get("redacted_fields"):
        sent["RedactedFields"] = state["redacted_fields"]
    if state.get("filter"):
        sent["LoggingFilter"] = state["filter"]
    return sent


def same_logging(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether two logging configurations mean the same; the order of redacted fields means nothing."""

    def plain(state: Mapping[str, Any]) -> dict[str, Any]:
        fields = sorted(json.dumps(item, sort_keys=True) for item in state.get("redacted_fields") or [])
        return {**state, "redacted_fields": fields}

    return bool(current) == bool(wanted) and plain(current) == plain(wanted)


def check_rules(rules: Iterable[Mapping[str, Any]]) -> None:
    """Refuse what WAF would refuse, before anything is touched."""
    names: set[str] = set()
    priorities: dict[int, str] = {}
    for rule in rules:
        name = rule["name"]
        kinds = [kind for kind in STATEMENTS if rule.get(kind)]
        if len(kinds) != 1:
            raise AnsibleAWSError(message=f"rules: {name} needs exactly one of {', '.join(STATEMENTS)}.")
        if name in names:
            raise AnsibleAWSError(message=f"rules: the name {name} stands twice; each name may stand once.")
        names.add(name)
        if kinds[0] == "missing_header" and not all(rule["missing_header"]["values"] or [""]):
            raise AnsibleAWSError(message=f"rules: {name} needs values, none of them empty, that let requests pass.")
        priority = rule["priority"]
        if priority in priorities:
            raise AnsibleAWSError(
                message=f"rules: {name} and {priorities[priority]} have the priority {priority}; each may stand once."
            )
        priorities[priority] = name
        allowed = ("none", "count") if kinds[0] in GROUPS else ("allow", "block", "count", "captcha", "challenge")
        action = rule.get("action")
        if action and action not in allowed:
            raise AnsibleAWSError(
                message=f"rules: {name} has the action {action}; with {kinds[0]} it may be {', '.join(allowed)}."
            )
