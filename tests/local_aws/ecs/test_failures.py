# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollouts that fail: what breaks, how it is told, the circuit breaker, rollback, stop."""

from __future__ import annotations

from typing import Any

import pytest
from bench import GROUP, LOG_GROUP, Bench

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NO_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}

#: By the image's tag: the stop code, a piece of the reason, and the container's exit code.
WAYS_TO_FAIL = [
    ("crash", "EssentialContainerExited", "Essential container in task exited", 1),
    ("exit42", "EssentialContainerExited", "Essential container in task exited", 42),
    ("oom", "EssentialContainerExited", "OutOfMemoryError", 137),
    ("nopull", "TaskFailedToStart", "CannotPullContainerError", None),
    ("unhealthy", "ServiceSchedulerInitiated", f"Task failed ELB health checks in (target-group {GROUP})", 0),
]


@pytest.fixture
def running(bench: Bench) -> Bench:
    """A bench with a service that has been brought out well."""
    bench.create(deploymentConfiguration=BREAKER)
    bench.settle()
    bench.wait(5)
    return bench


@pytest.mark.parametrize(("tag", "code", "reason", "exit_code"), WAYS_TO_FAIL)
def test_the_breaker_rolls_back_and_every_api_tells_it(
    running: Bench, tag: str, code: str, reason: str, exit_code: int | None
) -> None:
    good = running.service
    updated = running.update(f"api:2-{tag}")
    bad_id = updated["deployments"][0]["id"]

    deployment = running.settle()

    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert deployment["statusReason"] == deployment["rollback"]["reason"]
    good_revision = good["currentServiceRevisions"][0]["arn"]
    assert deployment["rollback"]["serviceRevisionArn"] == good_revision
    assert deployment["targetServiceRevision"]["arn"].rpartition("/")[2] == bad_id.rpartition("/")[2]
    breaker = deployment["deploymentCircuitBreaker"]
    assert (breaker["status"], breaker["threshold"]) == ("TRIGGERED", 3)
    assert breaker["failureCount"] >= 3
    service = running.service
    assert service["taskDefinition"] == good["taskDefinition"]
    assert [(d["id"], d["status"], d["rolloutState"]) for d in service["deployments"]] == [
        (good["deployments"][0]["id"], "PRIMARY", "COMPLETED")
    ]
    running.wait_until(lambda: {task["lastStatus"] for task in running.tasks("STOPPED")} == {"STOPPED"})
    failed = running.tasks("STOPPED", startedBy=bad_id)
    told = [task for task in failed if reason in task["stoppedReason"]]
    assert len(told) >= 3
    for task in told:
        assert task["stopCode"] == code
        assert task["containers"][0].get("exitCode") == exit_code
    messages = running.messages()
    assert f"(service api) (deployment {bad_id}) deployment failed: tasks failed to start." in messages
    assert f"(service api) rolling back to (deployment {good['deployments'][0]['id']})." in messages
    running.wait(10)
    assert running.messages()[-1] == "(service api) has reached a steady state."


