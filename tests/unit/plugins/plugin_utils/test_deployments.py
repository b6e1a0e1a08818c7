# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.plugin_utils.deployments import (
    deploy_waves,
    deployment_record,
    deployments,
    deployments_stopped,
    deployments_to_keep,
    deployments_to_undo,
    new_images,
    problems,
    short_image,
    smoke_test_problems,
    smoke_tests,
    summary,
    verdict,
)

REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop"


def item(name: str = "api", wave: int = 0, *, allowed: float = 0, **steps: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"migration": {}, "deployment": {}, "smoke_test": {}, "rollback": {}}
    return {"host": name, "service": name, "wave": wave, "max_fail_percentage": allowed, **empty, **steps}


def deployed(**changes: Any) -> dict[str, Any]:
    record = {
        "service": "api",
        "verdict": "deployed",
        "failed": False,
        "image": f"{REGISTRY}/api:1.1",
        "image_before": f"{REGISTRY}/api:1.0",
        "revision": "2",
        "revision_before": "1",
        "checkpoint": "7",
        "rolled_back_by": "",
        "rollback_ended": False,
        "seconds": 12.3,
        "cause": "",
    }
    return {**record, **changes}


FAILED = deployed(verdict="failed", failed=True, cause="api: The deployment failed.")


def test_waves_come_in_order_and_services_without_one_first() -> None:
    hostvars = {"web": {"compute_service_deploy_wave": "10"}, "api": {}, "db": {"compute_service_deploy_wave": 2}}
    assert deploy_waves(["web", "api", "db"], hostvars) == [0, 2, 10]


def test_new_images() -> None:
    found = {
        "repository_urls": {"api": f"{REGISTRY}/api", "web": f"{REGISTRY}/web"},
        "services": {"api": {"image": f"{REGISTRY}/api:1.0"}, "web": {"image": f"{REGISTRY}/web:1.1"}},
    }
    hostvars = {
        "api": {"compute_service_name": "api", "compute_service_image_tag": "1.1"},
        "web": {"compute_service_name": "web", "compute_service_image_tag": "1.1"},
        "own": {"compute_service_name": "own", "compute_service_image": "example.com/own:3"},
        "unknown": {"compute_service_name": "unknown", "compute_service_image_tag": "1"},
    }
    assert new_images(hostvars, hostvars, found) == {
        "api": {"before": f"{REGISTRY}/api:1.0", "after": f"{REGISTRY}/api:1.1"},
        "own": {"before": "", "after": "example.com/own:3"},
    }


@pytest.mark.parametrize(
    ("image", "short"),
    [
        (f"{REGISTRY}/api:1.4.2", "1.4.2"),
        (f"{REGISTRY}/api@sha256:1a7ad3b76516a5f2c04aff28", "1a7ad3b76516"),
        ("localhost:5000/api", "api"),
        ("", ""),
    ],
)
def test_short_image(image: str, short: str) -> None:
    assert short_image(image) == short


def test_record_of_a_deployment() -> None:
    result = {
        "changed": True,
        "will_start_deployment": True,
        "images": {"api": f"{REGISTRY}/api:1.1"},
        "service": {"task_definition": "arn:aws:ecs:us-east-1:111122223333:task-definition/shop-api:15"},
        "changes": [
            {
                "field": "task_definition.container_definitions.api.image",
                "before": f"{REGISTRY}/api:1.0",
                "after": f"{REGISTRY}/api:1.1",
                "starts_deployment": True,
            },
            {"field": "tags.Team", "before": None, "after": "core", "starts_deployment": False},
        ],
        "checkpoint": "7",
        "rollout": {"verdict": "successful", "seconds": 3.2},
    }
    before = {"task_definition_arn": "arn:aws:ecs:us-east-1:111122223333:task-definition/shop-api:14", "image": "x"}
    record = deployment_record(result, "api", before)
    assert record["verdict"] == "deployed"
    assert (record["image_before"], record["image"]) == (f"{REGISTRY}/api:1.0", f"{REGISTRY}/api:1.1")
    assert (record["revision_before"], record["revision"]) == ("14", "15")
    assert record["changes"] == ["task_definition.container_definitions.api.image"]
    assert deployment_record({**result, "rollout": {}}, "api", before, check=True)["verdict"] == "would deploy"
    assert deployment_record({"changed": False}, "api", before)["verdict"] == "unchanged"
    assert deployment_record({"changed": True}, "api", {})["verdict"] == "changed"


def test_record_of_a_failure_names_the_task_unless_it_was_the_rollout() -> None:
    other = deployment_record({"msg": "no access"}, "api", {}, failed=True, task="Create the log group")
    assert (other["verdict"], other["cause"]) == ("failed", "Create the log group: no access")
    rollout = {"msg": "api: it crashed", "rollout": {"status": "ROLLBACK_SUCCESSFUL"}, "failure": {"log_tail": ["x"]}}
    own = deployment_record(rollout, "api", {}, failed=True, task="Roll out")
    assert (own["cause"], own["log_tail"]) == ("api: it crashed", ["x"])


