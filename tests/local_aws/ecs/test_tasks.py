# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One-off tasks: they run, end with a code, and can be stopped and listed."""

from __future__ import annotations

from typing import Any

import pytest
from bench import LOG_GROUP, SUBNETS, Bench

NETWORK = {"awsvpcConfiguration": {"subnets": list(SUBNETS), "securityGroups": []}}


def run(bench: Bench, image: str = "api:1", **changes: Any) -> dict[str, Any]:
    request = {"taskDefinition": bench.register(image), "launchType": "FARGATE", "networkConfiguration": NETWORK}
    answer = bench.call("RunTask", **{**request, **changes})
    assert answer["failures"] == []
    return answer["tasks"][0]


def ended(bench: Bench, task: dict[str, Any]) -> dict[str, Any]:
    def stopped() -> Any:
        found = bench.call("DescribeTasks", tasks=[task["taskArn"]])["tasks"][0]
        return found if found["lastStatus"] == "STOPPED" else None

    return bench.wait_until(stopped, limit=600)


def test_a_one_off_task_runs_and_ends_well(bench: Bench) -> None:
    task = run(bench)
    assert (task["lastStatus"], task["desiredStatus"], task["group"]) == ("PROVISIONING", "RUNNING", "family:api")
    assert "exitCode" not in task["containers"][0]
    seen: list[str] = []

    def stopped() -> bool:
        status = bench.call("DescribeTasks", tasks=[task["taskArn"]])["tasks"][0]["lastStatus"]
        if not seen or seen[-1] != status:
            seen.append(status)
        return status == "STOPPED"

    bench.wait_until(stopped)
    end = ended(bench, task)
    assert seen[:4] == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    assert seen[-2:] == ["DEPROVISIONING", "STOPPED"]
    assert end["stopCode"] == "EssentialContainerExited"
    assert end["stoppedReason"] == "Essential container in task exited"
    assert end["containers"][0]["exitCode"] == 0
    assert end["containers"][0]["lastStatus"] == "STOPPED"
    assert end["attachments"][0]["status"] == "DELETED"
    moments = [
        end[name]
        for name in (
            "createdAt",
            "connectivityAt",
            "pullStoppedAt",
            "startedAt",
            "executionStoppedAt",
            "stoppingAt",
            "stoppedAt",
        )
    ]
    assert moments == sorted(moments)
    assert bench.world.interfaces == {}


def test_a_scenario_decides_by_command_and_gives_the_exit_code_and_the_log(bench: Bench) -> None:
    bench.ecs.scenarios.add(
        {
            "match": {"command": "*migrate*"},
            "behaviour": {"exit_code": 3, "exit_after": 4, "exit_log_lines": ["relation users does not exist"]},
        }
    )
    overrides = {"containerOverrides": [{"name": "api", "command": ["manage.py", "migrate"]}]}
    task = run(bench, overrides=overrides)
    end = ended(bench, task)
    assert end["containers"][0]["exitCode"] == 3
    assert end["overrides"]["containerOverrides"] == overrides["containerOverrides"]
    lines = bench.world.logs[LOG_GROUP, f"ecs/api/{task['taskArn'].rpartition('/')[2]}"]
    assert lines[-1][1] == "relation users does not exist"
    other = ended(bench, run(bench, overrides={"containerOverrides": [{"name": "api", "command": ["seed"]}]}))
    assert other["containers"][0]["exitCode"] == 0


@pytest.mark.parametrize(
    ("tag", "code", "exit_code", "words"),
    [
        ("exit7", "EssentialContainerExited", 7, "Essential container in task exited"),
        ("nopull", "TaskFailedToStart", None, "CannotPullContainerError"),
        ("oom", "EssentialContainerExited", 137, "OutOfMemoryError: Container killed due to memory usage"),
    ],
)
def test_tags_tell_one_off_tasks_how_to_end(
    bench: Bench, tag: str, code: str, exit_code: int | None, words: str
) -> None:
    end = ended(bench, run(bench, f"registry/api:1-{tag}"))
    assert end["stopCode"] == code
    assert end["containers"][0].get("exitCode") == exit_code
    assert words in end["stoppedReason"]
    if tag != "exit7":
        assert words in end["containers"][0]["reason"]


def test_no_capacity_is_a_failure_of_the_call(bench: Bench) -> None:
    answer = bench.call(
        "RunTask",
        taskDefinition=bench.register("api:1-nocapacity"),
        launchType="FARGATE",
        networkConfiguration=NETWORK,
    )
    assert answer["tasks"] == []
    assert "Capacity is unavailable" in answer["failures"][0]["reason"]


