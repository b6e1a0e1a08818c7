# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError
from ansible_collections.slipway.aws.plugins.module_utils._core.polling import pause, wait_until


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(("waited", "seconds"), [(0, 1), (9, 1), (30, 3), (149, 14.9), (600, 15)])
def test_a_pause_is_a_tenth_of_the_time_waited(waited: float, seconds: float) -> None:
    assert pause(waited, 1, 15) == seconds


def wait(clock: Clock, ready_at: float, timeout: float) -> float:
    return wait_until(
        clock,
        lambda seen: seen >= ready_at,
        timeout=timeout,
        waiting_for=lambda seen: f"it is {seen:g}",
        clock=clock,
        sleep=clock.sleep,
    )


def test_what_is_ready_is_not_waited_for() -> None:
    clock = Clock()
    assert wait(clock, 0, 10) == 0
    assert clock.slept == []


def test_the_last_look_is_returned() -> None:
    clock = Clock()
    assert wait(clock, 2.5, 60) == 3
    assert clock.slept == [1, 1, 1]


def test_a_timeout_says_what_is_missing_after_a_last_look() -> None:
    clock = Clock()
    with pytest.raises(AnsibleAWSError, match=r"Not ready after 10 seconds \(wait_timeout\): it is 10\. AWS goes on"):
        wait(clock, 99, 10)
    assert clock.slept == [1] * 10


def test_an_error_in_what_is_seen_ends_the_wait() -> None:
    def refuse(seen: float) -> bool:
        raise AnsibleAWSError(message="it has failed")

    clock = Clock()
    with pytest.raises(AnsibleAWSError, match="it has failed"):
        wait_until(clock, refuse, timeout=9, waiting_for=str, clock=clock, sleep=clock.sleep)
    assert clock.slept == []
