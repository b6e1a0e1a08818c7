# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._cloudwatch.transformations import check_alarms
from ansible_collections.slipway.aws.plugins.plugin_utils.alarms import KINDS, AlarmError, alarm_table

TOPICS = {"critical": "arn:critical", "warning": "arn:warning", "info": "arn:info"}
METRIC = {
    "metric_name": "ErrorRate",
    "statistic": "Average",
    "threshold": 5,
    "comparison_operator": "GreaterThanThreshold",
    "evaluation_periods": 3,
}
SUBJECTS: dict[str, Any] = {
    "cluster_name": "uex-dev",
    "services": [
        {"name": "presentation", "target_group_full_name": "targetgroup/uex-dev-presentation/1", "min_count": 2},
        {"name": "uex-backend", "cluster": "other", "service_name": "uex-dev-uex-backend"},
    ],
    "load_balancer_full_name": "app/uex-dev-alb/1",
    "database_identifiers": ["uex-dev-db"],
    "replica_identifiers": ["uex-dev-db-replica-1"],
    "redis_member_ids": ["uex-dev-redis-001"],
}


def table(**options: Any) -> dict[str, dict[str, Any]]:
    return {alarm["name"]: alarm for alarm in alarm_table(SUBJECTS, "uex-dev", TOPICS, **options)}


def test_an_environment_has_alarms_of_every_kind() -> None:
    alarms = table()
    assert len(alarms) == 2 * 3 + 1 + 4 + 2 * 5 + 1 + 4
    kinds = {kind for kind in KINDS if any(name.startswith(f"uex-dev-{kind}") for name in alarms)}
    assert kinds == set(KINDS)
    # The module accepts every one of them.
    check_alarms(alarms.values(), "uex-dev-", present=True)


def test_nothing_to_watch_means_no_alarms() -> None:
    assert alarm_table({}, "uex-dev", TOPICS) == []


def test_an_alarm_goes_to_the_topic_of_its_severity() -> None:
    alarms = table()
    assert alarms["uex-dev-ecs-cpu-presentation"]["alarm_actions"] == ["arn:warning"]
    assert alarms["uex-dev-alb-5xx"]["alarm_actions"] == alarms["uex-dev-alb-5xx"]["ok_actions"] == ["arn:critical"]
    assert alarms["uex-dev-alb-5xx"]["tags"] == {"Severity": "critical"}
    assert table(notify_ok=False)["uex-dev-alb-5xx"]["ok_actions"] == []


def test_dimensions_say_what_is_watched() -> None:
    alarms = table()
    assert alarms["uex-dev-ecs-cpu-uex-backend"]["dimensions"] == {
        "ClusterName": "other",
        "ServiceName": "uex-dev-uex-backend",
    }
    assert alarms["uex-dev-alb-unhealthy-presentation"]["dimensions"] == {
        "LoadBalancer": "app/uex-dev-alb/1",
        "TargetGroup": "targetgroup/uex-dev-presentation/1",
    }
    assert alarms["uex-dev-rds-cpu-db"]["dimensions"] == {"DBInstanceIdentifier": "uex-dev-db"}
    assert alarms["uex-dev-redis-memory-redis-001"]["dimensions"] == {"CacheClusterId": "uex-dev-redis-001"}
    assert alarms["uex-dev-ecs-cpu-uex-backend"]["tags"]["Service"] == "uex-backend"


def test_a_service_needs_its_least_number_of_tasks() -> None:
    alarms = table()
    assert alarms["uex-dev-ecs-tasks-presentation"]["threshold"] == 2
    assert alarms["uex-dev-ecs-tasks-uex-backend"]["threshold"] == 1


def test_only_replicas_can_lag() -> None:
    assert [name for name in table() if "replica-lag" in name] == ["uex-dev-rds-replica-lag-db-replica-1"]


def test_the_override_of_one_alarm_wins_over_that_of_its_kind() -> None:
    alarms = table(
        overrides={
            "ecs-cpu": {"threshold": 90, "evaluation_periods": 3},
            "ecs-cpu-uex-backend": {"threshold": 95, "severity": "critical"},
        }
    )
    presentation, backend = alarms["uex-dev-ecs-cpu-presentation"], alarms["uex-dev-ecs-cpu-uex-backend"]
    assert (presentation["threshold"], presentation["alarm_actions"]) == (90, ["arn:warning"])
    assert (backend["threshold"], backend["alarm_actions"]) == (95, ["arn:critical"])
    assert (backend["evaluation_periods"], backend["datapoints_to_alarm"]) == (3, 3)


