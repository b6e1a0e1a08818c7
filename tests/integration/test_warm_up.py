# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""With the callback warm_up, plays show what they show without it."""

from __future__ import annotations

import pytest

from .harness import Aws
from .plays import Play, run_play


def validate(aws: Aws, *arguments: str, warm: bool = True) -> Play:
    """The first playbook of every run: checks, facts, a skipped task and a module on an empty account."""
    # Enabling one that is nothing but a way to show results enables none.
    callbacks = {} if warm else {"ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.oneline"}
    return run_play("validate.yml", "-i", "inventories/dev", *arguments, environment={**aws.environment(), **callbacks})


@pytest.mark.parametrize("account", ["right", "wrong"])
def test_a_play_shows_the_same_with_and_without(account: str, aws: Aws) -> None:
    number = aws.account_id if account == "right" else "000000000000"
    arguments = ("-e", f"stack_account_id={number}")
    warm, cold = validate(aws, *arguments), validate(aws, *arguments, warm=False)
    assert (warm.returncode, warm.output) == (cold.returncode, cold.output)
    assert (warm.returncode == 0) is (account == "right"), warm.output
    assert ("belong to account" in warm.output) is (account == "wrong")


@pytest.mark.parametrize("direct", ["true", "false"])
def test_tasks_that_only_compute_need_no_worker(direct: str, aws: Aws) -> None:
    """One variable switches it off, with direct execution."""
    arguments = ("-e", f"stack_account_id={aws.account_id}", "-e", f"slipway_aws_direct={direct}", "-vvv")
    output = validate(aws, *arguments).output
    without = [line for line in output.splitlines() if "Without a worker of its own" in line]
    assert any("Publish what was found" in line for line in without) is (direct == "true")
    assert not any("Find what exists" in line for line in without)
