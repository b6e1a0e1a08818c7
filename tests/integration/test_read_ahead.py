# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked ahead is what the run before asked; its answers serve once, and only while nothing has changed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import boto3.session
import pytest
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, direct, read_ahead
from botocore.exceptions import ClientError

from .harness import Aws
from .plays import run_play

#: Makes a client as a module does, in a run of its own.
Client = Callable[[str], Any]
TAGS = [{"Key": "Project", "Value": "ahead"}]


class Run:
    """A run of a playbook, as far as clients are concerned."""

    def __init__(self, file: Path) -> None:
        self.sessions = direct.Sessions()
        self.ahead = self.sessions.ahead = read_ahead.ReadAhead(file)

    def client(self, service: str, **options: Any) -> Any:
        with self.sessions.in_use():
            return boto3.session.Session(profile_name=None).client(service, region_name="us-east-1", **options)

    def settle(self) -> None:
        """Wait until all that was noted has been answered."""
        with self.sessions.in_use():
            pass
        for waiting in self.ahead._ahead.values():
            for future in waiting:
                future.result(timeout=30)


@pytest.fixture
def run(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Run]]:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    # The tests share clients, too; a run has its own.
    monkeypatch.setattr(boto3.session, "Session", boto3.Session)
    runs: list[Run] = []

    def another() -> Run:
        for earlier in runs:
            earlier.ahead.note()
        runs.append(Run(tmp_path / "reads" / "noted.json"))
        return runs[-1]

    yield another
    for earlier in runs:
        earlier.ahead.forget()


def topics(run: Run) -> list[str]:
    return [topic["TopicArn"].rpartition(":")[2] for topic in run.client("sns").list_topics()["Topics"]]


def test_an_answer_serves_once(run: Callable[[], Run], aws: Aws) -> None:
    aws.client("sns").create_topic(Name="one")
    assert topics(run()) == ["one"]
    second = run()
    second.settle()
    aws.client("sns").create_topic(Name="two")
    before = len(aws.calls())
    assert topics(second) == ["one"]
    assert aws.calls()[before:] == []
    assert topics(second) == ["one", "two"]
    assert aws.calls()[before:] == ["sns:ListTopics"]
    assert second.ahead.used == 1


def test_a_change_ends_it(run: Callable[[], Run]) -> None:
    assert topics(run()) == []
    second = run()
    second.settle()
    second.client("sns").create_topic(Name="one")
    assert topics(second) == ["one"]
    assert second.ahead.used == 0


def test_a_failure_and_an_old_answer_are_asked_again(run: Callable[[], Run], monkeypatch: pytest.MonkeyPatch) -> None:
    first = run()
    first.client("kms").describe_key(KeyId=first.client("kms").create_key()["KeyMetadata"]["KeyId"])
    assert topics(first) == []
    second = run()
    second.settle()
    monkeypatch.setattr(read_ahead, "FRESH", -1)
    assert topics(second) == []
    assert second.ahead.used == 0
    with pytest.raises(ClientError, match="NotFoundException"):
        second.client("kms").describe_key(KeyId="alias/nobody")


def test_workers_use_answers_and_hand_over_what_they_read(run: Callable[[], Run]) -> None:
    assert topics(run()) == []
    second = run()
    second.settle()
    child = os.fork()
    if child == 0:
        used = topics(second) == [] and second.ahead.used == 1
        second.client("sqs").list_queues()
        with second.sessions.in_use():
            pass
        os._exit(not used)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    third = run()
    third.settle()
    third.client("sqs").list_queues()
    assert (topics(third), third.ahead.used) == ([], 2)


def test_a_fork_waits_for_requests_and_has_no_locks_of_theirs(run: Callable[[], Run], aws: Aws) -> None:
    first = run()
    for number in range(30):
        topics(first) if number % 2 else first.client("sqs").list_queues()
    second = run()
    with second.sessions.in_use():
        pass
    children = []
    for _number in range(4):
        child = os.fork()
        if child == 0:
            second.client("sqs").list_queues()
            os._exit(0)
        children.append(child)
    deadline = time.monotonic() + 60
    while children and time.monotonic() < deadline:
        children = [child for child in children if os.waitpid(child, os.WNOHANG)[0] == 0]
        time.sleep(0.02)
    assert children == []


def test_nothing_secret_is_noted(run: Callable[[], Run], aws: Aws, tmp_path: Path) -> None:
    first = run()
    secret = first.client("secretsmanager").create_secret(Name="s", SecretString="marker-of-a-secret", Tags=TAGS)["ARN"]
    first.client("secretsmanager").get_secret_value(SecretId=secret)
    first.client("secretsmanager").describe_secret(SecretId=secret)
    other = first.client("sts", aws_access_key_id="111111111111", aws_secret_access_key="marker-of-a-key")
    assert other.get_caller_identity()["Account"] == "111111111111"
    run()
    (file,) = (tmp_path / "reads").iterdir()
    text = file.read_text(encoding="utf-8")
    assert [entry[2] for entry in json.loads(text)] == ["DescribeSecret"]
    assert "marker" not in text
    assert aws.environment()["AWS_SECRET_ACCESS_KEY"] not in text
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("switch", ["true", "false"])
def test_the_second_run_of_a_playbook_asks_ahead(switch: str, aws: Aws, tmp_path: Path) -> None:
    """And shows the same; a variable switches it off, and an ansible-core that is not known."""
    environment = {
        **aws.environment(),
        "SLIPWAY_AWS_READ_AHEAD": switch,
        "SLIPWAY_AWS_READ_AHEAD_FOLDER": str(tmp_path),
    }
    arguments = ("validate.yml", "-i", "inventories/dev", "-e", f"stack_account_id={aws.account_id}", "-v")
    first, second = (run_play(*arguments, environment=environment) for _number in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.output + second.output
    said = [line for line in second.output.splitlines() if "asked for ahead" in line]
    if switch == "false" or compiled.CORE not in compiled.KNOWN_CORES:
        assert said == []
        assert list(tmp_path.iterdir()) == []
        return
    assert int(said[0].rpartition(" ")[2]) > 5
    # A part of the hosts, or of the tasks, asks less.
    part = run_play(*arguments, "--limit", "dev", environment=environment)
    assert [line.rpartition(" ")[2] for line in part.output.splitlines() if "asked for ahead" in line] == ["0"]
    assert _shown(first.output) == _shown(second.output)


def _shown(output: str) -> list[str]:
    return [line for line in output.splitlines() if "asked for ahead" not in line]
