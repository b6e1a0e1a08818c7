# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rotations of users of real servers by the module, seen by those who log in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategies import STRATEGIES as KNOWN
from real_servers.postgres import Postgres
from real_servers.redis import Redis
from real_servers.watcher import watching

from .ecs import CLUSTER, REPOSITORY, Stage, behave, control, run_in_child
from .harness import Aws, ModuleFailed
from .rotations import MODULE, STRATEGIES, AclUser, AlternatingUsers, AuthToken, MasterUser, Rotated, SingleUser


@pytest.fixture
def rotated(request: pytest.FixtureRequest, aws: Aws, postgres: Postgres, redis_server: Redis) -> Iterator[Rotated]:
    kind: type[Rotated] = request.param
    one = kind(aws, postgres if kind.kind == "postgres" else redis_server)
    yield one
    one.remove()


def of(*kinds: type[Rotated]) -> Any:
    return pytest.mark.parametrize("rotated", kinds, indirect=True, ids=lambda kind: kind.strategy)


def labels(rotated: Rotated) -> list[list[str]]:
    return sorted(stages for stages in rotated.versions().values() if stages)


@of(SingleUser, AclUser, AuthToken)
def test_the_old_password_stops_working(rotated: Rotated) -> None:
    old = rotated.value()
    result = rotated.rotate("one")
    assert result["secrets"][rotated.name]["outcome"] == "rotated"
    assert not rotated.works(old)
    assert rotated.works(rotated.value())


@of(AlternatingUsers)
def test_with_alternating_users_nobody_who_logs_in_notices_a_rotation(rotated: Rotated) -> None:
    """Ten times a second, by what the secret says and by what it has said before."""
    environment, old = rotated.aws.environment(), rotated.value()
    with (
        watching(environment, rotated.name, rotated.watched, every=0.1) as reading_again,
        watching(environment, rotated.name, rotated.watched, every=0.1, fixed=old) as keeping_the_old,
    ):
        for rotates in (True, False):
            for watch in (reading_again, keeping_the_old):
                watch.look_again()
            if rotates:
                rotated.rotate("one")
    assert reading_again.failures == keeping_the_old.failures == []
    assert sorted(reading_again.users) == [rotated.user, f"{rotated.user}_clone"]
    assert keeping_the_old.users == [rotated.user]
    assert min(reading_again.attempts, keeping_the_old.attempts) > 3


