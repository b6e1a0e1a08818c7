# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a group of deployments takes back when one fails: what the service ran before the group, nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from .ecs import CLUSTER, SERVICE, Stage, behave
from .harness import Aws, ModuleFailed

MODULE = "ecs_service_rollout"
NAMES = {"cluster": CLUSTER, "name": SERVICE, "wait_timeout": 60}
BACK = {**NAMES, "state": "rolled_back", "rollback_to": "checkpoint"}
RELEASE = {**NAMES, "state": "released"}


@pytest.fixture
def stage(aws: Aws) -> Stage:
    stage = Stage(aws)
    aws.run_module(MODULE, stage.service("1.0"))
    aws.mark()
    return stage


def deploy(aws: Aws, stage: Stage, tag: str, **options: Any) -> dict[str, Any]:
    return aws.run_module(MODULE, stage.service(tag, checkpoint=True, **options))


def image(stage: Stage) -> str:
    """The tag of the image that runs, also where its digest names it."""
    targets = [item["targetServiceRevisionArn"] for item in stage.deployments()]
    revisions = stage.ecs.describe_service_revisions(serviceRevisionArns=targets)["serviceRevisions"]
    tags = {
        found["imageDigest"]: found["image"].rpartition(":")[2]
        for revision in revisions
        for found in revision["containerImages"]
        if "@" not in found["image"]
    }
    tasks = stage.ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    described = stage.ecs.describe_tasks(cluster=CLUSTER, tasks=tasks)["tasks"]
    (digest,) = {task["containers"][0]["imageDigest"] for task in described}
    return tags[digest]


def test_goes_back_over_several_deployments_and_only_once(aws: Aws, stage: Stage) -> None:
    assert deploy(aws, stage, "1.0")["checkpoint"] == ""
    assert aws.mutations() == [], "nothing is deployed, so there is nothing to remember"
    first = deploy(aws, stage, "1.1")
    second = deploy(aws, stage, "1.2")
    assert first["checkpoint"] == second["checkpoint"] != ""

    assert aws.run_module(MODULE, BACK, check=True)["changed"]
    aws.mark()
    back = aws.run_module(MODULE, BACK)
    assert (image(stage), back["checkpoint"], back["rollout"]["verdict"]) == ("1.0", "", "successful")
    aws.mark()
    again = aws.run_module(MODULE, BACK)
    assert (again["changed"], image(stage), aws.mutations()) == (False, "1.0", [])


def test_released_checkpoint_is_gone_and_tags_of_the_user_stay(aws: Aws, stage: Stage) -> None:
    deploy(aws, stage, "1.1", tags={"Team": "core"})
    assert aws.run_module(MODULE, RELEASE, check=True)["changed"]
    assert aws.run_module(MODULE, RELEASE)["changed"]
    assert not aws.run_module(MODULE, RELEASE)["changed"]
    assert not aws.run_module(MODULE, BACK)["changed"]
    assert image(stage) == "1.1"
    assert stage.described()["tags"] == [{"key": "Team", "value": "core"}]


def test_deployment_outside_of_the_group_drops_the_checkpoint(aws: Aws, stage: Stage) -> None:
    deploy(aws, stage, "1.1")
    assert aws.run_module(MODULE, stage.service("1.2"))["checkpoint"] == ""
    assert not aws.run_module(MODULE, BACK)["changed"]
    assert image(stage) == "1.2"


def test_failed_deployment_is_not_taken_back_twice(aws: Aws, stage: Stage) -> None:
    """ECS itself has rolled back: going behind that would end at what ran before the service was good."""
    deploy(aws, stage, "1.1")
    aws.run_module(MODULE, RELEASE)
    behave(aws, "2.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed) as failure:
        deploy(aws, stage, "2.0")
    assert failure.value.result["checkpoint"]
    assert not aws.run_module(MODULE, BACK)["changed"]
    assert (image(stage), aws.run_module(MODULE, NAMES)["checkpoint"]) == ("1.1", "")


def test_failed_deployment_that_ecs_leaves_behind_is_taken_back(aws: Aws, stage: Stage) -> None:
    left = {"deployment_configuration": {"deployment_circuit_breaker": {"enable": True, "rollback": False}}}
    behave(aws, "2.0", exit_code=1, exit_after=1)
    with pytest.raises(ModuleFailed):
        deploy(aws, stage, "2.0", **left)
    with pytest.raises(ModuleFailed):
        deploy(aws, stage, "2.0", **left)
    assert aws.run_module(MODULE, BACK)["changed"]
    assert image(stage) == "1.0"


def test_running_deployment_is_stopped_and_taken_back(aws: Aws, stage: Stage) -> None:
    deploy(aws, stage, "1.1")
    behave(aws, "1.2", pull_seconds=100_000)
    deploy(aws, stage, "1.2", wait=False)
    back = aws.run_module(MODULE, BACK)
    assert (back["changed"], back["checkpoint"], image(stage)) == (True, "", "1.0")


def test_what_is_not_reversible_is_not_taken_back(aws: Aws, stage: Stage) -> None:
    deploy(aws, stage, "1.1", reversible=False)
    with pytest.raises(ModuleFailed, match="marked as not reversible"):
        aws.run_module(MODULE, BACK)
    assert image(stage) == "1.1"
    assert aws.run_module(MODULE, {**BACK, "force_rollback": True})["changed"]
    assert image(stage) == "1.0"


def test_rollback_that_was_killed_is_followed_and_not_started_again(aws: Aws, stage: Stage) -> None:
    deploy(aws, stage, "1.1")
    aws.run_module(MODULE, {**BACK, "wait": False})
    number = len(stage.deployments())
    # As if the run had been killed before it gave up the checkpoint.
    service = stage.described()["serviceArn"]
    stage.ecs.tag_resource(resourceArn=service, tags=[{"key": "slipway:checkpoint", "value": "1"}])
    assert aws.run_module(MODULE, BACK)["checkpoint"] == ""
    assert (len(stage.deployments()), image(stage)) == (number, "1.0")
