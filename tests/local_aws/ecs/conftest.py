# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the ECS engine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
for path in (HERE, HERE.parents[2] / "roles" / "local_aws" / "files"):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from bench import Bench  # noqa: E402


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def clients(shared_server: Any) -> dict[str, Any]:
    """Clients take longer to make than rollouts to simulate."""
    names = ("ecs", "elbv2", "logs", "ec2", "secretsmanager", "ssm")
    return {name: shared_server.client(name) for name in names}
