# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mistake in an inventory is told clearly, before anything is touched."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from .harness import ROOT, Aws
from .plays import Play, run_play

# What is wrong → the variables that say so, and what the message must name: the variable, the value, what is allowed.
MISTAKES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a network that is too small": (
        {"vpc_cidr": "10.0.0.0/26"},
        ["vpc_cidr", "10.0.0.0/26", "/16"],
    ),
    "ranges that overlap": (
        {
            "vpc_availability_zone_count": 2,
            "vpc_subnet_cidrs": {
                "public": ["10.0.1.0/24", "10.0.2.0/24"],
                "app": ["10.0.2.128/25", "10.0.20.0/24"],
            },
        },
        ["vpc_subnet_cidrs", "10.0.2.128/25", "10.0.2.0/24"],
    ),
    "a service without an image": (
        {"compute_service_image": "", "compute_service_image_tag": ""},
        ["compute_service_image", "uex-backend", "give an image"],
    ),
    "processors that Fargate does not have": (
        {"compute_service_cpu": 300},
        ["compute_service_cpu", "300", "256, 512, 1024"],
    ),
    "memory that does not go with the processors": (
        {"compute_service_cpu": 2048, "compute_service_memory": 1024},
        ["compute_service_memory", "1024", "4096 to 16384"],
    ),
    "two services on one path": (
        {"compute_service_path_patterns": ["/api/*"]},
        ["compute_service_path_patterns", "/api/*", "a path belongs to one service"],
    ),
}


def site(aws: Aws, inventory: Path, *arguments: str, **environment: str) -> Play:
    return run_play("site.yml", "-i", str(inventory), *arguments, environment=aws.environment() | environment)


def told(play: Play) -> str:
    """What the run says, whichever way it was wrapped."""
    return re.sub(r"\s+", " ", play.output)


@pytest.fixture
def inventory(aws: Aws, tmp_path: Path) -> Path:
    """UEX dev, for the account of this test."""
    copy = tmp_path / "dev"
    shutil.copytree(ROOT / "inventories" / "dev", copy)
    stack = copy / "group_vars" / "all" / "stack.yml"
    stack.write_text(stack.read_text().replace("123456789012", aws.account_id))
    return copy


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_is_told_before_any_change(aws: Aws, inventory: Path, mistake: str) -> None:
    variables, expected = MISTAKES[mistake]
    play = site(aws, inventory, "-e", json.dumps(variables))
    assert play.returncode != 0
    assert [words for words in expected if words not in told(play)] == [], play.output[-3000:]
    assert aws.mutations() == []


@pytest.mark.parametrize("variable", ["stack_account_id", "stack_project", "stack_region"])
def test_a_missing_variable_is_named(aws: Aws, inventory: Path, variable: str) -> None:
    for path in (inventory / "group_vars" / "all").iterdir():
        path.write_text("".join(line for line in path.open() if not line.startswith(f"{variable}:")))
    play = site(aws, inventory)
    assert play.returncode != 0
    assert f"'{variable}' is undefined" in told(play), play.output[-3000:]
    assert aws.mutations() == []


def test_a_service_without_a_name_is_refused(aws: Aws, inventory: Path) -> None:
    host = inventory / "host_vars" / "uex_backend.yml"
    host.write_text(host.read_text().replace("compute_service_name: uex-backend\n", ""))
    play = site(aws, inventory)
    assert play.returncode != 0
    assert "compute_service_name" in told(play)
    assert aws.mutations() == []


def test_another_account_is_not_touched(aws: Aws, inventory: Path) -> None:
    play = site(aws, inventory, AWS_ACCESS_KEY_ID="999999999999")
    assert play.returncode != 0
    assert "The credentials belong to account 999999999999" in told(play)
    assert f"may change only account {aws.account_id} (stack_account_id)" in told(play)
    assert [
        entry for entry in aws.server.requests() if entry.get("account") == "999999999999" and entry["mutating"]
    ] == []


def test_another_region_is_not_touched(aws: Aws, inventory: Path) -> None:
    play = site(aws, inventory, AWS_REGION="eu-west-1")
    assert play.returncode != 0
    assert "names region eu-west-1" in told(play)
    assert "may change only region us-east-1 (stack_region)" in told(play)
    assert aws.mutations() == []