def test_stopping_a_task(bench: Bench) -> None:
    bench.ecs.scenarios.add({"behaviour": {"exit_code": 0, "exit_after": 9999}})
    task = run(bench)
    bench.wait(30)
    stopped = bench.call("StopTask", task=task["taskArn"], reason="enough")["task"]
    assert (stopped["desiredStatus"], stopped["lastStatus"]) == ("STOPPED", "DEACTIVATING")
    end = ended(bench, task)
    assert (end["stopCode"], end["stoppedReason"]) == ("UserInitiated", "enough")
    assert end["containers"][0]["exitCode"] == 0
    assert bench.error("StopTask", task="0" * 32) == ("InvalidParameterException", "The referenced task was not found.")


def test_a_task_that_ignores_sigterm_is_killed(bench: Bench) -> None:
    bench.ecs.scenarios.add({"behaviour": {"exit_code": 0, "exit_after": 9999, "stop_seconds": 300}})
    task = run(bench)
    bench.wait(30)
    bench.call("StopTask", task=task["taskArn"])
    began = bench.time
    end = ended(bench, task)
    assert end["containers"][0]["exitCode"] == 137
    assert 30 <= bench.time - began <= 34


def test_stopped_tasks_are_kept_for_an_hour(bench: Bench) -> None:
    task = run(bench)
    ended(bench, task)
    bench.wait(3590)
    assert bench.call("DescribeTasks", tasks=[task["taskArn"]])["failures"] == []
    bench.wait(20)
    answer = bench.call("DescribeTasks", tasks=[task["taskArn"]])
    assert answer["tasks"] == []
    assert answer["failures"] == [{"arn": task["taskArn"], "reason": "MISSING"}]


def test_lists_are_filtered(bench: Bench) -> None:
    bench.create()
    bench.settle()
    bench.ecs.scenarios.add({"match": {"family": "job"}, "behaviour": {"exit_code": 0, "exit_after": 9999}})
    definition = bench.register(family="job")
    job = run(bench, taskDefinition=definition, startedBy="cron", group="jobs")
    bench.wait(20)

    def listed(**filters: Any) -> set[str]:
        return set(bench.call("ListTasks", **filters)["taskArns"])

    everything = listed()
    assert len(everything) == 3
    assert listed(family="job") == {job["taskArn"]}
    assert listed(startedBy="cron") == {job["taskArn"]}
    assert listed(serviceName="api") == everything - {job["taskArn"]}
    assert listed(desiredStatus="STOPPED") == set()
    assert listed(launchType="EC2") == set()
    assert listed(desiredStatus="PENDING") == set()
    bench.call("StopTask", task=job["taskArn"])
    assert listed(desiredStatus="STOPPED") == {job["taskArn"]}
    assert bench.error("ListTasks", serviceName="web")[0] == "ServiceNotFoundException"


def test_the_same_token_runs_once(bench: Bench) -> None:
    request = {
        "taskDefinition": bench.register(),
        "launchType": "FARGATE",
        "networkConfiguration": NETWORK,
        "clientToken": "t-1",
    }
    first = bench.call("RunTask", **request)["tasks"][0]["taskArn"]
    assert bench.call("RunTask", **request)["tasks"][0]["taskArn"] == first
    assert bench.error("RunTask", **{**request, "count": 2})[0] == "ConflictException"
    assert len(bench.tasks()) == 1


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"taskDefinition": "none"}, "ClientException", "TaskDefinition not found."),
        ({"count": 11}, "InvalidParameterException", "between 1 and 10"),
        ({"networkConfiguration": None}, "InvalidParameterException", "Network Configuration must be provided"),
        (
            {"overrides": {"containerOverrides": [{"name": "web"}]}},
            "InvalidParameterException",
            "Override for container named web is not a container in the TaskDefinition.",
        ),
        ({"cluster": "x"}, "ClusterNotFoundException", "Cluster not found."),
    ],
)
def test_what_run_task_refuses(bench: Bench, change: dict[str, Any], code: str, words: str) -> None:
    request = {"taskDefinition": bench.register(), "launchType": "FARGATE", "networkConfiguration": NETWORK}
    found, message = bench.error("RunTask", **{**request, **change})
    assert found == code
    assert words in message


def test_a_subnet_can_be_full(bench: Bench) -> None:
    network = {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}

    def full(*_arguments: Any) -> Any:
        raise ValueError("The subnet subnet-a has no free IP addresses.")

    bench.world.attach_interface = full  # type: ignore[method-assign]
    answer = bench.call("RunTask", taskDefinition=bench.register(), launchType="FARGATE", networkConfiguration=network)
    assert answer["failures"] == [{"reason": "The subnet subnet-a has no free IP addresses."}]


def test_only_the_essential_container_decides(bench: Bench) -> None:
    sidecar = {"name": "sidecar", "image": "proxy:1", "essential": False, "memory": 64}
    main = {"name": "api", "image": "api:1-exit5", "portMappings": []}
    definition = bench.register(containerDefinitions=[sidecar, main])
    end = ended(bench, run(bench, taskDefinition=definition))
    codes = {container["name"]: container["exitCode"] for container in end["containers"]}
    assert codes == {"sidecar": 0, "api": 5}
