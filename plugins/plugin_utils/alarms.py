# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alarms of an environment, from what exists in it: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.slipway.aws.plugins.module_utils._cloudwatch.transformations import check_alarms
from ansible_collections.slipway.aws.plugins.module_utils.core import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import target_groups

SEVERITIES = ("critical", "warning", "info")
ABOVE = "GreaterThanThreshold"
BELOW = "LessThanThreshold"
GIB = 1024**3


class AlarmError(ValueError):
    """An input of the table cannot be right; the message says which, and what is allowed."""


@dataclass(frozen=True)
class Kind:
    """What is watched on every subject of one sort."""

    severity: str
    description: str
    namespace: str
    metric: str
    statistic: str
    threshold: float
    comparison: str = ABOVE
    period: int = 60
    periods: int = 5
    datapoints: int = 5
    missing: str = "missing"
    component: str = ""
    # Dimensions beside those of the subject.
    dimensions: Mapping[str, str] = field(default_factory=dict)


KINDS: dict[str, Kind] = {
    "ecs-cpu": Kind("warning", "CPU of {subject} in per cent", "AWS/ECS", "CPUUtilization", "Average", 80),
    "ecs-memory": Kind("warning", "Memory of {subject} in per cent", "AWS/ECS", "MemoryUtilization", "Average", 80),
    "ecs-tasks": Kind(
        "critical", "Running tasks of {subject}", "ECS/ContainerInsights", "RunningTaskCount", "Minimum", 1, BELOW
    ),
    "alb-unhealthy": Kind(
        "critical",
        "Unhealthy targets of {subject}",
        "AWS/ApplicationELB",
        "UnHealthyHostCount",
        "Maximum",
        0,
        missing="notBreaching",
    ),
    "alb-5xx": Kind(
        "critical",
        "Answers 5xx of the load balancer itself in a minute",
        "AWS/ApplicationELB",
        "HTTPCode_ELB_5XX_Count",
        "Sum",
        10,
        datapoints=3,
        missing="notBreaching",
    ),
    "alb-target-5xx": Kind(
        "critical",
        "Answers 5xx of the services in a minute",
        "AWS/ApplicationELB",
        "HTTPCode_Target_5XX_Count",
        "Sum",
        10,
        datapoints=3,
        missing="notBreaching",
    ),
    "alb-4xx": Kind(
        "warning",
        "Answers 4xx of the services in a minute",
        "AWS/ApplicationELB",
        "HTTPCode_Target_4XX_Count",
        "Sum",
        100,
        missing="notBreaching",
    ),
    "alb-response-time": Kind(
        "warning",
        "Seconds until the answer, for 95 of 100 requests",
        "AWS/ApplicationELB",
        "TargetResponseTime",
        "p95",
        2,
        datapoints=3,
        missing="notBreaching",
    ),
    "rds-cpu": Kind("warning", "CPU of the database {subject} in per cent", "AWS/RDS", "CPUUtilization", "Average", 80),
    "rds-storage": Kind(
        "critical", "Free storage of {subject} in bytes", "AWS/RDS", "FreeStorageSpace", "Minimum", 5 * GIB, BELOW
    ),
    "rds-connections": Kind("warning", "Connections to {subject}", "AWS/RDS", "DatabaseConnections", "Average", 150),
    "rds-read-latency": Kind("warning", "Seconds of a read of {subject}", "AWS/RDS", "ReadLatency", "Average", 0.05),
    "rds-write-latency": Kind("warning", "Seconds of a write of {subject}", "AWS/RDS", "WriteLatency", "Average", 0.05),
    "rds-replica-lag": Kind(
        "critical", "Seconds by which the replica {subject} lags behind", "AWS/RDS", "ReplicaLag", "Average", 60
    ),
    "redis-cpu": Kind(
        "warning", "CPU of the Redis node {subject} in per cent", "AWS/ElastiCache", "CPUUtilization", "Average", 75
    ),
    "redis-memory": Kind(
        "critical",
        "Memory of the Redis node {subject} in per cent",
        "AWS/ElastiCache",
        "DatabaseMemoryUsagePercentage",
        "Average",
        75,
    ),
    "redis-evictions": Kind(
        "warning", "Evictions of the Redis node {subject} in a minute", "AWS/ElastiCache", "Evictions", "Sum", 100
    ),
    "redis-connections": Kind(
        "warning", "Connections to the Redis node {subject}", "AWS/ElastiCache", "CurrConnections", "Average", 1000
    ),
}
ECS_KINDS = ("ecs-cpu", "ecs-memory", "ecs-tasks")
BALANCER_KINDS = ("alb-5xx", "alb-target-5xx", "alb-4xx", "alb-response-time")
DATABASE_KINDS = ("rds-cpu", "rds-storage", "rds-connections", "rds-read-latency", "rds-write-latency")
REDIS_KINDS = ("redis-cpu", "redis-memory", "redis-evictions", "redis-connections")
SERVICE_DOWN = "service-down"
# What an override may say, and to which field of the alarm it goes.
OVERRIDES: dict[str, str] = {
    "threshold": "threshold",
    "period": "period",
    "evaluation_periods": "evaluation_periods",
    "datapoints_to_alarm": "datapoints_to_alarm",
    "treat_missing_data": "treat_missing_data",
    "statistic": "statistic",
    "description": "description",
    "actions_enabled": "actions_enabled",
}


