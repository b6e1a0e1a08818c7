# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked ahead is what the run before asked; its answers serve once, and only while nothing has changed."""

from __future__ import annotations

import json
import os
import socket
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
from .plays import run_play, succeeded

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
        for earlier in runs[-1:]:
            earlier.ahead.note()
        runs.append(Run(tmp_path / "reads" / "noted.json"))
        return runs[-1]

    yield another
    for earlier in runs:
        earlier.ahead.forget()


def in_a_worker(work: Callable[[], None]) -> None:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as a second pytest
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


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


@pytest.mark.parametrize("credentials", ["of the run", "of the task"])
@pytest.mark.parametrize("where", ["here", "in a worker"])
def test_a_change_ends_it_everywhere(where: str, credentials: str, run: Callable[[], Run], aws: Aws) -> None:
    """Whoever makes it, whatever the task says about it: also where it says that it has changed nothing, or fails."""
    assert topics(run()) == []
    second = run()
    second.settle()
    given = {"aws_access_key_id": aws.account_id, "aws_secret_access_key": "another"}

    def change() -> None:
        client = second.client("sns", **(given if credentials == "of the task" else {}))
        with second.sessions.in_use():
            client.create_topic(Name="one")

    in_a_worker(change) if where == "in a worker" else change()
    assert topics(second) == ["one"]
    assert second.ahead.used == 0


def test_a_retry_is_not_told_what_was_true_before_the_first_try(run: Callable[[], Run], aws: Aws) -> None:
    """Neither where the run before has tried as often, nor by the task after it: what waits, waits for AWS."""
    first = run()
    for task in ("wait", "wait", "look at topics", "look at keys"):
        first.ahead.begin(task)
        first.client("kms").list_keys() if task == "look at keys" else topics(first)
    second = run()
    second.settle()
    assert sum(map(len, second.ahead._ahead.values())) == 3
    second.ahead.begin("wait")
    assert (topics(second), second.ahead.used) == ([], 1)
    second.ahead.begin("wait")
    assert (topics(second), second.ahead.used) == ([], 1)
    aws.client("sns").create_topic(Name="done")
    second.ahead.begin("wait")
    assert topics(second) == ["done"]
    second.ahead.begin("look at topics")
    assert topics(second) == ["done"]
    aws.client("kms").create_key()
    second.ahead.begin("look at keys")
    assert len(second.client("kms").list_keys()["Keys"]) == 1
    assert second.ahead.used == 1


