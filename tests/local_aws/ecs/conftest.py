# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of the ECS engine."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for path in (HERE, HERE.parents[2] / "roles" / "local_aws" / "files"):
    if str(path) not in sys.path:
        sys.path.insert(0, str(path))

from bench import Bench  # noqa: E402


@pytest.fixture
def bench() -> Bench:
    return Bench()
