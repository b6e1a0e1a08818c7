# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.slipway.aws.plugins.plugin_utils.progress_action import Tail, is_quiet


@pytest.mark.parametrize(
    ("variables", "no_log", "callback", "quiet"),
    [
        ({}, False, "default", False),
        ({}, True, "default", True),
        ({}, False, "ansible.posix.json", True),
        ({"slipway_aws_progress": False}, False, "default", True),
        ({"slipway_aws_progress": "no"}, False, "default", True),
        ({"slipway_aws_progress": True}, False, "default", False),
    ],
)
def test_when_progress_is_in_the_way(variables: dict[str, Any], no_log: bool, callback: str, quiet: bool) -> None:
    assert is_quiet(variables, no_log, callback) is quiet


def test_environment_switches_it_off_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_AWS_PROGRESS", "0")
    assert is_quiet({}, False, "default")


def test_only_whole_lines_are_shown_and_each_once(tmp_path: Path) -> None:
    path, shown = tmp_path / "lines", []
    tail = Tail(path, shown.append, every=60)
    tail.look()
    path.write_text("one\ntw")
    tail.look()
    assert shown == ["one"]
    path.write_text("one\ntwo\nthree\n")
    tail.start()
    tail.stop()
    assert shown == ["one", "two", "three"]