def test_a_percentile_can_replace_a_statistic() -> None:
    alarm = table(overrides={"ecs-cpu": {"statistic": "p90"}})["uex-dev-ecs-cpu-presentation"]
    assert alarm["extended_statistic"] == "p90"
    assert "statistic" not in alarm


def test_an_alarm_can_be_dropped() -> None:
    alarms = table(overrides={"alb-4xx": {"enabled": False}, "rds-cpu-db": {"enabled": False}})
    assert "uex-dev-alb-4xx" not in alarms
    assert "uex-dev-rds-cpu-db" not in alarms
    assert "uex-dev-rds-cpu-db-replica-1" in alarms


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"ecs-cqu": {"threshold": 1}}, "there is no alarm ecs-cqu; there are the kinds ecs-cpu, "),
        ({"ecs-cpu": {"treshold": 1}}, "ecs-cpu sets treshold; it may set actions_enabled, "),
        ({"ecs-cpu": {"severity": "high"}}, "ecs-cpu has the severity high; it may be critical, warning, info"),
    ],
)
def test_a_wrong_override_is_an_error_that_says_what_is_allowed(overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(AlarmError, match=message):
        table(overrides=overrides)


def test_a_service_is_down_when_it_has_no_tasks_or_no_healthy_target() -> None:
    alarms = table(service_down=True)
    assert alarms["uex-dev-service-down-presentation"]["alarm_rule"] == (
        'ALARM("uex-dev-ecs-tasks-presentation") OR ALARM("uex-dev-alb-unhealthy-presentation")'
    )
    assert alarms["uex-dev-service-down-uex-backend"]["alarm_rule"] == 'ALARM("uex-dev-ecs-tasks-uex-backend")'
    check_alarms(alarms.values(), "uex-dev-", present=True)


def test_both_target_groups_of_a_service_are_watched() -> None:
    """Its requests go to either of them: blue/green deployments let them take turns."""
    service = {**SUBJECTS["services"][0], "alternate_target_group_full_name": "targetgroup/uex-dev-presentation-alt/2"}
    subjects = {**SUBJECTS, "services": [service]}
    alarms = {alarm["name"]: alarm for alarm in alarm_table(subjects, "uex-dev", TOPICS, service_down=True)}
    watched = {name: alarm["dimensions"]["TargetGroup"] for name, alarm in alarms.items() if "alb-unhealthy" in name}
    assert watched == {
        "uex-dev-alb-unhealthy-presentation": "targetgroup/uex-dev-presentation/1",
        "uex-dev-alb-unhealthy-presentation-alternate": "targetgroup/uex-dev-presentation-alt/2",
    }
    rule = alarms["uex-dev-service-down-presentation"]["alarm_rule"]
    assert all(f'ALARM("{name}")' in rule for name in watched)


def test_a_service_without_alarms_is_never_down() -> None:
    overrides = {"ecs-tasks": {"enabled": False}, "service-down-presentation": {"enabled": False}}
    assert not [name for name in table(service_down=True, overrides=overrides) if "service-down" in name]


def test_custom_alarms_get_the_prefix_and_the_topic_of_their_severity() -> None:
    custom = [
        {**METRIC, "name": "high-error-rate", "severity": "critical", "tags": {"Team": "pay"}},
        {**METRIC, "name": "uex-dev-own", "alarm_actions": ["arn:own"]},
    ]
    alarms = table(custom=custom)
    assert alarms["uex-dev-high-error-rate"]["alarm_actions"] == ["arn:critical"]
    assert alarms["uex-dev-high-error-rate"]["tags"] == {"Severity": "critical", "Team": "pay"}
    assert alarms["uex-dev-own"]["alarm_actions"] == ["arn:own"]
    assert alarms["uex-dev-own"]["ok_actions"] == ["arn:warning"]


@pytest.mark.parametrize(
    ("alarm", "message"),
    [
        ({"metric_name": "a"}, "has no name"),
        ({"name": "a", "severity": "x"}, "a has the severity x; it may be"),
        ({"name": "a", "threshold": 1}, "uex-dev-a needs exactly one of metric_name, metrics and alarm_rule"),
        ({**METRIC, "name": "alb-5xx"}, "uex-dev-alb-5xx stands twice"),
    ],
)
def test_a_wrong_custom_alarm_is_an_error(alarm: dict[str, Any], message: str) -> None:
    with pytest.raises(AlarmError, match=message):
        table(custom=[alarm])
