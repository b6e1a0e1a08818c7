# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop and talk to a local AWS in tests."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import contract
from botocore.config import Config
from real_servers.ports import free_port

FILES = Path(__file__).resolve().parents[2] / "roles" / "local_aws" / "files"

SECOND_MS = 2


@functools.cache
def session(region: str, checked: bool) -> boto3.Session:
    """One session for all clients of a kind: each session reads the service models anew."""
    made = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=region)
    if checked:
        contract.watch(made)
    return made


@dataclass
class Server:
    """A running local AWS."""

    port: int
    state_dir: Path

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def control(self, route: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
        """Call a route below /local-aws/; an error answer raises urllib's HTTPError."""
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.endpoint_url}/local-aws/{route}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def client(self, service: str, region: str = "us-east-1", checked: bool = True) -> Any:
        """A boto3 client whose answers are checked against the models."""
        return session(region, checked).client(
            service, endpoint_url=self.endpoint_url, config=Config(retries={"total_max_attempts": 1})
        )

    def requests(self) -> list[dict[str, Any]]:
        """The request log."""
        lines = (self.state_dir / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


def run_module(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the server's package in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={"PYTHONPATH": str(FILES), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def start(state_dir: Path, *arguments: str) -> Server:
    """Start a local AWS on a free port."""
    server = Server(free_port(), state_dir)
    done = run_module(
        "local_aws",
        "--detach",
        f"--port={server.port}",
        f"--state-dir={state_dir}",
        f"--second-ms={SECOND_MS}",
        *arguments,
    )
    assert done.returncode == 0, done.stderr
    return server


def stop(server: Server) -> None:
    done = run_module("local_aws", "--stop", f"--port={server.port}", f"--state-dir={server.state_dir}")
    assert done.returncode == 0, done.stderr