@pytest.mark.parametrize(
    ("rollout", "by", "ended"),
    [
        ({"status": "SUCCESSFUL"}, "", False),
        ({"status": "STOPPED"}, "", False),
        ({"status": "ROLLBACK_FAILED"}, "", False),
        ({"status": "ROLLBACK_REQUESTED"}, "ECS", False),
        ({"status": "ROLLBACK_IN_PROGRESS"}, "ECS", False),
        ({"status": "ROLLBACK_SUCCESSFUL"}, "ECS", True),
        ({"status": "Failed", "code_deploy": {"rollback_status": ""}}, "", False),
        ({"status": "Failed", "code_deploy": {"rollback_status": "Failed"}}, "", False),
        ({"status": "Failed", "code_deploy": {"rollback_status": "Stopped"}}, "", False),
        ({"status": "Stopped", "code_deploy": {"rollback_status": "InProgress"}}, "CodeDeploy", False),
        ({"status": "Failed", "code_deploy": {"rollback_status": "Succeeded"}}, "CodeDeploy", True),
    ],
)
def test_record_of_a_failure_says_who_takes_it_back(rollout: dict[str, Any], by: str, ended: bool) -> None:
    record = deployment_record({"msg": "x", "rollout": rollout}, "api", {}, failed=True)
    assert (record["rolled_back_by"], record["rollback_ended"]) == (by, ended)


@pytest.mark.parametrize(
    ("ended", "rollback", "said"),
    [
        (True, {}, "failed, rolled back by ECS"),
        (True, {"done": False, "failed": False}, "failed, rolled back by ECS"),
        (False, {}, "failed"),
        # The run has waited for what was under way.
        (False, {"done": False, "failed": False}, "failed, rolled back by ECS"),
        (False, {"done": True, "failed": False}, "failed, rolled back"),
        (False, {"done": False, "failed": True}, "failed, NOT rolled back"),
        # ECS has gone back by one deployment, and the run not to where it began.
        (True, {"done": False, "failed": True}, "failed, NOT rolled back"),
    ],
)
def test_verdict_says_what_runs_in_the_end(ended: bool, rollback: dict[str, Any], said: str) -> None:
    deployment = {**FAILED, "rolled_back_by": "ECS", "rollback_ended": ended}
    assert verdict(item(deployment=deployment, rollback=rollback)) == said


def test_record_of_a_service_that_rolled_out_before_another_task_failed_says_what_can_go_back() -> None:
    rolled_out = {"checkpoint": "7", "rollout": {"verdict": "successful", "seconds": 5}, "images": {"api": "r/api:2"}}
    failed = {"failed": True, "msg": "no access"}
    record = deployment_record(failed, "api", {}, failed=True, task="Scale with the load", rolled_out=rolled_out)
    assert (record["verdict"], record["cause"]) == ("failed", "Scale with the load: no access")
    assert (record["checkpoint"], record["image"], record["seconds"]) == ("7", "r/api:2", 5)
    assert deployments_to_undo([item("api", deployment=record)]) == ["api"]


def test_a_failed_migration_stops_everything() -> None:
    assert deployments_stopped([item(migration={"failed": True}), item("web")])
    assert not deployments_stopped([item(migration={"failed": False}), item("web")])


@pytest.mark.parametrize(("allowed", "stops"), [(0, True), (49, True), (50, False), (100, False)])
def test_stops_when_more_of_a_wave_failed_than_may(allowed: float, stops: bool) -> None:
    wave = [item("api", 1, allowed=allowed, deployment=FAILED), item("web", 1, allowed=allowed, deployment=deployed())]
    others = [item("first", 0, allowed=allowed, deployment=deployed()), item("last", 2, allowed=allowed)]
    assert deployments_stopped([*wave, *others]) is stops


def test_what_goes_back_when_the_run_stops() -> None:
    items = [
        item("api", deployment=deployed()),
        item("same", deployment=deployed(verdict="unchanged", checkpoint="")),
        item("web", 1, deployment=FAILED),
        item("done", 1, deployment=deployed(), rollback={"done": True, "failed": False}),
        item("later", 2),
    ]
    assert deployments_to_undo(items) == ["api", "web"]
    assert deployments_to_keep(items) == []


def test_what_goes_back_when_a_failure_is_tolerated() -> None:
    items = [
        item("api", allowed=50, deployment=FAILED),
        item("web", allowed=50, deployment=deployed()),
    ]
    assert deployments_to_undo(items) == ["api"]
    assert deployments_to_keep(items) == ["web"]


def test_a_failed_smoke_test_is_a_failure() -> None:
    items = [item("api", deployment=deployed()), item("web", deployment=deployed(), smoke_test={"failed": True})]
    assert deployments_to_undo(items) == ["api", "web"]


