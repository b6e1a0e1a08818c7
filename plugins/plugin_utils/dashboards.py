# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard and the saved queries of an environment, from what exists in it: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

WIDTH = 24
HEIGHT = 6

Metric = list[Any]


def _graph(title: str, metrics: list[Metric], region: str, *, stat: str = "Average", **axis: float) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "title": title,
        "region": region,
        "view": "timeSeries",
        "stacked": False,
        "period": 60,
        "stat": stat,
        "metrics": metrics,
    }
    if axis:
        properties["yAxis"] = {"left": axis}
    return {"type": "metric", "properties": properties}


def _heading(text: str) -> dict[str, Any]:
    return {"type": "text", "width": WIDTH, "height": 1, "properties": {"markdown": f"## {text}"}}


def _ecs(subjects: Mapping[str, Any], region: str) -> list[dict[str, Any]]:
    services = [
        (
            item["name"],
            item.get("cluster") or subjects.get("cluster_name") or "",
            item.get("service_name") or item["name"],
        )
        for item in subjects.get("services") or []
    ]
    if not services:
        return []

    def lines(namespace: str, metric: str) -> list[Metric]:
        return [
            [namespace, metric, "ClusterName", cluster, "ServiceName", service, {"label": name}]
            for name, cluster, service in services
        ]

    return [
        _heading("Services"),
        _graph("CPU %", lines("AWS/ECS", "CPUUtilization"), region, min=0, max=100),
        _graph("Memory %", lines("AWS/ECS", "MemoryUtilization"), region, min=0, max=100),
        _graph("Running tasks", lines("ECS/ContainerInsights", "RunningTaskCount"), region, stat="Minimum", min=0),
    ]


def _balancer(subjects: Mapping[str, Any], region: str) -> list[dict[str, Any]]:
    balancer = subjects.get("load_balancer_full_name")
    if not balancer:
        return []
    base = ["AWS/ApplicationELB"]
    times: list[Metric] = [
        [*base, "TargetResponseTime", "LoadBalancer", balancer, {"stat": stat, "label": stat}]
        for stat in ("p50", "p95", "p99")
    ]
    unhealthy: list[Metric] = [
        [
            *base,
            "UnHealthyHostCount",
            "TargetGroup",
            full_name,
            "LoadBalancer",
            balancer,
            {"label": label},
        ]
        for item in subjects.get("services") or []
        for label, full_name in target_groups(item).items()
    ]
    errors = ("HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count", "HTTPCode_Target_4XX_Count")
    widgets = [
        _heading("Load balancer"),
        _graph("Requests", [[*base, "RequestCount", "LoadBalancer", balancer]], region, stat="Sum", min=0),
        _graph("Errors", [[*base, name, "LoadBalancer", balancer] for name in errors], region, stat="Sum", min=0),
        _graph("Response time (s)", times, region, min=0),
    ]
    return widgets + ([_graph("Unhealthy targets", unhealthy, region, stat="Maximum", min=0)] if unhealthy else [])


def _databases(subjects: Mapping[str, Any], region: str) -> list[dict[str, Any]]:
    replicas = list(subjects.get("replica_identifiers") or [])
    identifiers = [*(subjects.get("database_identifiers") or []), *replicas]
    if not identifiers:
        return []

    def lines(*metrics: str, only: Iterable[str] = identifiers) -> list[Metric]:
        return [
            ["AWS/RDS", metric, "DBInstanceIdentifier", item, {"label": f"{item} {metric}" if metrics[1:] else item}]
            for metric in metrics
            for item in only
        ]

    widgets = [
        _heading("Database"),
        _graph("CPU %", lines("CPUUtilization"), region, min=0, max=100),
        _graph("Connections", lines("DatabaseConnections"), region, min=0),
        _graph("Free storage (bytes)", lines("FreeStorageSpace"), region, stat="Minimum", min=0),
        _graph("Latency (s)", lines("ReadLatency", "WriteLatency"), region, min=0),
    ]
    return widgets + (
        [_graph("Replica lag (s)", lines("ReplicaLag", only=replicas), region, min=0)] if replicas else []
    )


def _redis(subjects: Mapping[str, Any], region: str) -> list[dict[str, Any]]:
    members = list(subjects.get("redis_member_ids") or [])
    if not members:
        return []

    def lines(metric: str) -> list[Metric]:
        return [["AWS/ElastiCache", metric, "CacheClusterId", member, {"label": member}] for member in members]

    return [
        _heading("Redis"),
        _graph("CPU %", lines("CPUUtilization"), region, min=0, max=100),
        _graph("Memory %", lines("DatabaseMemoryUsagePercentage"), region, min=0, max=100),
        _graph("Evictions", lines("Evictions"), region, stat="Sum", min=0),
        _graph("Connections", lines("CurrConnections"), region, min=0),
    ]


def _placed(widgets: Iterable[Mapping[str, Any]], columns: int = 4) -> list[dict[str, Any]]:
    """The widgets in rows: a heading takes a row, graphs stand side by side below it and share its width."""
    placed: list[dict[str, Any]] = []
    rows: list[list[Mapping[str, Any]]] = []
    for widget in widgets:
        full = widget.get("width") == WIDTH
        if full or not rows or len(rows[-1]) == columns or rows[-1][0].get("width") == WIDTH:
            rows.append([])
        rows[-1].append(widget)
    top = 0
    for row in rows:
        height = row[0].get("height", HEIGHT)
        width = WIDTH // len(row)
        for index, widget in enumerate(row):
            placed.append({**widget, "x": index * width, "y": top, "width": width, "height": height})
        top += height
    return placed


