# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run modules as ansible-core runs them, against a local AWS, and ask its request log what they did."""

from __future__ import annotations

import contextlib
import importlib
import io
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from ansible.module_utils import basic
from ansible_collections.slipway.aws.plugins.plugin_utils import direct
from real_servers.ports import free_port, settle

# One loader of botocore's models for all modules: reading ec2's takes longer than most tests.
direct.warm_up()
# And one session for all clients of the same account, as modules have it when they run in a worker.
SESSIONS = direct.Sessions()
IN_USE = contextlib.ExitStack()
IN_USE.enter_context(SESSIONS.in_use())

ROOT = Path(__file__).resolve().parents[2]
LOCAL_AWS = ROOT / "roles" / "local_aws" / "files"


@dataclass
class Server:
    """A local AWS of its own."""

    url: str
    state_dir: Path
    process: subprocess.Popen[bytes]
    accounts: Iterator[int] = field(default_factory=lambda: itertools.count(100_000_000_001))

    @property
    def log(self) -> Path:
        return self.state_dir / "requests.jsonl"

    def position(self) -> int:
        """How far the request log has come, for C(requests): it is long, and most of it is other tests'."""
        return self.log.stat().st_size if self.log.exists() else 0

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """What was logged from a position on. A line of which only a part is written yet belongs to those to come."""
        if not self.log.exists():
            return []
        with self.log.open("rb") as stream:
            if since:
                # The rest of such a line, or the end of the one before.
                stream.seek(since - 1)
                stream.readline()
            return [json.loads(line) for line in stream if line.endswith(b"\n")]

    def settle(self) -> None:
        """Wait until it has dealt with all that processes have asked it that are dead now."""
        settle(int(self.url.rpartition(":")[2]))


def start_server(state_dir: Path, *, second_ms: float = 5, latency_ms: float = 0) -> Server:
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "local_aws", "--port", str(port), "--state-dir", str(state_dir)),
            *("--second-ms", str(second_ms), "--latency-ms", str(latency_ms)),
        ],
        env={**os.environ, "PYTHONPATH": str(LOCAL_AWS)},
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/local-aws/health", timeout=30):
            break
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(
                f"the local AWS did not start (exit status {process.poll()}); see {state_dir}/server.log"
            )
        time.sleep(0.05)
    # An hour is over in seconds, and on a busy machine before a module asks why a task has stopped.
    timing = json.dumps({"stopped_tasks_kept": 10_000_000}).encode()
    urllib.request.urlopen(f"{url}/local-aws/ecs/timing", data=timing, timeout=60).close()
    return Server(url, state_dir, process)


@contextlib.contextmanager
def rehearsed(url: str, arguments: Iterable[str]) -> Iterator[None]:
    """Mark the request log around a run of ansible-playbook in check mode, for C(stop_server) to judge."""
    names = ("check begins", "check ends") if "--check" in arguments else ()
    for name in names[:1]:
        set_mark(url, name)
    yield
    for name in names[1:]:
        set_mark(url, name)


def set_mark(url: str, name: str) -> None:
    address = f"{url}/local-aws/mark?{urllib.parse.urlencode({'name': name})}"
    urllib.request.urlopen(urllib.request.Request(address, method="POST"), timeout=60).close()


def written_in_check_mode(entries: Iterable[dict[str, Any]]) -> list[str]:
    """The mutating requests between the marks of C(rehearsed)."""
    found, checking = [], False
    for entry in entries:
        if "mark" in entry:
            checking = entry["mark"] == "check begins" if entry["mark"].startswith("check ") else checking
        elif checking and entry.get("mutating"):
            found.append(f"{entry['service']}:{entry['action']}")
    return found


def stop_server(server: Server) -> None:
    """Stop it, and fail when it met something that it does not implement or that broke it, or a write in check mode."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.process.pid, signal.SIGTERM)
    server.process.wait(timeout=60)
    audit = subprocess.run(
        [sys.executable, "-m", "local_aws.audit", str(server.state_dir)],
        env={**os.environ, "PYTHONPATH": str(LOCAL_AWS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert written_in_check_mode(server.requests()) == []


class ModuleFailed(Exception):
    """A module ended with a failure; C(result) is what it printed."""

    def __init__(self, name: str, result: dict[str, Any]) -> None:
        super().__init__(f"{name}: {result.get('msg')}")
        self.result = result


class Aws:
    """One fresh account on the local AWS, for one test."""

    def __init__(self, server: Server, monkeypatch: Any, region: str = "us-east-1") -> None:
        # Connections to the account before would stay open to the end.
        SESSIONS.forget()
        self.server = server
        self.region = region
        self.account_id = str(next(server.accounts))
        self._mark = server.position()
        for name, value in self.environment().items():
            monkeypatch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)

    def environment(self) -> dict[str, str]:
        """What the SDK needs to reach this account: a twelve-digit key is the account's number."""
        return {
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_ACCESS_KEY_ID": self.account_id,
            "AWS_SECRET_ACCESS_KEY": "rehearsal-secret-key",
            "AWS_REGION": self.region,
        }

    def client(self, service: str, region: str = "") -> Any:
        return boto3.session.Session().client(service, region_name=region or self.region)

    def mark(self) -> None:
        """Forget the requests so far."""
        self._mark = self.server.position()

    def calls(self) -> list[str]:
        """The requests since the mark, as C(service:Action)."""
        return [f"{entry['service']}:{entry['action']}" for entry in self._since_mark()]

    def mutations(self) -> list[str]:
        """The mutating requests since the mark."""
        return [f"{entry['service']}:{entry['action']}" for entry in self._since_mark() if entry["mutating"]]

    def _since_mark(self) -> list[dict[str, Any]]:
        return [entry for entry in self.server.requests(self._mark) if "action" in entry]

    def run_module(self, name: str, args: dict[str, Any], *, check: bool = False, diff: bool = True) -> dict[str, Any]:
        """The module's result. A failure raises ModuleFailed; check mode asserts that nothing was written."""
        if check:
            self.mark()
        result = execute(name, args, check=check, diff=diff)
        if check:
            assert self.mutations() == [], f"{name} wrote in check mode"
        if result.get("failed"):
            raise ModuleFailed(name, result)
        return result


def execute(name: str, args: dict[str, Any], *, check: bool = False, diff: bool = True) -> dict[str, Any]:
    """Run a module's main() with the arguments that ansible-core would give it, and read what it prints."""
    module = importlib.import_module(f"ansible_collections.slipway.aws.plugins.modules.{name}")
    internal = {
        "_ansible_check_mode": check,
        "_ansible_diff": diff,
        "_ansible_remote_tmp": "/tmp",
        "_ansible_keep_remote_files": False,
    }
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": {**args, **internal}}).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.suppress(SystemExit):
        module.main()
    printed = re.search(r"^\{.*\}$", output.getvalue(), re.MULTILINE)
    assert printed, f"{name} printed no result: {output.getvalue()!r}"
    return json.loads(printed.group())
