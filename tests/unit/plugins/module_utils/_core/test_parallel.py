# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._core.parallel import chunks, in_parallel


def test_results_by_key() -> None:
    assert in_parallel({name: lambda name=name: name * 2 for name in "ab"}) == {"a": "aa", "b": "bb"}
    assert in_parallel({"a": lambda: 1}) == {"a": 1}
    assert in_parallel({}) == {}


def test_calls_run_at_the_same_time() -> None:
    meeting = threading.Barrier(3, timeout=60)
    assert len(in_parallel(dict.fromkeys(range(3), meeting.wait))) == 3


def test_a_failure_does_not_stop_its_neighbours_and_all_failures_are_told() -> None:
    done: list[str] = []

    def fail(name: str) -> None:
        raise AnsibleAWSError(message=f"Failed to create {name}", exception=ValueError(f"{name} is taken"))

    calls = {"a": lambda: fail("a"), "b": lambda: done.append("b"), "c": lambda: fail("c")}
    with pytest.raises(AnsibleAWSError) as caught:
        in_parallel(calls)
    assert done == ["b"]
    assert "Failed to create a: a is taken" in str(caught.value)
    assert "Failed to create c: c is taken" in str(caught.value)


def test_chunks() -> None:
    assert chunks([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert chunks([], 2) == []
