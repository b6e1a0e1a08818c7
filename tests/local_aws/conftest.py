# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A local AWS for the tests: one server for all of them, emptied before each, its log judged at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
for path in (HERE, HERE.parents[1] / "roles" / "local_aws" / "files"):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from harness import Server, run_module, start, stop  # noqa: E402


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start(tmp_path_factory.mktemp("local-aws"))
    yield server
    stop(server)
    audit = run_module("local_aws.audit", str(server.state_dir))
    assert audit.returncode == 0, audit.stderr + (server.state_dir / "server.log").read_text(encoding="utf-8")[-4000:]


@pytest.fixture
def server(shared_server: Server) -> Server:
    """The shared local AWS, with an empty account."""
    shared_server.control("reset")
    return shared_server


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A local AWS for one test that judges the whole log."""
    server = start(tmp_path / "state")
    yield server
    stop(server)


@pytest.fixture(scope="module")
def spoiled_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A local AWS for the tests of a module that call what is not implemented."""
    server = start(tmp_path_factory.mktemp("spoiled"))
    yield server
    stop(server)


@pytest.fixture
def advance(server: Server) -> Iterator[Callable[[float], None]]:
    """Stops the clock: what takes a while is under way, however slow this machine is, until so much is advanced."""
    server.control("ecs/clock", {"paused": True})
    yield lambda seconds: server.control("ecs/clock", {"advance": seconds})
    server.control("ecs/clock", {"paused": False})


@pytest.fixture
def aws(server: Server) -> Callable[..., Any]:
    """Makes boto3 clients: aws("ec2"), aws("acm", region="eu-west-1")."""
    return server.client
