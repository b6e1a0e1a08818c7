# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at every point where it could be, a rotation is finished by the next run, and nobody is locked out meanwhile.

A run is a forked process that ends itself, as a kill would, before its first, second, ... call: each request to AWS,
each command to Redis and each round trip to PostgreSQL, commits too, is such a point. All of them are tried, until a
run has no more.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis
from ansible_collections.slipway.aws.plugins.module_utils._rotation.strategies import STRATEGIES as KNOWN
from botocore.client import BaseClient
from real_servers.postgres import Postgres
from real_servers.redis import Redis
from real_servers.watcher import watching

from .harness import Aws, ModuleFailed, Server, execute, start_server, stop_server
from .rotations import MODULE, STRATEGIES, AclUser, AlternatingUsers, MasterUser, Pair, Rotated, SingleUser

KILLED, ENDED, FAILED = 9, 0, 1

#: More calls than any rotation makes: a loop that never ends is a failure of its own.
MOST = 80


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A local AWS in which a minute is over before anybody looks again."""
    server = start_server(tmp_path_factory.mktemp("quick-aws"), second_ms=0.1)
    yield server
    stop_server(server)


@pytest.fixture
def rotated(
    request: pytest.FixtureRequest,
    quick: Server,
    monkeypatch: pytest.MonkeyPatch,
    postgres: Postgres,
    redis_server: Redis,
) -> Iterator[Rotated]:
    kind: type[Rotated] = request.param
    one = kind(Aws(quick, monkeypatch), postgres if kind.kind == "postgres" else redis_server)
    yield one
    one.remove()


def kill_before(call: int) -> None:
    """Let this process end before its call of that number."""
    done = 0

    def counted(original: Any) -> Any:
        def called(*args: Any, **kwargs: Any) -> Any:
            nonlocal done
            done += 1
            if done == call:
                os._exit(KILLED)
            return original(*args, **kwargs)

        return called

    BaseClient._make_api_call = counted(BaseClient._make_api_call)  # type: ignore[method-assign]
    psycopg.connect = counted(psycopg.connect)
    psycopg.Connection.wait = counted(psycopg.Connection.wait)  # type: ignore[method-assign]
    redis.Redis.execute_command = counted(redis.Redis.execute_command)  # type: ignore[method-assign]


def run_and_kill(args: dict[str, Any], call: int, ends_with: int = ENDED) -> bool:
    """Run the module in a fork that is killed before a call. Whether it came that far."""
    child = os.fork()
    if child == 0:
        # Looking for garbage would copy all that it shares with this process.
        gc.disable()
        try:
            kill_before(call)
            os._exit(FAILED if execute(MODULE, args).get("failed") else ENDED)
        finally:
            os._exit(2)
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (KILLED, ends_with), f"the run that was to be killed before call {call} ended with {code}"
    return code == KILLED


def held(rotated: Rotated) -> set[str]:
    """The labels that are attached to any version."""
    return {stage for stages in rotated.versions().values() for stage in stages}


def works_with_one_of(rotated: Rotated, stages: tuple[str, ...]) -> bool:
    """Whether a login works with the value that one of some labels is attached to."""
    attached = held(rotated)
    return any(rotated.works(rotated.value(stage)) for stage in stages if stage in attached)


@pytest.mark.parametrize("rotated", [*STRATEGIES, MasterUser], indirect=True, ids=lambda kind: kind.strategy)
def test_killed_before_each_of_its_calls(rotated: Rotated) -> None:
    stages = rotated.works_with
    locked_out = 0
    with watching(rotated.aws.environment(), rotated.name, rotated.watched, stages=stages, every=0.2) as watch:
        call = 0
        killed = True
        while killed:
            call += 1
            assert call < MOST
            before, old = rotated.versions(), rotated.value()
            args = rotated.args(f"cut-{call}")
            killed = run_and_kill(args, call)
            if not rotated.works(rotated.value()):
                locked_out += 1
                assert works_with_one_of(rotated, stages), f"cut {call}: nobody can log in"
            rotated.aws.run_module(MODULE, args)
            after = rotated.versions()
            made = after.keys() - before.keys()
            assert len(made) == 1, f"cut {call}: {len(made)} versions were made"
            assert after[made.pop()] == ["AWSCURRENT"], f"cut {call}"
            assert sorted(stages for version, stages in after.items() if "AWSCURRENT" not in stages and stages) == [
                ["AWSPREVIOUS"]
            ], f"cut {call}"
            assert rotated.works(rotated.value()), f"cut {call}"
            assert rotated.works(old) == (rotated.strategy == "postgres_alternating_users"), f"cut {call}"
            if call % 4 == 0 or not killed:
                rotated.aws.mark()
                assert not rotated.aws.run_module(MODULE, args)["changed"], f"cut {call}"
                assert rotated.aws.mutations() == [], f"cut {call}"
            if call in (4, 8, 12):
                watch.look_again()
    assert rotated.windows in (None, locked_out)
    assert watch.failures == []
    # At the beginning, at the end, and when it was told to; more only where the machine has time for it.
    assert watch.attempts >= 5
    # Fewer would mean that something was not counted.
    assert call > 12


@pytest.mark.parametrize("rotated", STRATEGIES, indirect=True, ids=lambda kind: kind.strategy)
def test_killed_while_it_rolls_back(rotated: Rotated) -> None:
    """With one password the login with AWSPREVIOUS, which comes first, means that AWSCURRENT does not work any more."""
    # As the rotation leaves it; after each return, forgetting that it was one leaves the same, with the roles changed.
    rotated.rotate("one")
    args = rotated.args("one", state="rolled_back")
    call = 0
    killed = True
    while killed:
        call += 1
        assert call < MOST
        back_to = rotated.value("AWSPREVIOUS")
        killed = run_and_kill(args, call)
        stages = ("AWSCURRENT", "AWSPREVIOUS") if rotated.windows != 0 else ("AWSCURRENT",)
        assert works_with_one_of(rotated, stages), f"cut {call}: nobody can log in"
        rotated.aws.run_module(MODULE, args)
        assert rotated.value() == back_to, f"cut {call}"
        assert rotated.works(back_to), f"cut {call}"
        labels = {version: stages for version, stages in rotated.versions().items() if stages}
        assert sorted(labels.values()) == [["AWSCURRENT"], ["AWSPREVIOUS", "slipway-rejected"]], f"cut {call}"
        left = next(version for version, stages in labels.items() if "AWSPREVIOUS" in stages)
        rotated.client.update_secret_version_stage(
            SecretId=rotated.name, VersionStage="slipway-rejected", RemoveFromVersionId=left
        )
    assert call > 8


@pytest.mark.parametrize(
    "rotated", [SingleUser, AlternatingUsers, AclUser], indirect=True, ids=lambda kind: kind.strategy
)
def test_killed_while_it_gives_up(rotated: Rotated, monkeypatch: pytest.MonkeyPatch) -> None:
    """The target was given another password than the secret's; the run that finds out is cut off while it undoes it."""
    strategy: Any = KNOWN[rotated.strategy]

    class Meddled(strategy):
        def set(self, current: str, pending: str) -> None:
            super().set(current, json.dumps({**json.loads(pending), "password": "x" * 40}))

    call = 0
    killed = True
    while killed:
        call += 1
        assert call < MOST
        current = rotated.value()
        # Where one password is all there is, and it is wrong, only an administrator gets in.
        args = rotated.args(f"cut-{call}", secret={"admin_secret": rotated.admin})
        with monkeypatch.context() as patch:
            patch.setitem(KNOWN, rotated.strategy, Meddled)
            killed = run_and_kill(args, call, ends_with=FAILED)
        if not rotated.windows:
            assert rotated.value() == current, f"cut {call}"
            assert rotated.works(current), f"cut {call}: nobody can log in"
        with contextlib.suppress(ModuleFailed):
            # Fails only to tell that it had to go back.
            rotated.aws.run_module(MODULE, args)
            assert rotated.value() != current, f"cut {call}"
        assert rotated.works(rotated.value()), f"cut {call}"
        assert not held(rotated) & {"AWSPENDING", "slipway-rolling"}, f"cut {call}"
    assert call > 15


def test_killed_while_it_rotates_a_secret_and_the_one_that_its_rotation_needs(
    quick: Server, monkeypatch: pytest.MonkeyPatch, postgres: Postgres
) -> None:
    """A run may end with the second one's login between two passwords. The next mends that first, and then has it."""
    pair = Pair(Aws(quick, monkeypatch), postgres)
    call = 0
    killed = True
    while killed:
        call += 1
        assert call < MOST
        before, args = pair.versions(), pair.args(f"cut-{call}")
        killed = run_and_kill(args, call)
        assert pair.app.works(pair.app.value()), f"cut {call}"
        pair.aws.run_module(MODULE, args)
        for name, versions in pair.versions().items():
            (made,) = versions.keys() - before[name].keys()
            assert versions[made] == ["AWSCURRENT"], f"cut {call}: {name}"
            held_by_others = [stages for version, stages in versions.items() if stages and version != made]
            assert held_by_others == [["AWSPREVIOUS"]], f"cut {call}: {name}"
        assert pair.works(), f"cut {call}"
        assert pair.app.works(pair.app.value()), f"cut {call}"
    assert call > 30
    pair.app.remove()