def _subject_name(identifier: str, prefix: str) -> str:
    """What an alarm's name says of a subject: not again the environment, which stands in front already."""
    return identifier.removeprefix(f"{prefix}-") or identifier


def _rows(prefix: str, subjects: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Kind, subject and dimensions of every alarm on what exists."""
    balancer = subjects.get("load_balancer_full_name") or ""
    rows: list[dict[str, Any]] = []
    for service in subjects.get("services") or []:
        name = service["name"]
        ecs = {
            "ClusterName": service.get("cluster") or subjects.get("cluster_name") or "",
            "ServiceName": service.get("service_name") or name,
        }
        for kind in ECS_KINDS:
            own = {"threshold": service["min_count"]} if kind == "ecs-tasks" and service.get("min_count") else {}
            rows.append({"kind": kind, "subject": name, "service": name, "dimensions": ecs, "own": own})
        for subject, full_name in target_groups(service).items() if balancer else ():
            dimensions = {"LoadBalancer": balancer, "TargetGroup": full_name}
            rows.append({"kind": "alb-unhealthy", "subject": subject, "service": name, "dimensions": dimensions})
    if balancer:
        rows += [{"kind": kind, "subject": "", "dimensions": {"LoadBalancer": balancer}} for kind in BALANCER_KINDS]
    replicas = list(subjects.get("replica_identifiers") or [])
    for identifier in [*(subjects.get("database_identifiers") or []), *replicas]:
        kinds = (*DATABASE_KINDS, *(("rds-replica-lag",) if identifier in replicas else ()))
        dimensions = {"DBInstanceIdentifier": identifier}
        rows += [
            {"kind": kind, "subject": _subject_name(identifier, prefix), "dimensions": dimensions} for kind in kinds
        ]
    for member in subjects.get("redis_member_ids") or []:
        dimensions = {"CacheClusterId": member}
        rows += [
            {"kind": kind, "subject": _subject_name(member, prefix), "dimensions": dimensions} for kind in REDIS_KINDS
        ]
    return rows


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['kind']}-{row['subject']}" if row["subject"] else row["kind"]


def _check_overrides(overrides: Mapping[str, Mapping[str, Any]], keys: Iterable[str]) -> None:
    known = {*KINDS, SERVICE_DOWN, *keys}
    for key, override in overrides.items():
        if key not in known:
            raise AlarmError(
                f"overrides: there is no alarm {key}; there are the kinds {', '.join([*KINDS, SERVICE_DOWN])}, "
                f"and for single alarms {', '.join(sorted(set(keys))) or 'none yet'}."
            )
        unknown = sorted(set(override) - {*OVERRIDES, "severity", "enabled"})
        if unknown:
            allowed = ", ".join(sorted({*OVERRIDES, "severity", "enabled"}))
            raise AlarmError(f"overrides: {key} sets {', '.join(unknown)}; it may set {allowed}.")
        _check_severity(f"overrides: {key}", override.get("severity", "info"))


def _check_severity(where: str, severity: str) -> None:
    if severity not in SEVERITIES:
        raise AlarmError(f"{where} has the severity {severity}; it may be {', '.join(SEVERITIES)}.")


def _statistic(name: str) -> dict[str, str]:
    plain = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
    return {"statistic": name} if name in plain else {"extended_statistic": name}


def _routed(severity: str, topics: Mapping[str, str], *, notify_ok: bool) -> dict[str, Any]:
    """Where an alarm of a severity goes, and how it is tagged."""
    topic = [topics[severity]] if topics.get(severity) else []
    return {
        "alarm_actions": topic,
        "ok_actions": topic if notify_ok else [],
        "insufficient_data_actions": [],
        "tags": {"Severity": severity},
    }


def _alarm(
    prefix: str, row: Mapping[str, Any], override: Mapping[str, Any], topics: Mapping[str, str], *, notify_ok: bool
) -> dict[str, Any]:
    kind = KINDS[row["kind"]]
    base = {
        "description": f"{kind.description.format(subject=row['subject'])}.",
        "period": kind.period,
        "evaluation_periods": kind.periods,
        "datapoints_to_alarm": kind.datapoints,
        "treat_missing_data": kind.missing,
        "threshold": kind.threshold,
        "statistic": kind.statistic,
        "actions_enabled": True,
        **row.get("own", {}),
        **{OVERRIDES[option]: value for option, value in override.items() if option in OVERRIDES},
    }
    # Fewer periods than before need fewer datapoints, too.
    base["datapoints_to_alarm"] = min(base["datapoints_to_alarm"], base["evaluation_periods"])
    routed = _routed(override.get("severity", kind.severity), topics, notify_ok=notify_ok)
    if row.get("service"):
        routed["tags"]["Service"] = row["service"]
    return {
        "name": f"{prefix}-{_key(row)}",
        "namespace": kind.namespace,
        "metric_name": kind.metric,
        "dimensions": {**row["dimensions"], **kind.dimensions},
        "comparison_operator": kind.comparison,
        **{key: value for key, value in base.items() if key != "statistic"},
        **_statistic(base["statistic"]),
        "threshold": float(base["threshold"]),
        **routed,
    }


def _service_down(
    prefix: str,
    alarms: Mapping[str, Mapping[str, Any]],
    services: Iterable[Mapping[str, Any]],
    overrides: Mapping[str, Mapping[str, Any]],
    topics: Mapping[str, str],
    *,
    notify_ok: bool,
) -> list[dict[str, Any]]:
    """For every service one alarm that goes off when it runs too few tasks, or none of its targets is healthy."""
    found = []
    for service in services:
        name = service["name"]
        wanted = [f"{prefix}-ecs-tasks-{name}", *(f"{prefix}-alb-unhealthy-{one}" for one in target_groups(service))]
        parts = [alarm for alarm in wanted if alarm in alarms]
        override = {**overrides.get(SERVICE_DOWN, {}), **overrides.get(f"{SERVICE_DOWN}-{name}", {})}
        if not parts or override.get("enabled") is False:
            continue
        routed = _routed(override.get("severity", "critical"), topics, notify_ok=notify_ok)
        routed["tags"]["Service"] = name
        found.append(
            {
                "name": f"{prefix}-{SERVICE_DOWN}-{name}",
                "description": override.get("description", f"{name} is down."),
                "alarm_rule": " OR ".join(f'ALARM("{part}")' for part in parts),
                "actions_enabled": override.get("actions_enabled", True),
                **routed,
            }
        )
    return found


def _custom(prefix: str, alarm: Mapping[str, Any], topics: Mapping[str, str], *, notify_ok: bool) -> dict[str, Any]:
    if not alarm.get("name"):
        raise AlarmError(f"custom alarms: {dict(alarm)} has no name.")
    name = alarm["name"] if alarm["name"].startswith(f"{prefix}-") else f"{prefix}-{alarm['name']}"
    severity = alarm.get("severity", "warning")
    _check_severity(f"custom alarms: {alarm['name']}", severity)
    routed = _routed(severity, topics, notify_ok=notify_ok)
    fields = {key: value for key, value in alarm.items() if key not in ("name", "severity", "tags")}
    # The actions that a custom alarm names itself win over those of its severity.
    return {**routed, **fields, "name": name, "tags": {**routed["tags"], **(alarm.get("tags") or {})}}


def alarm_table(
    subjects: Mapping[str, Any],
    prefix: str,
    topics: Mapping[str, str],
    *,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    custom: Iterable[Mapping[str, Any]] | None = None,
    service_down: bool = False,
    notify_ok: bool = True,
) -> list[dict[str, Any]]:
    """Every alarm of an environment, as the module for alarms takes them.

    An override stands under a kind of alarm (C(ecs-cpu)) or under one alarm (C(ecs-cpu-uex-backend)); the latter wins.
    """
    overrides = overrides or {}
    rows = _rows(prefix, subjects)
    services = subjects.get("services") or []
    _check_overrides(
        overrides, [*(_key(row) for row in rows), *(f"{SERVICE_DOWN}-{item['name']}" for item in services)]
    )
    alarms: dict[str, dict[str, Any]] = {}
    for row in rows:
        override = {**overrides.get(row["kind"], {}), **overrides.get(_key(row), {})}
        if override.get("enabled") is not False:
            alarm = _alarm(prefix, row, override, topics, notify_ok=notify_ok)
            alarms[alarm["name"]] = alarm
    composites = _service_down(prefix, alarms, services, overrides, topics, notify_ok=notify_ok) if service_down else []
    further = [_custom(prefix, alarm, topics, notify_ok=notify_ok) for alarm in custom or []]
    made = [*alarms.values(), *composites, *further]
    try:
        check_alarms(made, f"{prefix}-", present=True)
    except AnsibleAWSError as error:
        raise AlarmError(f"custom {error.message}") from error
    return made