@of(*STRATEGIES)
def test_a_wrong_pending_password_is_caught_by_the_test_step_and_undone(
    rotated: Rotated, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is set at the server is not what the secret says: nobody may be left with that as AWSCURRENT."""
    kind: Any = KNOWN[rotated.strategy]
    pending_values = []

    class Meddled(kind):
        def set(self, current: str, pending: str) -> None:
            pending_values.append(pending)
            super().set(
                current, pending.replace(json.loads(pending)["password"], "x" * 64) if "{" in pending else "x" * 64
            )

    before, versions = rotated.value(), rotated.versions()
    with monkeypatch.context() as patch:
        patch.setitem(KNOWN, rotated.strategy, Meddled)
        with pytest.raises(ModuleFailed) as failure:
            rotated.rotate("one")
    told = failure.value.result["failures"]
    assert [(one["name"], one["step"]) for one in told] == [(rotated.name, "test")]
    assert re.match(r"AWSCURRENT is (still the version \S+|the version \S+ again),", told[0]["current"])
    assert "a login with it works" in told[0]["current"]
    assert rotated.value() == before
    assert rotated.works(before)
    assert not rotated.works(pending_values[0])
    assert [stages for stages in labels(rotated) if {"AWSPENDING", "slipway-rolling"} & set(stages)] == []
    assert len(rotated.versions()) == len(versions) + 1
    # Nothing of it is in the way of the next one.
    rotated.rotate("two")
    assert rotated.works(rotated.value())
    assert rotated.value() not in (before, pending_values[0])


@of(SingleUser)
def test_a_commit_that_fails_brings_awscurrent_back(rotated: Rotated, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends the session in whose transaction the new password waits."""
    kind: Any = KNOWN[rotated.strategy]

    class Ended(kind):
        def switch(self, current: str, pending: str) -> None:
            rotated.server.run(
                f"SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE usename = '{rotated.user}'"
            )
            super().switch(current, pending)

    rotated.rotate("zero")
    current, previous = rotated.value(), rotated.value("AWSPREVIOUS")
    with monkeypatch.context() as patch:
        patch.setitem(KNOWN, rotated.strategy, Ended)
        with pytest.raises(ModuleFailed) as failure:
            rotated.rotate("one")
    told = failure.value.result["failures"][0]
    assert (told["step"], "terminating connection" in told["cause"]) == ("switch", True)
    assert re.match(r"AWSCURRENT is the version \S+ again, and a login with it works", told["current"])
    assert (rotated.value(), rotated.value("AWSPREVIOUS")) == (current, previous)
    assert rotated.works(current)
    assert labels(rotated) == [["AWSCURRENT"], ["AWSPREVIOUS"], ["slipway-rejected"]]
    rotated.rotate("one")
    assert rotated.value() != current
    assert rotated.works(rotated.value())


@of(SingleUser, MasterUser, AuthToken)
def test_when_awscurrent_cannot_move_the_database_keeps_its_password(rotated: Rotated) -> None:
    before = rotated.value()
    refusal = {"operation": "UpdateSecretVersionStage", "percent": 100, "code": "AccessDeniedException"}
    control(rotated.aws, "ecs/refusals", service="secretsmanager", message="You may not.", **refusal)
    try:
        with pytest.raises(ModuleFailed) as failure:
            rotated.rotate("one")
    finally:
        control(rotated.aws, "ecs/refusals", "DELETE")
    told = failure.value.result["failures"][0]
    assert (told["step"], "You may not." in told["cause"]) == ("finish", True)
    assert "AWSCURRENT is still the version" in told["current"]
    assert "a login with it works" in told["current"]
    assert rotated.value() == before
    assert rotated.works(before)
    assert rotated.rotate("one")["secrets"][rotated.name]["outcome"] == "resumed"
    assert rotated.value() != before
    assert rotated.works(rotated.value())


@of(*STRATEGIES)
def test_rolled_back_after_a_login_with_the_version_before(rotated: Rotated) -> None:
    first = rotated.value()
    rotated.rotate("one")
    second = rotated.value()
    result = rotated.rotate("one", state="rolled_back")
    assert result["secrets"][rotated.name]["outcome"] == "rolled_back"
    assert rotated.value() == first
    assert rotated.works(first)
    assert rotated.works(second) == (rotated.strategy == "postgres_alternating_users")
    assert not rotated.rotate("one", state="rolled_back")["changed"]
    rotated.rotate("two")
    assert rotated.works(rotated.value())


def test_a_version_that_cannot_log_in_is_not_gone_back_to(aws: Aws, postgres: Postgres) -> None:
    """An administrator who may do nothing any more cannot put the old password back."""
    rotated = SingleUser(aws, postgres)
    first = rotated.value()
    rotated.rotate("one")
    second = rotated.value()
    postgres.run(f"ALTER ROLE {rotated.user} VALID UNTIL '2001-01-01'")
    try:
        with pytest.raises(ModuleFailed) as failure:
            rotated.rotate("one", state="rolled_back")
        assert failure.value.result["failures"][0]["step"] == "undo"
        assert rotated.value() == second != first
    finally:
        rotated.remove()


class Service:
    """A service that reads a secret, whose tasks take their time to stop."""

    def __init__(self, aws: Aws, secret: str) -> None:
        self.ecs = aws.client("ecs")
        arn = aws.client("secretsmanager").describe_secret(SecretId=secret)["ARN"]
        behave(aws, "slow", stop_seconds=100)
        container = {
            "name": "app",
            "image": f"{REPOSITORY}:slow",
            "stopTimeout": 120,
            "secrets": [{"name": "S", "valueFrom": arn}],
        }
        subnets = Stage(aws).subnets
        self.ecs.register_task_definition(
            family="app",
            requiresCompatibilities=["FARGATE"],
            networkMode="awsvpc",
            cpu="256",
            memory="512",
            executionRoleArn=f"arn:aws:iam::{aws.account_id}:role/execution",
            containerDefinitions=[container],
        )
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName="app",
            taskDefinition="app",
            desiredCount=2,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
        )
        waiter = self.ecs.get_waiter("services_stable")
        waiter.wait(cluster=CLUSTER, services=["app"], WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def alive(self) -> set[str]:
        """Its tasks that have not stopped, also those that are told to."""
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in self.ecs.list_tasks(cluster=CLUSTER, serviceName="app", desiredStatus=status)["taskArns"]
        ]
        tasks = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return {task["taskArn"] for task in tasks if task["lastStatus"] != "STOPPED"}


@of(AclUser, AuthToken)
def test_the_old_value_is_valid_until_the_last_task_with_it_has_stopped(rotated: Rotated, aws: Aws) -> None:
    service = Service(aws, rotated.name)
    # The tasks that take their place come only when it was seen that both values are valid.
    behave(aws, "slow", stop_seconds=100, pull_seconds=1_000_000)
    old_tasks, old, current = service.alive(), rotated.value(), rotated.versions()
    assert len(old_tasks) == 2
    child = run_in_child(MODULE, rotated.args("one"))
    both = 0
    ended = False
    while not ended:
        ended = os.waitpid(child, os.WNOHANG) != (0, 0)
        works, moved = rotated.works(old), rotated.versions().get(next(iter(current))) == ["AWSPREVIOUS"]
        left = service.alive() & old_tasks
        # They were there a moment ago too, when the login was tried.
        assert works or not left, "the old value has died under a running task"
        if works and moved and left:
            both += 1
            if both == 1:
                behave(aws, "slow", stop_seconds=100)
                control(aws, "ecs/clock", advance=1_000_000)
    assert both, "nobody saw the time in which both are valid"
    assert not service.alive() & old_tasks
    assert not rotated.works(old)
    assert rotated.works(rotated.value())
    assert not rotated.rotate("one")["changed"]
    control(aws, "ecs/scenarios", "DELETE")
