# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock, and the timeline that follows it."""

from __future__ import annotations

import time

import pytest
from local_aws.clock import Clock
from local_aws.timeline import Timeline


def test_a_simulated_second_lasts_so_many_milliseconds() -> None:
    before = time.monotonic()
    clock = Clock(second_ms=1)
    began = clock.now()
    time.sleep(0.05)
    passed = clock.now() - began
    assert 49.9 < passed < (time.monotonic() - before) * 1000 + 0.1


def test_the_clock_begins_at_the_present() -> None:
    # So slowly that nothing has passed, however busy this machine is.
    clock = Clock(second_ms=1e12)
    assert abs(clock.now() - time.time()) < 3600


def test_the_clock_can_be_advanced() -> None:
    clock = Clock(second_ms=1e12)
    began = clock.now()
    clock.advance(3600)
    assert 3600 <= clock.now() - began < 3601
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_the_clock_can_stand_still() -> None:
    clock = Clock(second_ms=0.01)
    clock.pause()
    began = clock.now()
    time.sleep(0.002)
    assert clock.paused
    assert clock.now() == began
    clock.advance(5)
    assert clock.now() == began + 5
    clock.resume()
    time.sleep(0.002)
    assert clock.now() > began + 100


@pytest.mark.parametrize("second_ms", [0, -1])
def test_time_must_pass(second_ms: float) -> None:
    with pytest.raises(ValueError, match="second_ms"):
        Clock(second_ms)


def test_the_timeline_runs_what_is_due_in_order_each_at_its_own_time() -> None:
    timeline = Timeline(100)
    seen: list[tuple[str, float]] = []

    def say(name: str) -> None:
        seen.append((name, timeline.now))

    def first() -> None:
        say("first")
        timeline.after(5, lambda: say("follow-up"))

    timeline.at(120, lambda: say("late"))
    timeline.at(110, first)
    timeline.at(110, lambda: say("second"))
    timeline.at(50, lambda: say("overdue"))
    timeline.advance(118)
    assert seen == [("overdue", 100), ("first", 110), ("second", 110), ("follow-up", 115)]
    assert timeline.now == 118
    timeline.advance(50)
    assert timeline.now == 118


def test_what_is_due_happens_at_its_time_and_is_forgotten_on_demand() -> None:
    clock = Clock(second_ms=1000)
    clock.pause()
    clock.run_due()
    seen: list[float] = []
    begun = clock.moment

    def happen() -> None:
        seen.append(clock.moment - begun)
        if len(seen) < 3:
            clock.after(10, happen)

    clock.after(10, happen)
    # However late one looks, each happens at its own time.
    clock.advance(25)
    clock.run_due()
    assert seen == [10, 20]
    clock.forget()
    clock.advance(100)
    clock.run_due()
    assert seen == [10, 20]


def test_what_fails_unseen_is_told_once() -> None:
    clock = Clock(second_ms=1000)
    clock.failure = ValueError("the server is gone")
    with pytest.raises(RuntimeError, match="the server is gone"):
        clock.run_due()
    clock.run_due()
