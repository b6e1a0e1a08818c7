# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Alarms in the words of the module's options and in CloudWatch's: pure functions, no calls."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import AnsibleAWSError, differences, given, merged

METRIC = "metric"
COMPOSITE = "composite"

# option → CloudWatch's name, for what both kinds of alarms have, and for what only one has
COMMON: dict[str, str] = {
    "description": "AlarmDescription",
    "actions_enabled": "ActionsEnabled",
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
}
METRIC_FIELDS: dict[str, str] = {
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "dimensions": "Dimensions",
    "statistic": "Statistic",
    "extended_statistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "metrics": "Metrics",
    "threshold": "Threshold",
    "threshold_metric_id": "ThresholdMetricId",
    "comparison_operator": "ComparisonOperator",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "treat_missing_data": "TreatMissingData",
    "evaluate_low_sample_count_percentile": "EvaluateLowSampleCountPercentile",
}
COMPOSITE_FIELDS: dict[str, str] = {
    "alarm_rule": "AlarmRule",
    "actions_suppressor": "ActionsSuppressor",
    "actions_suppressor_wait_period": "ActionsSuppressorWaitPeriod",
    "actions_suppressor_extension_period": "ActionsSuppressorExtensionPeriod",
}
UNORDERED = frozenset({"alarm_actions", "ok_actions", "insufficient_data_actions", "metrics"})

# Of the fields in one group an alarm has only those of one alternative: setting one drops the others.
_SINGLE_METRIC = frozenset(
    {"namespace", "metric_name", "dimensions", "statistic", "extended_statistic", "period", "unit"}
)
_ALTERNATIVES: tuple[tuple[str, frozenset[str]], ...] = (
    ("metrics", _SINGLE_METRIC),
    ("metric_name", frozenset({"metrics"})),
    ("statistic", frozenset({"extended_statistic", "evaluate_low_sample_count_percentile"})),
    ("extended_statistic", frozenset({"statistic"})),
    ("threshold", frozenset({"threshold_metric_id"})),
    ("threshold_metric_id", frozenset({"threshold"})),
)
_REFERENCE = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*\"?([^\"()]+?)\"?\s*\)")


def kind_of(alarm: Mapping[str, Any]) -> str:
    return COMPOSITE if alarm.get("alarm_rule") else METRIC


