# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role local_aws, run by ansible-playbook."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from harness import Server, free_port, stop

PLAYBOOK = """
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: slipway.aws.local_aws
        tasks_from: "{{ entry_point }}"
    - ansible.builtin.copy:
        content: "{{ local_aws_output | default({}) | to_json }}"
        dest: "{{ playbook_dir }}/output.json"
        mode: "0600"
      changed_when: false
      check_mode: false
"""


@dataclass
class Run:
    returncode: int
    text: str
    output: dict[str, Any]

    @property
    def changed(self) -> bool:
        return "changed=0 " not in self.text


@dataclass
class Role:
    directory: Path
    port: int = field(default_factory=free_port)

    @property
    def state_dir(self) -> Path:
        return self.directory / "state"

    def run(self, entry_point: str, *arguments: str, **variables: Any) -> Run:
        playbook = self.directory / "play.yml"
        playbook.write_text(PLAYBOOK, encoding="utf-8")
        (self.directory / "output.json").unlink(missing_ok=True)
        given = {
            "entry_point": entry_point,
            "local_aws_port": self.port,
            "local_aws_state_dir": str(self.state_dir),
            **variables,
        }
        ansible = shutil.which("ansible-playbook") or str(Path(sys.executable).with_name("ansible-playbook"))
        done = subprocess.run(
            [ansible, str(playbook), "-e", json.dumps(given), *arguments],
            env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"},
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        output = self.directory / "output.json"
        return Run(
            done.returncode,
            done.stdout + done.stderr,
            json.loads(output.read_text(encoding="utf-8")) if output.exists() else {},
        )


@pytest.fixture
def role(tmp_path: Path) -> Iterator[Role]:
    made = Role(tmp_path)
    yield made
    stop(Server(made.port, made.state_dir))


def test_it_starts_once_and_stops_once(role: Role) -> None:
    check = role.run("started", "--check")
    assert check.returncode == 0, check.text
    assert check.output["pid"] == 0
    first = role.run("started")
    assert first.returncode == 0, first.text
    assert first.changed
    assert first.output == {
        "endpoint_url": f"http://127.0.0.1:{role.port}",
        "pid": first.output["pid"],
        "request_log": f"{role.state_dir}/requests.jsonl",
        "server_log": f"{role.state_dir}/server.log",
        "account_id": "123456789012",
    }
    # It survives the playbook.
    assert Server(role.port, role.state_dir).control("health", method="GET")["pid"] == first.output["pid"]
    again = role.run("started")
    assert not again.changed, again.text
    assert again.output == first.output
    slower = role.run("started", local_aws_latency_ms=5, local_aws_provisioning_ms=50)
    assert slower.changed
    health = Server(role.port, role.state_dir).control("health", method="GET")
    assert (health["latency_ms"], health["provisioning_ms"]) == (5, 50)
    other = role.run("started", local_aws_account_id="210987654321")
    assert other.returncode != 0
    assert "local_aws_account_id=123456789012" in other.text
    stopped = role.run("stopped")
    assert stopped.returncode == 0, stopped.text
    assert stopped.changed
    assert not role.run("stopped").changed


def test_a_port_of_another_program_is_refused(role: Role) -> None:
    with http.server.HTTPServer(("127.0.0.1", role.port), http.server.BaseHTTPRequestHandler) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        refused = role.run("started")
        other.shutdown()
    assert refused.returncode != 0
    assert f"local_aws_port is {role.port}, but a program that is not a local AWS listens there" in " ".join(
        refused.text.split()
    )


def test_a_python_without_moto_is_refused(role: Role, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")], check=True)
    refused = role.run("started", local_aws_python=str(tmp_path / "bare" / "bin" / "python"))
    assert refused.returncode != 0
    assert "is missing; install it with" in " ".join(refused.text.split())


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"local_aws_port": "many"}, "local_aws_port"),
        ({"local_aws_second_ms": "slow"}, "local_aws_second_ms"),
    ],
)
def test_bad_input_is_named(role: Role, variables: dict[str, Any], said: str) -> None:
    refused = role.run("started", **variables)
    assert refused.returncode != 0
    assert said in refused.text
