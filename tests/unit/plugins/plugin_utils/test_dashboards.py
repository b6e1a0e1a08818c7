# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from itertools import combinations
from typing import Any

from ansible_collections.slipway.aws.plugins.plugin_utils.dashboards import (
    STANDARD_QUERIES,
    dashboard_body,
    monitoring_subjects,
    saved_queries,
)

FOUND: dict[str, Any] = {
    "compute": {
        "cluster_name": "uex-dev",
        "load_balancer": {"full_name": "app/uex-dev-alb/1"},
        "services": {
            "presentation": {
                "cluster_name": "uex-dev",
                "service_name": "uex-dev-presentation",
                "log_group": "/ecs/uex-dev/presentation",
                "target_group_full_name": "targetgroup/uex-dev-presentation/1",
            },
            "worker": {"cluster_name": "uex-dev", "service_name": "uex-dev-worker", "log_group": "/ecs/uex-dev/worker"},
        },
    },
    "data": {
        "database": {"identifier": "uex-dev-db", "replica_identifiers": ["uex-dev-db-1"]},
        "redis": {"member_ids": ["uex-dev-redis-001"]},
    },
}
NOTHING: dict[str, Any] = {
    "compute": {"cluster_name": "", "load_balancer": {"full_name": ""}, "services": {}},
    "data": {"database": {"identifier": "", "replica_identifiers": []}, "redis": {"member_ids": []}},
}


def test_what_the_play_names_wins_over_what_was_found() -> None:
    given = {"services": [{"name": "api"}], "database_identifiers": [], "cluster_name": ""}
    subjects = monitoring_subjects(given, FOUND)
    assert subjects["services"] == [{"name": "api"}]
    assert subjects["cluster_name"] == "uex-dev"
    assert subjects["database_identifiers"] == ["uex-dev-db"]
    assert [group["name"] for group in subjects["log_groups"]] == [
        "/aws/rds/instance/uex-dev-db/postgresql",
        "/aws/rds/instance/uex-dev-db/upgrade",
        "/aws/rds/instance/uex-dev-db-1/postgresql",
        "/aws/rds/instance/uex-dev-db-1/upgrade",
        "/aws/ecs/containerinsights/uex-dev/performance",
    ]


def test_log_groups_have_a_retention() -> None:
    own = {"name": "/own", "retention_days": 7}
    groups = monitoring_subjects({"cluster_name": "uex"}, None, 14, [own, {"name": "/other"}])["log_groups"]
    assert groups == [
        {"name": "/aws/ecs/containerinsights/uex/performance", "retention_days": 14},
        own,
        {"name": "/other", "retention_days": 14},
    ]


def test_an_empty_account_has_nothing_to_watch() -> None:
    for found in (NOTHING, {}, None):
        subjects = monitoring_subjects({}, found)
        assert not any(subjects.values())
        assert saved_queries(subjects, "uex-dev") == []
        assert [widget["type"] for widget in dashboard_body(subjects, "UEX", "us-east-1")["widgets"]] == ["text"]


def test_widgets_lie_side_by_side_and_never_upon_one_another() -> None:
    arns = [f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{index:03}" for index in range(130)]
    body = dashboard_body(monitoring_subjects({}, FOUND), "UEX dev", "us-east-1", alarm_arns=arns)

    def cells(widget: dict[str, Any]) -> set[tuple[int, int]]:
        across = range(widget["x"], widget["x"] + widget["width"])
        return {(x, y) for x in across for y in range(widget["y"], widget["y"] + widget["height"])}

    assert all(widget["x"] + widget["width"] <= 24 for widget in body["widgets"])
    assert not any(cells(one) & cells(other) for one, other in combinations(body["widgets"], 2))
    # CloudWatch refuses more than 100 alarms in one widget.
    shown = [widget["properties"]["alarms"] for widget in body["widgets"] if widget["type"] == "alarm"]
    assert [len(alarms) for alarms in shown] == [100, 30]


def test_everything_that_exists_is_on_the_dashboard() -> None:
    body = dashboard_body(monitoring_subjects({}, FOUND), "UEX dev", "eu-west-1")
    metrics = [item for item in body["widgets"] if item["type"] == "metric"]
    assert {item["properties"]["region"] for item in metrics} == {"eu-west-1"}
    flat = {str(part) for item in metrics for line in item["properties"]["metrics"] for part in line}
    assert {
        *("uex-dev-presentation", "uex-dev-worker", "app/uex-dev-alb/1", "targetgroup/uex-dev-presentation/1"),
        *("uex-dev-db", "uex-dev-db-1", "uex-dev-redis-001", "ReplicaLag", "Evictions", "HTTPCode_ELB_5XX_Count"),
    } <= flat


def test_further_widgets_are_placed_as_they_are() -> None:
    widget = {"type": "text", "x": 0, "y": 90, "width": 6, "height": 2, "properties": {"markdown": "hello"}}
    body = dashboard_body(monitoring_subjects({}, FOUND), "UEX", "us-east-1", extra_widgets=[widget])
    assert body["widgets"][-1] == widget


def test_saved_queries_look_at_the_logs_of_the_services() -> None:
    queries = {item["name"]: item for item in saved_queries(monitoring_subjects({}, FOUND), "uex-dev")}
    assert set(queries) == {f"uex-dev/{name}" for name in STANDARD_QUERIES}
    assert queries["uex-dev/errors"]["log_group_names"] == ["/ecs/uex-dev/presentation", "/ecs/uex-dev/worker"]


def test_a_further_query_is_added_or_replaces_a_standard_one() -> None:
    extra = [
        {"name": "errors", "query_string": "fields @message\n"},
        {"name": "waf", "query_string": "fields action", "log_group_names": ["aws-waf-logs-uex-dev"]},
    ]
    queries = {item["name"]: item for item in saved_queries(monitoring_subjects({}, FOUND), "uex-dev", extra)}
    assert len(queries) == len(STANDARD_QUERIES) + 1
    assert queries["uex-dev/errors"]["query_string"] == "fields @message"
    assert queries["uex-dev/waf"]["log_group_names"] == ["aws-waf-logs-uex-dev"]


def test_a_query_has_at_most_fifty_log_groups() -> None:
    services = [{"name": f"s{index}", "log_group": f"/ecs/{index:03}"} for index in range(60)]
    assert len(saved_queries({"services": services}, "uex-dev")[0]["log_group_names"]) == 50