def test_gathers_what_hosts_have_come_to() -> None:
    hostvars = {
        "api": {"compute_service_name": "api", "compute_output": {"deployment": {"verdict": "deployed"}}},
        "web": {"compute_service_name": "web", "compute_service_deploy_wave": 1},
    }
    first, second = deployments(["api", "web"], hostvars)
    assert (first["deployment"], first["migration"], first["wave"]) == ({"verdict": "deployed"}, {}, 0)
    assert (second["deployment"], second["wave"], second["max_fail_percentage"]) == ({}, 1, 0)


def test_summary_is_a_table_in_the_order_of_the_waves() -> None:
    items = [
        item("web", 1),
        item("api", deployment=deployed()),
        item("bad", deployment=deployed(failed=True, verdict="failed", rolled_back_by="ECS", rollback_ended=True)),
        item("back", deployment=deployed(), rollback={"done": True}),
        item("stuck", deployment=deployed(), rollback={"failed": True}),
        item("sick", deployment=deployed(), smoke_test={"failed": True}, rollback={"done": True}),
    ]
    status = {
        "services": {
            name: {
                "running_count": 2,
                "desired_count": 2,
                "task_definition": "shop:1",
                "images": [{"container": name, "image": f"{REGISTRY}/{name}:1.0"}],
            }
            for name in ("web", "api", "bad", "back", "sick")
        }
    }
    rows = [line.split("  ") for line in summary(items, status, maintenance=True).splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells == [
        ["service", "image", "revision", "verdict", "seconds", "tasks"],
        ["api", "1.0 → 1.1", "1 → 2", "deployed", "12", "2/2"],
        ["back", "1.0", "1", "deployed, rolled back", "12", "2/2"],
        ["bad", "1.0", "1", "failed, rolled back by ECS", "12", "2/2"],
        ["sick", "1.0", "1", "smoke test failed, rolled back", "12", "2/2"],
        ["stuck", "1.0 → 1.1", "1 → 2", "deployed, NOT rolled back", "12", "-"],
        ["web", "1.0", "1", "not deployed", "0", "2/2"],
        ["Maintenance mode is ON: the load balancer answers instead of the services."],
    ]


def test_problems_name_the_service_once() -> None:
    items = [
        item("db", migration={"failed": True, "cause": "exit code 3"}),
        item("api", deployment=FAILED),
        item("web", deployment=deployed(failed=True, cause="Create the log group: no access")),
        item("site", smoke_test={"failed": True, "problems": ["GET / answered 500."]}, rollback={"failed": True}),
    ]
    found = problems(items, {"maintenance": {"failed": True, "cause": "no access."}})
    assert found[:4] == [
        "db: the migration failed. exit code 3",
        "api: The deployment failed.",
        "web: Create the log group: no access",
        "site: GET / answered 500.",
    ]
    assert found[4].startswith("site was not rolled back")
    assert "STILL ON: no access. Switch it off with playbooks/maintenance.yml" in found[5]
    assert problems([item(deployment=deployed())], {"maintenance": {"failed": False}}) == []


def test_smoke_tests_are_completed() -> None:
    complete = smoke_tests(
        [{"path": "/a"}, {"path": "/b", "status": "302", "method": "head", "body": "x"}], "http://h/"
    )
    assert complete == [
        {"url": "http://h/a", "status": [200], "body": "", "method": "GET", "headers": {}},
        {"url": "http://h/b", "status": [302], "body": "x", "method": "HEAD", "headers": {}},
    ]
    with pytest.raises(ValueError, match="does not know pathh; a test has"):
        smoke_tests([{"pathh": "/a"}], "http://h")
    with pytest.raises(ValueError, match="begins with a slash"):
        smoke_tests([{"path": "a"}], "http://h")


UNKNOWN = "<urlopen error [Errno -2] Name or service not known>"


def test_smoke_test_problems() -> None:
    tests = smoke_tests(
        [{"path": "/a", "body": "ok"}, {"path": "/b"}, {"path": "/c", "status": [200, 204]}], "http://h"
    )
    results = [
        {"item": tests[0], "failed": True, "status": 200, "attempts": 3},
        {"item": tests[1], "failed": False, "status": 200},
        {"item": tests[2], "failed": True, "status": 500},
        {"item": tests[1], "failed": True, "status": -1, "msg": "refused"},
        {"item": tests[1], "failed": True, "msg": f"Status code was -1 and not [200]: Request failed: {UNKNOWN}"},
    ]
    assert smoke_test_problems({"results": results}) == [
        "GET http://h/a answered 200, but its body does not match 'ok', 3 times.",
        "GET http://h/c answered 500, expected 200 or 204.",
        "GET http://h/b gave no answer (refused).",
        "GET http://h/b gave no answer (Name or service not known).",
    ]
    assert smoke_test_problems({"msg": "bad test"}) == ["bad test"]


def test_without_a_way_to_the_load_balancer_it_says_once_what_to_do() -> None:
    silent = {"failed": True, "problems": ["GET http://h/ gave no answer (Name or service not known)."]}
    told = problems([item("a", smoke_test=silent), item("b", smoke_test=silent)])
    assert [problem.split()[0] for problem in told] == ["a:", "b:", "Where"]
    assert "compute_smoke_test_url" in told[-1]
