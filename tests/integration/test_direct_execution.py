# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Direct execution shows what the ordinary way shows, and a module that misbehaves harms no other task."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from .harness import ROOT, Aws

HERE = Path(__file__).parent / "direct"
IN_PROCESS = "In this process: "


EVERY = ("network", "services")


def play(playbook: str, *arguments: str, direct: bool, **environment: str) -> str:
    """What ansible-playbook prints for one of the plays here."""
    completed = subprocess.run(
        ["ansible-playbook", str(HERE / playbook), "-e", f"slipway_aws_direct={direct}", *arguments],
        env={**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **environment},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return completed.stdout + completed.stderr


def normalised(output: str) -> list[str]:
    """The lines, without what differs between two runs of anything."""
    output = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>", output)
    output = re.sub(r"date: .* GMT", "date: <date>", output)
    output = re.sub(r"\b\d{12}\b", "<account>", output)
    # Where a task was when its time ran out: the ordinary way waits for another process.
    output = re.sub(r"^ +frame: (.*\n)(?: {8,}.*\n)*", "", output, flags=re.MULTILINE)
    return sorted(output.splitlines())


@pytest.mark.parametrize("mode", [(), ("--check", "--diff")], ids=["run", "check and diff"])
def test_what_is_shown_is_the_same(aws: Aws, server: object, monkeypatch: pytest.MonkeyPatch, mode: tuple[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        arguments = ("-i", str(HERE / "inventory.yml"), "-v", "-e", f"silent_url={url}", *mode)
        ordinary = play("same.yml", *arguments, direct=False)
        Aws(aws.server, monkeypatch)  # the second run, too, finds an empty account
        direct = play("same.yml", *arguments, direct=True)
    assert len(re.findall("Timed out after 3 second|in the expected time frame", direct)) >= 2
    assert normalised(direct) == normalised(ordinary)
    assert "failed=0" in direct
    assert "unreachable=0" in direct


def test_the_modules_did_run_in_the_worker(aws: Aws) -> None:
    arguments = ("-i", str(HERE / "inventory.yml"), "-vvv", "--limit", "one", "-e", "silent_url=http://127.0.0.1:9")
    assert play("same.yml", *arguments, direct=True).count(IN_PROCESS) >= 10
    assert IN_PROCESS not in play("same.yml", *arguments, direct=False)


def test_a_module_that_misbehaves_harms_no_other_task(aws: Aws) -> None:
    collections = f"{HERE / 'collections'}:{os.environ['ANSIBLE_COLLECTIONS_PATH']}"
    inventory = ("-i", "bad,good", "-c", "local", "-e", "ansible_python_interpreter={{ansible_playbook_python}}")
    output = play("misbehaviour.yml", *inventory, "-vvv", direct=True, ANSIBLE_COLLECTIONS_PATH=collections)
    assert output.count(IN_PROCESS) == 14
    recap = dict(re.findall(r"^(bad|good) .*(failed=\d.*)$", output, re.MULTILINE))
    assert recap["good"].startswith("failed=0")
    assert "ignored=0" in recap["good"]
    assert recap["bad"].startswith("failed=0")
    assert "ignored=1" in recap["bad"]
    assert "a bug in a module" in output
    assert "dead state" not in output
    assert "left_behind: 'yes'" not in output.split("TASK [Work on]")[1]


def test_an_interpreter_of_another_name_takes_the_ordinary_way(aws: Aws) -> None:
    output = play(
        "same.yml",
        *("-i", str(HERE / "inventory.yml"), "-vvv", "--limit", "one"),
        *("-e", "ansible_python_interpreter=/usr/bin/env python3", "-e", "silent_url=http://127.0.0.1:9"),
        direct=True,
    )
    assert IN_PROCESS not in output
    assert "not the controller's own" in output


def modules_in(node: Any) -> Iterator[str]:
    """The AWS modules that tasks anywhere below a YAML node run."""
    if isinstance(node, dict):
        yield from (key for key in node if re.fullmatch(r"(slipway|amazon|community)\.aws\.[a-z0-9_]+", str(key)))
        for value in node.values():
            yield from modules_in(value)
    elif isinstance(node, list):
        for value in node:
            yield from modules_in(value)


def modules_of(*patterns: str) -> set[str]:
    files = [path for pattern in patterns for path in sorted(ROOT.glob(pattern))]
    return {module for path in files for module in modules_in(yaml.safe_load(path.read_text(encoding="utf-8")))}


def shown_by_task(output: str) -> list[tuple[str, list[str]]]:
    """What is shown of each task, in order, without what differs between two accounts and two moments."""
    for pattern, replacement in (
        (r"^  \[\w+\] .*\n", ""),  # How far a wait has come.
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"\b\d{12}\b", "<account>"),
        (r"\b([a-z]+-|[a-z]+-[a-z]+-|)[0-9a-f]{8,64}\b", r"\1<id>"),
        (r"\b[A-Z0-9]{13,26}\b|\bd[a-z0-9]{12,14}(?=\.cloudfront)|(?<=scalable-target/)\w+|\b\d{13,}\b", "<id>"),
        (r"(:secret:[\w/]+-)\w{6}\b", r"\1<id>"),
        (r"(service-(?:deployment|revision)/\w+/\w+/)[\w-]+", r"\1<id>"),
        (r"\b127(\.\d+){3}\b|\b02(:[0-9a-f]{2}){5}\b|(?<=every\.)\w+(?=\.use1\.cache)", "<address>"),
        (r"\bseconds: [\d.]+$", "seconds: <seconds>"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+\d\d:\d\d)?", "<time>"),
    ):
        output = re.sub(pattern, replacement, output, flags=re.MULTILINE)
    parts = re.split(r"^(TASK \[.*\]|PLAY RECAP) \**$", output, flags=re.MULTILINE)
    return [(name, lines.splitlines()) for name, lines in zip(parts[1::2], parts[2::2], strict=True)]


def test_every_module_of_the_roles_and_playbooks_shows_the_same(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Predicted with differences, run, and failing: each module, in accounts of its own, with and without."""
    used = modules_of("roles/*/tasks/**/*.yml", "roles/*/handlers/**/*.yml", "playbooks/*.yml")
    covered = modules_of("tests/integration/direct/every/*.yml")
    assert used - covered == set(), "add a task for each to tests/integration/direct/every"

    def run(host: str, direct: bool, account: str) -> str:
        inventory = ("-i", str(HERE / "every_module_inventory.yml"), "--limit", host)
        return play("every_module.yml", *inventory, "-v", direct=direct, AWS_ACCESS_KEY_ID=account)

    accounts = [Aws(aws.server, monkeypatch).account_id for _run in range(2 * len(EVERY))]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(run, host, direct, accounts.pop()) for direct in (False, True) for host in EVERY]
        ordinary, direct = [run.result() for run in runs[:2]], [run.result() for run in runs[2:]]
    for without, with_direct in zip(ordinary, direct, strict=True):
        assert "failed=0" in with_direct, with_direct[-3000:]
        before, _heading, _after = with_direct.partition("TASK [Fail]")
        assert not re.search(r"^(fatal|failed): ", before, re.MULTILINE), (
            "it fails where there is no endpoint, only there"
        )
        for one, other in zip(shown_by_task(with_direct), shown_by_task(without), strict=True):
            assert one == other
    failed = sum(len(re.findall(r"^(?:fatal|failed): ", output, re.MULTILINE)) for output in direct)
    assert failed >= len(covered)