def test_the_failing_deployment_shows_its_failures_while_they_happen(running: Bench) -> None:
    bad_id = running.update("api:2-crash")["deployments"][0]["id"]
    running.wait_until(lambda: running.service["deployments"][0]["failedTasks"] >= 2)
    primary = running.service["deployments"][0]
    assert primary["id"] == bad_id
    assert primary["rolloutState"] == "IN_PROGRESS"
    running.wait_until(lambda: running.deployment["status"] == "ROLLBACK_IN_PROGRESS")
    by_id = {deployment["id"]: deployment for deployment in running.service["deployments"]}
    assert by_id[bad_id]["rolloutState"] == "FAILED"
    assert by_id[bad_id]["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert by_id[bad_id]["status"] == "ACTIVE"
    primary = running.service["deployments"][0]
    assert primary["rolloutStateReason"].startswith(
        "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/"
    )


def test_the_healthy_tasks_stay_while_the_new_ones_fail(running: Bench) -> None:
    running.update("api:2-crash")
    healthy = []

    def ended() -> bool:
        healthy.append(sum(1 for _ip, state in running.targets() if state == "healthy"))
        return running.deployment["status"] == "ROLLBACK_SUCCESSFUL"

    running.wait_until(ended)
    assert min(healthy) == 2


def test_without_rollback_the_failed_deployment_stays_and_starts_nothing_more(running: Bench) -> None:
    bad_id = running.update("api:2-nopull", deploymentConfiguration=NO_ROLLBACK)["deployments"][0]["id"]
    running.wait_until(lambda: running.deployment["status"] == "STOP_REQUESTED")
    assert running.service["deployments"][0]["rolloutState"] == "FAILED"
    deployment = running.settle()
    assert deployment["status"] == "STOPPED"
    assert "rollback" not in deployment
    assert deployment["stoppedAt"] == deployment["finishedAt"]
    service = running.service
    assert [(d["id"] == bad_id, d["status"], d["rolloutState"]) for d in service["deployments"]] == [
        (True, "PRIMARY", "FAILED"),
        (False, "ACTIVE", "COMPLETED"),
    ]
    assert service["runningCount"] == 2
    count = len(running.tasks("STOPPED", startedBy=bad_id))
    running.wait(600)
    assert len(running.tasks("STOPPED", startedBy=bad_id)) == count
    running.update("api:3")
    assert running.settle()["status"] == "SUCCESSFUL"


def test_a_first_deployment_has_nothing_to_roll_back_to(bench: Bench) -> None:
    bench.create("api:1-crash", deploymentConfiguration=BREAKER)
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert "no successful service revision" in deployment["statusReason"]
    assert bench.service["deployments"][0]["rolloutState"] == "FAILED"


def test_a_rollback_whose_tasks_fail_too_has_failed(running: Bench) -> None:
    running.update("api:2-crash", deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    running.ecs.scenarios.add({"match": {"image": "api:1"}, "behaviour": {"pull_error": "api:1 is gone"}})
    deployment = running.settle()
    assert deployment["status"] == "ROLLBACK_FAILED"
    assert running.service["deployments"][0]["rolloutState"] == "FAILED"


def test_without_a_breaker_it_goes_on_failing_slower_and_slower(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bad = bench.update("api:2-crash")["deployments"][0]["id"]
    bench.wait(600)
    assert bench.deployment["status"] == "IN_PROGRESS"
    early = len(bench.tasks("STOPPED", startedBy=bad))
    bench.wait(600)
    late = len(bench.tasks("STOPPED", startedBy=bad)) - early
    assert 0 < late < early
    assert any("unable to consistently start tasks successfully" in message for message in bench.messages())
    assert bench.service["runningCount"] >= 2


@pytest.mark.parametrize(
    ("desired", "threshold", "expected"),
    [
        (1, None, 3),
        (10, None, 5),
        (500, None, 200),
        (25, None, 13),
        (4, {"type": "COUNT", "value": 1}, 1),
        (4, {"type": "COUNT", "value": 7}, 7),
        (4, {"type": "BOUNDED_PERCENT", "value": 10}, 3),
        (4, {"type": "UNBOUNDED_PERCENT", "value": 25}, 1),
        (1000, {"type": "UNBOUNDED_PERCENT", "value": 50}, 500),
        (1000, {"type": "BOUNDED_PERCENT", "value": 100}, 200),
    ],
)
def test_thresholds(bench: Bench, desired: int, threshold: dict[str, Any] | None, expected: int) -> None:
    breaker = {"enable": True, "rollback": True, **({"thresholdConfiguration": threshold} if threshold else {})}
    bench.create(desiredCount=desired, deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert bench.deployment["deploymentCircuitBreaker"] == {
        "status": "MONITORING",
        "failureCount": 0,
        "threshold": expected,
    }


def test_the_breaker_counts_to_its_threshold(running: Bench) -> None:
    breaker = {"enable": True, "rollback": True, "thresholdConfiguration": {"type": "COUNT", "value": 6}}
    running.update("api:2-nopull", deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert running.settle()["deploymentCircuitBreaker"]["failureCount"] == 6


@pytest.mark.parametrize("reset", [True, False])
def test_a_healthy_task_resets_the_count_unless_told_otherwise(running: Bench, reset: bool) -> None:
    breaker = {
        "enable": True,
        "rollback": True,
        "resetOnHealthyTask": reset,
        "thresholdConfiguration": {"type": "COUNT", "value": 3},
    }
    # Each task gets healthy, then dies: with the reset on, the count never gets to the threshold.
    running.ecs.scenarios.add({"match": {"image": "api:2"}, "behaviour": {"exit_code": 1, "exit_after": 15}})
    running.update(
        "api:2",
        desiredCount=1,
        deploymentConfiguration={"deploymentCircuitBreaker": breaker, "bakeTimeInMinutes": 60},
    )
    if reset:
        running.wait(1200)
        assert running.deployment["status"] == "IN_PROGRESS"
    else:
        assert running.settle()["status"] == "ROLLBACK_SUCCESSFUL"


def test_a_grace_period_gives_a_slow_application_time(bench: Bench) -> None:
    bench.ecs.scenarios.add({"match": {"image": "api:1"}, "behaviour": {"healthy_after": 60}})
    bench.create(desiredCount=1, healthCheckGracePeriodSeconds=120)
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert bench.tasks("STOPPED") == []


def test_without_the_grace_period_the_slow_application_is_killed(bench: Bench) -> None:
    bench.ecs.scenarios.add({"match": {"image": "api:1"}, "behaviour": {"healthy_after": 60}})
    bench.create(desiredCount=1, deploymentConfiguration=BREAKER)
    assert bench.settle()["status"] == "ROLLBACK_FAILED"
    reason = "due to (reason Health checks failed with these codes: [503])."
    assert any("is unhealthy in (target-group" in text and text.endswith(reason) for text in bench.messages())


def test_a_task_that_falls_ill_later_is_replaced_before_it_is_stopped(bench: Bench) -> None:
    bench.ecs.scenarios.add({"match": {"service": "api"}, "behaviour": {"unhealthy_after": 60}, "times": 2})
    bench.create()
    bench.settle()
    sick = {task["taskArn"] for task in bench.tasks()}
    live = []

    def replaced() -> bool:
        live.append(len(bench.tasks()))
        return not sick & {task["taskArn"] for task in bench.tasks()}

    bench.wait_until(replaced)
    assert (min(live), max(live)) == (2, 4)
    bench.wait(30)
    assert {task["stoppedReason"] for task in bench.tasks("STOPPED")} == {
        f"Task failed ELB health checks in (target-group {GROUP})"
    }
    assert sum("is unhealthy in (target-group" in message for message in bench.messages()) == 2
    assert bench.service["runningCount"] == 2
    assert bench.deployment["status"] == "SUCCESSFUL"


def test_a_task_that_falls_ill_later_is_stopped_at_once_where_no_other_fits(bench: Bench) -> None:
    bench.ecs.scenarios.add({"match": {"service": "api"}, "behaviour": {"unhealthy_after": 60}, "times": 1})
    bench.create(deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100})
    bench.settle()
    before = {task["taskArn"] for task in bench.tasks()}
    live = []

    def replaced() -> bool:
        live.append(len(bench.tasks()))
        return before != {task["taskArn"] for task in bench.tasks()} and bench.service["runningCount"] == 2

    bench.wait_until(replaced)
    assert max(live) == 2


def test_container_health_checks_decide_too(bench: Bench) -> None:
    check = {"command": ["CMD-SHELL", "true"], "interval": 5, "retries": 2}
    definition = bench.register("api:1", container={"healthCheck": check})
    bench.create(taskDefinition=definition, balanced=False, deploymentConfiguration=BREAKER)
    assert bench.settle()["status"] == "SUCCESSFUL"
    assert {task["healthStatus"] for task in bench.tasks()} == {"HEALTHY"}
    bad = bench.register("api:2-unhealthy", container={"healthCheck": check})
    bad_id = bench.update(taskDefinition=bad)["deployments"][0]["id"]
    assert bench.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    failed = bench.tasks("STOPPED", startedBy=bad_id)
    assert {task["stoppedReason"] for task in failed} == {"Task failed container health checks"}
    assert {task["healthStatus"] for task in failed} == {"UNHEALTHY"}


def test_a_crash_without_any_health_check_is_noticed(bench: Bench) -> None:
    bench.create(balanced=False, deploymentConfiguration=BREAKER)
    bench.settle()
    bench.ecs.scenarios.add({"match": {"image": "api:2"}, "behaviour": {"exit_code": 3, "exit_after": 1}})
    bench.update("api:2")
    assert bench.settle()["status"] == "ROLLBACK_SUCCESSFUL"


def test_no_capacity_is_told_in_the_events(running: Bench) -> None:
    running.update("api:2-nocapacity")
    assert running.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    assert any(
        message.startswith("(service api) was unable to place a task. Reason: Capacity is unavailable at this time.")
        for message in running.messages()
    )


def test_the_last_words_of_a_crashed_task_are_in_its_log(running: Bench) -> None:
    running.ecs.scenarios.add(
        {
            "match": {"service": "api", "image": "api:2"},
            "behaviour": {
                "exit_code": 3,
                "exit_after": 2,
                "log_lines": ["reading DATABASE_URL"],
                "exit_log_lines": ["Traceback", "KeyError: 'DATABASE_URL'"],
            },
        }
    )
    bad_id = running.update("api:2")["deployments"][0]["id"]
    running.settle()
    task = running.tasks("STOPPED", startedBy=bad_id)[0]
    lines = running.world.logs[LOG_GROUP, f"ecs/api/{task['taskArn'].rpartition('/')[2]}"]
    assert [text for _time, text in lines][-3:] == ["reading DATABASE_URL", "Traceback", "KeyError: 'DATABASE_URL'"]


def test_a_deleted_log_group_does_not_come_back(bench: Bench) -> None:
    bench.ecs.scenarios.add({"behaviour": {"exit_code": 1, "exit_after": 60}})
    bench.create()
    bench.settle()
    bench.world.log_groups.clear()
    bench.world.logs.clear()
    bench.wait(120)
    assert bench.world.logs == {}


def test_a_missing_log_group_keeps_tasks_from_starting(running: Bench) -> None:
    running.world.log_groups.clear()
    bad_id = running.update("api:2")["deployments"][0]["id"]
    assert running.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    task = running.tasks("STOPPED", startedBy=bad_id)[0]
    assert task["stopCode"] == "TaskFailedToStart"
    assert "The specified log group does not exist" in task["stoppedReason"]


def test_an_image_that_the_registry_lacks_cannot_be_pulled(running: Bench) -> None:
    running.world.missing_images.add("api:2")
    bad_id = running.update("api:2")["deployments"][0]["id"]
    assert running.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    task = running.tasks("STOPPED", startedBy=bad_id)[0]
    assert task["stoppedReason"].startswith("CannotPullContainerError: ")
    assert task["stoppedReason"].endswith("api:2: not found")


def test_a_secret_that_cannot_be_read_keeps_tasks_from_starting(running: Bench) -> None:
    running.world.missing_secrets.add("nowhere")
    secrets = [{"name": "KEY", "valueFrom": "nowhere"}]
    definition = running.register("api:2", container={"secrets": secrets})
    bad_id = running.update(taskDefinition=definition)["deployments"][0]["id"]
    assert running.settle()["status"] == "ROLLBACK_SUCCESSFUL"
    task = running.tasks("STOPPED", startedBy=bad_id)[0]
    assert task["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets or registry auth")
    assert task["stopCode"] == "TaskFailedToStart"


def test_stopping_rolls_back_even_where_no_rollback_is_configured(bench: Bench) -> None:
    bench.create()
    bench.settle()
    good = bench.service["taskDefinition"]
    bench.update("api:2-slow")
    bench.wait(20)
    arn = bench.deployment["serviceDeploymentArn"]
    assert bench.call("StopServiceDeployment", serviceDeploymentArn=arn) == {"serviceDeploymentArn": arn}
    assert bench.deployment["status"] == "ROLLBACK_REQUESTED"
    deployment = bench.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert "user" in deployment["rollback"]["reason"]
    assert bench.service["taskDefinition"] == good
    assert bench.error("StopServiceDeployment", serviceDeploymentArn=arn)[0] == "ConflictException"


def test_only_rollback_stops_and_only_what_exists(running: Bench) -> None:
    running.update("api:2")
    arn = running.deployment["serviceDeploymentArn"]
    assert running.error("StopServiceDeployment", serviceDeploymentArn=arn, stopType="ABORT")[0] == (
        "InvalidParameterException"
    )
    assert running.error("StopServiceDeployment", serviceDeploymentArn=arn + "x")[0] == (
        "ServiceDeploymentNotFoundException"
    )


def test_a_rollback_of_a_forced_deployment_keeps_the_task_definition_and_the_verdict_is_still_told(
    running: Bench,
) -> None:
    definition = running.service["taskDefinition"]
    running.ecs.scenarios.add({"match": {"image": "api:1"}, "behaviour": {"exit_code": 1, "exit_after": 1}, "times": 3})
    running.update(forceNewDeployment=True)
    deployment = running.settle()
    assert deployment["status"] == "ROLLBACK_SUCCESSFUL"
    assert running.service["taskDefinition"] == definition
    assert running.service["runningCount"] == 2


@pytest.mark.parametrize("rollback", [True, False])
def test_an_alarm_ends_the_deployment(bench: Bench, rollback: bool) -> None:
    alarms = {"alarmNames": ["5xx", "latency"], "enable": True, "rollback": rollback}
    bench.create(deploymentConfiguration={"alarms": alarms})
    assert bench.settle()["alarms"] == {"status": "MONITORING_COMPLETE", "alarmNames": ["5xx", "latency"]}
    bench.update("api:2")
    bench.wait(25)
    bench.world.alarms["latency"] = "ALARM"
    deployment = bench.settle()
    assert deployment["status"] == ("ROLLBACK_SUCCESSFUL" if rollback else "STOPPED")
    assert deployment["alarms"] == {
        "status": "TRIGGERED",
        "alarmNames": ["5xx", "latency"],
        "triggeredAlarmNames": ["latency"],
    }


def test_bake_time_holds_a_rolling_deployment_open(bench: Bench) -> None:
    bench.create(deploymentConfiguration={"bakeTimeInMinutes": 5})
    bench.wait_until(lambda: bench.deployment.get("lifecycleStage") == "BAKE_TIME")
    began = bench.time
    assert bench.service["runningCount"] == 2
    bench.settle()
    assert 295 <= bench.time - began <= 305


def test_a_service_may_fail_for_weeks(bench: Bench) -> None:
    """Without a breaker ECS tries on and on, five minutes apart: more often than a power of two can tell."""
    bench.create(taskDefinition=bench.register("api:1-crash"), desiredCount=1)
    bench.time += 7 * 24 * 3600
    bench.ecs.advance(bench.time)
    assert bench.service["deployments"][0]["failedTasks"] > 1100
