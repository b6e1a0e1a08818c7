# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local AWS, and the playbooks measured against it."""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import measure

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "bench"
LOCAL_AWS = ROOT / "roles" / "local_aws" / "files"
sys.path[:0] = [str(LOCAL_AWS), str(ROOT / "tests" / "servers")]

from local_aws import audit, control, requestlog  # noqa: E402
from real_servers.ports import free_port  # noqa: E402

#: Inventory → its account. On the local AWS an access key of twelve digits is the number of the account.
ACCOUNTS = {"dev": "123456789012", "staging": "222222222222", "prod": "333333333333"}
REGION = "us-east-1"


class BenchmarkError(Exception):
    """Something that was to be measured did not work; the message says what and where its output is."""


@dataclass
class Run:
    """One measured command: its cost, and what the server saw of it."""

    name: str
    cost: measure.Cost
    server_cpu: float
    latency_ms: float
    calls: Counter[str] = field(default_factory=Counter)
    mutating: int = 0
    changed: int = 0
    log: Path = Path()

    @property
    def requests(self) -> int:
        return sum(self.calls.values())


class LocalAws:
    """The server, in a process of its own."""

    def __init__(self, state_dir: Path, *, second_ms: float = 2, options: tuple[str, ...] = ()) -> None:
        self.state_dir = state_dir
        self.port = free_port()
        arguments = [f"--port={self.port}", f"--state-dir={state_dir}", f"--second-ms={second_ms}", *options]
        os.environ["PYTHONPATH"] = str(LOCAL_AWS)
        try:
            self.pid = int(control.start(arguments, self.port, state_dir)["pid"])
        finally:
            del os.environ["PYTHONPATH"]

    @classmethod
    def running(cls, state_dir: Path) -> LocalAws | None:
        """The one that an earlier command left in this state directory, if it still answers."""
        note = state_dir / "port"
        port = int(note.read_text(encoding="ascii")) if note.exists() else 0
        found = control.health(port) if port else None
        if found is None or Path(found["state_dir"]) != state_dir:
            return None
        server = cls.__new__(cls)
        server.state_dir, server.port, server.pid = state_dir, port, int(found["pid"])
        return server

    def leave_running(self) -> None:
        (self.state_dir / "port").write_text(str(self.port), encoding="ascii")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, account: str) -> dict[str, str]:
        """What the SDKs need to reach an account on it, and nothing of an account elsewhere."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_", "TF_"))}
        return {
            **others,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "rehearsal-secret-key",
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "ANSIBLE_NOCOLOR": "1",
        }

    def control(self, route: str, **parameters: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/local-aws/{route}", data=json.dumps(parameters).encode(), method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        with (self.state_dir / requestlog.FILE_NAME).open("rb") as stream:
            stream.seek(since)
            return [entry for line in stream if "action" in (entry := json.loads(line))]

    def position(self) -> int:
        return (self.state_dir / requestlog.FILE_NAME).stat().st_size

    def judge(self) -> None:
        """Fail when it met a call that it does not implement."""
        found, _looked_at = audit.findings(list(requestlog.read(self.state_dir)))
        if found:
            raise BenchmarkError("The local AWS met calls that it cannot answer:\n" + "\n".join(found))

    def stop(self) -> None:
        control.stop(self.port, self.state_dir)

    def measured(
        self, name: str, command: list[str], *, account: str, latency_ms: float, directory: Path = ROOT, **more: str
    ) -> Run:
        """Run a command against an account here; a failure of it is a BenchmarkError."""
        self.control("latency", latency_ms=latency_ms)
        log = self.state_dir.parent / f"{re.sub(r'[^a-z0-9]+', '-', name.lower())}.log"
        before, cpu, busy = self.position(), measure.cpu_of(self.pid), measure.machine_busy()
        with log.open("wb") as output:
            cost = measure.run(
                command, environment={**self.environment(account), **more}, directory=directory, output=output
            )
        server_cpu = measure.cpu_of(self.pid) - cpu
        others = measure.machine_busy() - busy - server_cpu - cost.cpu
        cost = replace(cost, others=max(0.0, others / cost.wall / (os.cpu_count() or 1)))
        self.control("latency", latency_ms=0)
        text = log.read_text(encoding="utf-8", errors="replace")
        if cost.status:
            raise BenchmarkError(f"{name} failed ({log}):\n{text[-3000:]}")
        requests = [entry for entry in self.requests(before) if entry["account"] == account]
        return Run(
            name,
            cost,
            server_cpu,
            latency_ms,
            calls=Counter(f"{entry['service']}:{entry['action']}" for entry in requests),
            mutating=sum(bool(entry["mutating"]) for entry in requests),
            changed=sum(int(number) for number in re.findall(r"^\S+\s+: ok=.*\bchanged=(\d+)", text, re.MULTILINE)),
            log=log,
        )


def playbook(name: str, inventory: str, *arguments: str) -> list[str]:
    """The command of a playbook with an inventory of the checkout."""
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    # Nothing answers where the local AWS says that the database is.
    alone = ("-e", "data_database_users_unreachable=skip")
    return [program, f"playbooks/{name}.yml", "-i", f"inventories/{inventory}", *alone, *arguments]
