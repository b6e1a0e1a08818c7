# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rollback, preflight, progress, one-off tasks, pauses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._ecs.api import ECR_IMAGE, throttled
from ansible_collections.slipway.aws.plugins.module_utils._ecs.one_off import (
    deciding,
    exit_codes,
    failures,
    launch_fields,
    task_line,
)
from ansible_collections.slipway.aws.plugins.module_utils._ecs.preflight import (
    SecretReference,
    secret_reference,
    trusts,
)
from ansible_collections.slipway.aws.plugins.module_utils._ecs.progress import (
    Progress,
    deployment_line,
    elapsed,
    rollout_state_line,
)
from ansible_collections.slipway.aws.plugins.module_utils._ecs.rollback import (
    configuration,
    digests_to_pin,
    earlier_targets,
    last_different,
    with_images,
    without_tag,
)
from ansible_collections.slipway.aws.plugins.module_utils._ecs.waiters import Pauses


def listed(*numbers: int) -> list[dict[str, str]]:
    return [{"targetServiceRevisionArn": f"arn:r/{number}"} for number in numbers]


def test_rollback_looks_behind_the_current_revision() -> None:
    assert earlier_targets(listed(4, 3, 1), "ecs-svc/3") == ["arn:r/1"]
    # The current one failed: everything that was successful lies behind it.
    assert earlier_targets(listed(4, 3, 1), "ecs-svc/5") == ["arn:r/4", "arn:r/3", "arn:r/1"]
    # It ran twice: its latest success counts.
    assert earlier_targets(listed(3, 2, 3, 1), "ecs-svc/3") == ["arn:r/2", "arn:r/1"]


def revision(definition: str, digest: str = "sha256:1", **fields: Any) -> dict[str, Any]:
    image = {"containerName": "app", "image": "repo:1", "imageDigest": digest}
    return {"taskDefinition": definition, "containerImages": [image], **fields}


def test_rollback_skips_revisions_that_are_the_same() -> None:
    revisions = {"arn:r/3": revision("app:2"), "arn:r/2": revision("app:2"), "arn:r/1": revision("app:1")}
    assert last_different(["arn:r/2", "arn:r/1"], revisions, "ecs-svc/3") == revisions["arn:r/1"]
    assert last_different(["arn:r/2"], revisions, "ecs-svc/3") is None
    assert configuration(revision("app:2", "sha256:2")) != configuration(revision("app:2"))
    assert configuration(revision("app:2", platformVersion="1.4.0")) == configuration(revision("app:2"))


def test_only_tags_that_moved_are_pinned() -> None:
    assert digests_to_pin(revision("a", "sha256:1"), {"repo:1": "sha256:1"}) == {}
    assert digests_to_pin(revision("a", "sha256:1"), {"repo:1": "sha256:2"}) == {"app": "repo@sha256:1"}
    assert digests_to_pin(revision("a", "sha256:1"), {"repo:1": ""}) == {"app": "repo@sha256:1"}
    pinned = {"containerImages": [{"containerName": "app", "image": "repo@sha256:1", "imageDigest": "sha256:1"}]}
    assert digests_to_pin(pinned, {}) == {}


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("repo:1", "repo"),
        ("host:5000/team/app:1", "host:5000/team/app"),
        ("host:5000/app", "host:5000/app"),
        ("app", "app"),
    ],
)
def test_image_without_its_tag(image: str, name: str) -> None:
    assert without_tag(image) == name


def test_images_are_replaced_by_container() -> None:
    definition = {"family": "f", "containerDefinitions": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}
    changed = with_images(definition, {"a": "9"})
    assert [item["image"] for item in changed["containerDefinitions"]] == ["9", "2"]


ARN = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        (ARN, SecretReference(ARN)),
        (f"{ARN}:password::", SecretReference(ARN, "password")),
        (f"{ARN}:password:AWSPENDING:v1", SecretReference(ARN, "password", "AWSPENDING", "v1")),
        ("/shop/db", SecretReference("/shop/db", parameter=True)),
    ],
)
def test_where_a_secret_comes_from(value: str, reference: SecretReference) -> None:
    assert secret_reference(value) == reference