def dashboard_body(
    subjects: Mapping[str, Any],
    title: str,
    region: str,
    *,
    alarm_arns: Iterable[str] = (),
    extra_widgets: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """The body of an environment's dashboard: its alarms, then a row for each kind of thing that exists."""
    arns = sorted(alarm_arns)
    # CloudWatch shows at most 100 alarms in one widget.
    status = [
        {
            "type": "alarm",
            "width": WIDTH,
            "height": 4,
            "properties": {"title": "Alarms", "alarms": arns[start : start + 100]},
        }
        for start in range(0, len(arns), 100)
    ]
    widgets = [
        _heading(title),
        *status,
        *_ecs(subjects, region),
        *_balancer(subjects, region),
        *_databases(subjects, region),
        *_redis(subjects, region),
    ]
    return {"widgets": [*_placed(widgets), *(dict(widget) for widget in extra_widgets)]}


ERRORS = """fields @timestamp, @logStream, @message
| filter @message like /(?i)(error|exception|fatal)/
| sort @timestamp desc
| limit 200"""
ERROR_RATE = """filter @message like /(?i)(error|exception|fatal)/
| stats count(*) as errors by bin(5m), @log
| sort errors desc"""
SLOW = """fields @timestamp, @logStream, @message
| parse @message /(?<duration>\\d+(\\.\\d+)?) ?ms/
| filter duration > 1000
| sort duration desc
| limit 100"""
VOLUME = """stats count(*) as events, sum(strlen(@message)) as bytes by @log, bin(1h)
| sort bytes desc"""
LAST = """fields @timestamp, @logStream, @message
| sort @timestamp desc
| limit 500"""
STANDARD_QUERIES = {
    "errors": ERRORS,
    "error-rate": ERROR_RATE,
    "slow-requests": SLOW,
    "log-volume": VOLUME,
    "last-events": LAST,
}


def saved_queries(
    subjects: Mapping[str, Any], prefix: str, extra: Iterable[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The saved queries of an environment: the usual ones over the services' logs, then the further ones."""
    groups = sorted({item["log_group"] for item in subjects.get("services") or [] if item.get("log_group")})
    # CloudWatch Logs keeps at most 50 log groups with a query.
    groups = groups[:50]
    standard = [{"name": name, "query_string": query} for name, query in STANDARD_QUERIES.items()] if groups else []
    by_name = {item["name"]: item for item in [*standard, *extra]}
    return [
        {
            "name": f"{prefix}/{name}",
            "query_string": item["query_string"].strip(),
            "log_group_names": item["log_group_names"] if item.get("log_group_names") is not None else groups,
        }
        for name, item in by_name.items()
    ]


def target_groups(service: Mapping[str, Any]) -> dict[str, str]:
    """The target groups of a service: a deployment with two of them moves its requests from one to the other."""
    name = service["name"]
    found = {
        name: service.get("target_group_full_name"),
        f"{name}-alternate": service.get("alternate_target_group_full_name"),
    }
    return {subject: full_name for subject, full_name in found.items() if full_name}


def watched_services(services: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the role monitoring takes, from the services that the role compute publishes."""
    return [
        {
            "name": name,
            "cluster": service["cluster_name"],
            "service_name": service["service_name"],
            "log_group": service.get("log_group", ""),
            "target_group_full_name": service.get("target_group_full_name", ""),
            "alternate_target_group_full_name": service.get("alternate_target_group_full_name", ""),
        }
        for name, service in sorted(services.items())
    ]


def monitoring_subjects(
    given: Mapping[str, Any],
    found: Mapping[str, Any] | None = None,
    retention_days: int = 30,
    log_groups: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """What is watched: what the play gives, and for what it leaves empty what environment_info found."""
    found = found or {}
    compute, data = found.get("compute") or {}, found.get("data") or {}
    database, redis = data.get("database") or {}, data.get("redis") or {}
    discovered = {
        "cluster_name": compute.get("cluster_name", ""),
        "services": watched_services(compute.get("services") or {}),
        "load_balancer_full_name": (compute.get("load_balancer") or {}).get("full_name", ""),
        "database_identifiers": [database["identifier"]] if database.get("identifier") else [],
        "replica_identifiers": list(database.get("replica_identifiers") or []),
        "redis_member_ids": list(redis.get("member_ids") or []),
    }
    subjects = {key: given.get(key) or value for key, value in discovered.items()}
    groups = {name: {"name": name, "retention_days": retention_days} for name in _aws_log_groups(subjects)}
    for group in log_groups:
        groups[group["name"]] = {"retention_days": retention_days, **group}
    return {**subjects, "log_groups": list(groups.values())}


def _aws_log_groups(subjects: Mapping[str, Any]) -> list[str]:
    """Log groups that AWS writes into for an environment and that no role makes: AWS would keep them for ever."""
    databases = [*subjects["database_identifiers"], *subjects["replica_identifiers"]]
    groups = [f"/aws/rds/instance/{item}/{export}" for item in databases for export in ("postgresql", "upgrade")]
    if subjects["cluster_name"]:
        groups.append(f"/aws/ecs/containerinsights/{subjects['cluster_name']}/performance")
    return groups
