# Copyright: slipway.aws contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the log of a rotation function tells of a failure."""

from __future__ import annotations

from ansible_collections.slipway.aws.plugins.module_utils._rotation.by_aws import error_in_log

REQUESTS = iter(range(1, 1000))


def call(*lines: str, stream: str = "s") -> list[dict[str, str]]:
    number = f"{next(REQUESTS):08x}-0000-0000-0000-000000000000"
    around = [f"START RequestId: {number} Version: $LATEST", *lines, f"END RequestId: {number}"]
    around.append(f"REPORT RequestId: {number}\tDuration: 1 ms")
    return [{"logStreamName": stream, "message": f"{line}\n"} for line in around]


def test_python_says_the_error_and_the_lines_before_say_the_step() -> None:
    events = [
        *call("[INFO] 2026-11-21T13:00:00Z r createSecret: Successfully put secret for arn"),
        *call(
            "[ERROR]\t2026-11-21T13:00:01.000Z\t0f0f0f0f-0000-0000-0000-000000000000\tsetSecret: Unable to log in",
            "[ERROR] ValueError: Unable to log in\nTraceback (most recent call last):\n  File x, line 1\n",
        ),
    ]
    assert error_in_log(events, ()) == ("set", "ValueError: Unable to log in")


def test_node_and_functions_that_took_too_long() -> None:
    node = call('2026-11-21T13:00:01Z\tid\tERROR\tInvoke Error\t{"errorMessage":"no route to host in testSecret"}')
    assert error_in_log(node, ())[0] == "test"
    slow = [
        *call("[INFO] createSecret: done"),
        *call("[INFO] setSecret: done"),
        *call("2026-11-21T13:00:30.000Z 0f0f0f0f-0000-0000-0000-000000000000 Task timed out after 30.00 seconds"),
    ]
    assert error_in_log(slow, ()) == ("test", "Task timed out after 30.00 seconds")


def test_invocations_for_this_secret_count_before_others() -> None:
    events = [
        *call("setSecret for arn:mine", "[ERROR] ValueError: mine"),
        *call("testSecret for arn:other", "[ERROR] ValueError: other"),
    ]
    assert error_in_log(events, ("arn:mine",)) == ("set", "ValueError: mine")
    assert error_in_log(events, ("arn:unknown",)) == ("test", "ValueError: other")


def test_streams_are_told_apart_and_a_good_log_tells_nothing() -> None:
    one, two = call("setSecret", "[ERROR] ValueError: a", stream="1"), call("testSecret: fine", stream="2")
    mixed = [event for pair in zip(one, [*two, *call("x", stream="2")], strict=False) for event in pair]
    assert error_in_log(mixed, ())[0] == "set"
    assert error_in_log(call("[INFO] createSecret: done"), ()) == ("", "")
    assert error_in_log([], ()) == ("", "")
