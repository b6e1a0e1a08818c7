# Copyright: slipway.aws contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Independent calls at the same time, all of their failures at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.exceptions import AnsibleAWSError

Key = TypeVar("Key")
Value = TypeVar("Value")

# botocore keeps ten connections a client; more threads would only queue for them.
WORKERS = 10


def in_parallel(calls: Mapping[Key, Callable[[], Value]]) -> dict[Key, Value]:
    """Run all calls, also when some fail, and return their results by key.

    A failure does not stop its neighbours: what could be done is done, and the next run has less to do. All failures
    are raised together.
    """
    if len(calls) <= 1:
        return {key: call() for key, call in calls.items()}
    results: dict[Key, Value] = {}
    failures: list[AnsibleAWSError] = []
    pool = ThreadPoolExecutor(max_workers=min(WORKERS, len(calls)))
    interrupted = False
    try:
        futures = {key: pool.submit(call) for key, call in calls.items()}
        for key, future in futures.items():
            try:
                results[key] = result_of(future)
            except AnsibleAWSError as error:
                failures.append(error)
    except KeyboardInterrupt:
        # Whoever interrupts does not wait for AWS, nor for calls that have not begun.
        interrupted = True
        raise
    finally:
        pool.shutdown(wait=not interrupted, cancel_futures=interrupted)
    raise_together(failures)
    return results


def result_of(future: Future[Value]) -> Value:
    """Wait for a call in a thread, and for an interrupt.

    Python hears a signal that arrives just before it begins to wait only when the wait is over. So no wait is long.
    """
    while not future.done():
        wait([future], timeout=1)
    return future.result()


def raise_together(failures: list[AnsibleAWSError]) -> None:
    """Raise nothing, the only failure, or one failure that tells of all."""
    if not failures:
        return
    if len(failures) == 1:
        raise failures[0]
    raise AnsibleAWSError(message="; ".join(str(failure) for failure in failures)) from failures[0]


def chunks(values: list[Value], size: int) -> list[list[Value]]:
    """C(values) in lists of at most C(size): how a batched describe is fed."""
    return [values[start : start + size] for start in range(0, len(values), size)]