@pytest.mark.parametrize(
    "setting", ["AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CONFIG_FILE", "region"]
)
def test_other_settings_are_other_answers(
    setting: str, run: Callable[[], Run], aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task's environment may say whom to ask as whom: no answer that somebody else was given serves it."""
    aws.client("sns").create_topic(Name="one")
    profiles = "[default]\nregion = us-east-1\n[profile other]\nregion = us-east-1\n"
    (tmp_path / "config").write_text(profiles, encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert topics(run()) == ["one"]
    second = run()
    second.settle()
    values = {"AWS_ACCESS_KEY_ID": "222222222222", "AWS_ENDPOINT_URL": aws.server.url + "/", "AWS_PROFILE": "other"}
    if setting == "AWS_CONFIG_FILE":  # Written while the run goes on.
        (tmp_path / "config").write_text(profiles + "[profile more]\n", encoding="utf-8")
    elif setting != "region":
        monkeypatch.setenv(setting, values[setting])
    with second.sessions.in_use():
        region = "eu-west-1" if setting == "region" else "us-east-1"
        client = boto3.session.Session(profile_name=None).client("sns", region_name=region)
    assert len(client.list_topics()["Topics"]) == (0 if setting in ("AWS_ACCESS_KEY_ID", "region") else 1)
    assert second.ahead.used == 0


def test_what_a_note_says_is_asked_with_the_credentials_of_the_run(
    run: Callable[[], Run], aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the run before may have been rotated since, or somebody else's."""
    aws.client("sns").create_topic(Name="one")
    assert topics(run()) == ["one"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "333333333333")
    second = run()
    second.settle()
    assert (topics(second), second.ahead.used) == ([], 1)


@pytest.mark.parametrize(
    "how", ["writable by others", "link", "pipe", "folder", "nonsense", "deep", "other types", "many"]
)
def test_a_note_that_is_not_ours_or_nonsense_is_ignored(how: str, run: Callable[[], Run], tmp_path: Path) -> None:
    assert topics(run()) == []
    run()
    file = tmp_path / "reads" / "noted.json"
    (entry,) = json.loads(file.read_text(encoding="utf-8"))
    match how:
        case "writable by others":
            file.chmod(0o622)
        case "link":
            file.symlink_to(file.rename(tmp_path / "elsewhere.json"))
        case "pipe":
            file.unlink()
            os.mkfifo(file)
        case "folder":
            file.unlink()
            file.mkdir()
        case "nonsense":
            file.write_bytes(b'[["sns", "\xff')
        case "deep":
            file.write_text("[" * 100_000, encoding="utf-8")
        case "other types":
            told = [
                None,
                1,
                {},
                entry[:3],
                ["sns", [], "ListTopics", {}],
                [{}, *entry[1:]],
                ["sns", "no JSON", *entry[2:]],
            ]
            file.write_text(json.dumps(told), encoding="utf-8")
        case "many":
            file.write_text(json.dumps([entry] * (read_ahead.MOST + 1)), encoding="utf-8")
    second = Run(file)
    second.settle()
    assert (topics(second), second.ahead.used) == ([], 0)


def test_a_run_that_reads_nothing_leaves_no_note(run: Callable[[], Run], tmp_path: Path) -> None:
    """As where direct execution is switched off: nothing is asked ahead any more."""
    assert topics(run()) == []
    run()
    assert [file.name for file in (tmp_path / "reads").iterdir()] == ["noted.json"]
    run()
    assert list((tmp_path / "reads").iterdir()) == []


def test_a_note_is_of_a_playbook_an_inventory_and_tags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever order the tags are given, and of the same names in another folder only where they are the same."""
    folders = [tmp_path / "one", tmp_path / "other"]
    names = []
    for folder in folders:
        folder.mkdir()
        (folder / "site.yml").touch()
        monkeypatch.chdir(folder)
        tags = (["vpc", "data"], ["data", "vpc"], ["data"])
        names += [read_ahead.file_for(tmp_path, "site.yml", ["dev", "prod"], wanted).name for wanted in tags]
    assert names[0] == names[1]
    assert names[3] == names[4]
    assert len(set(names)) == 4


def test_only_notes_are_tidied_away(tmp_path: Path) -> None:
    name = read_ahead.file_for(tmp_path, "site.yml").name.removesuffix(".json")
    ours = [f"{name}.json", f"{name}.12.34", f"{name}.json.abc_1.new", f"{name}.12.34.abc.new"]
    theirs = [f"{name}.txt", "mine.json", "x" * 32 + ".json"]
    for file in (*ours, *theirs):
        (tmp_path / file).touch()
    read_ahead._forget_old(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(ours + theirs)
    for file in tmp_path.iterdir():
        os.utime(file, (0, 0))
    read_ahead._forget_old(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(theirs)


def test_a_fork_does_not_wait_for_an_aws_that_does_not_answer(
    run: Callable[[], Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_ahead, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        client = read_ahead.Client(
            "sns", json.dumps({"profile": None, "config": {}, "options": {}, "environment": True})
        )
        file = tmp_path / "noted.json"
        file.write_text(json.dumps([[client.service, client.settings, "ListTopics", "{}"]]), encoding="utf-8")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        waiting = Run(file)
        with waiting.sessions.in_use():
            pass
        asked, _address = silent.accept()
        in_a_worker(lambda: None)
        with asked, waiting.ahead.paused():
            assert waiting.ahead._changed[0] == 1


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

    def work() -> None:
        assert topics(second) == []
        assert second.ahead.used == 1
        for service in ("kms", "cloudwatch"):  # As items of a loop do.
            client = second.client(service)
            client.list_keys() if service == "kms" else client.list_dashboards()
        with second.sessions.in_use():
            pass

    in_a_worker(work)
    third = run()
    third.settle()
    third.client("kms").list_keys()
    third.client("cloudwatch").list_dashboards()
    assert (topics(third), third.ahead.used) == ([], 3)


def test_a_fork_waits_for_requests_and_has_no_locks_of_theirs(run: Callable[[], Run], aws: Aws) -> None:
    first = run()
    for number in range(30):
        topics(first) if number % 2 else first.client("kms").list_keys()
    second = run()
    with second.sessions.in_use():
        pass
    children = []
    for _number in range(4):
        child = os.fork()
        if child == 0:
            second.client("kms").list_keys()
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


LOOK = """
    - amazon.aws.ec2_vpc_net_info:
      register: %s
"""
OTHER_PROGRAMS = {
    "command": """
    - ansible.builtin.command:
        argv: ["{{ ansible_playbook_python }}", -c, "{{ program }}"]
      vars:
        program: import boto3; boto3.client('ec2').create_vpc(CidrBlock='10.0.0.0/16')
      changed_when: false
""",
    "module": """
    - amazon.aws.ec2_vpc_net:
        name: a module
        cidr_block: 10.0.0.0/16
      changed_when: false
      async: 60
      poll: 1
""",
}
CHECK = """
    - ansible.builtin.assert:
        that: after.vpcs | length == before.vpcs | length + 1
"""


def test_what_another_program_changes_is_seen(aws: Aws, tmp_path: Path) -> None:
    """Whatever the task says about it. And what was noted is gone when variables have switched direct execution off."""
    playbook, folder = tmp_path / "play.yml", tmp_path / "reads"
    environment = {**aws.environment(), "AWS_DEFAULT_REGION": "us-east-1"}
    environment["SLIPWAY_AWS_READ_AHEAD_FOLDER"] = str(folder)
    arguments = ("-i", "one,", "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}", "-vv")

    def outcome(*tasks: str, more: tuple[str, ...] = ()) -> list[str]:
        text = "- hosts: all\n  gather_facts: false\n  tasks:" + "".join(tasks)
        playbook.write_text(text, encoding="utf-8")
        play = succeeded(run_play(playbook, *arguments, *more, environment=environment))
        return [line for line in play.output.splitlines() if "asked for ahead" in line]

    outcome(LOOK % "before", OTHER_PROGRAMS["command"], LOOK % "after", CHECK)
    if compiled.CORE not in compiled.KNOWN_CORES:
        assert not folder.exists()
        return
    (note,) = folder.iterdir()
    assert [entry[2] for entry in json.loads(note.read_text(encoding="utf-8"))].count("DescribeVpcs") == 2
    for change in OTHER_PROGRAMS.values():
        assert len(outcome(LOOK % "before", change, LOOK % "after", CHECK)) == 1
    # What the program itself is told, it does not even ask.
    assert outcome(LOOK % "before", more=("-e", "slipway_aws_direct=false")) == []
    assert note.exists()
    assert len(outcome(LOOK % "before", "  vars: {slipway_aws_direct: false}\n")) == 1
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("switch", ["true", "false"])
def test_the_second_run_of_a_playbook_asks_ahead(switch: str, aws: Aws, tmp_path: Path) -> None:
    """And shows the same; a variable switches it off, and an ansible-core that is not known."""
    environment = {
        **aws.environment(),
        "SLIPWAY_AWS_READ_AHEAD": switch,
        "SLIPWAY_AWS_READ_AHEAD_FOLDER": str(tmp_path),
    }
    arguments = ("validate.yml", "-i", "inventories/dev", "-e", f"stack_account_id={aws.account_id}", "-vv")
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