@pytest.mark.parametrize(
    ("principal", "effect", "trusted"),
    [
        ({"Service": "ecs-tasks.amazonaws.com"}, "Allow", True),
        ({"Service": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"]}, "Allow", True),
        ("*", "Allow", True),
        ({"Service": "ecs-tasks.amazonaws.com"}, "Deny", False),
        ({"Service": "ec2.amazonaws.com"}, "Allow", False),
        ({"AWS": "arn:aws:iam::1:root"}, "Allow", False),
    ],
)
def test_who_may_assume_a_role(principal: Any, effect: str, trusted: bool) -> None:
    statement = {"Effect": effect, "Principal": principal, "Action": "sts:AssumeRole"}
    assert trusts({"Statement": [statement]}, "ecs-tasks.amazonaws.com") is trusted
    assert trusts({"Statement": statement}, "ecs-tasks.amazonaws.com") is trusted


def test_images_in_ecr() -> None:
    found = ECR_IMAGE.match("111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.4")
    assert found
    assert found.groupdict() == {
        "account": "111122223333",
        "region": "eu-west-1",
        "repository": "team/app",
        "tag": "1.4",
    }
    assert not ECR_IMAGE.match("111122223333.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:00")
    assert not ECR_IMAGE.match("docker.io/library/nginx:1")


@pytest.mark.parametrize(
    ("code", "is_one"),
    [("ThrottlingException", True), ("RequestLimitExceeded", True), ("AccessDeniedException", False), ("", False)],
)
def test_throttling(code: str, is_one: bool) -> None:
    assert throttled(code) is is_one


def test_progress_lines() -> None:
    deployment = {
        "status": "IN_PROGRESS",
        "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT",
        "deploymentConfiguration": {"strategy": "CANARY"},
        "targetServiceRevision": {
            "runningTaskCount": 2,
            "requestedTaskCount": 3,
            "pendingTaskCount": 1,
            "requestedProductionTrafficWeight": 5.0,
        },
        "deploymentCircuitBreaker": {"failureCount": 1, "threshold": 3},
        "alarms": {"triggeredAlarmNames": ["slow"]},
        "lifecycleHookDetails": [{"targetType": "PAUSE", "status": "AWAITING_ACTION"}],
    }
    assert deployment_line(deployment) == (
        "CANARY PRODUCTION_TRAFFIC_SHIFT, IN_PROGRESS, 2/3 tasks run, 1 start, traffic 5 %, 1 of 3 failures, "
        "alarms slow, waits for approval"
    )
    entry = {"rolloutState": "IN_PROGRESS", "runningCount": 0, "desiredCount": 2, "pendingCount": 2, "failedTasks": 1}
    assert rollout_state_line(entry) == "IN_PROGRESS, 0/2 tasks run, 2 start, 1 failures"
    assert (elapsed(42.9), elapsed(187)) == ("42s", "3m07s")


def test_each_line_is_told_once(tmp_path: Path) -> None:
    times = iter([0.0, 1.0, 65.0])
    progress = Progress("app", str(tmp_path / "lines"), clock=lambda: next(times))
    for line in ("starts", "starts", "runs"):
        progress.say(line)
    assert (tmp_path / "lines").read_text() == "app: starts (1s)\napp: runs (1m05s)\n"


def test_nobody_listens_and_nothing_breaks(tmp_path: Path) -> None:
    Progress("app", None).say("x")
    Progress("app", str(tmp_path / "gone" / "lines")).say("x")


def test_pauses_grow_and_throttling_makes_them_long() -> None:
    pauses = Pauses(first=1, longest=3)
    assert [round(pauses.next(), 2) for _turn in range(5)] == [1, 1.4, 1.96, 2.74, 3]
    pauses.slow_down()
    assert pauses.next() == 6


def test_exit_codes_decide() -> None:
    containers = [{"name": "app", "exitCode": 0}, {"name": "log", "exitCode": 1}, {"name": "never"}]
    task = {"containers": containers, "lastStatus": "STOPPED"}
    assert exit_codes(task) == {"app": 0, "log": 1, "never": None}
    assert failures(task, ["app"], [0]) == []
    assert failures(task, ["app", "log", "never"], [0]) == ["log ended with exit code 1", "never did not run"]
    assert failures(task, ["log"], [0, 1]) == []
    assert task_line(task) == "STOPPED (app exit code 0, log exit code 1)"


def test_essential_containers_decide_unless_one_is_named() -> None:
    definition = {"containerDefinitions": [{"name": "app"}, {"name": "log", "essential": False}]}
    assert deciding(definition, None) == ["app"]
    assert deciding(definition, "log") == ["log"]


def test_task_runs_where_the_service_does_unless_told() -> None:
    service = {
        "launchType": "FARGATE",
        "networkConfiguration": {"n": 1},
        "platformVersion": "LATEST",
        "desiredCount": 3,
    }
    assert launch_fields(service, {}) == {k: v for k, v in service.items() if k != "desiredCount"}
    given = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]}
    assert launch_fields(service, given) == {"networkConfiguration": {"n": 1}, "platformVersion": "LATEST", **given}
