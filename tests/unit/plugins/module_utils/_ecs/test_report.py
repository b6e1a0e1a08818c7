# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.report import (
    deployment_tasks,
    events_since,
    failed_checks,
    failed_tasks,
    likely_cause,
    log_streams,
    stopped_reasons,
    summary,
    target_groups,
    unhealthy_targets,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TASK = "0123456789abcdef0123456789abcdef"


def task(reason: str = "Essential container in task exited", code: int | None = 1, **fields: Any) -> dict[str, Any]:
    return {
        "taskArn": f"arn:aws:ecs:us-east-1:1:task/shop/{TASK}",
        "startedBy": "ecs-svc/2",
        "taskDefinitionArn": "arn:td/app:2",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": reason,
        "containers": [{"name": "app", "exitCode": code} if code is not None else {"name": "app"}],
        "stoppedAt": NOW,
        **fields,
    }


def test_tasks_of_the_deployment() -> None:
    mine, other = task(), task(startedBy="ecs-svc/1")
    assert deployment_tasks([mine, other], "ecs-svc/2", "arn:td/app:2") == [mine]
    assert deployment_tasks([other], "ecs-svc/2", "arn:td/app:2") == []
    # Endpoints that start tasks under the name of the service.
    unknown = task(startedBy="backend")
    assert deployment_tasks(
        [unknown, task(startedBy="backend", taskDefinitionArn="x")], "ecs-svc/2", "arn:td/app:2"
    ) == [unknown]


def test_tasks_that_were_scaled_in_did_not_fail() -> None:
    scaled = task("Scaling activity initiated by (deployment ecs-svc/2)", stopCode="ServiceSchedulerInitiated")
    checked = task("Task failed ELB health checks in (target-group x)", stopCode="ServiceSchedulerInitiated")
    later = task(stoppedAt=NOW + timedelta(seconds=1))
    assert failed_tasks([scaled, checked, later]) == [later, checked]


def test_reasons_are_counted_whatever_their_ids() -> None:
    one = task(f"Task {TASK} failed on eni-0abc", None)
    two = task(f"Task {'f' * 32} failed on eni-0def", None)
    assert stopped_reasons([task(), one, two, task(), task()]) == [
        {
            "count": 3,
            "stop_code": "EssentialContainerExited",
            "reason": "Essential container in task exited",
            "containers": [{"name": "app", "exit_code": 1}],
        },
        {"count": 2, "stop_code": "EssentialContainerExited", "reason": "Task … failed on …", "containers": []},
    ]


def test_log_streams_of_failed_containers_come_first() -> None:
    def container(name: str, **options: str) -> dict[str, Any]:
        log = {"awslogs-group": "g", "awslogs-stream-prefix": "p", "awslogs-region": "eu-west-1", **options}
        return {"name": name, "logConfiguration": {"logDriver": "awslogs", "options": log}}

    definition = {"containerDefinitions": [container("proxy"), container("app"), {"name": "plain"}]}
    seen = task(containers=[{"name": "proxy", "exitCode": 0}, {"name": "app", "exitCode": 2}])
    assert log_streams(seen, definition) == [
        ("eu-west-1", "g", f"p/app/{TASK}"),
        ("eu-west-1", "g", f"p/proxy/{TASK}"),
    ]


def test_events_since_the_deployment_began() -> None:
    events = [{"message": "new", "createdAt": NOW}, {"message": "old", "createdAt": NOW - timedelta(hours=1)}]
    assert events_since({"events": events}, NOW) == ["new"]
    assert events_since({"events": events}, None) == ["new", "old"]


def test_failed_checks_are_read_from_events() -> None:
    message = (
        "(service backend) (task {}) (port 8080) is unhealthy in (target-group arn:tg) due to "
        "(reason Health checks failed with these codes: [503])."
    )
    assert failed_checks([message.format("a"), message.format("b"), "(service backend) has started 1 tasks."]) == [
        {
            "target_group_arn": "arn:tg",
            "port": 8080,
            "reason": "Health checks failed with these codes: [503]",
            "count": 2,
        }
    ]


def test_targets_that_get_no_traffic() -> None:
    health = [
        {"Target": {"Id": "10.0.0.1", "Port": 80}, "TargetHealth": {"State": "healthy"}},
        {"Target": {"Id": "10.0.0.2", "Port": 80}, "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout"}},
    ]
    found = unhealthy_targets("arn:tg", health)
    assert [(item["target"], item["reason"]) for item in found] == [("10.0.0.2", "Target.Timeout")]


def test_target_groups_of_a_service() -> None:
    balancer = {"targetGroupArn": "blue", "advancedConfiguration": {"alternateTargetGroupArn": "green"}}
    assert target_groups({"loadBalancers": [balancer, {"targetGroupArn": "blue"}]}) == ["blue", "green"]
    assert target_groups({}) == []


def report(reason: str = "", container_reason: str = "", code: int | None = None, **fields: Any) -> dict[str, Any]:
    container: dict[str, Any] = {"name": "app"}
    if code is not None:
        container["exit_code"] = code
    if container_reason:
        container["reason"] = container_reason
    group = {"count": 1, "stop_code": "TaskFailedToStart", "reason": reason, "containers": [container]}
    return {"stopped_tasks": [group] if reason or container_reason or code is not None else [], **fields}


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        (
            report("CannotPullContainerError: pull image manifest has been retried: repo:1.4: not found"),
            "not found",
        ),
        (report("CannotPullContainerError: pull access denied for x"), "may not be pulled"),
        (report("CannotPullContainerError: dial tcp 10.0.0.1:443: i/o timeout"), "No route to the registry"),
        (
            report(
                "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'"
            ),
            "CPU arch",
        ),
        (report("ResourceInitializationError: unable to pull secrets or registry auth"), "secret cannot be read"),
        (
            report("Essential container in task exited", "OutOfMemoryError: Container killed due to memory usage", 137),
            "memory",
        ),
        (report("Essential container in task exited", "", 137), "exit code 137"),
        (report("Essential container in task exited", "", 1), "exit code 1"),
        (report("Essential container in task exited", "", 139), "segmentation fault"),
        (report("Task failed ELB health checks in (target-group arn)"), "load balancer's health check fails"),
        (report("Task failed container health checks"), "own health check fails"),
        (
            report(events=["(service x) was unable to place a task. Reason: Capacity is unavailable at this time."]),
            "no capacity",
        ),
        (report(triggered_alarms=["errors-high"]), "errors-high"),
        (report(hooks=[{"status": "TIMED_OUT", "hook_id": "h1"}]), "did not answer in time: h1"),
        (report(hooks=[{"status": "FAILED", "target_arn": "arn:fn"}]), "failed or was rejected: arn:fn"),
        (report(unhealthy_targets=[{"reason": "Health checks failed with these codes: [404]"}]), "health check fails"),
        (report(log_tail=["exec /app: exec format error"]), "CPU architecture"),
        (report(status_reason="Because."), "Because."),
        (report(), "does not say"),
    ],
)
def test_likely_cause(seen: dict[str, Any], word: str) -> None:
    assert word in likely_cause(seen)


def test_summary_holds_cause_reasons_and_the_last_line() -> None:
    seen = report("Essential container in task exited", "", 1, log_tail=["a", "fatal: b"], likely_cause="It crashed.")
    assert summary(seen) == (
        "Likely cause: It crashed. 1 times: Essential container in task exited (app exit code 1). "
        "Last log line: fatal: b"
    )
