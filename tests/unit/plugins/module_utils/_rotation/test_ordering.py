# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from functools import partial

import pytest
from ansible_collections.slipway.aws.plugins.module_utils._rotation.ordering import in_order, problems


def test_each_call_runs_after_the_one_before_it_also_with_more_calls_than_threads() -> None:
    before = {f"user-{number}": "master" for number in range(30)} | {"master": "root"}
    ended: list[str] = []

    def slow() -> None:
        time.sleep(0.05)
        ended.append("root")

    in_order({**{name: partial(ended.append, name) for name in before}, "root": slow}, before)
    assert ended[:2] == ["root", "master"]
    assert sorted(ended) == sorted([*before, "root"])


def test_calls_that_need_nothing_of_each_other_run_at_the_same_time() -> None:
    together = threading.Barrier(2, timeout=60)
    in_order({"a": together.wait, "b": together.wait, "c": lambda: None}, {"c": "a"})


def test_a_call_whose_forerunner_is_not_among_them_or_fails_runs_all_the_same() -> None:
    ran: list[str] = []
    in_order({"user": partial(ran.append, "user")}, {"user": "master"})

    def fail() -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError):
        in_order({"user": partial(ran.append, "again"), "master": fail}, {"user": "master"})
    assert ran == ["user", "again"]


def test_circles_are_named() -> None:
    assert problems({"user": "master", "other": "master"}) == []
    (circle,) = problems({"a": "b", "b": "c", "c": "a", "user": "a"})
    assert circle.startswith("a, b, c name each other")
    (alone,) = problems({"a": "a"})
    assert alone.startswith("a names itself")
