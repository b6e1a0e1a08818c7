# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the callback warm_up, plays show what they show without it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import boto3
import boto3.session
import pytest
from ansible_collections.slipway.aws.plugins.plugin_utils import compiled, direct

from .harness import ROOT, Aws
from .plays import Play, run_play

PARENT = os.getpid()


def validate(aws: Aws, *arguments: str, warm: bool = True) -> Play:
    """The first playbook of every run: checks, facts, a skipped task and a module on an empty account."""
    # Enabling one that is nothing but a way to show results enables none.
    callbacks = {} if warm else {"ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.minimal"}
    return run_play("validate.yml", "-i", "inventories/dev", *arguments, environment={**aws.environment(), **callbacks})


@pytest.mark.parametrize("account", ["right", "wrong"])
def test_a_play_shows_the_same_with_and_without(account: str, aws: Aws) -> None:
    number = aws.account_id if account == "right" else "000000000000"
    arguments = ("-e", f"stack_account_id={number}")
    warm, cold = validate(aws, *arguments), validate(aws, *arguments, warm=False)
    assert (warm.returncode, warm.output) == (cold.returncode, cold.output)
    assert (warm.returncode == 0) is (account == "right"), warm.output
    assert ("belong to account" in warm.output) is (account == "wrong")


@pytest.mark.parametrize("switch", ["true", "false"])
def test_a_host_alone_needs_no_worker_to_compute_or_to_ask(switch: str, aws: Aws) -> None:
    """One variable switches it off, with direct execution; before ansible-core 2.19 it does nothing."""
    arguments = ("-e", f"stack_account_id={aws.account_id}", "-e", f"slipway_aws_direct={switch}", "-vvv")
    output = validate(aws, *arguments).output
    without = [line for line in output.splitlines() if "Without a worker of its own" in line]
    engages = switch == "true" and compiled.CORE in compiled.KNOWN_CORES
    assert any("Publish what was found" in line for line in without) is engages
    assert any("Find what exists" in line for line in without) is engages


def test_who_reads_the_output_from_a_file_sees_the_task_that_is_at_work(aws: Aws, tmp_path: Path) -> None:
    """As ever, whether a task has a worker or not: CI shows what a pipe gives it."""
    log = tmp_path / "output"
    shown = f"{{{{ 'Stop unless account and region' in lookup('ansible.builtin.file', '{log}') }}}}"
    variables = {**os.environ, **aws.environment(), "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    # Else Python keeps nothing back, and there would be nothing to test.
    variables.pop("PYTHONUNBUFFERED", None)
    with log.open("w", encoding="utf-8") as stream:
        subprocess.run(
            [
                "ansible-playbook",
                "playbooks/validate.yml",
                "-i",
                "inventories/dev",
                "-e",
                f"stack_account_id={shown!r}",
            ],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )
    assert "only account True" in log.read_text(encoding="utf-8")


def test_modules_share_a_client_and_forks_have_connections_of_their_own(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3.session, "Session", boto3.Session)
    sessions = direct.Sessions()

    def client(**options: Any) -> Any:
        with sessions.in_use():
            return boto3.session.Session(profile_name=None).client("sts", region_name="us-east-1", **options)

    shared = client()
    assert client() is shared
    assert client(aws_access_key_id="123456789012", aws_secret_access_key="other") is not shared
    assert shared.get_caller_identity()["Account"] == aws.account_id
    children = [os.fork() for _number in range(3) if os.getpid() == PARENT]
    answers = {shared.get_caller_identity()["Account"] for _number in range(30)}
    if os.getpid() != PARENT:
        os._exit(answers != {aws.account_id})
    assert answers == {aws.account_id}
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert client() is not shared