def dimension_list(dimensions: Mapping[str, Any]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": str(dimensions[name])} for name in sorted(dimensions)]


def dimension_dict(dimensions: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    return {item["Name"]: item["Value"] for item in dimensions or []}


def query_from_option(query: Mapping[str, Any]) -> dict[str, Any]:
    """One metric of a metric-math alarm as the task gives it, with every default said."""
    stat = query.get("metric_stat")
    return {
        **given({key: query.get(key) for key in ("id", "expression", "label", "period", "account_id")}),
        "return_data": True if query.get("return_data") is None else bool(query["return_data"]),
        **({"metric_stat": _stat_from_option(stat)} if stat else {}),
    }


def _stat_from_option(stat: Mapping[str, Any]) -> dict[str, Any]:
    plain = given({key: stat.get(key) for key in ("namespace", "metric_name", "period", "stat", "unit")})
    return {**plain, "dimensions": {key: str(value) for key, value in (stat.get("dimensions") or {}).items()}}


def query_from_answer(query: Mapping[str, Any]) -> dict[str, Any]:
    """One metric of a metric-math alarm as CloudWatch answers, in the form of query_from_option."""
    stat = query.get("MetricStat")
    option: dict[str, Any] = {
        "id": query.get("Id"),
        "expression": query.get("Expression"),
        "label": query.get("Label"),
        "period": query.get("Period"),
        "account_id": query.get("AccountId"),
        "return_data": query.get("ReturnData"),
    }
    if stat:
        metric = stat["Metric"]
        option["metric_stat"] = {
            "namespace": metric.get("Namespace"),
            "metric_name": metric.get("MetricName"),
            "dimensions": dimension_dict(metric.get("Dimensions")),
            "period": stat.get("Period"),
            "stat": stat.get("Stat"),
            "unit": stat.get("Unit"),
        }
    return query_from_option({key: value for key, value in option.items() if value not in (None, "")})


def query_to_answer(query: Mapping[str, Any]) -> dict[str, Any]:
    """The form in which CloudWatch takes one metric of a metric-math alarm."""
    stat = query.get("metric_stat")
    sent = given(
        {
            "Id": query["id"],
            "Expression": query.get("expression"),
            "Label": query.get("label"),
            "Period": query.get("period"),
            "AccountId": query.get("account_id"),
            "ReturnData": query.get("return_data"),
        }
    )
    if stat:
        sent["MetricStat"] = given(
            {
                "Metric": given(
                    {
                        "Namespace": stat.get("namespace"),
                        "MetricName": stat["metric_name"],
                        "Dimensions": dimension_list(stat.get("dimensions") or {}),
                    }
                ),
                "Period": stat.get("period"),
                "Stat": stat.get("stat"),
                "Unit": stat.get("unit"),
            }
        )
    return sent


def from_option(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """The alarm that the task describes, without what it leaves open."""
    fields = {**COMMON, **(COMPOSITE_FIELDS if kind_of(alarm) == COMPOSITE else METRIC_FIELDS)}
    wanted = given({option: alarm.get(option) for option in fields})
    if "metrics" in wanted:
        wanted["metrics"] = [query_from_option(query) for query in wanted["metrics"]]
    if "dimensions" in wanted:
        wanted["dimensions"] = {key: str(value) for key, value in wanted["dimensions"].items()}
    if "alarm_rule" in wanted:
        wanted["alarm_rule"] = " ".join(wanted["alarm_rule"].split())
    return {"kind": kind_of(alarm), **wanted}


def from_answer(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """An alarm as CloudWatch describes it, in the words of the options."""
    kind = COMPOSITE if alarm.get("AlarmRule") else METRIC
    fields = {**COMMON, **(COMPOSITE_FIELDS if kind == COMPOSITE else METRIC_FIELDS)}
    state: dict[str, Any] = {
        option: alarm[name] for option, name in fields.items() if alarm.get(name) not in (None, "", [])
    }
    if kind == METRIC:
        if "metrics" in state:
            state["metrics"] = [query_from_answer(query) for query in state["metrics"]]
        else:
            state["dimensions"] = dimension_dict(state.get("dimensions"))
        # CloudWatch leaves out what has its default.
        state.setdefault("treat_missing_data", "missing")
    else:
        state["alarm_rule"] = " ".join(state["alarm_rule"].split())
    for option in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        state.setdefault(option, [])
    state.setdefault("description", "")
    state.setdefault("actions_enabled", True)
    return {"kind": kind, "alarm_arn": alarm["AlarmArn"], "state_value": alarm.get("StateValue", ""), **state}


def to_request(name: str, state: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of PutMetricAlarm or PutCompositeAlarm."""
    fields = {**COMMON, **(COMPOSITE_FIELDS if state["kind"] == COMPOSITE else METRIC_FIELDS)}
    sent = {field: state[option] for option, field in fields.items() if state.get(option) is not None}
    if "Dimensions" in sent:
        sent["Dimensions"] = dimension_list(sent["Dimensions"])
    if "Metrics" in sent:
        sent["Metrics"] = [query_to_answer(query) for query in sent["Metrics"]]
    return {"AlarmName": name, **{field: value for field, value in sent.items() if value != ""}}


def alarm_differences(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that differ. Metrics are compared without regard to their order."""
    return differences(current, {key: value for key, value in wanted.items() if key != "tags"}, unordered=UNORDERED)


def replaced(current: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The whole alarm after the changes: a put replaces everything, so what the task leaves open is sent as it is."""
    dropped = {field for chosen, others in _ALTERNATIVES if chosen in changes for field in others - changes.keys()}
    return {key: value for key, value in merged(current, changes).items() if key not in dropped}


def names_in(rule: str) -> set[str]:
    """The alarms that a rule names, whether by name or by ARN."""
    return {reference.rpartition(":alarm:")[2] for reference in _REFERENCE.findall(rule)}


def depths(rules: Mapping[str, str]) -> dict[str, int]:
    """How many composite alarms of the same task stand below each one."""
    found: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...]) -> int:
        if name in above:
            circle = " → ".join([*above[above.index(name) :], name])
            raise AnsibleAWSError(message=f"alarms: the composite alarms name one another in a circle: {circle}.")
        if name not in found:
            below = [child for child in sorted(names_in(rules[name])) if child in rules]
            found[name] = max((depth(child, (*above, name)) + 1 for child in below), default=0)
        return found[name]

    for name in rules:
        depth(name, ())
    return found


_REQUIRED = ("comparison_operator", "evaluation_periods")


def check_alarms(alarms: Iterable[Mapping[str, Any]], prefix: str, *, present: bool) -> None:
    """Refuse what CloudWatch would refuse, before anything is touched."""
    seen: set[str] = set()
    rules: dict[str, str] = {}
    for alarm in alarms:
        name = alarm["name"]
        problem = _problem(alarm, seen, prefix, present=present)
        if problem:
            raise AnsibleAWSError(message=f"alarms: {name} {problem}")
        seen.add(name)
        if alarm.get("alarm_rule"):
            rules[name] = alarm["alarm_rule"]
    depths(rules)


def _problem(alarm: Mapping[str, Any], seen: set[str], prefix: str, *, present: bool) -> str:
    if alarm["name"] in seen:
        return "stands twice; each name may stand once."
    if not alarm["name"].startswith(prefix):
        return f"does not start with name_prefix {prefix}."
    if not present:
        return ""
    if kind_of(alarm) == COMPOSITE:
        foreign = sorted(option for option in METRIC_FIELDS if alarm.get(option) is not None)
        return f"has alarm_rule, so it cannot have {', '.join(foreign)}." if foreign else ""
    kinds = [option for option in ("metric_name", "metrics") if alarm.get(option)]
    if len(kinds) != 1:
        return "needs exactly one of metric_name, metrics and alarm_rule."
    if kinds == ["metrics"]:
        single = sorted(option for option in _SINGLE_METRIC if alarm.get(option) is not None)
        if single:
            return f"has metrics, so it cannot have {', '.join(single)}."
    elif bool(alarm.get("statistic")) == bool(alarm.get("extended_statistic")):
        return "needs exactly one of statistic and extended_statistic."
    if (alarm.get("threshold") is None) == (alarm.get("threshold_metric_id") is None):
        return "needs exactly one of threshold and threshold_metric_id."
    missing = [option for option in _REQUIRED if alarm.get(option) is None]
    return f"has no {', '.join(missing)}." if missing else ""
